"""Code and notebooks are linted and formatted, and the linter is awake."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def ruff(*arguments, **options):
    command = [sys.executable, "-m", "ruff", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)


@pytest.mark.parametrize("arguments", [("check", "."), ("format", "--check", ".")])
def test_tree_is_clean(arguments):
    run = ruff(*arguments)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("check",), "import os\n"), (("format", "--check"), "x = ( 1 )\n")],
)
def test_ruff_fails_on_damage(arguments, code):
    run = ruff(*arguments, "--stdin-filename", "course_lib/broken.py", "-", input=code)
    assert run.returncode == 1


def test_doctests_are_run_and_can_fail(tmp_path):
    module = tmp_path / "broken.py"
    module.write_text('"""Add.\n\n>>> 1 + 1\n3\n"""\n')
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "pyproject.toml",
    ]
    run = subprocess.run(
        [*command, f"--rootdir={ROOT}", module], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1, run.stdout
    assert "Expected:\n    3" in run.stdout
