"""The report about a class: right numbers, nothing that runs, a page that everybody can read."""

import csv
import re
import sqlite3
from itertools import pairwise

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_lib import CourseError
from course_lib.classroom import spreadsheet
from course_lib.classroom.report import visible, write_report
from course_lib.grading import Options, course, grade
from tests.exercises.pipeline import Course
from tests.exercises.variants import variants
from tests.grading.classroom import NAME
from tests.test_cli import course as run_course

PROBLEM_SET = "02_loss"
TEST = "test_margin_cross_entropy"
HOSTILE = "<b onclick=alert(1)>x"
EVIL = (
    "def margin_cross_entropy(z, s):\n"
    "    print('<script>alert(1)</script>')\n"
    "    raise ValueError('<img src=x onerror=alert(1)> [a](javascript:alert(1)) \\u202e')"
)
HANDED_IN = {
    "right": [],
    "sum": ["margin_sum", "smoothed_not_at_all"],
    "sum-too": ["margin_sum", "log_likelihood_mean"],
    "clamped": ["margin_clamped"],
    "unknown": ["margin_of_the_visible_values"],
}


@pytest.fixture(scope="module")
def room(_sandboxed, tmp_path_factory):
    """Problem set 02, handed in by a class with known mistakes and bad intentions, and graded."""
    room = Course(tmp_path_factory.mktemp("course"), PROBLEM_SET)
    known = {variant.name: variant for variant in variants(PROBLEM_SET)}
    handed_in = {}
    for student, names in HANDED_IN.items():
        chosen = [known[name] for name in names]
        handed_in[student] = room.answered({one.of: one.source for one in chosen})
    handed_in |= {"=1+1": room.released(), HOSTILE: room.answered({"margin_cross_entropy": EVIL})}
    handed_in["died"] = room.answered({"focal_loss": "import os\nos._exit(1)"})
    handed_in["broken"] = "{"
    for student, notebook in handed_in.items():
        folder = room.root / "submitted" / student / PROBLEM_SET
        folder.mkdir(parents=True)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        (folder / f"{PROBLEM_SET}.ipynb").write_text(text)
    grade(room.root, PROBLEM_SET, Options(workers=2))
    with gradebook(room.root) as book:
        book.update_or_create_student("absent", last_name="<script>alert('absent')</script>")
        book.update_or_create_student("right", first_name="Ada", last_name="Lovelace")
    write_report(room.root, PROBLEM_SET)
    return room


def gradebook(root):
    directory = CourseDirectory(config=course.settings(root))
    return Gradebook(directory.db_url, directory.course_id)


@pytest.fixture(scope="module")
def page(room):
    return BeautifulSoup((room.root / f"reports/{PROBLEM_SET}.html").read_text(), "html.parser")


@pytest.fixture(scope="module")
def scores(room):
    """Points by student and cell of what could be graded, through nbgrader's own interface."""
    with gradebook(room.root) as book:
        found = book.find_assignment(PROBLEM_SET).submissions
        return {
            submission.student.id: {g.name: g.score for n in submission.notebooks for g in n.grades}
            for submission in found
            if submission.student.id != "broken"
        }


def words(tag):
    return " ".join(tag.get_text(" ").split())


def table(page, caption):
    """Return the texts of the table with this caption, row by row."""
    (found,) = [one for one in page("caption") if words(one).startswith(caption)]
    return [[words(c) for c in row(["th", "td"])] for row in found.find_parent("table")("tr")]


def test_distribution_is_that_of_the_gradebook(page, scores):
    totals = [sum(points.values()) for points in scores.values()]
    names, values = table(page, "Scores of 8 submissions, out of 20 points")
    quartiles = np.percentile(totals, [0, 25, 50, 75, 100])
    assert names == ["mean", "lowest", "first quartile", "median", "third quartile", "highest"]
    assert [float(v) for v in values] == pytest.approx([np.mean(totals), *quartiles], abs=0.005)


def test_picture_says_how_many_students_have_which_score(page, scores):
    (picture,) = page("img")
    totals = [sum(points.values()) for points in scores.values()]
    said = [int(n) for n in re.findall(r"points: (\d+)", picture["alt"])]
    assert said == [n for n in np.histogram(totals, np.linspace(0, 20, 11))[0] if n]
    assert f"median {np.median(totals):g}." in picture["alt"]
    assert picture["src"].startswith("data:image/png;base64,")


def test_submissions_are_counted_by_status_and_absent_students_named(page):
    facts = {words(one.dt): int(words(one.dd)) for one in page.select(".facts div")}
    assert facts == {
        "graded": 7,
        "flagged": 1,
        "refused": 1,
        "not graded yet": 0,
        "nothing handed in": 1,
        "answers to mark": 8,
    }
    absent = page.find("h3", string="Nothing handed in").find_next("p")
    assert absent.text == "absent (<script>alert('absent')</script>)"


def test_items_are_those_of_the_gradebook(page, scores, room):
    rows = {row[0]: row[1:] for row in table(page, "How much of each item")[1:]}
    assert len(rows) == 7
    tests = [item for item in rows if item.startswith("test_")]
    for item in tests:
        points = np.array([one[item] for one in scores.values()])
        rest = np.array([sum(one[other] for other in tests) for one in scores.values()]) - points
        most, _, full, part, none, difficulty, discrimination = rows[item]
        most = float(most)
        assert most == room.points[item.removeprefix("test_")]
        assert int(full) == (points == most).sum()
        assert int(none) == (points == 0).sum()
        assert int(full) + int(part) + int(none) == len(scores)
        assert difficulty == f"{100 * points.mean() / most:.0f} %"
        expected = np.corrcoef(points, rest)[0, 1]
        assert float(discrimination.replace("−", "-")) == pytest.approx(expected, abs=0.005)


def test_known_mistakes_are_counted_and_come_first(page):
    rows = table(page, f"What went wrong in {TEST},")[1:]
    assert rows[0][:2] == ["sum_not_mean", "2"]
    found = {row[0]: (row[1], row[3]) for row in rows}
    assert set(found) == {
        "sum_not_mean",
        "clamped",
        "not recognised",
        "unanswered",
        "ValueError error",
    }
    assert {students for students, _ in found.values()} == {"1", "2"}
    assert "came: ValueError" in found["ValueError error"][1]
    assert "asked:" in found["sum_not_mean"][1]
    assert "the first row should cost 1000" in found["clamped"][1]


def test_most_frequent_known_mistakes_stand_together(page):
    rows = table(page, "What to talk about")
    assert rows[1][:3] == ["sum_not_mean", TEST, "2"]
    assert [int(row[2]) for row in rows[1:]] == sorted([int(row[2]) for row in rows[1:]])[::-1]


def test_an_answer_that_ends_the_kernel_is_named(page):
    rows = table(page, "Cells of answers that stop")
    assert rows[1][:3] == ["KernelEnded stopped", "focal_loss", "1"]


def test_flagged_and_refused_submissions_come_with_their_reasons(page):
    rows = {row[0]: row[1:] for row in table(page, "Flagged and refused")[1:]}
    assert set(rows) == {"died", "broken"}
    assert rows["died"][:2] == ["flagged", "died"]
    assert "ended by itself" in rows["died"][2]
    assert rows["broken"][:2] == ["refused", "unreadable"]
    assert "is not a notebook" in rows["broken"][2]


def test_what_waits_for_a_person_is_counted(page, room):
    with gradebook(room.root) as book:
        found = book.find_assignment(PROBLEM_SET).submissions
        grades = [g for s in found for n in s.notebooks for g in n.grades if g.needs_manual_grade]
        (name,) = {grade.name for grade in grades}
    assert table(page, "Answers that wait")[1:] == [[name, str(len(grades))]]
    assert "Formgrader" in words(page.find(id="marking").parent)


def test_every_student_has_a_line(page, scores):
    rows = {row[0]: row[1:] for row in table(page, "Every student")[1:]}
    assert rows.keys() == {*scores, "broken", "absent"}
    assert rows["right"] == ["Ada Lovelace", "17", "graded", "–"]
    assert rows["absent"][1:] == ["–", "nothing handed in", "–"]
    for student, points in scores.items():
        assert float(rows[student][1]) == sum(points.values())


def test_nothing_of_a_student_runs(page, room):
    assert not page(["script", "iframe", "object", "embed", "form", "link", "base", "b"])
    for tag in page(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name == "style"]
        assert tag.get("href", "#").startswith("#")
        assert tag.get("src", "data:image/png").startswith("data:image/png")
    (policy,) = page("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert {"default-src 'none'", "script-src 'none'"} <= set(policy["content"].split("; "))
    assert HOSTILE in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "\u202e" not in page.text


def test_structure_serves_screen_readers_and_keyboards(page):
    assert page.html["lang"] == "en"
    assert PROBLEM_SET in page.title.text
    assert len(page("h1")) == 1
    levels = [int(tag.name[1]) for tag in page(re.compile(r"h[1-6]$"))]
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page(landmark)) == 1
    for one in page("table"):
        assert words(one.caption)
        assert one.find_parent(role="region")["tabindex"] == "0"
    assert all(cell["scope"] in ("row", "col") for cell in page("th"))
    assert all(picture["alt"] for picture in page("img"))
    assert all(picture["aria-hidden"] == "true" for picture in page("svg"))
    ids = [tag["id"] for tag in page(id=True)]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page("a")} <= set(ids)
    assert page.body.a["class"] == ["skip"]


def read_table(room, name=PROBLEM_SET):
    with open(room.root / f"reports/{name}.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_table_has_a_row_for_every_student_and_item(room, scores):
    rows = read_table(room)
    assert list(rows[0]) == ["student", "item", "points", "max_points", "mistake", "status"]
    assert len(rows) == 10 * 7
    found = {(row["student"], row["item"]): row for row in rows}
    for student, points in scores.items():
        for item, earned in points.items():
            row = found[spreadsheet.text(student), item]
            assert row["status"] == "to mark" or float(row["points"]) == earned
    row = found["sum", TEST]
    assert (row["points"], row["max_points"], row["mistake"]) == ("0.0", "3.0", "sum_not_mean")
    assert row["status"] == "wrong"
    assert found["'=1+1", TEST]["status"] == "unanswered"
    assert found[HOSTILE, TEST]["mistake"] == "ValueError"
    assert found["broken", TEST]["status"] == "refused"
    assert found["absent", TEST]["points"] == ""


def test_no_text_of_the_table_is_a_formula(room):
    texts = [value for row in read_table(room) for value in row.values() if not is_number(value)]
    assert "'=1+1" in texts
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r"))]


def is_number(value):
    return re.fullmatch(r"[\d.]*", value)


def test_characters_that_deceive_the_eye_are_replaced():
    assert visible("a\u202eb\x00\ud800\x1b") == "a�b���"
    assert visible("naïve 中文\n  ok") == "naïve 中文\n  ok"


def test_command_prints_both_paths_and_what_is_still_open(room):
    run = run_course("report", PROBLEM_SET, cwd=room.root)
    assert run.stdout.splitlines() == [
        f"reports/{PROBLEM_SET}.html",
        f"reports/{PROBLEM_SET}.csv",
        f"note: {PROBLEM_SET}: students with answers still to be marked by hand: 8",
    ]
    assert run.stderr == ""


def test_what_is_unknown_or_not_graded_is_a_clear_error(room, light_classroom, tmp_path):
    with pytest.raises(CourseError, match="no problem set '99_none'"):
        write_report(room.root, "99_none")
    with pytest.raises(CourseError, match=f"course grade {NAME}"):
        write_report(light_classroom.copy(tmp_path / "course").root, NAME)


def test_any_nbgrader_course_is_reported(light_classroom, tmp_path):
    """Without the course's checks, and as if nbgrader alone had graded."""
    room = light_classroom.copy(tmp_path / "course")
    room.hand_in("right", room.solved())
    room.hand_in("wrong", room.solved(last="def last(x):\n    return 0"))
    room.hand_in("partly", room.solved(root="def root(x):\n    return 2"))
    room.hand_in("error", room.solved(last="def last(x):\n    return x['last']"))
    room.hand_in("empty", room.release())
    grade(room.root, NAME, Options(workers=2))
    with sqlite3.connect(room.root / "gradebook.db") as connection:
        connection.execute("drop table course_grading")
    room.hand_in("late", room.solved())
    write_report(room.root, NAME)
    page = BeautifulSoup((room.root / f"reports/{NAME}.html").read_text(), "html.parser")
    found = {tuple(row[:2]) for row in table(page, "What went wrong in test_last,")[1:]}
    assert found == {("not recognised", "1"), ("TypeError error", "1"), ("unanswered", "1")}
    ((_, students, _, told), *_) = table(page, "What went wrong in test_root,")[1:]
    assert (students, told) == ("1", "points were lost, and the test showed no message")
    status = {(row["student"], row["item"]): row["status"] for row in read_table(room, NAME)}
    assert status["partly", "test_root"] == "partly right"
    assert status["error", "test_last"] == "error"
    assert status["late", "test_last"] == "not graded yet"
    assert status["right", "words"] == "to mark"
