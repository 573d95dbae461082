"""Would the tests have noticed? Ask the kernel in which a notebook ran, in two ways.

- `silenced`: does an error still show, and do comparisons still find a difference?
- `neutralised`: each answer that a passed test uses is bound to a function that returns a wrong
  value, and the test runs once more. A test that passes again was put out of action. It must pass
  twice, with two different wrong values, and it must be a test that notices them in an honest
  kernel (the runner tries the instructor's own version first).
"""

import ast
import inspect
from functools import cache
from typing import Any

from course_lib.grading.client import Client, KernelEnded
from course_lib.grading.match import defined_names, plain_python
from course_lib.grading.points import earned, is_test
from course_lib.grading.source import grade_id

WRONG_VALUES = ("'no answer'", "None")
BRIEFLY = "get_ipython().InteractiveTB.set_mode('Minimal')"  # long tracebacks take long


def deceived() -> list[str]:
    """Name what finds two different things equal. Its source runs in the kernel."""
    import sys

    comparisons = {
        "builtins": ["all", "any", "isinstance"],
        "math": ["isclose"],
        "numpy": ["allclose", "array_equal", "isclose"],
        "numpy.testing": ["assert_allclose", "assert_array_equal", "assert_equal"],
        "torch": ["allclose", "equal", "isclose"],
    }
    different = {"all": [[False]], "any": [[False]], "isinstance": [0.0, str]}
    try:
        assert False  # noqa: B011, PT015 - what a test does
        found = ["assert"]
    except AssertionError:
        found = []
    for module, names in comparisons.items():
        for name in names:
            try:
                values = different.get(name, [0.0, 1.0])
                if module == "torch":
                    values = [sys.modules[module].tensor(value) for value in values]
                answer = getattr(sys.modules[module], name)(*values)
                found += [f"{module}.{name}"] if answer is None or answer else []
            except Exception:
                continue
    return found


def graded_names(notebook: dict[str, Any]) -> dict[str, set[str]]:
    """For each test cell, the names of the answers that it uses."""
    answers = set()
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
            answers |= defined_names(cell["source"])
    tests = [cell for cell in notebook["cells"] if is_test(cell)]
    return {grade_id(cell): answers & used_names(cell["source"]) for cell in tests}


@cache  # the tests are the same for the whole class
def used_names(source: str) -> set[str]:
    r"""Return the names that a cell reads and does not define itself.

    >>> sorted(used_names("got = f(2)\nassert got == g"))
    ['f', 'g']
    """
    try:
        nodes = list(ast.walk(ast.parse(plain_python(source))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = [node for node in nodes if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names if isinstance(node.ctx, ast.Load)} - stored


async def tampering(client: Client, notebook: dict[str, Any]) -> dict[str, str]:
    """Say what looks like tampering after a notebook ran; the kernel is of no use afterwards.

    Returns:
        Sentences: by test, for those that were disarmed; for the notebook as a whole under "".
    """
    client.new_budget()
    found = {}
    try:
        if changed := await silenced(client):
            found[""] = changed
        for test in await neutralised(client, notebook):
            found[test] = f"the test {test} was disarmed"
    except KernelEnded as end:
        if end.reason == "died":
            found[""] = "the notebook ended its kernel when the tests ran once more"
    return found


async def silenced(client: Client) -> str:
    """Say what a notebook did to errors or comparisons in its kernel, "" if nothing.

    This alone takes no points: an error that does not show still is one to the grader.
    """
    asking = (
        f"{BRIEFLY}\n{inspect.getsource(deceived)}\nraise ValueError(f'deceived: {{deceived()}}')"
    )
    answer = await client.run(asking)
    if answer.flags:  # too slow, which proves nothing
        return ""
    said = [o["evalue"] for o in answer.outputs if o["output_type"] == "error"]
    if not said or not said[0].startswith("deceived: "):
        return "the notebook changed how errors are raised or shown"
    names = said[0].removeprefix("deceived: ")
    return "" if names == "[]" else f"the notebook changed what these say: {names}"


async def neutralised(client: Client, notebook: dict[str, Any]) -> list[str]:
    """Name the tests of an executed notebook that pass on wrong answers too."""
    names = graded_names(notebook)
    tests = [
        cell
        for cell in notebook["cells"]
        if is_test(cell) and earned(cell)[0] > 0 and names[grade_id(cell)]
    ]
    for value in WRONG_VALUES:
        targets = sorted(set().union(*(names[grade_id(cell)] for cell in tests)))
        if tests:
            await client.run(_rebind(targets, value))
        tests = [cell for cell in tests if await _passes(client, cell)]
    return [grade_id(cell) for cell in tests]


async def _passes(client: Client, cell: dict[str, Any]) -> bool:
    answer = await client.run(cell["source"])
    again = {**cell, "outputs": answer.outputs}
    return answer.status == "ok" and earned(again)[0] > 0


def _rebind(names: list[str], value: str) -> str:
    assigned = " = ".join([*names, "_answer"])
    return f"def _answer(*args, **kwargs):\n    return {value}\n\n{assigned}"
