"""Would the tests have noticed? Run them again on answers that are certainly wrong.

After a notebook ran, each answer that a passed test uses is bound to a function that returns a
wrong value, in the same kernel, and the test runs once more. A test that passes again was put out
of action. It must pass twice, with two different wrong values, and it must be a test that notices
them in an honest kernel (`blind_tests` finds those that do not).
"""

import ast
from typing import Any

from course_lib.grading.client import Client, KernelEnded
from course_lib.grading.match import defined_names, plain_python
from course_lib.grading.points import earned, is_test
from course_lib.grading.source import grade_id

WRONG_VALUES = ("'no answer'", "None")


def graded_names(notebook: dict[str, Any]) -> dict[str, set[str]]:
    """For each test cell, the names of the answers that it uses."""
    answers = set()
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
            answers |= defined_names(cell["source"])
    tests = [cell for cell in notebook["cells"] if is_test(cell)]
    return {grade_id(cell): answers & used_names(cell["source"]) for cell in tests}


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


async def neutralised(client: Client, notebook: dict[str, Any]) -> list[str]:
    """Name the tests of an executed notebook that pass on wrong answers too.

    The kernel's state is of no use afterwards.
    """
    names = graded_names(notebook)
    tests = [
        cell
        for cell in notebook["cells"]
        if is_test(cell) and earned(cell)[0] > 0 and names[grade_id(cell)]
    ]
    client.new_budget()
    try:
        for value in WRONG_VALUES:
            targets = sorted(set().union(*(names[grade_id(cell)] for cell in tests)))
            if tests:
                await client.run(_rebind(targets, value))
            tests = [cell for cell in tests if await _passes(client, cell)]
    except KernelEnded:
        return []
    return [grade_id(cell) for cell in tests]


async def _passes(client: Client, cell: dict[str, Any]) -> bool:
    answer = await client.run(cell["source"])
    again = {**cell, "outputs": answer.outputs}
    return answer.status == "ok" and earned(again)[0] > 0


def _rebind(names: list[str], value: str) -> str:
    assigned = " = ".join([*names, "_answer"])
    return f"def _answer(*args, **kwargs):\n    return {value}\n\n{assigned}"
