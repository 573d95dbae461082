"""Releasing: the exercises are what it would write now, and it never lets an answer through."""

import shutil

import nbformat
import pytest

from course_lib import CourseError
from course_lib.grading import assignments, release
from course_lib.grading.changes import since_release
from course_lib.grading.settings import Course
from course_lib.grading.source import read_assignment
from tests.notebooks.gates import ROOT


@pytest.fixture
def course(tmp_path):
    """Copy the parts of the course that releasing reads."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions", ignore=shutil.ignore_patterns(".*"))
    return tmp_path


def edit(course, change, assignment="02_loss"):
    """Change the source of the instructor's cells: `change` takes a cell."""
    path = course / "solutions" / assignment / f"{assignment}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        change(cell)
    nbformat.write(notebook, path)


@pytest.mark.parametrize("assignment", assignments(ROOT))
def test_exercises_are_what_release_writes_now(course, assignment):
    written = release(course, assignment)
    stored = sorted(
        path
        for path in (ROOT / "exercises" / assignment).rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    )
    assert [path.name for path in written] == [path.name for path in stored]
    for new, old in zip(written, stored, strict=True):
        assert new.read_text() == old.read_text(), f"run: course release {assignment}"
    assert not since_release(read_assignment(Course.at(course).directory, assignment))


def test_staleness_is_seen(course):
    def change(cell):
        cell.source = cell.source.replace("loss", "Loss")

    edit(course, change)
    (new,) = release(course, "02_loss")
    assert new.read_text() != (ROOT / "exercises/02_loss/02_loss.ipynb").read_text()


def in_every_cell(old, new):
    def change(cell):
        cell.source = cell.source.replace(old, new)

    return change


DAMAGES = {
    "hidden marker misspelt": in_every_cell("### BEGIN HIDDEN TESTS", "### BEGIN HIDDEN TEST"),
    "solution marker misspelt": in_every_cell("### BEGIN SOLUTION", "### BEGIN THE SOLUTION"),
    "end marker missing": in_every_cell("### END HIDDEN TESTS", ""),
    "marking scheme misspelt": in_every_cell("=== BEGIN MARK SCHEME", "=== BEGIN MARKING SCHEME"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_release_refuses_what_would_give_an_answer_away(course, damage):
    release(course, "02_loss")
    before = (course / "exercises/02_loss/02_loss.ipynb").read_bytes()
    edit(course, damage)
    with pytest.raises(CourseError):
        release(course, "02_loss")
    assert (course / "exercises/02_loss/02_loss.ipynb").read_bytes() == before


def test_release_refuses_a_solution_left_in_another_file(course):
    source = course / "solutions/02_loss/02_loss.ipynb"
    cells = nbformat.read(source, as_version=4).cells
    answer = next(cell.source for cell in cells if "### BEGIN SOLUTION" in cell.source)
    (source.parent / "helper.py").write_text(answer)
    with pytest.raises(CourseError, match=r"helper\.py still shows"):
        release(course, "02_loss")
    assert not (course / "exercises").exists()


def test_unknown_problem_set_is_named_with_the_known_ones(course):
    with pytest.raises(CourseError, match="02_loss"):
        release(course, "02_los")
