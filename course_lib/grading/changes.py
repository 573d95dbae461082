"""What has changed: hand-ins since they were graded, the instructor's version since its release."""

import hashlib
import json
from pathlib import Path

from nbgrader.api import Gradebook

from course_lib.grading import submissions
from course_lib.grading.match import same
from course_lib.grading.record import read_ledger
from course_lib.grading.settings import Course
from course_lib.grading.source import (
    Assignment,
    Cell,
    SourceCell,
    SourceNotebook,
    grade_id,
    read_assignment,
)


def version(assignment: Assignment, given: dict[str, bytes]) -> str:
    """Return a text that differs where submissions are graded against something else."""
    cells = {n: [vars(c) for c in s.cells] for n, s in assignment.notebooks.items()}
    files = {name: hashlib.sha256(data).hexdigest() for name, data in given.items()}
    return json.dumps([cells, files], sort_keys=True)


def since_grading(root: Path, assignment: str) -> list[str]:
    """Say how many submissions, or the tests for them, changed since `course grade` graded them.

    Returns:
        A line with the number and what to do, none where nothing has changed.
    """
    course = Course.at(root)
    with Gradebook(course.directory.db_url, course.directory.course_id) as gradebook:
        ledger = read_ledger(gradebook, assignment)
    if not ledger:
        return []
    known = version(read_assignment(course.directory, assignment), course.given_files(assignment))
    changed = [
        student
        for student, folder in submissions.find(course.directory, assignment).items()
        if student in ledger and ledger[student][0] != submissions.fingerprint(folder, known)
    ]
    count = f"{assignment}: changed since they were graded: {len(changed)}"
    return [f"note: {count}; run: course grade {assignment}"] if changed else []


def since_release(assignment: Assignment) -> bool:
    """Whether the instructor's version, where it is at hand, differs from what is in the gradebook.

    Tests, points and locked cells count; the gradebook does not hold the instructor's answers.
    """
    return any(_differs(notebook) for notebook in assignment.notebooks.values())


def _differs(notebook: SourceNotebook) -> bool:
    if not notebook.reference:
        return False
    known = {cell.name: cell for cell in notebook.cells}
    own = {grade_id(cell): cell for cell in notebook.reference if _decides(cell)}
    return known.keys() != own.keys() or any(_changed(own[name], known[name]) for name in own)


def _decides(cell: Cell) -> bool:
    settings = cell["metadata"].get("nbgrader", {})
    return any(settings.get(key) for key in ("grade", "solution", "task", "locked"))


def _changed(own: Cell, known: SourceCell) -> bool:
    settings = own["metadata"]["nbgrader"]
    graded = settings.get("grade") or settings.get("task")
    points = float(settings.get("points", 0)) if graded else 0.0
    # nbgrader writes a test of its own where AUTOTEST stands.
    kept = known.solution or "AUTOTEST" in own["source"] or same(own["source"], known.source)
    return points != known.points or own["cell_type"] != known.cell_type or not kept
