"""Settings of every test run: reproducible examples, one thread a process, shared preparation."""

import os
import re

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Two test processes run side by side, and notebooks promise the same digits on every machine.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("course")


class Scheduler(LoadScopeScheduling):
    """Keeps in one process what shares preparation: a file's tests, and a problem set's."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        problem_set = re.search(r"\d\d_[a-z_]+", name) if "tests/exercises" in path else None
        return problem_set[0] if problem_set else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler:
    """Distribute tests with ours."""
    return Scheduler(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured, at the end of the run."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "to print":
                terminalreporter.write_line(value)
