"""What every notebook must satisfy. Each gate returns its complaints; no complaint is a pass."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("*/*.ipynb"))
MODULES = sorted((ROOT / "course_lib").rglob("*.py"))

Functions = dict[str, ast.FunctionDef | ast.ClassDef]


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def execution_counts(notebook: NotebookNode) -> list[str]:
    """Stored outputs come from one run, top to bottom."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"execution counts are {counts}; run the notebook top to bottom and store it"]


def silent_cells(notebook: NotebookNode) -> list[str]:
    """Nothing is stored on stderr: no warning, no progress bar, no traceback."""
    return [
        f"cell {cell.id} stores {output.get('name', output.output_type)}"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def whole_streams(notebook: NotebookNode) -> list[str]:
    """What a cell prints in a row is stored in one piece, however it arrived."""
    return [
        f"cell {cell.id} stores its print-out in pieces; run: make notebooks"
        for cell in code_cells(notebook)
        for one, other in itertools.pairwise(cell.outputs)
        if one.get("name", "one") == other.get("name", "other")
    ]


def alt_texts(notebook: NotebookNode) -> list[str]:
    """Every picture is described, in its metadata and for screen readers."""
    complaints = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data, metadata = output.get("data", {}), output.get("metadata", {})
            kinds = [kind for kind in data if kind.startswith("image/")]
            alts = [metadata.get(kind, {}).get("alt", "").strip() for kind in kinds]
            pages = re.findall(r"<img\b[^>]*>", "".join(data.get("text/html", "")))
            alts += [(re.findall(r'alt="([^"]*)"', tag) or [""])[0].strip() for tag in pages]
            if not all(alts) or (kinds and not pages):
                complaints.append(f"cell {cell.id} shows a picture without alt text")
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(", cell.source):
            complaints.append(f"cell {cell.id} embeds a picture without alt text")
    return complaints


def prose_between_code(notebook: NotebookNode) -> list[str]:
    """A sentence stands between any two code cells."""
    kinds = [cell.cell_type for cell in notebook.cells]
    return [
        f"cells {notebook.cells[i].id} and {notebook.cells[i + 1].id} have no prose between them"
        for i in range(len(kinds) - 1)
        if kinds[i] == kinds[i + 1] == "code"
    ]


def heading_levels(notebook: NotebookNode) -> list[str]:
    """One title, and headings descend by one level at a time."""
    complaints, previous = [], 0
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        source = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
        for marks, text in re.findall(r"^(#+)\s+(.+)$", source, flags=re.MULTILINE):
            if len(marks) > previous + 1 or (len(marks) == 1 and previous):
                complaints.append(f"heading {text!r} jumps from level {previous} to {len(marks)}")
            previous = len(marks)
    return complaints


def equations(notebook: NotebookNode) -> list[str]:
    """List the numbers of a lesson's equations, in the order they stand."""
    prose = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"\\tag\{(\d+\.\d+)\}", "\n".join(prose))


def equation_numbers(notebook: NotebookNode) -> list[str]:
    """Equations are numbered n.1, n.2, … without a gap, and the prose cites only those."""
    numbers = equations(notebook)
    if not numbers:
        return []
    lesson = numbers[0].split(".")[0]
    wanted = [f"{lesson}.{i}" for i in range(1, len(numbers) + 1)]
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    cited = re.findall(rf"\(({lesson}\.\d+)\)", prose)
    dangling = sorted(set(cited) - set(numbers))
    return [f"equations are numbered {numbers}"] * (numbers != wanted) + [
        f"({number}) is cited but no equation has that number" for number in dangling
    ]


def dangling_citations(text: str, known: set[str]) -> list[str]:
    """Whatever cites "Eq. 2.7" cites an equation that a lesson has."""
    cited = set()
    for group in re.findall(r"\bEqs?\.\s+((?:\d+\.\d+(?:,\s+|\s+and\s+|\s+to\s+|[-–])?)+)", text):
        cited |= set(re.findall(r"\d+\.\d+", group))
    return [f"Eq. {number} is cited but no lesson has it" for number in sorted(cited - known)]


def definitions(source: str) -> Functions:
    """Parse Python and return its top-level functions and classes by name."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in ast.parse(source).body if isinstance(node, kinds)}


def drifted(notebook: NotebookNode, library: Functions) -> list[str]:
    """What a lesson defines and `course_lib` also holds is the same, but for what is not taught.

    Docstrings, decorators (which validate) and annotations may differ.
    """
    shown: list[tuple[str, ast.AST]] = []  # a class may be shown in several pieces
    for cell in code_cells(notebook):
        source = re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE)
        shown += definitions(source).items()
    return [
        f"{name} differs between the lesson and course_lib"
        for name, node in shown
        if name in library and not _same(node, library[name])
    ]


def _same(lesson: ast.AST, library: ast.AST) -> bool:
    """Compare two definitions; a lesson may show a class with only some of its methods."""
    if isinstance(lesson, ast.ClassDef) and isinstance(library, ast.ClassDef):
        ours = {node.name: node for node in library.body if isinstance(node, ast.FunctionDef)}
        theirs = {node.name: node for node in lesson.body if isinstance(node, ast.FunctionDef)}
        return all(name in ours and _same(node, ours[name]) for name, node in theirs.items())
    return _essence(lesson) == _essence(library)


def _essence(node: ast.AST) -> str:
    """Dump a definition without docstrings, decorators and annotations."""
    tree = ast.parse(ast.unparse(node))
    for part in ast.walk(tree):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            part.decorator_list = []
            if ast.get_docstring(part) is not None:
                part.body = part.body[1:] or [ast.Pass()]
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    return ast.dump(tree)


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    return (cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())
