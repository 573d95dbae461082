"""The settings of one grading run: the course, what a submission may use, what is warm."""

import ast
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets import Float, Integer, List, Unicode
from traitlets.config import Config, Configurable

from course_lib.grading import course
from course_lib.grading.match import plain_python
from course_lib.grading.sandbox import Limits
from course_lib.grading.source import Assignment


class Grading(Configurable):
    """What `c.Grading` in nbgrader_config.py may set."""

    notebook_time = Float(Limits.notebook_time, help="seconds for a notebook").tag(config=True)
    cell_time = Float(Limits.cell_time, help="seconds for a cell").tag(config=True)
    cpu_time = Float(Limits.cpu_time, help="processor seconds for a process").tag(config=True)
    memory = Integer(Limits.memory, help="megabytes for a notebook").tag(config=True)
    processes = Integer(Limits.processes, help="processes at one time").tag(config=True)
    file_size = Integer(Limits.file_size, help="megabytes of files").tag(config=True)
    output = Float(Limits.output, help="megabytes of output of a cell").tag(config=True)
    preload = List(
        Unicode(), help="modules to import once, before grading, beside those of the assignment"
    ).tag(config=True)
    show = List(
        Unicode(), help="further files and folders that kernels may read, such as data sets"
    ).tag(config=True)

    def limits(self, **overrides: float | None) -> Limits:
        """Make the limits, with those `overrides` that are not None."""
        values = {field.name: getattr(self, field.name) for field in fields(Limits)}
        values.update({name: value for name, value in overrides.items() if value is not None})
        return Limits(**values)


@dataclass(frozen=True)
class Course:
    """An nbgrader course directory with its settings."""

    root: Path
    config: Config
    directory: CourseDirectory
    grading: Grading

    @classmethod
    def at(cls, root: Path) -> "Course":
        """Read the nbgrader_config.py of the course directory `root`."""
        config = course.settings(root)
        return cls.of(config, CourseDirectory(config=config))

    @classmethod
    def of(cls, config: Config, directory: CourseDirectory) -> "Course":
        """Take settings that are already read."""
        return cls(Path(directory.root), config, directory, Grading(config=config))

    def given_files(self, assignment: str) -> dict[str, bytes]:
        """Return the files, other than notebooks, that come with an assignment."""
        folder = Path(self.directory.format_path(self.directory.source_directory, ".", assignment))
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in paths
            if path.suffix != ".ipynb" and ".ipynb_checkpoints" not in path.parts
        }

    def sandbox_options(self, assignment: Assignment) -> dict:
        """How the sandbox of an assignment is made."""
        return {
            "preload": [*self.grading.preload, *imported_modules(assignment)],
            "hidden": [self.root],
            "shown": [Path(path) for path in self.grading.show],
        }


def imported_modules(assignment: Assignment) -> list[str]:
    """Return the installed modules that an assignment's cells import, and matplotlib's."""
    sources = [
        cell["source"]
        for notebook in assignment.notebooks.values()
        for cell in notebook.released or notebook.reference
        if cell.get("cell_type", "code") == "code"
    ]
    sources += [cell.source for n in assignment.notebooks.values() for cell in n.cells]
    found = {"matplotlib.pyplot"} | {name for text in sources for name in _imports(text)}
    return sorted(name for name in found if _installed(name))


def _imports(source: str) -> Iterable[str]:
    try:
        nodes = list(ast.walk(ast.parse(plain_python(source))))
    except (SyntaxError, ValueError):
        return []
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _installed(name: str) -> bool:
    """Whether a module's package can be imported here, found out without importing it."""
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and importlib.util.find_spec(top) is not None
