"""The same pipeline inside `nbgrader autograde` and Formgrader's Autograde button.

In nbgrader_config.py:

    from course_lib.grading import configure
    configure(c)

nbgrader itself copies and reads the files, so what it cannot read it reports as an error without a
grade; `course grade` gives every submission a status.
"""

import asyncio
import atexit
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

from course_lib import environment
from course_lib.grading import intake, rehearsal, submissions
from course_lib.grading.execute import Executed, execute
from course_lib.grading.inert import make_inert
from course_lib.grading.record import Outcome, notice
from course_lib.grading.sandbox import Sandbox
from course_lib.grading.settings import Course
from course_lib.grading.source import Assignment, read_assignment

KEY = "course_grading"  # where the notebook's metadata carries flags between nbgrader's two steps


def configure(c: Config) -> None:
    """Put the hardened preprocessors into nbgrader's autograder and feedback.

    Args:
        c: the configuration object of nbgrader_config.py.
    """
    environment.put_scripts_on_path()  # nbgrader starts `alembic` by name to make a gradebook
    here = "course_lib.grading"
    c.Autograde.sanitize_preprocessors = [f"{here}.autograde.TakeIn"]
    c.Autograde.autograde_preprocessors = [
        f"{here}.autograde.RunInSandbox",
        "nbgrader.preprocessors.LimitOutput",
        f"{here}.plugins.SaveGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        f"{here}.autograde.Conclude",
    ]
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        f"{here}.feedback.Redact",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.HTMLExporter.exclude_anchor_links = True
    c.GenerateFeedback.exporter_class = f"{here}.feedback.InertHTMLExporter"


class TakeIn(NbGraderPreprocessor):
    """Makes the canonical notebook of what was handed in (nbgrader's sanitising step)."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Replace the notebook by its canonical form, or by the release if it is refused."""
        names = resources["nbgrader"]
        warm = _Warm.of(self.config, names)
        source = warm.assignment.notebooks[names["notebook"]]
        report = intake.Canonical({})
        try:
            submissions.read(Path(_folder(warm.course.directory, "submitted", names)))
            cells = submissions.parse(names["notebook"], nbformat.writes(nb).encode())
            made = intake.canonical(cells, source, report)
        except submissions.Refusal as refusal:
            report.flag(refusal.code, refusal.message)
            made = intake.skeleton(source)
            _remove_copies(Path(_folder(warm.course.directory, "autograded", names)))
        made["metadata"][KEY] = {"flags": report.flags, "notes": report.notes}
        return nbformat.from_dict(made), resources


class RunInSandbox(NbGraderPreprocessor):
    """Runs the canonical notebook in the sandbox, and looks for tampering."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Fill in the outputs."""
        names = resources["nbgrader"]
        warm = _Warm.of(self.config, names)
        name, plain = names["notebook"], json.loads(json.dumps(nb))
        folder = Path(_folder(warm.course.directory, "autograded", names))
        executed = warm.execute({name: plain}, _files(folder))
        made = executed.notebooks[name]
        before = plain["metadata"].get(KEY, {})
        made["metadata"][KEY] = {
            "flags": [*before.get("flags", []), *executed.flags],
            "notes": [*before.get("notes", []), *executed.notes],
        }
        return nbformat.from_dict(made), resources


class Conclude(NbGraderPreprocessor):
    """Makes the recorded notebook inert and says at its top what a person should know."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Change the notebook that nbgrader writes under autograded/."""
        names = resources["nbgrader"]
        noted = nb.metadata.pop(KEY, {"flags": [], "notes": []})
        make_inert(nb)
        status = "flagged" if noted["flags"] else "graded"
        message = "; ".join(noted["notes"])
        outcome = Outcome(names["student"], names["assignment"], status, message=message)
        nb.cells[:0] = [nbformat.from_dict(cell) for cell in notice(outcome)]
        if noted["flags"]:
            self.log.warning("%s: %s", names["student"], message)
        return nb, resources


@dataclass
class _Warm:
    """What consecutive submissions of one assignment share in this process."""

    course: Course
    assignment: Assignment
    sandbox: Sandbox
    blind: list[str]

    @classmethod
    def of(cls, config: Config, names: dict[str, str]) -> "_Warm":
        course = Course.of(config, CourseDirectory(config=config))
        assignment = read_assignment(course.directory, names["assignment"])
        for key, warm in list(_warm.items()):
            if warm.assignment == assignment and warm.sandbox.alive:
                return warm
            _warm.pop(key).sandbox.close()
        sandbox = Sandbox(**course.sandbox_options(assignment)).start()
        atexit.register(sandbox.close)
        warm = _warm[assignment.name] = cls(course, assignment, sandbox, [])
        honest = rehearsal.honest(assignment)
        warm.blind = warm.execute(honest, course.given_files(assignment.name)).suspects
        return warm

    def execute(self, notebooks: dict[str, Any], files: dict[str, bytes]) -> Executed:
        """Execute in an event loop of its own: Formgrader already runs one in this thread."""
        limits = self.course.grading.limits()
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(
                lambda: asyncio.run(
                    execute(notebooks, self.sandbox, limits, files=files, blind=self.blind)
                )
            ).result()


_warm: dict[str, _Warm] = {}


def _folder(directory: CourseDirectory, step: str, names: dict[str, str]) -> str:
    step = getattr(directory, f"{step}_directory")
    return directory.format_path(step, names["student"], names["assignment"])


def _files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".ipynb")
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.name != "timestamp.txt"}


def _remove_copies(folder: Path) -> None:
    """Remove what nbgrader copied out of a refused submission: it follows links."""
    for path in list(folder.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb":
            path.unlink()
