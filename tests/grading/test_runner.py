"""A whole class: any number of workers, interrupted or not, gives the same gradebook."""

import fcntl
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course_lib import CourseError
from course_lib.grading import Options, grade
from tests.grading.classroom import FULL, NAME, ROOT, insert

STUDENTS = 8
USER = 1000
QUERY = """select student_id, base_cell.name, auto_score, manual_score, needs_manual_grade
from grade join base_cell on cell_id = base_cell.id
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
order by 1, 2"""
COMMENTS = """select student_id, base_cell.name, auto_comment, manual_comment
from comment join base_cell on cell_id = base_cell.id
join submitted_notebook on comment.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
order by 1, 2"""
LEDGER = "select assignment, student, status, score, flags, message from course_grading order by 2"


@pytest.fixture
def room(light_classroom, tmp_path):
    """A class of eight in a course directory of its own."""
    return with_students(light_classroom.copy(tmp_path / "course"))


def with_students(room):
    mixed = {
        "right": room.solved(),
        "wrong": room.solved(last="def last(x):\n    return 0"),
        "partly": room.solved(root="def root(x):\n    return 2"),
        "empty": room.release(),
        "crash": room.solved(last="import os\ndef last(x):\n    os._exit(1)"),
        "broken": b"{",
    }
    for number in range(2):
        mixed[f"more{number}"] = insert(room.solved(), "root", f"own = {number}")
    for student, notebook in mixed.items():
        room.hand_in(student, notebook)
    return room


def rows(room, query):
    with sqlite3.connect(room.root / "gradebook.db") as connection:
        return connection.execute(query).fetchall()


def gradebook(room):
    return [rows(room, query) for query in (QUERY, COMMENTS, LEDGER)]


def autograded(room):
    files = sorted((room.root / "autograded").rglob("*"))
    names = [str(path.relative_to(room.root)) for path in files]
    assert not [name for name in names if "/." in name]
    return names


@pytest.fixture(scope="module")
def clean(light_classroom, tmp_path_factory):
    """What a run that nothing disturbs ends in."""
    room = with_students(light_classroom.copy(tmp_path_factory.mktemp("clean") / "course"))
    grade(room.root, NAME, Options(workers=4))
    return gradebook(room), autograded(room)


def test_one_worker_and_four_give_the_same_gradebook(room, clean):
    outcomes = grade(room.root, NAME, Options(workers=1))
    assert (gradebook(room), autograded(room)) == clean
    scores = {outcome.student: outcome.score for outcome in outcomes}
    assert scores["right"] == scores["more0"] == FULL
    assert scores["broken"] == scores["empty"] == 0


def test_what_is_graded_and_unchanged_is_left_alone(room):
    grade(room.root, NAME, Options(workers=4))
    room.hand_in("wrong", room.solved())
    again = []
    outcomes = grade(room.root, NAME, Options(), report=again.append)
    assert [outcome.student for outcome in again] == ["wrong"]
    assert len(outcomes) == STUDENTS
    assert again[0].score == FULL


@pytest.mark.skipif(os.getuid() != 0, reason="whoever runs the tests is an ordinary user already")
def test_an_ordinary_user_grades_as_root_does(room, clean):
    with tempfile.TemporaryDirectory() as folder:
        own = with_students(room.copy(Path(folder, "course")))
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, USER, USER)
        run = start(own, through=as_ordinary_user(home=folder))
        said, _ = run.communicate()
        assert run.returncode == 0, said
        assert gradebook(own) == clean[0]


def as_ordinary_user(home):
    """The beginning of a command for an ordinary user, who can read this Python wherever it is."""
    needed = {Path(sys.prefix), Path(sys.base_prefix), ROOT}
    above = {folder for path in needed for folder in path.parents}
    closed = {folder for folder in above if not folder.stat().st_mode & 0o001}
    hidden = {folder for folder in above if closed & {folder, *folder.parents}}
    view = [part for folder in sorted(closed) for part in ("--tmpfs", folder)]
    for folder in sorted(hidden):
        view += ["--dir", folder, "--chmod", "0755", folder]
    for path in needed:
        view += ["--ro-bind", path, path] if hidden & set(path.parents) else []
    view += ["--setenv", "HOME", home]
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return ["bwrap", "--cap-add", "ALL", "--dev-bind", "/", "/", *view, *user]


def start(room, *arguments, through=()):
    code = "from course_lib.cli import main; main()"
    command = [*through, sys.executable, "-c", code, "grade", NAME, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command,
        cwd=room.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_killed_at_random_moments_it_resumes_to_the_clean_result(room, clean):
    chance = random.Random(5)
    for _ in range(10):
        before = len(results(room))
        grader = multiprocessing.get_context("fork").Process(
            target=grade, args=(room.root, NAME, Options(workers=2, force=before == STUDENTS))
        )
        grader.start()
        wait_for_progress(room, grader, before)
        time.sleep(chance.random() * 0.3)
        grader.kill()
        grader.join()
    grade(room.root, NAME, Options(workers=2))
    assert (gradebook(room), autograded(room)) == clean


def results(room):
    return list((room.root / "autograded").glob("*/ps/ps.ipynb"))


def wait_for_progress(room, grader, before):
    """Wait until one more submission is written, or the grader ends."""
    while grader.is_alive() and len(results(room)) in (before, STUDENTS):
        time.sleep(0.005)


def test_a_second_grader_is_refused(room):
    with open(room.root / ".grading.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = start(room)
        assert second.wait() == 2
        assert "another grader" in second.stdout.read()


def test_a_locked_gradebook_is_a_clear_error_and_nothing_is_half_written(room):
    with sqlite3.connect(room.root / "gradebook.db") as other:
        other.execute("begin exclusive")
        with pytest.raises(CourseError, match=r"gradebook.*locked.*again"):
            grade(room.root, NAME)
    outcomes = grade(room.root, NAME)
    assert len(outcomes) == STUDENTS


def test_a_missing_gradebook_is_a_clear_error(room):
    (room.root / "gradebook.db").unlink()
    shutil.rmtree(room.root / "source")
    with pytest.raises(CourseError, match="there is no problem set 'ps'"):
        grade(room.root, NAME)


def test_a_full_disk_is_a_clear_error_and_nothing_is_half_written(room, monkeypatch, clean):
    from course_lib.grading import record

    def full(path, data):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(record, "_write", full)
        with pytest.raises(CourseError, match="No space left"):
            grade(room.root, NAME)
    assert rows(room, LEDGER) == []
    grade(room.root, NAME)
    assert (gradebook(room), autograded(room)) == clean


def test_a_manual_grade_survives_a_regrade_and_is_flagged_where_its_reason_changed(room):
    grade(room.root, NAME, Options(students=["wrong"]))
    with sqlite3.connect(room.root / "gradebook.db") as connection:
        connection.execute(
            "update grade set manual_score = 2.5 where cell_id in "
            "(select id from base_cell where name = 'test_last')"
        )
    options = Options(students=["wrong"], force=True)
    (outcome,) = grade(room.root, NAME, options)
    assert (outcome.status, outcome.score) == ("graded", FULL - 5 + 2.5)
    room.hand_in("wrong", room.solved())
    (outcome,) = grade(room.root, NAME, options)
    assert (outcome.status, outcome.flags) == ("flagged", ["manual-grade"])
    assert outcome.score == FULL - 5 + 2.5


def test_the_grade_of_an_earlier_submission_does_not_stay(room):
    room.hand_in("wrong", room.solved())
    grade(room.root, NAME, Options(students=["wrong"]))
    room.hand_in("wrong", b"{")
    (outcome,) = grade(room.root, NAME, Options(students=["wrong"]))
    assert (outcome.status, outcome.score) == ("refused", 0)


def test_unknown_students_and_problem_sets_are_clear_errors(room):
    with pytest.raises(CourseError, match="nobody"):
        grade(room.root, NAME, Options(students=["nobody"]))
    with pytest.raises(CourseError, match="another"):
        grade(room.root, "another")


def test_records_and_exit_status_of_the_command(room):
    running = start(room, "--json", "out.json", "--student", "right", "--student", "broken")
    text = running.communicate()[0]
    assert running.returncode == 0, text
    right, broken = sorted(
        json.loads((room.root / "out.json").read_text()), key=lambda r: -r["score"]
    )
    keys = ["assignment", "flags", "max_score", "message", "score", "seconds", "status", "student"]
    assert sorted(right) == keys
    assert (right["status"], right["flags"]) == ("graded", [])
    assert (broken["status"], broken["flags"]) == ("refused", ["unreadable"])
    assert "1 graded" in text
    assert "1 refused" in text


def test_without_a_sandbox_it_refuses_unless_told_otherwise(room, monkeypatch):
    from course_lib.grading.sandbox import bubblewrap

    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    bubblewrap.unavailable.cache_clear()
    try:
        with pytest.raises(CourseError, match="apt install bubblewrap"):
            grade(room.root, NAME)
        students = ["right", "partly", "crash"]
        outcomes = grade(room.root, NAME, Options(students=students, isolated=False))
    finally:
        bubblewrap.unavailable.cache_clear()
    assert all("unsandboxed" in outcome.flags for outcome in outcomes)
    scores = {outcome.student: outcome.score for outcome in outcomes}
    assert scores == {"right": FULL, "partly": FULL - 1.5, "crash": FULL - 5}
