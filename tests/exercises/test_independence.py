"""A problem set can be done with the lessons up to its own, without later lessons' modules."""

from pathlib import Path

import pytest

from course_lib import CourseError, selfcheck
from tests.notebooks.gates import ROOT, SOLUTIONS

# The lesson that derives what each module holds.
LESSON = {
    "data": 1,
    "losses": 2,
    "gradients": 2,
    "optim": 3,
    "schedules": 3,
    "autodiff": 4,
    "metrics": 5,
    "training": 5,
    "mlp": 5,
    "model_checks": 5,
    "text_checks": 5,
    "classifier_file": 5,
    "demo": 5,
}
TOOLS = {"calling", "checks", "cli", "environment", "classroom", "grading", "plaindata", "plotting"}
TOOLS |= {"rerun", "root", "selfcheck", "validation"}

BLOCK = """
import sys
from importlib.abc import MetaPathFinder

class Later(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {later!r}:
            raise ImportError(f"{{name}} belongs to a later lesson")

sys.meta_path.insert(0, Later())
"""


@pytest.fixture
def without(tmp_path, monkeypatch):
    """Let kernels that start from now on refuse to import some of the course's modules."""

    def block(names):
        later = sorted(f"course_lib.{name}" for name in names)
        (tmp_path / "sitecustomize.py").write_text(BLOCK.format(later=later))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return block


def test_every_module_belongs_to_a_lesson_or_is_a_tool():
    names = {path.stem for path in (ROOT / "course_lib").iterdir() if path.stem[0] not in "._"}
    names -= {"jupyterlab"}
    assert names == set(LESSON) | TOOLS


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solution_runs_without_later_lessons(path: Path, without):
    lesson = int(path.stem[:2])
    without(name for name, needed_by in LESSON.items() if needed_by > lesson)
    assert {item.status for item in selfcheck.check(path).items} == {"passed", "unwritten"}


def test_a_blocked_module_is_really_missed(without):
    without(["losses"])
    path = ROOT / "solutions/02_loss/02_loss.ipynb"
    with pytest.raises(CourseError, match=r"losses belongs to a later lesson; run .*course doctor"):
        selfcheck.check(path)
