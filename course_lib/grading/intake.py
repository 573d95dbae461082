"""Intake: a submission becomes canonical notebooks, or is refused with a reason.

Tests, points and metadata come from the gradebook; answers and own cells from the student.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from course_lib.grading.match import match, same
from course_lib.grading.source import Assignment, Cell, SourceCell, SourceNotebook, grade_id
from course_lib.grading.submissions import Handin, Refusal, parse

COPY_NUMBER = re.compile(r"(?:-\d+| ?\(\d+\))$")  # a platform's or a browser's, before ".ipynb"
PICTURES = ("image/png", "image/jpeg")


@dataclass
class Canonical:
    """A submission that can be executed.

    Attributes:
        notebooks: notebook JSON by name; each cell the gradebook knows is there exactly once.
        files: what else the student handed in, by relative path.
        flags: short codes of what a person should know.
        notes: the same in sentences.
    """

    notebooks: dict[str, dict[str, Any]]
    files: dict[str, bytes] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def flag(self, code: str, note: str) -> None:
        """Remember that something is unusual."""
        self.flags += [code] if code not in self.flags else []
        self.notes += [note] if note not in self.notes else []


def take_in(handin: Handin, assignment: Assignment) -> Canonical:
    """Make the canonical notebooks of a submission.

    Args:
        handin: what the student handed in.
        assignment: what the gradebook expects.

    Raises:
        Refusal: If no notebook of the assignment can be found in it.
    """
    result = Canonical({}, handin.others())
    for code in handin.flags:
        result.flag(code, "the notebook came in an archive")
    for name, cells in _assign(handin.notebooks(), assignment, result).items():
        result.notebooks[name] = canonical(cells, assignment.notebooks[name], result)
    for name in assignment.notebooks:
        if name not in result.notebooks:
            result.flag("missing-notebook", f"{name}.ipynb was not handed in")
            result.notebooks[name] = skeleton(assignment.notebooks[name])
    return result


def skeleton(source: SourceNotebook) -> dict[str, Any]:
    """Return the released notebook, with the gradebook's tests, as if handed in untouched."""
    cells = source.released or [
        {"source": c.source, "metadata": c.metadata()} for c in source.cells
    ]
    return canonical([{"cell_type": "code", **cell} for cell in cells], source, Canonical({}))


def reference(source: SourceNotebook) -> dict[str, Any] | None:
    """Return the instructor's own version as a submission, if it is at hand."""
    return canonical(source.reference, source, Canonical({})) if source.reference else None


def canonical(cells: list[Cell], source: SourceNotebook, report: Canonical) -> dict[str, Any]:
    """Put the gradebook's cells and the student's into one notebook.

    Args:
        cells: the student's cells.
        source: what the gradebook knows of this notebook.
        report: takes the flags.
    """
    matched = match(cells, source)
    _report_changes(cells, source, matched, report)
    kept = _own_cells(cells, source, matched, report)
    low = -1.0
    for number, wanted in enumerate(source.cells):
        index = matched.get(wanted.name)
        later = _following(source, number, matched)
        place = _place(index, low, wanted, later, len(cells))
        kept.append(
            (place, number + 1, _restore(wanted, cells[index] if index is not None else None))
        )
        if wanted.solution:
            low = max(low, place)
        if index is not None and place != index:
            report.flag("restored", f"the test {wanted.name} stood above the answer it tests")
    kept.sort(key=lambda entry: entry[:2])
    return notebook([cell for _, _, cell in kept])


def notebook(cells: list[Cell]) -> dict[str, Any]:
    """Wrap cells as notebook JSON, with fresh ids and no trace of what the student's file said."""
    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def new_cell(kind: str, source: str, metadata: dict[str, Any] | None = None) -> Cell:
    """Return a cell without outputs."""
    cell = {"cell_type": kind, "metadata": metadata or {}, "source": source}
    return {**cell, "outputs": [], "execution_count": None} if kind == "code" else cell


def _assign(
    files: dict[str, bytes], assignment: Assignment, report: Canonical
) -> dict[str, list[Cell]]:
    """Decide which file is which notebook: by its name, then by what is in it."""
    expected = " and ".join(f"{name}.ipynb" for name in assignment.notebooks)
    if not files:
        raise Refusal("no-notebook", f"no notebook was handed in; expected: {expected}")
    found, broken, left = {}, [], {}
    for path, data in sorted(files.items()):
        try:
            left[path] = parse(path, data)
        except Refusal as refusal:
            broken.append(refusal)
    for name, source in assignment.notebooks.items():
        exact = [p for p in left if p == f"{name}.ipynb"]
        ranked = sorted(left, key=lambda path: -_resemblance(left[path], source))
        path = next((p for p in [*exact, *ranked] if _resemblance(left[p], source) > 0), None)
        if path is not None:
            found[name] = left.pop(path)
            if COPY_NUMBER.sub("", path.removesuffix(".ipynb")) != name and path != f"{name}.ipynb":
                short = PurePosixPath(path).name[:60]
                report.flag("renamed", f"{name}.ipynb was handed in as {short!r}")
    if not found:
        if broken:
            raise broken[0]
        message = "this notebook has none of the cells of"
        raise Refusal("wrong-assignment", f"{message} {assignment.name}; expected: {expected}")
    for refusal in broken:
        report.flag("unreadable", refusal.message)
    return found


def _resemblance(cells: list[Cell], source: SourceNotebook) -> int:
    """How many of the deciding cells a notebook has."""
    wanted = {cell.name for cell in source.cells if cell.grade or cell.solution or cell.task}
    by_name = wanted & {grade_id(cell) for cell in cells}
    return len(by_name) or len(match(cells, source, by_position=False))


def _report_changes(
    cells: list[Cell], source: SourceNotebook, matched: dict[str, int], report: Canonical
) -> None:
    for wanted in source.cells:
        index = matched.get(wanted.name)
        if index is None:
            code, what = ("answer-missing", "answer") if wanted.solution else ("restored", "cell")
            report.flag(code, f"the {what} {wanted.name} was missing and was put back")
            continue
        cell = cells[index]
        found = cell["metadata"].get("nbgrader")
        found = found if isinstance(found, dict) else {}
        if cell["cell_type"] != wanted.cell_type:
            report.flag("restored", f"the type of the cell {wanted.name} had changed")
        if wanted.locked and not same(cell["source"], source.visible(wanted)):
            report.flag("restored", f"the text of the cell {wanted.name} had changed")
        if grade_id(cell) != wanted.name:
            report.flag("metadata", "cells had lost their names and were found by their content")
        elif _altered(found, wanted):
            report.flag("metadata", f"the settings of the cell {wanted.name} had changed")


def _altered(found: dict[str, Any], wanted: SourceCell) -> bool:
    expected = wanted.metadata()["nbgrader"]
    keys = [key for key in ("grade", "solution", "locked", "points") if key in expected]
    if not wanted.solution or not wanted.grade:
        keys = [key for key in keys if key != "locked"]  # differs between nbgrader's versions
    return found.get("schema_version") != 3 or any(found.get(k) != expected[k] for k in keys)


def _own_cells(
    cells: list[Cell], source: SourceNotebook, matched: dict[str, int], report: Canonical
) -> list[tuple[float, int, Cell]]:
    """Return the student's cells that the gradebook does not know, each at its place."""
    known = {cell.name: cell for cell in source.cells}
    own = []
    for index, cell in enumerate(cells):
        if index in matched.values():
            continue
        original = known.get(grade_id(cell) or "")
        if original:
            report.flag("copied", f"there was more than one cell {original.name}")
            if original.locked and same(cell["source"], source.visible(original)):
                continue
        made = new_cell(cell["cell_type"], cell["source"])
        if pictures := _pictures(cell):
            made["attachments"] = pictures
        own.append((float(index), 0, made))
    return own


def _following(source: SourceNotebook, number: int, matched: dict[str, int]) -> list[int]:
    names = (cell.name for cell in source.cells[number + 1 :])
    return [matched[name] for name in names if name in matched]


def _place(
    index: int | None, low: float, wanted: SourceCell, following: list[int], end: int
) -> float:
    """Where a cell goes: where the student has it, but a test below the answers above it."""
    if index is None:
        later = [place for place in following if place > low]
        return min(later) - 0.5 if later else float(end)
    return float(index) if index > low or not wanted.locked else low


def _restore(wanted: SourceCell, cell: Cell | None) -> Cell:
    """Return the gradebook's cell; of the student's only the text of an answer."""
    source = wanted.source if cell is None or wanted.locked else cell["source"]
    made = new_cell(wanted.cell_type, source, wanted.metadata())
    if cell and not wanted.locked and (pictures := _pictures(cell)):
        made["attachments"] = pictures
    return made


def _pictures(cell: Cell) -> dict[str, dict[str, str]]:
    if cell["cell_type"] != "markdown":
        return {}
    found = {}
    for name, bundle in cell.get("attachments", {}).items():
        if isinstance(bundle, dict):
            kept = {k: v for k, v in bundle.items() if k in PICTURES and isinstance(v, str)}
            found.update({name: kept} if kept else {})
    return found
