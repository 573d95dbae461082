"""Find the gradebook's cells in a student's notebook: by name, then by content and position."""

import ast
import difflib
from collections.abc import Iterable

from course_lib.grading.source import Cell, SourceCell, SourceNotebook, grade_id

ALIKE = 0.8  # share of text that an edited copy keeps


def match(cells: list[Cell], source: SourceNotebook, *, by_position: bool = True) -> dict[str, int]:
    """Map the names of the gradebook's cells to places in the student's notebook.

    Args:
        cells: the student's cells.
        source: what the gradebook knows.
        by_position: whether an answer that neither name nor content gives away may be the one
            unknown cell between its neighbours.
    """
    matched = _by_name(cells, source)
    for find in (_by_text, _by_definitions):
        for wanted in source.cells:
            free = [i for i in range(len(cells)) if i not in matched.values()]
            free = [i for i in free if grade_id(cells[i]) not in matched]
            if wanted.name not in matched:
                index = find(cells, free, wanted, source)
                matched.update({wanted.name: index} if index is not None else {})
    if by_position and matched:
        _by_neighbours(cells, source, matched)
    return matched


def same(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but white space at line ends."""
    return [line.rstrip() for line in one.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]


def defined_names(source: str) -> set[str]:
    r"""Return the names that a cell's code defines at its top level.

    >>> sorted(defined_names("def f(): ...\nw, b = 1, 2"))
    ['b', 'f', 'w']
    """
    try:
        statements = ast.parse(plain_python(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {name for statement in statements for name in _bound(statement)}


def plain_python(source: str) -> str:
    """Return the lines of a cell that are Python, without IPython's commands."""
    lines = (("" if line.lstrip().startswith(("%", "!")) else line) for line in source.splitlines())
    return "\n".join(lines)


def _by_name(cells: list[Cell], source: SourceNotebook) -> dict[str, int]:
    matched = {}
    for wanted in source.cells:
        found = [i for i, cell in enumerate(cells) if grade_id(cell) == wanted.name]
        typed = [i for i in found if cells[i]["cell_type"] == wanted.cell_type]
        if found:
            matched[wanted.name] = (typed or found)[-1]
    return matched


def _by_text(
    cells: list[Cell], free: list[int], wanted: SourceCell, source: SourceNotebook
) -> int | None:
    if not wanted.locked:
        return None
    text = source.visible(wanted)
    exact = [i for i in free if same(cells[i]["source"], text)]
    if exact:
        return exact[-1]
    near = [(_alike(cells[i]["source"], text), i) for i in free]
    best = max(near, default=(0.0, -1))
    return best[1] if best[0] >= ALIKE else None


def _alike(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:5000], other[:5000], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE else 0.0


def _by_definitions(
    cells: list[Cell], free: list[int], wanted: SourceCell, source: SourceNotebook
) -> int | None:
    if not wanted.solution or wanted.cell_type != "code":
        return None
    names = defined_names(wanted.source)
    found = [i for i in free if names and names <= defined_names(cells[i]["source"])]
    return found[-1] if found else None


def _by_neighbours(cells: list[Cell], source: SourceNotebook, matched: dict[str, int]) -> None:
    """Match an answer to the one unknown cell between the cells around it."""
    given = [cell["source"] for cell in source.released if grade_id(cell) is None]
    for number, wanted in enumerate(source.cells):
        if wanted.name in matched or not wanted.solution:
            continue
        before = [matched[c.name] for c in source.cells[:number] if c.name in matched]
        after = [matched[c.name] for c in source.cells[number + 1 :] if c.name in matched]
        low, high = max(before, default=-1), min(after, default=len(cells))
        between = [
            i
            for i in range(low + 1, high)
            if i not in matched.values()
            and grade_id(cells[i]) not in matched
            and cells[i]["cell_type"] == wanted.cell_type
            and not any(same(cells[i]["source"], text) for text in given)
        ]
        if len(between) == 1:
            matched[wanted.name] = between[0]


def _bound(statement: ast.stmt) -> Iterable[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        nodes = ast.walk(statement)
        return [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return []
