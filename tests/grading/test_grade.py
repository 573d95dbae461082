"""`course grade` on real submissions: a right one, a half-right one, an empty one, a broken one."""

import re

import nbformat
import pytest

from course_lib.grading import grade
from tests.exercises.pipeline import Course, is_answer
from tests.test_cli import course as run_course

HALF_RIGHT = ("bernoulli_log_likelihood", "margin_cross_entropy")


@pytest.fixture(scope="module")
def handed_in(_sandboxed, tmp_path_factory):
    """Hand in problem set 02 for four students."""
    course = Course(tmp_path_factory.mktemp("course"), "02_loss")
    half = course.released()
    solved = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in filter(is_answer, course.solved.cells)
    }
    for cell in filter(is_answer, half.cells):
        name = cell.metadata["nbgrader"]["grade_id"]
        if name in HALF_RIGHT:
            cell.source = solved[name].source
    for student, notebook in {
        "ada": course.answered({}),
        "bo": half,
        "cy": course.released(),
        "dee": "not a notebook",
    }.items():
        folder = course.root / "submitted" / student / "02_loss"
        folder.mkdir(parents=True)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        (folder / "02_loss.ipynb").write_text(text)
    return course


def test_scores_are_those_expected(handed_in):
    results = {result.student: result for result in grade(handed_in.root, "02_loss")}
    points = handed_in.points
    assert sum(points.values()) == 17
    assert {result.max_score for result in results.values()} == {20}
    assert results["ada"].score == 17
    assert results["bo"].score == sum(points[name] for name in HALF_RIGHT) == 5
    assert results["cy"].score == 0
    assert results["dee"].score == 0
    assert [student for student, result in results.items() if result.message] == ["dee"]


def test_the_command_prints_a_line_a_student_and_the_counts(handed_in):
    run = run_course("grade", "02_loss", cwd=handed_in.root)
    lines = [line.split() for line in run.stdout.splitlines() if " / 20" in line]
    assert [line[:5] for line in lines] == [
        ["ada", "17.00", "/", "20", "graded"],
        ["bo", "5.00", "/", "20", "graded"],
        ["cy", "0.00", "/", "20", "graded"],
        ["dee", "0.00", "/", "20", "refused"],
    ]
    assert run.stdout.endswith("3 graded, 0 flagged, 1 refused\n")
    assert re.sub(r"\d of 4 graded\n", "", run.stderr) == ""  # printed where it takes long
    assert run.returncode == 0
