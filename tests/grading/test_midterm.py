"""In mid-term tests are repaired, hand-ins replaced, answers marked: nothing is lost or silent."""

import json
import os
import pty
import signal
import sqlite3
import sys
import time

import nbformat
import pytest

from course_lib import CourseError
from course_lib.classroom.export import export_table
from course_lib.grading import (
    Options,
    changes,
    course,
    grade,
    marks,
    rehearsal,
    release,
    sandbox,
    since_grading,
    summary,
    write_feedback,
)
from course_lib.grading.execute import Executed
from course_lib.grading.intake import new_cell, take_in
from course_lib.grading.points import is_test
from course_lib.grading.settings import Course
from course_lib.grading.source import grade_id, read_assignment
from course_lib.grading.submissions import Handin
from tests.exercises.pipeline import Course as CourseOfSets
from tests.grading.classroom import FULL, NAME, find, insert
from tests.grading.test_runner import start

MARK = "update grade set {} where cell_id in (select id from base_cell where name = '{}')"


@pytest.fixture
def room(light_classroom, tmp_path):
    """A course with one right hand-in."""
    room = light_classroom.copy(tmp_path / "course")
    room.hand_in("right", room.solved())
    return room


def edit(room, old, new):
    """Change the instructor's version."""
    path = room.root / "source" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, path)


def graded(room, **options):
    """Grade, and return the only outcome, the notes, and who was graded anew."""
    notes, anew = [], []
    (outcome,) = grade(room.root, NAME, Options(**options), note=notes.append, report=anew.append)
    return outcome, notes, anew


def stale(room):
    return since_grading(room.root, NAME)


# Repairing a test


def test_a_broken_test_is_named_and_its_repair_reaches_everybody(room):
    edit(room, "== -2.5", "== -2.75")
    release(room.root, NAME)
    outcome, notes, _ = graded(room)
    assert outcome.score == FULL - 2
    assert notes == ["your own version earns 0 of 2 in test_double: negative numbers too"]

    edit(room, "== -2.75", "== -2.5")
    _, notes, anew = graded(room)
    assert notes == [f"source/{NAME} was changed since its release; run: course release {NAME}"]
    assert anew == stale(room) == []

    release(room.root, NAME)
    assert stale(room) == [
        f"note: {NAME}: changed since they were graded: 1; run: course grade {NAME}"
    ]
    outcome, notes, _ = graded(room)
    assert (outcome.score, outcome.flags, notes, stale(room)) == (FULL, [], [], [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assert last([1, 2]) == 2", "assert last([1, 2, 3]) == 3"),
        ("### BEGIN HIDDEN TESTS\nassert", "### BEGIN HIDDEN TESTS\nassert "),
    ],
)
def test_a_changed_test_is_seen_before_its_release(room, old, new):
    assert not changes.since_release(known(room))
    edit(room, old, new)
    assert changes.since_release(known(room))


def test_other_points_and_a_new_test_are_seen_before_their_release(room):
    path = room.root / "source" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    test = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("points"))
    test.metadata.nbgrader["points"] += 1
    nbformat.write(notebook, path)
    assert changes.since_release(known(room))
    test.metadata.nbgrader["points"] -= 1
    test.metadata.nbgrader["grade_id"] = "another"
    nbformat.write(notebook, path)
    assert changes.since_release(known(room))


def test_a_changed_answer_of_the_instructors_needs_no_release(room):
    edit(room, "return 2 * x", "return x + x")
    edit(room, "# A small problem set", "# A problem set")
    assert not changes.since_release(known(room))


def known(room):
    return read_assignment(Course.at(room.root).directory, NAME)


def failed(room):
    """The instructor's version as if each of its tests had failed."""
    assignment = known(room)
    executed = Executed(notebooks=rehearsal.honest(assignment), points={NAME: {}})
    error = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}
    for cell in filter(is_test, executed.notebooks[NAME]["cells"]):
        cell["outputs"] = [error]
        executed.points[NAME][grade_id(cell)] = 0.0
    return assignment, executed


def test_nothing_is_said_about_what_the_instructor_has_not_answered(room):
    def said():
        return list(rehearsal.shortcomings(*failed(room)))

    assert said()[0] == "your own version earns 0 of 2 in test_double: AssertionError"
    assert len(said()) == 3
    edit(
        room,
        "### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
        "raise NotImplementedError",
    )
    assert len(said()) == 2
    (room.root / "source" / NAME / f"{NAME}.ipynb").unlink()
    assert said() == []


def test_a_test_that_wrong_answers_pass_too_is_no_evidence(room):
    assignment, executed = failed(room)
    executed.suspects = [f"{NAME}/test_double"]
    assert len(list(rehearsal.shortcomings(assignment, executed))) == 2


def test_a_long_message_becomes_one_line():
    record = {"course_lib": {"message": "asked:  f(1)\ncame:   2\n" + "so " * 100}}
    cell = {"outputs": [{"output_type": "display_data", "data": {}, "metadata": record}]}
    said = rehearsal._reason(cell)
    assert said.startswith(": asked: f(1) came: 2 so so")
    assert len(said) <= rehearsal.WIDTH + 2


# Marking by hand


def by_hand(room, values, name="words"):
    with sqlite3.connect(room.root / "gradebook.db") as connection:
        connection.execute(MARK.format(values, name))


def waits(room):
    with sqlite3.connect(room.root / "gradebook.db") as connection:
        (number,) = connection.execute("select sum(needs_manual_grade) from grade").fetchone()
    return number


def test_marks_count_at_once_and_need_a_look_only_where_the_answer_changed(room):
    graded(room)
    by_hand(room, "manual_score = 1.5, needs_manual_grade = 0")
    outcome, _, anew = graded(room)
    assert (outcome.score, outcome.max_score, anew) == (FULL + 1.5, FULL + 2, [])

    room.hand_in("right", room.solved(last="def last(x):\n    return x[len(x) - 1]"))
    for force in (False, True):
        outcome, _, _ = graded(room, force=force)
        assert (outcome.status, outcome.score, waits(room)) == ("graded", FULL + 1.5, 0)

    changed = room.solved()
    find(changed, "words")["source"] = "On second thoughts: it is not."
    room.hand_in("right", changed)
    for force in (False, True):
        outcome, _, _ = graded(room, force=force)
        assert (outcome.status, outcome.flags) == ("flagged", ["manual-grade"])
        assert outcome.message == "kept 1 grade given by hand for an earlier answer"
        assert (outcome.score, waits(room)) == (FULL + 1.5, 1)

    by_hand(room, "needs_manual_grade = 0")  # as Formgrader does when a person has looked
    outcome, _, _ = graded(room, force=True)
    assert (outcome.status, waits(room)) == ("graded", 0)


def test_what_is_refused_waits_for_a_person_only_if_it_had_a_mark(room):
    graded(room)
    room.hand_in("right", b"{")
    assert graded(room)[0].flags == ["unreadable"]
    assert waits(room) == 0
    by_hand(room, "manual_score = 0, needs_manual_grade = 0")
    assert graded(room, force=True)[0].flags == ["unreadable"]
    assert waits(room) == 0


def test_a_task_waits_for_its_mark_also_after_a_refusal(tmp_path):
    made = CourseOfSets(tmp_path, "02_loss")
    path = tmp_path / "submitted/ana/02_loss/02_loss.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    options = Options(isolated=not sandbox.unavailable())
    (outcome,) = grade(tmp_path, "02_loss", options)
    assert (outcome.status, waits(made)) == ("refused", 0)
    nbformat.write(made.released(), path)
    (outcome,) = grade(tmp_path, "02_loss", options)
    assert (outcome.status, waits(made)) == ("graded" if options.isolated else "flagged", 1)


def test_a_mark_is_for_its_answer_and_for_a_test_for_all_that_students_wrote(room):
    notebook = {"cells": [*map(canonical, room.solved()["cells"])]}
    before = marks.digests({NAME: notebook})
    notebook["cells"].append(new_cell("markdown", "My own remark."))
    after = marks.digests({NAME: notebook})
    assert before[f"{NAME}/words"] == after[f"{NAME}/words"]
    assert before[f"{NAME}/test_double"] != after[f"{NAME}/test_double"]
    assert len(after) == 4


def canonical(cell):
    return new_cell(cell["cell_type"], cell["source"], cell["metadata"])


# Replacing a hand-in


def test_results_of_replaced_hand_ins_are_noted(room):
    room.hand_in("other", room.solved())
    assert "not graded yet: 2" in " ".join(export_table(room.root, NAME, room.root / "a.csv"))
    grade(room.root, NAME)
    assert stale(room) == []
    room.hand_in("other", room.release())
    (note,) = stale(room)
    assert note == f"note: {NAME}: changed since they were graded: 1; run: course grade {NAME}"
    assert note in export_table(room.root, NAME, room.root / "a.csv")


def test_an_export_of_nothing_says_so(light_classroom, tmp_path):
    room = light_classroom.copy(tmp_path / "course")
    assert export_table(room.root, NAME, tmp_path / "a.csv")[1:] == [
        f"note: nobody has handed in {NAME}"
    ]


# Names


def test_what_is_not_released_and_what_does_not_exist_are_told_apart(room):
    (room.root / "source" / "ps2").mkdir()
    for name in ("a", "b"):
        (room.root / "source" / "ps2" / f"{name}.ipynb").write_text("{}")
    with pytest.raises(CourseError, match="ps2 is not released yet; run: course release ps2"):
        read_assignment(Course.at(room.root).directory, "ps2")
    with pytest.raises(CourseError, match=r"no problem set 'sp' in source \(ps, ps2\)"):
        write_feedback(room.root, "sp")
    with pytest.raises(CourseError, match="nothing of ps is graded yet; run: course grade ps"):
        write_feedback(room.root, NAME)
    assert course.assignments(room.root) == [NAME, "ps2"]


@pytest.mark.parametrize(
    ("file", "flags"),
    [
        ("ps.ipynb", []),
        ("ps (1).ipynb", []),
        ("ps(12).ipynb", []),
        ("ps-1.ipynb", []),
        ("ps final.ipynb", ["renamed"]),
        ("ps (1)/ps.ipynb", ["renamed"]),
    ],
)
def test_a_copy_number_in_a_files_name_is_no_flag(room, file, flags):
    handin = Handin({file: json.dumps(room.solved()).encode()})
    assert take_in(handin, known(room)).flags == flags


# Waiting


def test_stopped_by_the_keyboard_it_says_what_is_kept(room):
    for number in range(6):
        room.hand_in(f"slow{number}", insert(room.solved(), "root", "import time\ntime.sleep(1)"))
    running = start(room, "--workers", "1")
    while not list((room.root / "autograded").glob("*/ps/ps.ipynb")) and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    text = running.communicate()[0]
    assert text.startswith("stopped: ")
    assert text.endswith(" of 7 graded are kept; run the same command again to go on\n")
    assert running.returncode == 130


def until(condition):
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_without_a_terminal_a_line_tells_now_and_then(room, monkeypatch, capfd):
    monkeypatch.setattr(summary, "PAUSE", 0.01)
    seen = []
    with summary.Progress() as progress:
        progress.begin(3)
        assert until(lambda: seen.append(capfd.readouterr().err) or "0 of 3 graded\n" in seen[-1])


def test_a_terminal_without_a_size_gets_its_line(monkeypatch):
    main, terminal = pty.openpty()
    with open(terminal, "w") as file, summary.Progress() as progress:
        monkeypatch.setattr(sys, "stderr", file)
        progress.begin(3)
        assert b"0/3" in os.read(main, 1000)
    os.close(main)
