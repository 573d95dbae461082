"""The proof of the grading as a table: `python -m tests.exercises.matrix` writes MATRIX.md."""

from pathlib import Path

from tests.exercises.classwork import classwork
from tests.exercises.equivalents import EQUIVALENT
from tests.exercises.mutants import survivors
from tests.exercises.variants import Variant, problem_sets, variants

PATH = Path(__file__).with_name("MATRIX.md")
INTRODUCTION = """# What the grading was shown, and what it did

Every known mistake and every other correct way is a student's notebook, graded by `course grade`.
*Caught*: it lost points. *Named*: the message names the mistake, where the visible or hidden tests
can tell. *Points right*: it lost exactly what it should. *False alarms*: correct answers that lost
points. *Mutants* are solutions with one small mechanical damage; *equivalent* ones do the same as
the solution, each with its reason in `equivalents.py`; *killed* are the others that lost points.

`make matrix` writes this page, and the tests compare it with what they see.
"""
HEADER = (
    "| item | points | mistakes | caught | named | points right | other ways | false alarms "
    "| mutants | equivalent | killed |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def section(problem_set: str) -> str:
    """Write a problem set's part of the page, from a graded class."""
    work = classwork(problem_set)
    rows = [_row(problem_set, item, points) for item, points in work.points.items()]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"## {problem_set}", "", HEADER, *lines, ""])


def _row(problem_set: str, item: str, points: float) -> list[str]:
    known = [variant for variant in variants(problem_set) if variant.of == item]
    wrong = [variant for variant in known if variant.loses]
    right = [variant for variant in known if not variant.loses]
    nameable = [variant for variant in wrong if variant.named]
    lost = {variant.name: points - _earned(problem_set, variant) for variant in known}
    named = [v for v in nameable if v.named in _mistakes(problem_set, v)]
    mutants, alive = survivors(problem_set, item)
    equivalent = len(EQUIVALENT.get(item, {}))
    return [
        f"`{item}`",
        f"{points:g}",
        f"{len(wrong)}",
        f"{sum(lost[variant.name] > 0 for variant in wrong)}",
        f"{len(named)} of {len(nameable)}",
        f"{sum(lost[variant.name] == variant.loses for variant in wrong)}",
        f"{len(right)}",
        f"{sum(lost[variant.name] > 0 for variant in right)}",
        f"{mutants}",
        f"{equivalent}",
        f"{mutants - len(alive)} of {mutants - equivalent}",
    ]


def _earned(problem_set: str, variant: Variant) -> float:
    graded, _ = classwork(problem_set).answered[variant.name]
    return graded.scores[variant.of]


def _mistakes(problem_set: str, variant: Variant) -> set[str]:
    graded, _ = classwork(problem_set).answered[variant.name]
    return graded.mistakes(variant.of)


if __name__ == "__main__":
    PATH.write_text("\n".join([INTRODUCTION, *map(section, problem_sets())]))
