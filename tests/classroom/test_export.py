"""`course export`: numbers stay numbers, identifiers stay text, nothing a student chose runs."""

import csv
import io
import re

import pandas as pd
import pytest
from nbgrader.api import Gradebook

from course_lib import CourseError
from course_lib.classroom import spreadsheet
from course_lib.classroom.canvas import export_to_canvas, read_template
from course_lib.classroom.collect import collect
from course_lib.classroom.export import Score, as_csv, export_table
from course_lib.grading import grade
from tests.grading.classroom import MAX_SCORE, NAME
from tests.notebooks.gates import ROOT
from tests.test_cli import course as run_course

EVIL = '=HYPERLINK("http://x","y")'
FULL = 10.0
TEMPLATE = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,ps (55),Other (56),Final Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,12.00,5.00,(read only)
"Lovelace, Ada",1001,0042,ada@x.edu,S 1,,,3.00,9
"Hopper, Grace",1002,0043,grace,S 1,,,,
"=cmd|' /C calc'!A0",1003,+44,cy,"=S,1",,,,
"Exempt, Eve",1004,0045,eve,S 1,,EX,,
"Not, There",1005,0046,nt,S 1,,7.25,,
"Student, Test",1006,,tt,S 1,,,,
"""


@pytest.fixture(scope="module")
def room(light_classroom, tmp_path_factory):
    """A class with every kind of identifier and of status; grace is marked by hand already."""
    room = light_classroom.copy(tmp_path_factory.mktemp("export") / "course")
    room.hand_in("0042", room.solved())
    (room.root / "submitted/0042" / NAME / "timestamp.txt").write_text("2026-01-10 12:01:00 UTC")
    room.hand_in("grace", room.solved(double="def double(x):\n    return x"))
    room.hand_in("1003", room.solved(), name="mine.ipynb")
    room.hand_in("eve", room.solved())
    room.hand_in("-stranger", b"not a notebook")
    with Gradebook(f"sqlite:///{room.root}/gradebook.db", "small") as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-01-10 12:00:00 UTC")
        gradebook.add_student("0042", last_name="Lovelace", first_name="Ada", email="ada@x.edu")
        gradebook.add_student("1003", last_name=EVIL, first_name="a;=1", email="\t-1")
        gradebook.add_student("nobody")
    grade(room.root, NAME)
    with Gradebook(f"sqlite:///{room.root}/gradebook.db", "small") as gradebook:
        mark = gradebook.find_grade("words", NAME, NAME, "grace")
        mark.manual_score, mark.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    room.hand_in("waiting", room.solved())
    return room


@pytest.fixture
def graded(room):
    return room.root


def export(root, assignment=NAME):
    target = root / "grades.csv"
    lines = export_table(root, assignment, target)
    return lines, pd.read_csv(target, dtype={"student": str}).set_index("student")


def test_every_student_has_a_row_with_score_status_and_flags(graded):
    lines, table = export(graded)
    assert list(table.columns[:3]) == ["last_name", "first_name", "email"]
    table = table.rename(columns=lambda name: name.removeprefix(f"{NAME} "))
    assert table.loc["0042", ["score", "max_score", "status"]].tolist() == [
        FULL,
        MAX_SCORE,
        "graded",
    ]
    assert table.loc["0042", "last_name"] == "Lovelace"
    assert table.loc["0042", "late_seconds"] == 60
    assert table.loc["grace", ["score", "late_seconds"]].tolist() == [FULL - 2 + 1.5, 0]
    assert table.loc[["0042", "grace"], "to_mark"].tolist() == [1, 0]
    assert table.loc["1003", ["status", "flags"]].tolist() == ["flagged", "renamed"]
    assert table.loc["'-stranger", ["score", "status", "flags"]].tolist() == [
        0.0,
        "refused",
        "unreadable",
    ]
    assert table.loc["waiting", "status"] == "not graded yet"
    assert table.loc["nobody", "status"] == "nothing handed in"
    assert table.loc[["waiting", "nobody"], "score"].isna().all()
    assert lines == [
        f"{graded / 'grades.csv'}: 7 students, {NAME}",
        f"note: {NAME}: students with answers still to be marked by hand: 3",
        f"note: {NAME}: not graded yet: 1; run: course grade {NAME}",
    ]


def test_no_cell_begins_a_formula_and_numbers_stay_unquoted(graded):
    export(graded)
    text = (graded / "grades.csv").read_bytes().decode("utf-8-sig")
    for delimiter in ",;":
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            assert not [cell for cell in row if cell.lstrip('" ').startswith(tuple("=+-@\t\r"))]
    assert f'"0042","Lovelace","Ada","ada@x.edu",{FULL:g},{MAX_SCORE:g},60,' in text


def test_late_penalty_that_the_guide_shows_is_taken_off(light_classroom, tmp_path):
    room = light_classroom.copy(tmp_path / "course")
    guide = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
    (plugin,) = re.findall(r"```python\n(from nbgrader.plugins.*?)```", guide, re.DOTALL)
    with open(room.root / "nbgrader_config.py", "a") as config:
        config.write(plugin)
    with Gradebook(f"sqlite:///{room.root}/gradebook.db", "small") as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-01-10 12:00:00 UTC")
    for student, minute in (("ada", "11:59"), ("bo", "12:01")):
        folder = room.hand_in(student, room.solved())
        folder.rename(tmp_path / student)
        (tmp_path / student / "timestamp.txt").write_text(f"2026-01-10 {minute}:00 UTC")
    (tmp_path / "class").mkdir()
    for student in ("ada", "bo"):
        (tmp_path / student).rename(tmp_path / "class" / student)
    assert collect(room.root, NAME, [tmp_path / "class"]).dated == ["ada", "bo"]
    grade(room.root, NAME)
    _, table = export(room.root)
    assert table[f"{NAME} score"].to_dict() == {"ada": FULL, "bo": 0.9 * FULL}


@pytest.mark.parametrize("value", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "＝1", "a;=1"])
def test_text_that_would_run_gets_an_apostrophe(value):
    (row,) = csv.reader([as_csv([[value, -1.0]]).strip()])
    assert "'" in row[0]
    assert row[1] == "-1"


@pytest.mark.parametrize("value", ["0042", "ada", "O'Neil-Smith", "Müller, Max", "a=b", "12e5"])
def test_harmless_text_is_left_as_it_is(value):
    assert spreadsheet.text(value) == value


def test_unknown_problem_set_is_named_with_the_known(graded):
    with pytest.raises(CourseError, match=rf"no problem set 'none' in source \({NAME}\)"):
        export(graded, "none")


# Canvas


def to_canvas(root, template=TEMPLATE, **options):
    source, target = root / "from_canvas.csv", root / "canvas.csv"
    source.write_text(template, encoding="utf-8")
    lines, problems = export_to_canvas(root, NAME, source, target, **options)
    text = target.read_bytes().decode()
    return lines, problems, list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_canvas_gets_its_own_layout_with_the_scores(graded):
    lines, problems, rows = to_canvas(graded)
    assert rows[:3] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ps (55)"],
        ["", "", "", "", "", "Manual Posting"],
        ["    Points Possible", "", "", "", "", "12.00"],
    ]
    scores = {row[1]: row[5] for row in rows[3:]}
    assert scores == {
        "1001": "10.00",  # by SIS User ID, leading zeros kept
        "1002": "9.50",  # by SIS Login ID
        "1003": "10.00",  # by ID
        "1004": "EX",  # excused in Canvas: not touched
        "1005": "7.25",  # nothing of ours: an empty cell would delete Canvas's score
        "1006": "",
    }
    assert rows[3][:3] == ["Lovelace, Ada", "1001", "0042"]
    assert "note: ps: eve is EX in Canvas" in lines
    assert problems == ["-stranger: is in no row of Canvas's file by SIS User ID, SIS Login ID, ID"]


def test_canvas_keeps_its_score_where_only_another_problem_set_has_one_here(graded):
    source = graded / "from_canvas.csv"
    source.write_text(TEMPLATE)
    layout = read_template(source)
    layout.fill(6, "ps", {"0042": Score(), "grace": Score(3.0, 12.0)}, {"0042": 3, "grace": 4})
    layout.fill(7, "other", {"0042": Score()}, {"0042": 3})
    assert [row[6:8] for row in layout.rows[3:5]] == [["", "3.00"], ["3.00", ""]]


def test_canvas_cells_cannot_run(graded):
    _, _, rows = to_canvas(graded)
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@"))]


def test_student_in_two_rows_and_two_students_in_one_are_left_to_a_person(graded):
    twice = TEMPLATE.replace("1005,0046,nt", "1005,0046,0042")
    _, problems, rows = to_canvas(graded, twice)
    assert problems[1].startswith("0042: matches several rows")
    assert {row[1]: row[5] for row in rows}["1001"] == ""
    shared = TEMPLATE.replace("1002,0043,grace", "1003,0043,grace").replace("1003,+44,cy", "9,8,7")
    _, problems, rows = to_canvas(graded, shared)
    assert any(problem.startswith("grace: matches several") for problem in problems)


def test_other_points_in_canvas_are_told_and_not_scaled(graded):
    lines, _, rows = to_canvas(graded, TEMPLATE.replace("12.00", "100.00"))
    assert "note: ps: 100.00 points in Canvas and 12 here; the scores are not scaled" in lines
    assert rows[3][5] == "10.00"


def test_column_of_another_title_is_chosen_by_its_name(graded):
    _, _, rows = to_canvas(graded, column="Other")
    assert rows[0][5] == "Other (56)"
    assert rows[3][5] == "10.00"
    for title in ("Third", "Final Score"):
        with pytest.raises(
            CourseError, match=rf"no column {title} .*: Notes, ps.*, Other \(56\)\)"
        ):
            to_canvas(graded, column=title)


def test_semicolons_and_byte_order_mark_are_kept(graded):
    lines = TEMPLATE.replace('"=S,1"', "S").replace("=cmd|' /C calc'!A0", "x").splitlines()
    rows = list(csv.reader(lines))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\n").writerows(rows)
    to_canvas(graded, "\ufeff" + buffer.getvalue())
    text = (graded / "canvas.csv").read_bytes().decode()
    assert text.startswith("\ufeffStudent;ID;")
    assert "Lovelace, Ada;1001;0042;ada@x.edu;S 1;10.00\n" in text


@pytest.mark.parametrize(
    ("template", "remedy"),
    [
        ("", "no gradebook that Canvas exported"),
        ("a,b\n1,2\n", "no gradebook that Canvas exported"),
        (TEMPLATE.replace("    Points Possible", ""), "a row Points Possible"),
        (TEMPLATE.replace("Other (56)", "ps (56)"), "several columns are called ps"),
    ],
)
def test_wrong_template_is_refused_with_a_reason(graded, template, remedy):
    with pytest.raises(CourseError, match=remedy):
        to_canvas(graded, template)


def test_canvas_own_file_is_never_overwritten(graded):
    source = graded / "from_canvas.csv"
    source.write_text(TEMPLATE)
    with pytest.raises(CourseError, match="Canvas's own file"):
        export_to_canvas(graded, NAME, source, source)
    assert source.read_text() == TEMPLATE


# The commands


def test_command_says_what_it_wrote_and_ends_with_2_where_a_person_is_needed(graded):
    run = run_course("export", cwd=graded)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0] == f"grades.csv: 7 students, {NAME}"
    (graded / "from.csv").write_text(TEMPLATE)
    run = run_course("export", NAME, "--canvas", "from.csv", "--to", "to.csv", cwd=graded)
    assert run.returncode == 2
    assert run.stdout.splitlines()[0] == f"to.csv: {NAME} as ps (55)"
    assert run.stdout.splitlines()[-1].startswith("-stranger: is in no row")
    assert (graded / "to.csv").exists()
    run = run_course("export", "--column", "x", cwd=graded)
    assert run.stderr == "course: --column belongs to --canvas FILE\n"


def test_feedback_says_what_is_still_open(graded):
    run = run_course("feedback", NAME, "--student", "grace", cwd=graded)
    assert run.stdout.splitlines() == [
        f"feedback/grace/{NAME}/{NAME}.html",
        f"note: {NAME}: students with answers still to be marked by hand: 3",
        f"note: {NAME}: not graded yet: 1; run: course grade {NAME}",
    ]


def test_nbgrader_exports_the_same_table(room):
    export(room.root)
    exporter = "--exporter=course_lib.classroom.export.Spreadsheet"
    room.run("-m", "nbgrader", "export", exporter, "--to=by_nbgrader.csv")
    mine, its = (room.root / name for name in ("grades.csv", "by_nbgrader.csv"))
    assert its.read_text() == mine.read_text()
