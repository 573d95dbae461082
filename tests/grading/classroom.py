"""A small nbgrader course, and ways for its students to answer and to misbehave."""

import json
import os
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[2]
NAME = "ps"
CONFIG = """
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "small"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.Grading.cell_time = 2.0
c.Grading.notebook_time = 12.0
c.Grading.memory = 300
c.Grading.processes = 30
c.Grading.file_size = 20
c.Grading.output = 0.2
"""
GIVEN = """import numpy as np
import torch

from course_lib import checks"""
ANSWERS = {
    "double": "def double(x):\n    return 2 * x",
    "mean": "def mean(x):\n    return sum(x) / len(x)",
    "shift": "def shift(x):\n    return x - x.mean()",
    "clip": "def clip(x):\n    return x.clip(0.0, 1.0)",
}
TESTS = {
    "double": (
        2,
        """assert double(3) == 6
assert double(0) == 0
### BEGIN HIDDEN TESTS
assert double(-1.25) == -2.5, "negative numbers too"
### END HIDDEN TESTS""",
    ),
    "mean": (
        3,
        """with checks.item("mean"):
    checks.compare(
        mean,
        ([1.0, 2.0, 6.0],),
        want=3.0,
        mistakes=[checks.Mistake("sum", 9.0, "A sum came: a mean divides.")],
    )
    ### BEGIN HIDDEN TESTS
    low = checks.Mistake("middle", 31.5, "The middle came, not the mean.")
    checks.compare(mean, ([31.5, 31.5, 99.0],), want=54.0, mistakes=[low])
    ### END HIDDEN TESTS""",
    ),
    "shift": (
        4,
        """parts = checks.Parts("shift", points=4)
with parts.part("mean zero", points=3):
    checks.compare(shift, (torch.tensor([1.0, 3.0]),), want=torch.tensor([-1.0, 1.0]))
with parts.part("long", points=1):
    checks.compare(shift, (torch.ones(50),), want=torch.zeros(50))
parts.score()""",
    ),
    "clip": (
        1,
        """np.testing.assert_allclose(clip(np.array([-1.0, 0.5, 2.0])), [0.0, 0.5, 1.0])
assert torch.allclose(clip(torch.tensor([3.0])), torch.tensor([1.0]))""",
    ),
}
# Needs neither torch nor the checks, so that the sandbox is warm in no time.
LIGHT_GIVEN = "import math"
LIGHT_ANSWERS = {
    "double": ANSWERS["double"],
    "root": "def root(x):\n    return math.sqrt(x)",
    "last": "def last(x):\n    return x[-1]",
}
LIGHT_TESTS = {
    "double": TESTS["double"],
    "root": (3, "round(3 * ((root(4) == 2) + (root(9) == 3)) / 2, 1)"),
    "last": (5, "assert last([1, 2]) == 2"),
}
WORDS = "Because it is *robust*."
MAX_SCORE = 12.0
FULL = 10.0  # without the answer that a person reads


def cell(name, source, *, grade=False, solution=False, points=None, kind="code"):
    known = {"grade": grade, "solution": solution, "locked": grade and not solution}
    metadata = {"nbgrader": {**known, "grade_id": name, "schema_version": 3, "task": False}}
    metadata["nbgrader"]["cell_type"] = kind
    if points is not None:
        metadata["nbgrader"]["points"] = points
    return (new_code_cell if kind == "code" else new_markdown_cell)(source, metadata=metadata)


def source(given, answers, tests):
    """The instructor's version."""
    cells = [new_markdown_cell("# A small problem set"), new_code_cell(given)]
    for name, answer in answers.items():
        head, body = answer.split("\n")
        solved = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        points, test = tests[name]
        cells.append(new_markdown_cell(f"Write `{name}`."))
        cells.append(cell(name, solved, solution=True))
        cells.append(cell(f"test_{name}", test, grade=True, points=points))
    cells.append(
        cell("words", "*Your words*", grade=True, solution=True, points=2, kind="markdown")
    )
    return new_notebook(cells=cells)


class Classroom:
    """A course directory with the small problem set, released."""

    def __init__(self, root: Path, *, light: bool = False) -> None:
        self.root = root
        self.answers = LIGHT_ANSWERS if light else ANSWERS
        given, tests = (LIGHT_GIVEN, LIGHT_TESTS) if light else (GIVEN, TESTS)
        self.root.mkdir(parents=True, exist_ok=True)
        (root / "nbgrader_config.py").write_text(CONFIG)
        folder = root / "source" / NAME
        folder.mkdir(parents=True)
        nbformat.write(source(given, self.answers, tests), folder / f"{NAME}.ipynb")
        (folder / "numbers.txt").write_text("1 2 3\n")
        (root / "release").mkdir()
        self.run("-m", "nbgrader", "generate_assignment", NAME)

    def copy(self, root: Path) -> "Classroom":
        """The same released course elsewhere, without anything that students did."""
        ignored = shutil.ignore_patterns("submitted", "autograded", "feedback")
        shutil.copytree(self.root, root, ignore=ignored)
        twin = Classroom.__new__(Classroom)
        twin.root, twin.answers = root, self.answers
        return twin

    def run(self, *arguments, check=True):
        # nbgrader calls `alembic` by name, from beside this Python.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True
        )
        if check and done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done

    def release(self) -> dict:
        """The released notebook as JSON, one source string a cell."""
        return load(self.root / "release" / NAME / f"{NAME}.ipynb")

    def solved(self, **answers) -> dict:
        """The released notebook with right answers, but for those given."""
        notebook = self.release()
        for name, code in {**self.answers, **answers}.items():
            find(notebook, name)["source"] = code
        find(notebook, "words")["source"] = WORDS
        return notebook

    def hand_in(self, student, notebook, name=f"{NAME}.ipynb") -> Path:
        folder = self.root / "submitted" / student / NAME
        folder.mkdir(parents=True, exist_ok=True)
        data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        if notebook is not None:
            (folder / name).write_bytes(data)
        return folder


def load(path: Path) -> dict:
    notebook = json.loads(path.read_text())
    for one in notebook["cells"]:
        one["source"] = "".join(one["source"])
    return notebook


def find(notebook: dict, name: str) -> dict:
    return notebook["cells"][place(notebook, name)]


def place(notebook: dict, name: str) -> int:
    ids = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in notebook["cells"]]
    return ids.index(name)


def own_cell(source: str, kind="code") -> dict:
    made = {"cell_type": kind, "metadata": {}, "source": source, "id": "own"}
    return {**made, "outputs": [], "execution_count": None} if kind == "code" else made


def insert(notebook: dict, before: str, source: str) -> dict:
    """Put a student's own code cell in front of a known one."""
    changed = deepcopy(notebook)
    changed["cells"].insert(place(changed, before), own_cell(source))
    return changed
