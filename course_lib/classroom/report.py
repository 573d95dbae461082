"""The report about a class: one HTML page that needs nothing else, and a table beside it."""

import base64
import csv
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from course_lib import plotting
from course_lib.classroom import figures, spreadsheet, statistics
from course_lib.classroom.findings import ERROR, MISTAKE, STOPPED, UNANSWERED, UNNAMED
from course_lib.classroom.results import FLAGGED, REFUSED, SCORED, STATUSES, Results, read_results
from course_lib.grading.runner import explained
from course_lib.grading.settings import Course

FOLDER = "reports"
MOST_GROUPS = 5  # of failures that no known mistake names, for one item
MOST_TALKED_ABOUT = 5


def write_report(root: Path, assignment: str) -> list[Path]:
    """Write reports/ASSIGNMENT.html and .csv about a graded assignment.

    Args:
        root: The course directory.
        assignment: The assignment's name.

    Returns:
        The two files.

    Raises:
        CourseError: If the assignment is unknown or nothing of it is graded, or if the gradebook
            or the disk cannot be used.
    """
    course = Course.at(root)
    with explained(course):
        results = read_results(course, assignment)
        page, table = (root / FOLDER / f"{assignment}.{kind}" for kind in ("html", "csv"))
        page.parent.mkdir(exist_ok=True)
        page.write_text(as_page(results), encoding="utf-8")
        # With a byte order mark, without which spreadsheets take names for another encoding.
        as_table(results).to_csv(
            table, index=False, quoting=csv.QUOTE_NONNUMERIC, encoding="utf-8-sig"
        )
    return [page, table]


def as_table(results: Results) -> pd.DataFrame:
    """Set the results as one row a student and item, harmless for a spreadsheet."""
    rows = []
    named = results.findings[results.findings["kind"].isin([MISTAKE, ERROR])]
    mistakes = named.groupby(["student", "cell"])["name"].agg(lambda names: ", ".join(names))
    kinds = results.findings.groupby(["student", "cell"])["kind"].agg(set)
    for student, status in results.students["status"].items():
        for item, most in results.most.items():
            points = _points(results, student, item, status)
            key = (student, item)
            how = status
            if status in SCORED:
                how = _how(points, most, kinds.get(key, set()))
            rows.append((student, item, points, most, mistakes.get(key, ""), how))
    columns = ["student", "item", "points", "max_points", "mistake", "status"]
    table = pd.DataFrame(rows, columns=columns)
    for column in ("student", "item", "mistake", "status"):
        table[column] = [spreadsheet.text(visible(value)) for value in table[column]]
    return table


def as_page(results: Results) -> str:
    """Set the results as an HTML page."""
    # What is shown comes from strangers: escaped by the template, and no script runs here at all.
    template = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=visible,
    )
    template.filters |= {
        "number": number,
        "correlation": correlation,
        "percent": percent,
        "count": count,
    }
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = template.from_string(_file("report.html.jinja"))
    return page.render(style=Markup(style), digest=digest, **_facts(results))


def visible(value: Any) -> Any:
    """Replace what of a text is no character to look at, such as one that turns the line around."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in value.expandtabs())


def number(value: float) -> str:
    """Write a number with two decimals at most; an unknown one as a dash.

    Examples:
        >>> number(2.50), number(1 / 3), number(float("nan"))
        ('2.5', '0.33', '–')
    """
    return "–" if pd.isna(value) else f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def correlation(value: float) -> str:
    """Write a correlation with its two decimals; an unknown one as a dash.

    Examples:
        >>> correlation(0.6), correlation(-0.254), correlation(float("nan"))
        ('0.60', '−0.25', '–')
    """
    return "–" if pd.isna(value) else f"{value:.2f}".replace("-", "−")


def percent(share: float) -> str:
    """Write a share in percent.

    Examples:
        >>> percent(0.375), percent(float("nan"))
        ('38 %', '–')
    """
    return "–" if pd.isna(share) else f"{100 * share:.0f} %"


def count(number: int, singular: str, plural: str = "") -> str:
    """Write a number before what it counts.

    Examples:
        >>> count(1, "student"), count(3, "student")
        ('1 student', '3 students')
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _facts(results: Results) -> dict[str, Any]:
    """Gather what the template shows."""
    students = results.students
    most = results.most.sum()
    scored = students[students["status"].isin(SCORED)]
    counted = statistics.mistakes(results.findings)
    talked_about = counted[counted["kind"] == MISTAKE].head(MOST_TALKED_ABOUT)
    elsewhere = counted[~counted["cell"].isin(results.most.index)]
    picture = figures.score_distribution(scored["score"], most) if len(scored) else ""
    return {
        "assignment": results.assignment,
        "made": datetime.now().strftime("%d %B %Y, %H:%M").lstrip("0"),
        "most": most,
        "scores": statistics.describe(scored["score"]) if len(scored) else None,
        "picture": Markup(picture),
        "statuses": {s: int((students["status"] == s).sum()) for s in STATUSES},
        "absent": {
            status: _people(students[students["status"] == status]) for status in STATUSES[3:]
        },
        "items": _records(statistics.items(results.points, results.most)),
        "talked_about": _rows(talked_about),
        "mistakes": {item: _item_rows(counted, item) for item in results.most.index},
        "elsewhere": _rows(elsewhere),
        "to_look_at": _people(students[students["status"].isin([FLAGGED, REFUSED])]),
        "waiting": results.waiting.to_dict(),
        "students": _people(students),
    }


def _people(students: pd.DataFrame) -> list[dict[str, Any]]:
    return students.reset_index().to_dict("records")


def _records(items: pd.DataFrame) -> list[dict[str, Any]]:
    return items.rename_axis("item").reset_index().to_dict("records")


def _item_rows(counted: pd.DataFrame, item: str) -> list[dict[str, Any]]:
    """Return what went wrong in an item; of the unrecognised failures only the most frequent."""
    own = counted[counted["cell"] == item]
    unnamed = own[own["kind"] == UNNAMED]
    rest = unnamed.iloc[MOST_GROUPS:]
    rows = _rows(own.drop(index=rest.index))
    if len(rest):
        further = f"{count(len(rest), 'further answer')}, each given by at most "
        further += count(int(rest["students"].max()), "student")
        rows.append({"kind": UNNAMED, "name": "", "students": "", "message": "", "hint": further})
    return rows


def _rows(counted: pd.DataFrame) -> list[dict[str, Any]]:
    rows = counted.to_dict("records")
    return [{**row, "hint": _hint(row["message"])} for row in rows]


def _hint(message: str) -> str:
    """Return of a message its advice, else what came, else all of it, on one line."""
    came = re.search(r"^came: .*(?:\n {10}.*)*", message, re.MULTILINE)
    return " ".join((message.partition("→ ")[2] or (came[0] if came else message)).split())


def _points(results: Results, student: str, item: str, status: str) -> float:
    if status in SCORED:
        return results.points.at[student, item]
    return 0.0 if status == REFUSED else float("nan")


def _how(points: float, most: float, kinds: Iterable[str]) -> str:
    """Say in a word how an item was answered."""
    if pd.isna(points):
        return "to mark"
    if points >= most:
        return "right"
    if points > 0:
        return "partly right"
    return next((kind for kind in (UNANSWERED, STOPPED, ERROR) if kind in kinds), "wrong")


def _style() -> str:
    colours = {"blue": plotting.BLUE, "sky": plotting.SKY, "vermilion": plotting.VERMILION}
    names = "".join(f"--{name}: {colour};" for name, colour in colours.items())
    return f":root {{{names}}}\n{_file('report.css')}"


def _file(name: str) -> str:
    return files("course_lib.classroom").joinpath(name).read_text(encoding="utf-8")
