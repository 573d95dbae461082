"""How many points a test cell earned, from its outputs."""

import math
from typing import Any


def earned(cell: dict[str, Any]) -> tuple[float, str]:
    """Read the points of an executed test cell, and a flag if something is wrong with them.

    An error earns nothing. Otherwise the value of the last line is the points, as a number from
    0 to the cell's points; without a value all points are earned. Text on stderr is no error.
    """
    most = float(cell["metadata"]["nbgrader"]["points"])
    outputs = cell.get("outputs", [])
    if any(output["output_type"] == "error" for output in outputs):
        return 0.0, ""
    for output in outputs:
        if output["output_type"] == "execute_result":
            return _partial(output["data"].get("text/plain"), most)
    return most, ""


def is_test(cell: dict[str, Any]) -> bool:
    """Whether a cell is code that earns points by running."""
    known = cell["metadata"].get("nbgrader", {})
    graded = known.get("grade") and not known.get("solution")
    return bool(graded) and cell["cell_type"] == "code"


def _partial(text: Any, most: float) -> tuple[float, str]:
    text = "".join(text) if isinstance(text, list) else text
    try:
        value = float(text)
    except (TypeError, ValueError):
        return 0.0, "partial-credit"
    if not math.isfinite(value) or not 0.0 <= value <= most:
        return 0.0, "partial-credit"
    return value, ""
