"""What the visible tests of a problem set say about a student's notebook, without touching it.

The notebook runs from the top in a fresh kernel, as under Validate; each item's result is read
from the records that its test cell leaves (`course_lib.checks`). Which items there should be is
read from the table at the notebook's top.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib import CourseError, environment
from course_lib.rerun import rerun

if TYPE_CHECKING:
    from nbformat import NotebookNode

FRESH = "take it from a fresh copy (grading puts it back)"
ROW = re.compile(r"^\| *(\d+) *\| *(?:`(\w+)`|\*in words\*) *\|.*\| *([\d.]+) *\|$", re.MULTILINE)
PLACEHOLDER = re.compile(r"\*Your answer to part \d+ goes here: .*\*")
MARKS = {"passed": "✓", "partly": "~", "failed": "✗", "unanswered": "·"}
IN_WORDS = {"written": "in words, read by a person", "unwritten": "in words, not written yet"}


@dataclass(frozen=True)
class ItemResult:
    """One item of a problem set, as its visible tests see it.

    Attributes:
        name: The item.
        status: "passed", "partly", "failed" or "unanswered"; of one that a person marks, "written"
            or "unwritten".
        points: What it is worth.
        earned: What the visible tests give.
        message: What the check says; empty when all is right.
    """

    name: str
    status: str
    points: float
    earned: float
    message: str


@dataclass(frozen=True)
class Checked:
    """What a student's notebook came to.

    Attributes:
        items: One result an item, in the order of the problem set.
        note: Why *Run All* stops at a cell that is no test; empty if it does not.
    """

    items: list[ItemResult]
    note: str


def find(exercises: Path, asked: str | None) -> list[Path]:
    """Find the notebooks that somebody means.

    Args:
        exercises: The folder of the problem sets.
        asked: An id, a notebook, or a folder of one or of all; None for all of `exercises`.

    Raises:
        CourseError: If there is none; the message says what there is.
    """
    known = sorted(path.name for path in exercises.glob("*_*") if path.is_dir())
    path = Path(asked or exercises)
    if path.suffix == ".ipynb" and path.is_file():
        return [path]
    if asked and str(path).removesuffix(".ipynb") in known:
        return [_in_folder(exercises / path.stem)]
    if path.is_dir() and path.resolve().name in known:
        return [_in_folder(path)]
    if path.is_dir() and path.resolve() == exercises.resolve():
        return [_in_folder(exercises / name) for name in known]
    raise CourseError(f"there is no problem set {asked!r}; there are {', '.join(known) or 'none'}")


def _in_folder(folder: Path) -> Path:
    path = folder / f"{folder.resolve().name}.ipynb"
    others = sorted(other.name for other in folder.glob("*.ipynb"))
    if path.exists() or not others:
        return path
    raise CourseError(f"found {', '.join(others)}: rename it to {path.name}, in {folder}")


def check(path: Path) -> Checked:
    """Run a student's notebook, in memory, and say how each item does.

    Args:
        path: The notebook. It is only read.

    Raises:
        CourseError: If it is missing or no notebook, or if what the tests need is not there.
    """
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise CourseError(f"there is no notebook {path}; take a fresh copy") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError):
        raise CourseError(f"{path} is no notebook, or a damaged one; take a fresh copy") from None
    rerun(notebook, path.parent)
    _require_tools(notebook, path.name)
    return Checked(_results(notebook), _stop(notebook))


def lines(checked: Checked) -> Iterator[str]:
    """Tell the results: a line an item, its message below it, and the points at the end."""
    width = max((len(result.name) for result in checked.items), default=0)
    for result in checked.items:
        mark = MARKS.get(result.status, "✎")
        earned = f"{result.earned:g} of " if result.status in MARKS else ""
        line = f"{mark} {result.name:<{width}}  {earned:>8}{result.points:g}"
        if result.status == "unanswered":
            yield f"{line}  not answered yet"
        elif result.status in IN_WORDS:
            yield f"{line}  {IN_WORDS[result.status]}"
        else:
            yield line
            yield from textwrap.indent(result.message, "    ").splitlines()
    yield ""
    yield from [checked.note] * bool(checked.note)
    tested = [result for result in checked.items if result.status in MARKS]
    yield (
        f"{sum(result.earned for result in tested):g} of "
        f"{sum(result.points for result in tested):g} points by the visible tests; "
        f"{_open(checked.items)}. Grading asks the same functions more."
    )


def _open(items: list[ItemResult]) -> str:
    """Say how many items wait for an answer."""
    statuses = [item.status for item in items]
    kinds = {"unanswered": "not answered yet", "unwritten": "not written yet"}
    counts = [
        f"{statuses.count(kind)} {words}" for kind, words in kinds.items() if kind in statuses
    ]
    return ", ".join(counts) or "every item is answered"


def _results(notebook: "NotebookNode") -> list[ItemResult]:
    """Give each item's result; the items are those of the table, else those that have a cell."""
    graded = [cell for cell in notebook.cells if _grader(cell).get("points")]
    cells = {_grader(cell)["grade_id"].removeprefix("test_"): cell for cell in graded}
    table = ROW.findall("\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"))
    in_words = iter([name for name, cell in cells.items() if _grader(cell).get("task")])
    expected = {name or next(in_words, f"part {part}"): float(worth) for part, name, worth in table}
    found = {name: _result(notebook, name, cell) for name, cell in cells.items()}
    missing = {
        name: ItemResult(name, "failed", worth, 0, f"its test cell is missing; {FRESH}")
        for name, worth in expected.items()
        if name not in found
    }
    order = [*expected, *(name for name in found if name not in expected)]
    return [(found | missing)[name] for name in order]


def _result(notebook: "NotebookNode", name: str, cell: "NotebookNode") -> ItemResult:
    """Read one graded cell's outcome from its outputs."""
    points = _grader(cell)["points"]
    if _grader(cell).get("task"):
        status = "written" if _is_written(notebook, cell) else "unwritten"
        return ItemResult(name, status, points, 0, "")
    outputs = (output.get("metadata", {}).get("course_lib") for output in cell.outputs)
    records = [record for record in outputs if record]
    if error := _error(cell, beside="CheckFailed"):
        return ItemResult(name, "failed", points, 0, error)
    if not records:
        return ItemResult(name, "failed", points, 0, f"its test cell is not as it was; {FRESH}")
    last = records[-1]
    if last["status"] == "passed":
        return ItemResult(name, "passed", points, points, "")
    earned = last.get("earned", 0.0)
    status = "partly" if earned else last["status"]
    message = "\n".join([last["message"], *_answer_trouble(notebook, name, last["mistake"])])
    return ItemResult(name, status, points, earned, message)


def _answer_trouble(notebook: "NotebookNode", name: str, mistake: str | None) -> Iterator[str]:
    """Say what is wrong with the cell that should define an item's function."""
    answer = next((c for c in notebook.cells if _grader(c).get("grade_id") == name), None)
    if answer is None and mistake == "not_defined":
        yield "the cell for your answer is missing; take it from a fresh copy"
    if answer is None or answer.cell_type != "code":
        return
    if error := _error(answer):
        yield f"that cell: {_syntax_error(answer.source) if 'incomplete input' in error else error}"
    elif mistake == "not_defined" and (others := _functions(answer.source) - {name}):
        defined = " and ".join(f"`{other}`" for other in sorted(others))
        yield f"the cell defines {defined}; the name asked is `{name}`"


def _syntax_error(source: str) -> str:
    """Say in Python's words what is wrong with a cell of which IPython says "incomplete input"."""
    try:
        ast.parse(source)
    except SyntaxError as error:
        return f"{type(error).__name__}: {error.msg}, line {error.lineno}"
    return "SyntaxError: incomplete input"


def _functions(source: str) -> set[str]:
    """Name the functions that a cell defines."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a line of IPython's own, such as `%time`
        return set()
    return {one.name for one in statements if isinstance(one, ast.FunctionDef)}


def _is_written(notebook: "NotebookNode", task: "NotebookNode") -> bool:
    """Tell whether text was put below a question, in place of the placeholder or beside it."""
    for cell in notebook.cells[notebook.cells.index(task) + 1 :]:
        if _grader(cell) or cell.source.startswith("## Hand in"):
            return False
        if cell.cell_type != "code" and PLACEHOLDER.sub("", cell.source).strip():
            return True
    return False


def _require_tools(notebook: "NotebookNode", name: str) -> None:
    """Stop where the tests lack what the notebook's first cell should bring."""
    if not any("name 'checks' is not defined" in _error(cell) for cell in notebook.cells):
        return
    locked = (c for c in notebook.cells if c.cell_type == "code" and _grader(c).get("locked"))
    error = _error(next(locked))
    if error and not error.startswith("NameError"):
        doctor = f"{environment.typed('course')} doctor"
        raise CourseError(f"the first cell of {name} failed: {error}; run {doctor}")
    raise CourseError(f"the first cell of {name} no longer imports `checks`; {FRESH}")


def _stop(notebook: "NotebookNode") -> str:
    """Name the first cell that raises, if it is neither a test nor an answer."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    number, cell = next(((n, c) for n, c in enumerate(code, 1) if _error(c)), (0, None))
    if cell is None or _grader(cell).get("grade") or _grader(cell).get("solution"):
        return ""
    return f"note: Run All stops at cell [{number}], which is no test: {_error(cell)}"


def _error(cell: "NotebookNode", beside: str = "") -> str:
    """Put the error that ended a cell into a line; empty if none did, or one of the name given."""
    for output in cell.get("outputs", []):
        if output.output_type == "error" and output.ename != beside:
            words = re.sub(r" ?\(\S+, line (\d+)\)$", r", line \1", output.evalue)
            words = textwrap.shorten(words, 300, placeholder="…")
            return ": ".join(filter(None, [output.ename, words]))
    return ""


def _grader(cell: "NotebookNode") -> dict:
    return cell.metadata.get("nbgrader", {})
