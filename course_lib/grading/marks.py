"""Grades given by hand: a regrade keeps them, and asks for a look where the answer has changed.

What they were given for is known by digests of the answers, which stand in the gradebook and are
written in the same transaction as the grades.
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from nbgrader.api import Grade, SubmittedAssignment
from sqlalchemy.orm import Session

from course_lib.grading.source import Cell, grade_id

TABLES = sa.MetaData()
ANSWERS = sa.Table(
    "course_answers",
    TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("digests", sa.Text, nullable=False),
)
Notebooks = dict[str, dict[str, Any]]


def given(submission: SubmittedAssignment) -> dict[Grade, bool]:
    """Return the grades that a person gave, and whether each waits for another look."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return {g: bool(g.needs_manual_grade) for g in grades if g.manual_score is not None}


def settle(
    session: Session, assignment: str, student: str, notebooks: Notebooks, past: dict[Grade, bool]
) -> int:
    """Decide which grades given by hand a person should look at again, and remember the answers.

    Args:
        session: the gradebook's.
        assignment: its name.
        student: whose submission it is.
        notebooks: canonical notebook JSON by name, as just graded.
        past: what was `given` before.

    Returns:
        The number of grades to look at again.
    """
    row = (ANSWERS.c.assignment == assignment) & (ANSWERS.c.student == student)
    stored = session.scalar(sa.select(ANSWERS.c.digests).where(row))
    before, now = json.loads(stored or "{}"), digests(notebooks)
    for grade, waiting in past.items():
        name = f"{grade.notebook.name}/{grade.name}"
        grade.needs_manual_grade = waiting or before.get(name) != now.get(name)
    session.execute(sa.delete(ANSWERS).where(row))
    values = {"assignment": assignment, "student": student, "digests": json.dumps(now)}
    session.execute(sa.insert(ANSWERS).values(values))
    return sum(grade.needs_manual_grade for grade in past)


def digests(notebooks: Notebooks) -> dict[str, str]:
    """Return a digest of what each graded cell is about.

    For an answer that is its own text and pictures; for a test or a task, which are about other
    cells, itself and everything that students may change.
    """
    found = {}
    for name, notebook in notebooks.items():
        free = [_text(cell) for cell in notebook["cells"] if not _settings(cell).get("locked")]
        for cell in notebook["cells"]:
            settings = _settings(cell)
            if settings.get("grade") or settings.get("task"):
                about = [_text(cell)] if settings["solution"] else [_text(cell), *free]
                digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()
                found[f"{name}/{grade_id(cell)}"] = digest
    return found


def _settings(cell: Cell) -> dict[str, Any]:
    return cell["metadata"].get("nbgrader", {})


def _text(cell: Cell) -> list[Any]:
    return [cell["source"], cell.get("attachments")]
