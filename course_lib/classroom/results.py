"""What a class has come to in one assignment: the gradebook and the graded notebooks as tables."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from nbgrader.api import (
    BaseCell,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from course_lib import CourseError
from course_lib.classroom import findings as reading
from course_lib.grading import submissions
from course_lib.grading.record import Outcome, read_ledger
from course_lib.grading.settings import Course
from course_lib.grading.source import Assignment, read_assignment

GRADED, FLAGGED, REFUSED, WAITING, MISSING = STATUSES = (
    "graded",
    "flagged",
    "refused",
    "not graded yet",
    "nothing handed in",
)
SCORED = (GRADED, FLAGGED)


@dataclass(frozen=True)
class Results:
    """What a class has come to.

    Attributes:
        assignment: its name.
        most: points that each graded cell is worth, in the order of the notebooks.
        students: one row a student that the gradebook knows: `name`, `status` (one of `STATUSES`),
            `score` (less `penalty`, the late penalty), `flags` and `reasons` (lists).
        points: points by student and cell, of the submissions that could be graded; NaN where an
            answer is to be marked by hand.
        waiting: number of answers to be marked by hand, by cell; no cell without any.
        findings: what was wrong: `student`, `cell`, `kind`, `name`, `message`.
    """

    assignment: str
    most: pd.Series
    students: pd.DataFrame
    points: pd.DataFrame
    waiting: pd.Series
    findings: pd.DataFrame


def read_results(course: Course, assignment: str) -> Results:
    """Read the results of an assignment; nothing is changed.

    Raises:
        CourseError: If the assignment is unknown or nothing of it is graded.
    """
    known = read_assignment(course.directory, assignment)
    most = pd.Series(
        {
            label(known, notebook.name, cell.name): cell.points
            for notebook in known.notebooks.values()
            for cell in notebook.cells
            if cell.grade or cell.task
        },
        dtype=float,
    )
    with Gradebook(course.directory.db_url, course.directory.course_id) as gradebook:
        grades = _grades(gradebook, known)
        if grades.empty:
            raise CourseError(
                f"nothing of {assignment} is graded yet; run `course grade {assignment}` first"
            )
        students = _students(gradebook, course, grades, assignment)
    scored = students.index[students["status"].isin(SCORED)]
    marked = grades.assign(points=grades["points"].mask(grades["pending"]))
    points = marked.pivot(index="student", columns="cell", values="points")
    points = points.reindex(index=scored, columns=most.index).astype(float)
    pending = grades[grades["pending"]]["cell"].value_counts()
    found = _findings(course, known, scored)
    silent = _silent_losses(points, most, found, known)
    return Results(
        assignment,
        most,
        students,
        points,
        pending.reindex([cell for cell in most.index if cell in pending.index]),
        pd.concat([found, silent], ignore_index=True),
    )


def label(assignment: Assignment, notebook: str, cell: str) -> str:
    """Name a cell: as the gradebook does, after its notebook's name where there are several."""
    return cell if len(assignment.notebooks) == 1 else f"{notebook}/{cell}"


def _grades(gradebook: Gradebook, assignment: Assignment) -> pd.DataFrame:
    """One row a student and graded cell."""
    query = (
        sa.select(
            SubmittedAssignment.student_id.label("student"),
            Notebook.name.label("notebook"),
            BaseCell.__table__.c.name.label("cell"),
            Grade.score.label("points"),
            Grade.needs_manual_grade.label("pending"),
        )
        .select_from(Grade)
        .join(BaseCell.__table__, BaseCell.__table__.c.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .where(SubmittedAssignment.assignment_id == _id(gradebook, assignment))
    )
    columns = ["student", "notebook", "cell", "points", "pending"]
    table = pd.DataFrame(gradebook.db.execute(query).all(), columns=columns)
    names = zip(table["notebook"], table["cell"], strict=True)
    table["cell"] = [label(assignment, notebook, cell) for notebook, cell in names]
    return table.astype({"pending": bool})


def _id(gradebook: Gradebook, assignment: Assignment) -> str:
    return gradebook.find_assignment(assignment.name).id


def _students(
    gradebook: Gradebook, course: Course, grades: pd.DataFrame, assignment: str
) -> pd.DataFrame:
    """One row a student: everybody whom the gradebook knows or who has handed in."""
    names = {
        student: " ".join(filter(None, (first, last)))
        for student, first, last in gradebook.db.execute(
            sa.select(Student.id, Student.first_name, Student.last_name)
        )
    }
    query = (
        sa.select(
            SubmittedAssignment.student_id,
            sa.func.coalesce(sa.func.sum(SubmittedNotebook.late_submission_penalty), 0.0),
        )
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment.has(name=assignment))
        .group_by(SubmittedAssignment.student_id)
    )
    penalties = dict(gradebook.db.execute(query).all())
    ledger = {
        student: outcome for student, (_, outcome) in read_ledger(gradebook, assignment).items()
    }
    sums = grades.groupby("student")["points"].sum()
    handed_in = set(submissions.find(course.directory, assignment))
    rows = []
    for student in sorted({*names, *sums.index, *handed_in}):
        outcome = ledger.get(student, Outcome(student, assignment))
        status = MISSING if student not in handed_in else WAITING
        penalty = penalties.get(student, 0.0)
        rows.append(
            {
                "student": student,
                "name": names.get(student, ""),
                "status": outcome.status if student in sums else status,
                "score": max(0.0, sums[student] - penalty) if student in sums else float("nan"),
                "penalty": penalty,
                "flags": outcome.flags,
                "reasons": outcome.message.split("; ") if outcome.message else [],
            }
        )
    return pd.DataFrame(rows).set_index("student")


def _findings(course: Course, assignment: Assignment, students: pd.Index) -> pd.DataFrame:
    """Read the notebooks under autograded/."""
    rows = []
    for student in students:
        step = course.directory.autograded_directory
        folder = Path(course.directory.format_path(step, student, assignment.name))
        for name in assignment.notebooks:
            for found in reading.in_notebook(folder / f"{name}.ipynb"):
                row = {"student": student, **asdict(found)}
                rows.append({**row, "cell": label(assignment, name, found.cell)})
    return pd.DataFrame(rows, columns=["student", "cell", "kind", "name", "message"])


def _silent_losses(
    points: pd.DataFrame, most: pd.Series, found: pd.DataFrame, assignment: Assignment
) -> pd.DataFrame:
    """Note where a test took points off without showing anything."""
    spoken = set(zip(found["student"], found["cell"], strict=True))
    tests = [
        label(assignment, notebook.name, cell.name)
        for notebook in assignment.notebooks.values()
        for cell in notebook.cells
        if cell.is_test
    ]
    rows = [
        {
            "student": student,
            "cell": cell,
            "kind": reading.UNNAMED,
            "name": "",
            "message": "points were lost, and the test showed no message",
        }
        for cell in tests
        for student in points.index[points[cell] < most[cell]]
        if (student, cell) not in spoken
    ]
    return pd.DataFrame(rows, columns=found.columns)
