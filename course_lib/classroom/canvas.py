"""Scores in the layout that Canvas imports, made from a gradebook that Canvas exported.

Canvas exports: columns Student (or LastName, FirstName), ID, SIS User ID, SIS Login ID, perhaps
Integration ID and Root Account, Section; columns of the instructor's own; a column "Title (number)"
an assignment; totals. Under the header come perhaps a row "Manual Posting" and the row "Points
Possible". It imports any choice of the assignments' columns after Section, knows students by ID
first, and takes an empty cell for the wish to delete a score: so nobody's cell becomes empty here.
"""

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from course_lib import CourseError
from course_lib.classroom import spreadsheet
from course_lib.classroom.export import Score, Scores, known_assignments, scores, unfinished
from course_lib.grading.settings import Course

KEYS = ("SIS User ID", "SIS Login ID", "ID")
POINTS = "Points Possible"
NOT_TO_CHANGE = ("EX", "N/A")


@dataclass
class Template:
    """A gradebook as Canvas exported it.

    Attributes:
        rows: all of its rows, the header first.
        width: number of columns that say who a student is, up to Section.
        delimiter: "," or, in some countries, ";".
        mark: the byte order mark, if it begins with one.
    """

    rows: list[list[str]]
    width: int
    delimiter: str
    mark: str

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        return self.rows[0]

    @property
    def points(self) -> list[str]:
        """The row of the points possible; students come after it."""
        return next(row for row in self.rows if POINTS in row[0])

    def assignments(self) -> list[int]:
        """Return the places of the columns that take scores; totals are read only."""
        columns = range(self.width, len(self.header))
        return [index for index in columns if "read only" not in self.points[index]]

    def column(self, title: str) -> int | None:
        """Find an assignment's column by its title, with or without Canvas's number."""
        titles = [re.sub(r" \(\d+\)$", "", name) for name in self.header]
        for names in (self.header, titles):
            found = [index for index in self.assignments() if names[index].strip() == title]
            if len(found) > 1:
                alike = ", ".join(self.header[index] for index in found)
                raise CourseError(f"several columns are called {title}: {alike}; choose --column")
            if found:
                return found[0]
        return None

    def students(self, parts: dict[str, Scores]) -> tuple[dict[str, int], list[str]]:
        """Find the row of every student with a score, and say of whom there is none or several."""
        start = self.rows.index(self.points) + 1
        columns = [i for i, name in enumerate(self.header[: self.width]) if name in KEYS]
        known = defaultdict(set)
        for number in range(start, len(self.rows)):
            for column in columns:
                known[self.rows[number][column].strip()].add(number)
        names = {name for part in parts.values() for name, one in part.items() if one.score != ""}
        rows, problems = {}, []
        for student in sorted(names):
            found = known.get(student, set())
            if len(found) == 1 and found.isdisjoint(rows.values()):
                rows[student] = found.pop()
            else:
                what = "matches several rows" if found else "is in no row"
                problems.append(f"{student}: {what} of Canvas's file by {', '.join(KEYS)}")
        return rows, problems

    def fill(self, column: int, name: str, part: Scores, rows: dict[str, int]) -> list[str]:
        """Put scores into a column; whatever else it holds stays."""
        lines = []
        for student, number in rows.items():
            score = part.get(student, Score())
            if self.rows[number][column] in NOT_TO_CHANGE:
                lines.append(f"note: {name}: {student} is {self.rows[number][column]} in Canvas")
            elif score.score != "":
                self.rows[number][column] = f"{score.score:.2f}"
        most = {score.max_score for score in part.values() if score.max_score != ""}
        possible = self.points[column]
        if most and _number(possible) not in most:
            points = f"{possible or 'no'} points in Canvas and {max(most):g} here"
            lines.append(f"note: {name}: {points}; the scores are not scaled")
        return lines

    def write(self, columns: list[int], target: Path) -> None:
        """Write who the students are, and these columns."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=self.delimiter, lineterminator="\n")
        for row in self.rows:
            person = [spreadsheet.text(value) for value in row[: self.width]]
            writer.writerow(person + [row[column] for column in columns])
        target.write_text(self.mark + buffer.getvalue(), encoding="utf-8")


def export_to_canvas(
    root: Path, assignment: str | None, template: Path, target: Path, column: str | None = None
) -> tuple[list[str], list[str]]:
    """Write scores into the layout of a gradebook that Canvas exported.

    Args:
        root: the course directory.
        assignment: the problem set; None for every one that has a column.
        template: the gradebook from Canvas.
        target: the file to write.
        column: the assignment's title in Canvas, where it is not the problem set's name.

    Returns:
        Lines that say what was written, and lines that a person has to look at.

    Raises:
        CourseError: If the template is none, or nothing in it fits.
    """
    if column and not assignment:
        raise CourseError("--column names the column of one problem set: course export ID …")
    if target.exists() and target.samefile(template):
        raise CourseError(f"{target} is Canvas's own file; give another name with --to")
    layout = read_template(template)
    course = Course.at(root)
    with Gradebook(course.directory.db_url, course.directory.course_id) as gradebook:
        chosen = known_assignments(gradebook, course.directory, [assignment] if assignment else [])
        places = {one.name: layout.column(column or one.name) for one in chosen}
        columns = {name: place for name, place in places.items() if place is not None}
        if not columns:
            wanted = column or ", ".join(places)
            there = ", ".join(layout.header[index] for index in layout.assignments()) or "none"
            raise CourseError(
                f"{template} has no column {wanted} (it has: {there}); add the "
                "assignment in Canvas and export once more, or name its column with --column"
            )
        there = [one for one in chosen if one.name in columns]
        parts = {one.name: scores(gradebook, course.directory, one) for one in there}
    rows, problems = layout.students(parts)
    lines = unfinished(root, parts)
    for name, index in columns.items():
        lines += layout.fill(index, name, parts[name], rows)
    layout.write(list(columns.values()), target)
    sets = ", ".join(f"{name} as {layout.header[index]}" for name, index in columns.items())
    return [f"{target}: {sets}", *lines], problems


def read_template(path: Path) -> Template:
    """Read a gradebook that Canvas exported.

    Raises:
        CourseError: If it is something else.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8; export it from Canvas once more") from None
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    header = rows[0] if rows else []
    known = "Section" in header and "ID" in header[: header.index("Section")]
    if not known or not any(POINTS in row[0] for row in rows):
        wanted = f"columns Student, ID, ..., Section and a row {POINTS}"
        raise CourseError(f"{path} is no gradebook that Canvas exported: it needs {wanted}")
    padded = [row + [""] * (len(header) - len(row)) for row in rows]
    return Template(padded, header.index("Section") + 1, delimiter, mark)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
