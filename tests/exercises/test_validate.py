"""What the Validate button says about each problem set, answered and untouched."""

from pathlib import Path

import nbformat
import pytest
from nbgrader.validator import Validator

from tests.exercises.pipeline import is_answer
from tests.notebooks.gates import EXERCISES, ROOT


def complaints(path: Path) -> dict[str, str]:
    """Validate a notebook as JupyterLab's button does: for each test that fails, why."""
    said = Validator().validate(str(path))
    assert set(said) <= {"failed"}, "Validate complains about the notebook itself"
    return {one["source"]: one["raw_error"] for one in said.get("failed", [])}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda path: path.stem)
def test_validate_names_what_is_missing_and_then_nothing(exercise, tmp_path):
    notebook = nbformat.read(exercise, as_version=4)
    path = tmp_path / exercise.name
    nbformat.write(notebook, path)
    tests = {
        cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")
    }
    untouched = complaints(path)
    assert set(untouched) == tests
    assert all(error.strip().endswith("not answered yet") for error in untouched.values())
    solved = nbformat.read(ROOT / "solutions" / exercise.parent.name / exercise.name, as_version=4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source for cell in filter(is_answer, solved.cells)
    }
    for cell in filter(is_answer, notebook.cells):
        cell.source = answers[cell.metadata.nbgrader.grade_id]
    nbformat.write(notebook, path)
    assert complaints(path) == {}
