"""Export: the gradebook as a table for a spreadsheet, one row a student.

Text is quoted and goes through `spreadsheet.text`, so that nothing that a student chose becomes a
formula and identifiers stay as they are; numbers stand unquoted and stay numbers.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from nbgrader.api import Assignment, Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin

from course_lib import CourseError
from course_lib.classroom import spreadsheet
from course_lib.classroom.results import MISSING, WAITING
from course_lib.grading import submissions
from course_lib.grading.changes import since_grading
from course_lib.grading.course import unknown
from course_lib.grading.record import Outcome, read_ledger
from course_lib.grading.settings import Course

PERSON = ("student", "last_name", "first_name", "email")
Cell = str | float


@dataclass(frozen=True)
class Score:
    """A student's columns for one problem set; "" is an empty cell, not a zero.

    Attributes:
        score: as the gradebook has it at this moment, hand-marking and late penalty included.
        late_seconds: after the due date.
        status: that of `course grade`, or that nothing is handed in or graded.
        to_mark: number of answers that wait to be marked by hand.
    """

    score: Cell = ""
    max_score: Cell = ""
    late_seconds: Cell = ""
    status: str = MISSING
    flags: str = ""
    to_mark: Cell = ""


Scores = dict[str, Score]


def export_table(root: Path, assignment: str | None, target: Path) -> list[str]:
    """Write the scores of one problem set, or of all, as CSV.

    Args:
        root: the course directory.
        assignment: the problem set; None for all that the gradebook knows.
        target: the file to write.

    Returns:
        Lines that say what was written, and what may still change.

    Raises:
        CourseError: If the gradebook does not know the problem set.
    """
    course = Course.at(root)
    with Gradebook(course.directory.db_url, course.directory.course_id) as gradebook:
        chosen = known_assignments(gradebook, course.directory, [assignment] if assignment else [])
        parts = {one.name: scores(gradebook, course.directory, one) for one in chosen}
        rows = table(gradebook, parts)
    target.write_text(as_csv(rows), encoding="utf-8-sig")  # the mark tells Excel the encoding
    students = "1 student" if len(rows) == 2 else f"{len(rows) - 1} students"
    return [f"{target}: {students}, {', '.join(parts)}", *unfinished(root, parts)]


class Spreadsheet(ExportPlugin):
    """The same table: nbgrader export --exporter=course_lib.classroom.export.Spreadsheet."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table to `self.to`, "grades.csv" where it is not set."""
        directory = self.parent.coursedir
        chosen = known_assignments(gradebook, directory, [str(name) for name in self.assignment])
        rows = table(gradebook, {one.name: scores(gradebook, directory, one) for one in chosen})
        wanted = {str(student) for student in self.student}
        rows[1:] = [row for row in rows[1:] if not wanted or row[0] in wanted]
        Path(self.to or "grades.csv").write_text(as_csv(rows), encoding="utf-8-sig")


def known_assignments(
    gradebook: Gradebook, directory: CourseDirectory, names: list[str]
) -> list[Assignment]:
    """Return the assignments of these names, in their order; all when there are none.

    Raises:
        CourseError: If one is not in the gradebook, or none is.
    """
    known = {assignment.name: assignment for assignment in gradebook.assignments}
    if not known:
        raise CourseError("the gradebook is empty; run: course grade ID")
    for name in names:
        if name not in known:
            raise unknown(directory, name)
    return [known[name] for name in sorted(names or known)]


def table(gradebook: Gradebook, parts: dict[str, Scores]) -> list[list[Cell]]:
    """Return the header and a row for everybody whom the gradebook knows or who has handed in.

    A problem set's columns are its name before each field of `Score`.
    """
    people = {one.id: (one.last_name, one.first_name, one.email) for one in gradebook.students}
    students = sorted({*people, *(student for part in parts.values() for student in part)})
    columns = [field.name for field in fields(Score)]
    rows: list[list[Cell]] = [[*PERSON, *(f"{name} {one}" for name in parts for one in columns)]]
    for student in students:
        row: list[Cell] = [student, *(name or "" for name in people.get(student, ("", "", "")))]
        for part in parts.values():
            row += astuple(part.get(student, Score()))
        rows.append(row)
    return rows


def scores(gradebook: Gradebook, directory: CourseDirectory, assignment: Assignment) -> Scores:
    """Return by student the scores of those who have handed in."""
    found = {one: Score(status=WAITING) for one in submissions.find(directory, assignment.name)}
    ledger = read_ledger(gradebook, assignment.name)
    for one in assignment.submissions:
        _, outcome = ledger.get(one.student_id, ("", Outcome(one.student_id, assignment.name)))
        found[one.student_id] = Score(
            max(0.0, one.score - (one.late_submission_penalty or 0.0)),
            one.max_score,
            one.total_seconds_late,
            outcome.status,
            " ".join(outcome.flags),
            sum(grade.needs_manual_grade for book in one.notebooks for grade in book.grades),
        )
    return found


def still_open(root: Path, assignment: str) -> list[str]:
    """Say what of a problem set waits to be marked or graded, also again.

    Raises:
        CourseError: If the gradebook does not know the problem set.
    """
    course = Course.at(root)
    with Gradebook(course.directory.db_url, course.directory.course_id) as gradebook:
        (chosen,) = known_assignments(gradebook, course.directory, [assignment])
        return unfinished(root, {assignment: scores(gradebook, course.directory, chosen)})


def as_csv(rows: Iterable[Iterable[Cell]]) -> str:
    """Write rows as CSV in which only texts are quoted, and harmless.

    Examples:
        >>> print(as_csv([["007", 9.5, 10.0, "=1"]]), end="")
        "007",9.5,10,"'=1"
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue()


def _cell(value: Cell) -> Cell:
    if isinstance(value, str):
        return spreadsheet.text(value)
    return int(value) if value == int(value) else round(value, 4)


def unfinished(root: Path, parts: dict[str, Scores]) -> list[str]:
    """Say of which problem sets scores may still change, and of which there are none."""
    lines = []
    for name, part in parts.items():
        if number := sum(bool(one.to_mark) for one in part.values()):
            lines.append(
                f"note: {name}: students with answers still to be marked by hand: {number}"
            )
        if number := sum(one.status == WAITING for one in part.values()):
            lines.append(f"note: {name}: not graded yet: {number}; run: course grade {name}")
        lines += since_grading(root, name)
    if empty := [name for name, part in parts.items() if not part]:
        lines.append(f"note: nobody has handed in {', '.join(empty)}")
    return lines
