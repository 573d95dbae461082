"""The instructor's own version runs before the class: what it shows about the tests."""

import textwrap
from collections.abc import Iterator
from typing import Any

from course_lib.grading import intake
from course_lib.grading.execute import Executed
from course_lib.grading.match import defined_names, same
from course_lib.grading.points import is_test
from course_lib.grading.probe import graded_names
from course_lib.grading.source import Assignment, Cell, SourceNotebook, grade_id

WIDTH = 160


def honest(assignment: Assignment) -> dict[str, dict[str, Any]]:
    """Return the instructor's own version as a submission; the released one where there is none."""
    return {
        name: intake.reference(source) or intake.skeleton(source)
        for name, source in assignment.notebooks.items()
    }


def shortcomings(assignment: Assignment, executed: Executed) -> Iterator[str]:
    """Say of which tests the instructor's own version does not earn all points, and why.

    Nothing is said about tests of what the instructor has not answered, and about those that a
    wrong answer passes too.
    """
    for name, source in assignment.notebooks.items():
        notebook = executed.notebooks[name]
        names, unanswered = graded_names(notebook), _unanswered(notebook, source)
        for cell in filter(is_test, notebook["cells"]):
            test = grade_id(cell)
            earned, most = executed.points[name][test], cell["metadata"]["nbgrader"]["points"]
            known = f"{name}/{test}" in executed.suspects or names[test] & unanswered
            if source.reference and earned < most and not known:
                yield f"your own version earns {earned:g} of {most:g} in {test}{_reason(cell)}"


def _unanswered(notebook: dict[str, Any], source: SourceNotebook) -> set[str]:
    """Return the names whose answers are still as students get them."""
    given = {cell.name: cell.source for cell in source.cells if cell.solution}
    cells = [cell for cell in notebook["cells"] if grade_id(cell) in given]
    texts = [cell["source"] for cell in cells if same(cell["source"], given[grade_id(cell)])]
    return {name for text in texts for name in defined_names(text)}


def _reason(cell: Cell) -> str:
    """Return what a test said last, on one line."""
    said = [text for output in cell["outputs"] if (text := _said(output))]
    return f": {textwrap.shorten(said[-1], WIDTH, placeholder=' ...')}" if said else ""


def _said(output: dict[str, Any]) -> str:
    if output["output_type"] == "error":
        return output["evalue"] or output["ename"]
    return output.get("metadata", {}).get("course_lib", {}).get("message", "")
