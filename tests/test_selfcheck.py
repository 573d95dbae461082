"""`course check`: what Validate says, from the shell; the notebook stays as it is."""

import re

import nbformat
import pytest

from course_lib import CourseError, selfcheck
from tests.notebooks.gates import EXERCISES, ROOT, SOLUTIONS
from tests.test_cli import course

ANSWERS = {
    "bernoulli_log_likelihood": """
def bernoulli_log_likelihood(p, y):
    return torch.where(y == 1, p, 1 - p).log().sum()
""",
    "margin_cross_entropy": """
def margin_cross_entropy(z, s):
    return torch.nn.functional.softplus(-s * z).sum()
""",
    "smoothed_cross_entropy": """
def smoothed_cross_entropy(z, y, epsilon):
    return torch.nn.functional.cross_entropy(z, y, label_smoothing=epsilon), None
""",
    "balanced_cross_entropy": "def balanced_cross_entropy(:",
}


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    """Answer problem set 02: right, wrong, partly, with a syntax error, and not at all."""
    notebook = nbformat.read(ROOT / "exercises/02_loss/02_loss.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = ANSWERS.get(name, cell.source)
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").touch()
    path = root / "exercises/02_loss/02_loss.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def results(exercise):
    before = exercise.read_bytes(), exercise.stat().st_mtime_ns
    found = {result.name: result for result in selfcheck.check(exercise)}
    assert (exercise.read_bytes(), exercise.stat().st_mtime_ns) == before
    return found


@pytest.mark.parametrize(
    ("name", "status", "earned"),
    [
        ("bernoulli_log_likelihood", "passed", 2),
        ("margin_cross_entropy", "failed", 0),
        ("margin_cross_entropy_grad", "unanswered", 0),
        ("balanced_cross_entropy", "failed", 0),
        ("smoothed_cross_entropy", "partly", 2),
        ("focal_loss", "unanswered", 0),
        ("why_95_percent_may_be_poor", "written", 0),
    ],
)
def test_each_item_has_its_status_and_points(results, name, status, earned):
    assert (results[name].status, results[name].earned) == (status, earned)


def test_messages_name_the_mistake_and_the_missing_part(results):
    assert "N times too large" in results["margin_cross_entropy"].message
    assert "gradient" in results["smoothed_cross_entropy"].message
    assert "not defined" in results["balanced_cross_entropy"].message


def test_the_command_tells_points_and_what_is_missing(exercise):
    run = course("check", "02_loss", cwd=exercise.parent)
    assert run.returncode == 0, run.stderr
    assert re.search(r"✓ bernoulli_log_likelihood +2 of 2\n", run.stdout)
    assert "4 of 17 points by the visible tests; 2 not answered yet" in run.stdout


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_pass_every_visible_test(path):
    results = selfcheck.check(path)
    assert {result.status for result in results} <= {"passed", "written"}
    assert sum(result.points for result in results) == 20


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_releases_are_unanswered(path):
    assert {result.status for result in selfcheck.check(path)} == {"unanswered", "written"}


@pytest.mark.parametrize(("content", "remedy"), [(None, "problem set"), ("{", "fresh copy")])
def test_missing_or_damaged_notebooks_are_named(tmp_path, content, remedy):
    path = tmp_path / "02_loss.ipynb"
    if content:
        path.write_text(content)
    with pytest.raises(CourseError, match=remedy):
        selfcheck.check(path)


@pytest.mark.parametrize(
    ("code", "remedy"), [("while True: pass", "endless loop"), ("import os; os._exit(1)", "exit")]
)
def test_a_notebook_that_does_not_end_is_explained(tmp_path, monkeypatch, code, remedy):
    monkeypatch.setattr(selfcheck, "SECONDS", 2)
    path = tmp_path / "loop.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), path)
    with pytest.raises(CourseError, match=remedy):
        selfcheck.check(path)
