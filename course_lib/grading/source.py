"""What the gradebook knows about an assignment: the cells that decide, and what they are worth."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, Notebook
from nbgrader.coursedir import CourseDirectory

from course_lib.grading import course

Cell = dict[str, Any]


@dataclass(frozen=True)
class SourceCell:
    """A cell that nbgrader knows by its `name` (grade_id): a test, an answer, or locked text."""

    name: str
    cell_type: str
    source: str
    locked: bool
    grade: bool
    solution: bool
    task: bool
    points: float
    checksum: str | None

    @property
    def is_test(self) -> bool:
        """Whether it is code that earns points by running."""
        return self.grade and not self.solution and self.cell_type == "code"

    def metadata(self) -> dict[str, Any]:
        """Return the nbgrader metadata that this cell must carry."""
        known = {
            "grade": self.grade,
            "grade_id": self.name,
            "locked": self.locked,
            "solution": self.solution,
            "task": self.task,
            "schema_version": 3,
            "cell_type": self.cell_type,
            "checksum": self.checksum,
        }
        return {"nbgrader": {**known, "points": self.points} if self.grade or self.task else known}


@dataclass(frozen=True)
class SourceNotebook:
    """One notebook of an assignment.

    Attributes:
        cells: what the gradebook knows, in the order of the released notebook.
        released: the cells of the released notebook, [] if it is not at hand.
        reference: the cells of the instructor's version, [] if it is not at hand.
    """

    name: str
    cells: tuple[SourceCell, ...]
    released: list[Cell] = field(default_factory=list)
    reference: list[Cell] = field(default_factory=list)

    def visible(self, cell: SourceCell) -> str:
        """Return the text of a cell as students got it: without hidden tests."""
        return next((c["source"] for c in self.released if grade_id(c) == cell.name), cell.source)


@dataclass(frozen=True)
class Assignment:
    """An assignment as the gradebook has it."""

    name: str
    notebooks: dict[str, SourceNotebook]

    @property
    def max_score(self) -> float:
        """The points of all cells together."""
        cells = (cell for notebook in self.notebooks.values() for cell in notebook.cells)
        return sum(cell.points for cell in cells)


def read_assignment(coursedir: CourseDirectory, assignment: str) -> Assignment:
    """Read an assignment from the gradebook, and its released notebooks from their folder.

    Raises:
        CourseError: If the gradebook does not know the assignment.
    """
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            found = gradebook.find_assignment(assignment).notebooks
        except MissingEntry:
            found = []
        notebooks = {n.name: _read_notebook(coursedir, assignment, n) for n in found}
    if not notebooks:
        raise course.unknown(coursedir, assignment)
    return Assignment(assignment, dict(sorted(notebooks.items())))


def read_cells(path: Path) -> list[Cell]:
    """Read the cells of one of the instructor's notebooks; [] if there is none."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return []
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def grade_id(cell: Cell) -> str | None:
    """Return the name under which nbgrader knows a cell, if it has one."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = found.get("grade_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name else None


def _read_notebook(coursedir: CourseDirectory, assignment: str, found: Notebook) -> SourceNotebook:
    steps = (coursedir.release_directory, coursedir.source_directory)
    folders = [Path(coursedir.format_path(step, ".", assignment)) for step in steps]
    released, reference = (read_cells(folder / f"{found.name}.ipynb") for folder in folders)
    order = {grade_id(cell): place for place, cell in enumerate(released or reference)}
    graded = {cell.name: cell.max_score for cell in found.grade_cells}
    tasks = {cell.name: cell.max_score for cell in found.task_cells}
    answers = {cell.name for cell in found.solution_cells}
    cells = [
        SourceCell(
            name=cell.name,
            cell_type=cell.cell_type,
            source=cell.source,
            locked=bool(cell.locked),
            grade=cell.name in graded,
            solution=cell.name in answers,
            task=cell.name in tasks,
            points=float({**graded, **tasks}.get(cell.name, 0.0)),
            checksum=cell.checksum,
        )
        for cell in found.source_cells
    ]
    cells.sort(key=lambda cell: order.get(cell.name, len(order)))
    return SourceNotebook(found.name, tuple(cells), released, reference)
