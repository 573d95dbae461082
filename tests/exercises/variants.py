"""How the known mistakes and other correct ways of a problem set are written down.

They stand in `variants_<problem set>.py` beside this file, as plain functions:

    @mistake(of="margin_cross_entropy", loses=3, named="sum_not_mean")
    def margin_sum(z, s):
        return torch.nn.functional.softplus(-s * z).sum()

    @other_way(of="margin_cross_entropy")
    def margin_softplus(z, s):
        return torch.nn.functional.softplus(-s * z).mean()

A mistake of one line in a long answer is written as what differs from that answer:

    margin_sum = slip(margin, {".mean()": ".sum()"}, of="margin_cross_entropy", loses=3)

Writing one down is all there is to do: `test_grading.py` finds it, puts its body into a student's
notebook under the name of the graded function, and has nbgrader grade that. A function may use what
its module imports; the harness adds the import to the student's cell.
"""

import ast
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Variant:
    """An answer to one item.

    Attributes:
        name: The function's own name.
        of: The item that it answers: the name of the graded function.
        loses: Points that the real grading must take off; 0 for a correct way.
        named: The mistake that the item's test must recognise, if it can.
        source: The answer as a student's solution cell.
    """

    name: str
    of: str
    loses: float
    named: str | None
    source: str


def mistake(*, of: str, loses: float, named: str | None = None) -> Callable[[Callable], Callable]:
    """Mark a function as a wrong answer to the item `of`, and say what it must cost."""
    return lambda f: _mark(f, of, loses, named)


def other_way(*, of: str) -> Callable[[Callable], Callable]:
    """Mark a function as a right answer to the item `of`, different from the solution's."""
    return lambda f: _mark(f, of, 0, None)


def slip(
    f: Callable, changes: dict[str, str], *, of: str, loses: float, named: str | None = None
) -> Variant:
    """Make a wrong answer of the answer `f`: each text in `changes` gives way to another.

    Raises:
        ValueError: If a text does not stand in `f` exactly once.
    """
    source = _as_cell(f, of)
    for old, new in changes.items():
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands in {f.__name__} {source.count(old)} times, not once")
        source = source.replace(old, new)
    return Variant("", of, loses, named, source)


def variants(problem_set: str) -> list[Variant]:
    """Collect what is written down for a problem set, in order, under its names there."""
    module = importlib.import_module(f"tests.exercises.variants_{problem_set}")
    found = {name: getattr(value, "variant", value) for name, value in vars(module).items()}
    return [replace(v, name=name) for name, v in found.items() if isinstance(v, Variant)]


def problem_sets() -> list[str]:
    """List the problem sets that have known mistakes and other ways."""
    return sorted(path.stem.removeprefix("variants_") for path in HERE.glob("variants_*.py"))


def pack(chosen: list[Variant]) -> list[dict[str, Variant]]:
    """Share variants out to as few notebooks as possible, each with one variant an item at most."""
    notebooks: list[dict[str, Variant]] = []
    for variant in chosen:
        free = (notebook for notebook in notebooks if variant.of not in notebook)
        notebook = next(free, None)
        if notebook is None:
            notebooks.append(notebook := {})
        notebook[variant.of] = variant
    return notebooks


def _mark(f: Callable, of: str, loses: float, named: str | None) -> Callable:
    f.variant = Variant(f.__name__, of, loses, named, _as_cell(f, of))
    return f


def _as_cell(f: Callable, name: str) -> str:
    """Return the source of `f` under another name: its imports first, its decorators left out."""
    lines = inspect.getsource(f).splitlines()
    (definition,) = ast.parse("\n".join(lines)).body
    used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    body = "\n".join(lines[definition.lineno - 1 :])
    body = body.replace(f"def {f.__name__}(", f"def {name}(", 1)
    return "\n".join([*_imports(inspect.getfile(f), used), "", body]).strip()


def _imports(path: str, used: set[str]) -> list[str]:
    statements = ast.parse(Path(path).read_text()).body
    return [
        ast.unparse(statement)
        for statement in statements
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        and used & {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
        and getattr(statement, "module", "") != __name__
    ]
