"""Settings of every test run: reproducible examples, one thread a process, shared preparation."""

import os
import re

import pytest
from hypothesis import settings

# Two test processes run side by side, and notebooks promise the same digits on every machine.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("course")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process what shares preparation: a file's tests, and a problem set's."""
    for item in items:
        path, _, name = item.nodeid.partition("::")
        problem_set = re.search(r"\d\d_[a-z_]+", name) if "tests/exercises" in path else None
        item.add_marker(pytest.mark.xdist_group(problem_set[0] if problem_set else path))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured, at the end of the run."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "to print":
                terminalreporter.write_line(value)
