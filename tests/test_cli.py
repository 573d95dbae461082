"""The command line: help that reads well, and failures of one line that say what to do."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.notebooks.gates import ROOT

COMMANDS = [
    "lab",
    "doctor",
    "data",
    "predict",
    "check",
    "release",
    "collect",
    "grade",
    "report",
    "export",
]


def course(*arguments, cwd=ROOT, **environment):
    code = "from course_lib.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"} | environment
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_help_names_every_command_and_what_it_does():
    text = course("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in text
    assert "..." not in text.partition("Commands:")[2], "a summary is too long for one line"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command):
    run = course(command, "--help")
    assert run.returncode == 0
    assert run.stdout.startswith("Usage:")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("no-such-command",), "course --help"),
        (("grade",), "course --help"),
        (("data", "--fast"), "course --help"),
        (("collect", "02_loss"), "course --help"),
        (("collect", "99_none", "."), "02_loss"),
        (("collect", "02_loss", "no-such.zip"), "there is no no-such.zip"),
        (("export",), "course grade ID"),
        (("release", "99_none"), "02_loss"),
        (("grade", "99_none"), "02_loss"),
        (("grade", "02_loss"), "submitted/STUDENT/02_loss"),
        (("grade", "02_loss/"), "nobody has handed in 02_loss;"),
        (("grade", "2_loss"), "there is no problem set '2_loss' in solutions (01_data, 02_loss"),
        (("report", "02_loss"), "run: course release 02_loss"),
        (("feedback", "2_loss/"), "there is no problem set '2_loss' in solutions (01_data"),
        (("data", "no-such-set"), "reviews"),
        (("predict",), "course --help"),
        (("predict", "Torn.", "--model", "no-such-file"), "save a classifier there first"),
    ],
)
def test_failure_is_one_line_that_says_what_to_do(tmp_path, arguments, remedy):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    run = course(*arguments, cwd=tmp_path)
    assert run.returncode not in (0, None)
    assert run.stdout == ""
    assert run.stderr.startswith("course: ")
    assert run.stderr.count("\n") == 1, run.stderr
    assert remedy in run.stderr


@pytest.mark.parametrize(
    ("review", "label"),
    [("Cheap fabric. I returned it.", "unhappy"), ("I love it, it fits perfectly!", "happy")],
)
def test_predict_answers_with_label_probability_and_words(review, label):
    run = course("predict", review)
    assert run.returncode == 0, run.stderr
    verdict, words = run.stdout.splitlines()
    assert re.fullmatch(rf"{label}, probability (0\.[5-9]\d|1\.00)", verdict)
    assert re.match(r"words that decided: \w+ [+-]\d", words)


def test_predict_admits_that_it_knows_no_word():
    assert "none that the classifier knows" in course("predict", "Zzyzx qwrt.").stdout


@pytest.mark.parametrize("command", [("lab",), ("release",), ("grade", "02_loss")])
def test_outside_a_course_each_command_says_so(tmp_path, command):
    run = course(*command, cwd=tmp_path)
    assert run.returncode != 0
    assert "not inside a course" in run.stderr
    assert run.stderr.count("\n") == 1


def test_without_nbgrader_the_extra_is_named(tmp_path):
    (tmp_path / "nbgrader.py").write_text("raise ImportError")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    run = course("release", PYTHONPATH=path)
    assert run.stderr == (
        "course: nbgrader is not installed; run: pip install 'loss-to-launch[grading]'\n"
    )
