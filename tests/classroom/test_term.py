"""An instructor's day with a class of twelve: the guide's commands print what the guide shows."""

import csv
import doctest
import json
import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_lib.grading.course import settings
from tests.classroom import twelve
from tests.exercises.pipeline import Course
from tests.notebooks.gates import ROOT
from tests.test_cli import course

PROBLEM_SET = twelve.PROBLEM_SET
QUESTION = "why_95_percent_may_be_poor"
TESTED, WRITTEN = 17, 3  # points
SCORES = dict.fromkeys((str(number) for number in range(101, 113)), TESTED)
SCORES |= {"104": 14, "105": 12, "107": 0, "109": 0, "111": 12, "112": 12}
STATUSES = {"107": "refused", "110": "flagged", "111": "flagged", "112": "flagged"}
PROGRESS = re.compile(r"\d+ of \d+ graded\n")  # printed where grading takes long
WROTE = set(SCORES) - {"103", "107", "109"}
DUE = {student: points + WRITTEN * (student in WROTE) for student, points in SCORES.items()}


def guide() -> list[tuple[str, str]]:
    """Return the guide's commands, each with the output that stands below it."""
    text = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    parts = [part for block in blocks for part in block.split("$ ")[1:]]
    return [tuple(part.split("\n", 1)) for part in parts]


def agree(shown: str, printed: str) -> bool:
    """Compare outputs; where lines break is left to the page, and `...` stands for anything."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(shown, printed, flags)


@pytest.fixture(scope="module")
def term(_sandboxed, tmp_path_factory):
    """The course after the guide was followed, and what each command printed."""
    root = Course(tmp_path_factory.mktemp("term"), PROBLEM_SET).root
    return root, [(command, shown, follow(root, command)) for command, shown in guide()]


def follow(root, command):
    """Do what the guide says; where it opens Formgrader, mark as one does there."""
    program, *arguments = command.split()
    if arguments == ["lab", "--instructor"]:
        return mark_by_hand(root)
    if program == "python":
        module, files = arguments[:2], [root / name for name in arguments[2:]]
        subprocess.run([sys.executable, *module, *files], cwd=ROOT, check=True)
        return ""
    done = course(*arguments, cwd=root)
    told = PROGRESS.sub("", done.stderr)
    return done.stdout + told + f"exit status {done.returncode}\n" * bool(done.returncode)


def mark_by_hand(root):
    """Give full marks for what was written, none where nothing was."""
    directory = CourseDirectory(config=settings(root))
    with Gradebook(directory.db_url, directory.course_id) as book:
        for student in SCORES:
            (notebook,) = book.find_submission(PROBLEM_SET, student).notebooks
            (written,) = [grade for grade in notebook.grades if grade.name == QUESTION]
            written.manual_score = WRITTEN if student in WROTE else 0
            written.needs_manual_grade = False
        book.db.commit()
    return ""


def test_commands_print_what_the_guide_shows(term):
    _, commands = term
    for command, shown, printed in commands:
        assert agree(shown, printed), f"{command}\n{printed}"


def test_guide_is_not_compared_with_itself():
    assert len(guide()) >= 9
    assert not agree("8 graded, 3 flagged, 1 refused\n", "9 graded, 2 flagged, 1 refused\n")


def test_class_of_twelve_is_graded_as_it_deserves(term):
    root, _ = term
    assert sorted(path.name for path in (root / "submitted").iterdir()) == sorted(SCORES)
    records = {one["student"]: one for one in json.loads((root / "records.json").read_text())}
    assert {student: one["score"] for student, one in records.items()} == SCORES
    statuses = dict.fromkeys(SCORES, "graded") | STATUSES
    assert {student: one["status"] for student, one in records.items()} == statuses


def test_pages_say_what_happened(term):
    root, _ = term
    for student, score in DUE.items():
        page = (root / f"feedback/{student}/{PROBLEM_SET}/{PROBLEM_SET}.html").read_text()
        assert f"Score: {score}.0 / 20.0" in page
        assert "MARK SCHEME" not in page
    page = BeautifulSoup((root / "reports/02_loss.html").read_text(), "html.parser").get_text()
    assert "sum_not_mean" in page
    assert "is not a notebook" in page


def test_both_tables_hold_what_tests_and_marker_gave_together(term):
    root, _ = term
    scores = column(root / "grades.csv", "student", "02_loss score")
    assert {student: float(score) for student, score in scores.items()} == DUE
    scores = column(root / "canvas.csv", "ID", "02_loss (77)")
    assert {student: float(scores[student]) for student in SCORES} == DUE


def test_git_ignores_what_the_commands_made(term):
    root, _ = term
    made = {path.name + "/" * path.is_dir() for path in root.iterdir()}
    kept = {"solutions/", "exercises/", "nbgrader_config.py"}
    command = ["git", "check-ignore", "--no-index", *sorted(made - kept)]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert set(ignored.split()) == made - kept


def column(path, key, value):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}
