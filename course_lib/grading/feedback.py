"""Feedback: what a student gets back. Nothing in it runs, and hidden tests stay hidden."""

import ast
import re
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from nbgrader.utils import is_task
from traitlets import Unicode

from course_lib import CourseError
from course_lib.grading import course
from course_lib.grading.autograde import configure
from course_lib.grading.formulas import Renderer
from course_lib.grading.inert import make_inert
from course_lib.grading.match import plain_python
from course_lib.grading.points import is_test
from course_lib.grading.source import read_assignment

PAGE = Path(__file__).with_name("feedback.html.jinja")
HIDDEN = "# (tests that are not shown)"
OURS = {"KernelEnded", "NotRun", "TimeLimit", "Tampered"}
NUMBER = re.compile(r"-?[\d.]+(e-?\d+)?")


def write_feedback(root: Path, assignment: str, students: list[str] | None = None) -> list[Path]:
    """Write the feedback pages of an assignment, through nbgrader's own generator.

    Args:
        root: the course directory.
        assignment: its name.
        students: only these, None for all.

    Returns:
        The pages, by student.

    Raises:
        CourseError: If nothing of the assignment is graded, or nbgrader cannot write them.
    """
    config = course.settings(root)
    configure(config)
    directory = course.CourseDirectory(config=config)
    if not _pages(root, directory, directory.autograded_directory, assignment, "ipynb"):
        read_assignment(directory, assignment)  # which explains an unknown name
        raise CourseError(f"nothing of {assignment} is graded yet; run: course grade {assignment}")
    for student in students or ["*"]:
        course.run(GenerateFeedback, config, assignment, student)
    return _pages(root, directory, directory.feedback_directory, assignment, "html")


class Redact(NbGraderPreprocessor):
    """Removes marking schemes, hidden tests and everything that could show the tests' values.

    Of a test with hidden parts stay the verdict, the named mistake's hint and the author's own
    messages. Student code that ran after it may have kept what it was called with, so its outputs
    go as well.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Redact a notebook."""
        marks = ClearHiddenTests(config=self.config)
        begin, end = marks.begin_test_delimeter, marks.end_test_delimeter
        seen = False
        for cell in nb.cells:
            if is_task(cell):
                self._hide_scheme(cell)
            if cell.cell_type != "code":
                continue
            hides = is_test(cell) and begin in cell.source
            seen = seen or hides
            if hides:
                cell.outputs = [o for o in (_redact(o, cell.source) for o in cell.outputs) if o]
                cell.source = hide(cell.source, begin, end)
            elif seen and not is_test(cell) and cell.outputs:
                stream = {"output_type": "stream", "name": "stdout", "text": _instead(cell.source)}
                cell.outputs = [NotebookNode(stream)]
        make_inert(nb)
        return nb, resources

    def _hide_scheme(self, cell: NotebookNode) -> None:
        marks = ClearMarkScheme(config=self.config)
        begin, end = marks.begin_mark_scheme_delimeter, marks.end_mark_scheme_delimeter
        cell.source = hide(cell.source, begin, end, instead="")


def _instead(source: str) -> str:
    """Return what is shown for a cell's outputs: what its source alone says of them."""
    try:
        ast.parse(plain_python(source))
    except SyntaxError as error:
        return f"{type(error).__name__}: {error.msg}, line {error.lineno}\n"
    except (ValueError, RecursionError, MemoryError):
        pass
    return "[not shown: this cell ran after tests that are not shown]\n"


class InertHTMLExporter(HTMLExporter):
    """HTML that everyone can read, that needs no network, and in which nothing runs."""

    raw_template = Unicode(PAGE.read_text(encoding="utf-8")).tag(affects_environment=True)

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **kwargs: Any
    ) -> tuple[str, Any]:
        """Export, and say of each answer that it waits to be marked, if it does."""
        waiting = _unmarked(resources["nbgrader"])
        for cell in nb.cells:
            known = cell.metadata.get("nbgrader", {})
            known["waits"] = known.get("grade_id") in waiting
        resources["nbgrader"]["waiting"] = len(waiting)
        return super().from_notebook_node(nb, resources, **kwargs)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Write Markdown as HTML, and its formulas as MathML."""
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
        return MarkdownWithMath(renderer=renderer).render(source)


def hide(source: str, begin: str, end: str, instead: str = HIDDEN) -> str:
    r"""Replace the hidden regions of a cell's text.

    >>> hide("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS", "BEGIN HIDDEN", "END HIDDEN")
    'a\n# (tests that are not shown)'
    """
    lines, hidden = [], False
    for line in source.splitlines():
        if begin in line:
            hidden = True
            lines.append(line[: len(line) - len(line.lstrip())] + instead)
        elif end in line:
            hidden = False
        elif not hidden:
            lines.append(line)
    return "\n".join(lines)


def _pages(
    root: Path, directory: course.CourseDirectory, step: str, assignment: str, kind: str
) -> list[Path]:
    pattern = Path(directory.format_path(step, "*", assignment))
    return sorted(root.glob(f"{pattern.relative_to(root)}/*.{kind}"))


def _redact(output: NotebookNode, source: str) -> NotebookNode | None:
    """Return what may stay of one output of a test with hidden parts."""
    if output.output_type == "error":
        return _redact_error(output, source)
    if output.output_type == "execute_result":
        text = output.data.get("text/plain", "")
        return output if NUMBER.fullmatch(text) else None
    record = output.get("metadata", {}).get("course_lib")
    if output.output_type == "display_data" and isinstance(record, dict):
        kept = _without_values(output.data.get("text/plain", ""))
        return NotebookNode(
            output_type="display_data", data=NotebookNode({"text/plain": kept}), metadata={}
        )
    return None


def _redact_error(output: NotebookNode, source: str) -> NotebookNode:
    name, said = output.ename, output.evalue
    if name in OURS:
        kept = f"{name}: {said}"
    elif name == "CheckFailed":
        kept = _without_values(said) or "not right yet"
    elif name == "NotImplementedError":
        kept = "not answered yet"
    else:
        # A message that the test's author wrote holds no value; any other may.
        kept = f"{name}: {said}" if said and said in source else f"{name} in a test"
    made = {"output_type": "error", "ename": name, "evalue": kept, "traceback": [kept]}
    return NotebookNode(made)


def _without_values(message: str) -> str:
    """Keep the verdict and the hint of a check's message."""
    kept, hint = [], False
    for line in message.splitlines():
        hint = line.lstrip().startswith("→") or (hint and line.startswith(" "))
        if hint or line.startswith(("✗", "✓", "not answered yet")):
            kept.append(line)
    return "\n".join(kept)


def _unmarked(names: dict[str, str]) -> set[str]:
    """Name the cells of a submitted notebook that have no mark yet and wait for a person."""
    with Gradebook(names["db_url"]) as gradebook:
        found = gradebook.find_submission_notebook(
            names["notebook"], names["assignment"], names["student"]
        )
        return {g.name for g in found.grades if g.needs_manual_grade and g.manual_score is None}
