"""A student's notebook goes the whole way: released, answered, handed in, graded, read back."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_lib.grading import Options, course, grade, release, sandbox
from tests.notebooks.gates import ROOT

TEST = "test_"  # The test cell of the item `name` has the grade_id `test_name`.


@dataclass(frozen=True)
class Graded:
    """What came back for one student.

    Attributes:
        scores: Points by item, as the gradebook has them.
        records: What each item's test cell reported about itself, from its outputs' metadata.
        flags: What the grader found unusual; nothing, for an honest notebook.
    """

    scores: dict[str, float]
    records: dict[str, list[dict]]
    flags: list[str]

    def mistakes(self, item: str) -> set[str]:
        """Name the mistakes that an item's test recognised."""
        return {record["mistake"] for record in self.records[item]} - {None}

    def statuses(self, item: str) -> set[str]:
        """Tell which of passed, failed and unanswered an item's test reported."""
        return {record["status"] for record in self.records[item]}


class Course:
    """A copy of the course with one problem set released and a gradebook of its own.

    Args:
        root: An empty directory.
        problem_set: Its id, such as "02_loss".
    """

    def __init__(self, root: Path, problem_set: str):
        self.root, self.problem_set = root, problem_set
        shutil.copy(ROOT / "nbgrader_config.py", root)
        source = Path("solutions", problem_set)
        shutil.copytree(ROOT / source, root / source, ignore=shutil.ignore_patterns(".*"))
        release(root, problem_set)
        self.solved = self._read("solutions")

    @property
    def points(self) -> dict[str, float]:
        """Points of every item that is graded by tests."""
        cells = [cell for cell in self.solved.cells if _grader(cell).get("grade")]
        return {_item(cell): _grader(cell)["points"] for cell in cells}

    def released(self) -> NotebookNode:
        """Return the notebook as a student gets it."""
        return self._read("exercises")

    def answered(self, answers: dict[str, str]) -> NotebookNode:
        """Return a student's notebook: these answers, and the solution wherever there is none."""
        notebook = self.released()
        solutions = {_item(cell): cell.source for cell in self.solved.cells if is_answer(cell)}
        for cell in filter(is_answer, notebook.cells):
            cell.source = answers.get(_item(cell), solutions[_item(cell)])
        return notebook

    def grade(self, notebooks: dict[str, NotebookNode]) -> dict[str, Graded]:
        """Hand a notebook in for each student and have `course grade` grade them all."""
        for student, notebook in notebooks.items():
            folder = self.root / "submitted" / student / self.problem_set
            folder.mkdir(parents=True)
            nbformat.write(notebook, folder / f"{self.problem_set}.ipynb")
        isolated = not sandbox.unavailable()
        options = Options(students=list(notebooks), workers=2, isolated=isolated)
        outcomes = grade(self.root, self.problem_set, options)
        return {
            outcome.student: Graded(
                self._scores(outcome.student),
                self._records(outcome.student),
                [flag for flag in outcome.flags if flag != "unsandboxed"],
            )
            for outcome in outcomes
        }

    def _scores(self, student: str) -> dict[str, float]:
        coursedir = CourseDirectory(config=course.settings(self.root))
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            (notebook,) = gradebook.find_submission(self.problem_set, student).notebooks
            return {grade.name.removeprefix(TEST): grade.score for grade in notebook.grades}

    def _records(self, student: str) -> dict[str, list[dict]]:
        notebook = self._read(f"autograded/{student}")
        return {
            _item(cell): [
                output.metadata["course_lib"]
                for output in cell.outputs
                if "course_lib" in output.get("metadata", {})
            ]
            for cell in notebook.cells
            if cell.cell_type == "code" and _grader(cell).get("grade")
        }

    def _read(self, folder: str) -> NotebookNode:
        path = self.root / folder / self.problem_set / f"{self.problem_set}.ipynb"
        return nbformat.read(path, as_version=4)


def is_answer(cell: NotebookNode) -> bool:
    """Tell whether a student answers an item in this cell."""
    return cell.cell_type == "code" and _grader(cell).get("solution", False)


def _grader(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def _item(cell: NotebookNode) -> str:
    return _grader(cell)["grade_id"].removeprefix(TEST)
