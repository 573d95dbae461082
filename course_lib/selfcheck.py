"""What the visible tests of a problem set say about a student's notebook, without touching it.

The notebook runs from the top in a fresh kernel, as under Validate; each item's result is read
from the records that its test cell leaves (`course_lib.checks`).
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib import CourseError

SECONDS = 120  # for one cell; an endless loop ends here


@dataclass(frozen=True)
class ItemResult:
    """One item of a problem set, as its visible tests see it.

    Attributes:
        name: The item.
        status: "passed", "partly", "failed", "unanswered" or "written" (marked by a person).
        points: What it is worth.
        earned: What the visible tests give.
        message: What the check says; empty when all is right.
    """

    name: str
    status: str
    points: float
    earned: float
    message: str


def check(path: Path) -> list[ItemResult]:
    """Run a student's notebook, in memory, and say how each item does.

    Args:
        path: The notebook. It is only read.

    Returns:
        One result an item, in the notebook's order.

    Raises:
        CourseError: If it is missing, no notebook, or a cell does not end in time.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise CourseError(f"there is no notebook {path}; give the id of a problem set") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError):
        raise CourseError(f"{path} is no notebook, or a damaged one; take a fresh copy") from None
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        raise CourseError(
            f"a cell of {path.name} ran for more than {SECONDS} seconds: is there an endless loop?"
        ) from None
    except DeadKernelError:
        raise CourseError(
            f"the kernel died while running {path.name}: does a cell call exit()?"
        ) from None
    graded = (cell for cell in notebook.cells if _points(cell))
    return [_result(cell) for cell in graded]


MARKS = {"passed": "✓", "partly": "~", "failed": "✗", "unanswered": "·", "written": "✎"}


def lines(results: list[ItemResult]) -> Iterator[str]:
    """Tell the results: a line an item, its message below it, and the points at the end."""
    width = max((len(result.name) for result in results), default=0)
    for result in results:
        earned = "" if result.status == "written" else f"{result.earned:g} of "
        line = f"{MARKS[result.status]} {result.name:<{width}}  {earned:>8}{result.points:g}"
        if result.status == "unanswered":
            yield f"{line}  not answered yet"
        elif result.status == "written":
            yield f"{line}  in words, read by a person"
        else:
            yield line
            yield from textwrap.indent(result.message, "    ").splitlines()
    tested = [result for result in results if result.status != "written"]
    total = sum(result.points for result in tested)
    open_items = sum(result.status == "unanswered" for result in tested)
    unanswered = f"{open_items} not answered yet" if open_items else "every item is answered"
    yield ""
    yield (
        f"{sum(result.earned for result in tested):g} of {total:g} points by the visible tests; "
        f"{unanswered}. Grading asks the same functions more."
    )


def _points(cell: dict) -> float:
    grader = cell.metadata.get("nbgrader", {})
    return grader.get("points", 0) if grader.get("grade") or grader.get("task") else 0


def _result(cell: dict) -> ItemResult:
    """Read one graded cell's outcome from its outputs."""
    name = cell.metadata["nbgrader"]["grade_id"].removeprefix("test_")
    points = _points(cell)
    if cell.cell_type != "code":
        return ItemResult(name, "written", points, 0, "")
    records = [
        output.metadata["course_lib"]
        for output in cell.outputs
        if "course_lib" in output.get("metadata", {})
    ]
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not records:
        words = f"{errors[0].ename}: {errors[0].evalue}" if errors else "the test cell did not run"
        return ItemResult(name, "failed", points, 0, words)
    last = records[-1]
    if last["status"] == "passed":
        return ItemResult(name, "passed", points, points, "")
    earned = last.get("earned", 0.0)
    status = "partly" if earned else last["status"]
    return ItemResult(name, status, points, earned, last["message"])
