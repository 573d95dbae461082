"""Small mechanical damage to the reference solutions: what the tests do not notice, they let pass.

A mutant is a solution with one operator swapped, one constant shifted, one reduction or comparison
changed, one condition, slice, keyword, call or statement dropped. Its item's test cell runs against
it, in this process; the mutant is killed if the cell does not give full points.
"""

import ast
import contextlib
import copy
import io
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from unittest import mock

from nbformat import NotebookNode

from course_lib import checks
from tests.exercises.pipeline import TEST
from tests.notebooks.gates import ROOT, read

SECONDS = 5  # A mutant that runs longer, in a loop that lost its end, counts as killed.

OPERATORS: dict[type, list[type]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Mult],
    ast.Mod: [ast.Mult],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
}
NAMES = {
    "mean": "sum",
    "sum": "mean",
    "max": "min",
    "min": "max",
    "amax": "amin",
    "amin": "amax",
    "maximum": "minimum",
    "minimum": "maximum",
    "any": "all",
    "all": "any",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
}


@dataclass(frozen=True)
class Mutant:
    """A damaged solution.

    Attributes:
        change: The damaged line, before and after.
        source: The whole cell.
    """

    change: str
    source: str


class Item:
    """A graded function: its solution, its test cell and what runs before them.

    Args:
        name: The function's name.
        notebook: The instructor's version.
    """

    def __init__(self, name: str, notebook: NotebookNode):
        self.name = name
        cells = {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}
        graders = {
            cell.metadata["nbgrader"]["grade_id"]: cell
            for cell in cells.values()
            if "nbgrader" in cell.metadata
        }
        self.solution = graders[name].source
        self.test = graders[TEST + name].source
        self.points = graders[TEST + name].metadata["nbgrader"]["points"]
        self._namespace: dict[str, object] = {}
        for cell in cells.values():
            if cell.id == graders[TEST + name].id:
                break
            _run(cell.source, self._namespace)

    def score(self, source: str, **known: object) -> float:
        """Give the points that a solution cell earns from the item's test cell."""
        namespace = {**self._namespace, **known}
        try:
            with _at_most(SECONDS):
                _run(source, namespace)
                earned = _run(self.test, namespace)
        except Exception:
            return 0.0
        return self.points if earned is None else float(earned)

    def visible_pairs(self) -> list[tuple[tuple[object, ...], object]]:
        """List what the visible tests ask and expect, as a student can read them."""
        pairs: list[tuple[tuple[object, ...], object]] = []

        def listen(f: object, args: tuple[object, ...], want: object, **_: object) -> None:
            pairs.append((args, want))

        visible = re.sub(
            r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", self.test, flags=re.S
        )
        with mock.patch.object(checks, "compare", listen):
            _run(visible, {**self._namespace, self.name: None})
        return pairs

    def score_of(self, answer: Callable[..., object]) -> float:
        """Give the points that a function earns as the answer."""
        return self.score(f"{self.name} = _answer", _answer=answer)

    def mutants(self) -> list[Mutant]:
        """Damage the solution in every way, one way at a time."""
        tree = ast.parse(self.solution)
        found: dict[str, Mutant] = {}
        for damaged, line in _damaged(tree):
            source = ast.unparse(ast.fix_missing_locations(damaged))
            before = ast.unparse(tree).splitlines()
            after = source.splitlines()
            change = _difference(before, after, line)
            found.setdefault(source, Mutant(change, source))
        found.pop(ast.unparse(tree), None)
        return list(found.values())


@cache
def survivors(problem_set: str, name: str) -> tuple[int, frozenset[str]]:
    """Damage one solution in every way: the number of mutants, and those that nobody noticed."""
    notebook = read(ROOT / "solutions" / problem_set / f"{problem_set}.ipynb")
    item = Item(name, notebook)
    mutants = item.mutants()
    alive = frozenset(m.change for m in mutants if item.score(m.source) == item.points)
    return len(mutants), alive


def _run(source: str, namespace: dict[str, object]) -> object:
    """Run a cell silently and give the value of its last expression, as a notebook would."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(tree, "<cell>", "exec"), namespace)
        return (
            eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace) if last else None
        )


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _damaged(tree: ast.Module) -> Iterator[tuple[ast.Module, int]]:
    """Yield copies of a cell with one place changed, and the line of that place."""
    skipped = _untouchable(tree)
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        for change in _changes(node):
            damaged = copy.deepcopy(tree)
            twin = next(other for i, other in enumerate(ast.walk(damaged)) if i == index)
            change(twin)
            yield damaged, getattr(node, "lineno", 1)


def _untouchable(tree: ast.Module) -> set[int]:
    """List what is no part of the answer: imports, docstrings, annotations and signatures."""
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST] = []
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.arguments)):
            parts = [node]
        if isinstance(node, ast.FunctionDef):
            parts = [node.body[0]] if ast.get_docstring(node) is not None else []
            parts += [node.returns] if node.returns else []
        if isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        if isinstance(node, ast.keyword) and node.arg == "strict":
            parts = [node]  # a safeguard against calls that the statement rules out
        found |= {id(inner) for part in parts for inner in ast.walk(part)}
    return found


def _changes(node: ast.AST) -> list[Callable[[ast.AST], None]]:
    """List the ways to damage one node, each as a function of the node's copy."""
    changes: list[Callable[[ast.AST], None]] = []
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        changes += [_setter("op", other()) for other in OPERATORS.get(type(node.op), [])]
    if isinstance(node, ast.Compare):
        others = OPERATORS.get(type(node.ops[0]), [])
        changes += [_setter("ops", [other(), *node.ops[1:]]) for other in others]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        changes.append(_become(node.operand))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        changes.append(_setter("value", not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        changes.append(_setter("value", node.value + 1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        changes.append(_setter("value", node.value + "_"))
    if isinstance(node, ast.comprehension) and node.ifs:
        changes.append(_setter("ifs", []))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        changes.append(_become(node.value))
    if isinstance(node, ast.Call):
        changes += [
            _setter("keywords", [*node.keywords[:i], *node.keywords[i + 1 :]])
            for i, keyword in enumerate(node.keywords)
            if keyword.arg != "strict"
        ]
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        changes.append(_setter("attr", NAMES[node.attr]))
    if isinstance(node, ast.Name) and node.id in NAMES:
        changes.append(_setter("id", NAMES[node.id]))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        changes.append(_become(node.func.value))
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        changes.append(_setter("test", ast.UnaryOp(ast.Not(), node.test)))
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if isinstance(block, list) and not isinstance(node, ast.Module):
            changes += [
                _dropper(field, i)
                for i, statement in enumerate(block)
                if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For))
                and not (
                    isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                )
            ]
    return changes


def _setter(field: str, value: object) -> Callable[[ast.AST], None]:
    return lambda node: setattr(node, field, copy.deepcopy(value))


def _become(part: ast.expr) -> Callable[[ast.AST], None]:
    """Turn a node into one of its parts: the call or the sign around it is dropped."""

    def change(node: ast.AST) -> None:
        twin = copy.deepcopy(part)
        node.__class__ = type(twin)
        node.__dict__.clear()
        node.__dict__.update(twin.__dict__)

    return change


def _dropper(field: str, i: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        getattr(node, field)[i] = ast.Pass()

    return change


def _difference(before: list[str], after: list[str], line: int) -> str:
    """Say which line changed and how; dropped lines read `pass`."""
    for old, new in zip(before, after, strict=False):
        if old != new:
            return f"{old.strip()}  →  {new.strip()}"
    return f"line {line}"
