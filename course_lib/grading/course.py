"""An nbgrader course directory: its settings, its problem sets, and running one converter in it."""

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from nbgrader.converters import BaseConverter
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config, PyFileConfigLoader

from course_lib import CourseError, environment


def settings(root: Path) -> Config:
    """Read the course's nbgrader_config.py.

    Args:
        root: The course directory.

    Raises:
        CourseError: If there is none.
    """
    path = root / "nbgrader_config.py"
    if not path.exists():
        raise CourseError(f"{root} has no nbgrader_config.py; is it the course directory?")
    environment.put_scripts_on_path()  # for `alembic`, which nbgrader starts by name
    config = PyFileConfigLoader(path.name, path=str(root)).load_config()
    if "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(root)
    return config


def assignments(root: Path) -> list[str]:
    """Name the problem sets that the course has an instructor's version of, in order."""
    return _sources(CourseDirectory(config=settings(root)))


def unknown(directory: CourseDirectory, assignment: str) -> CourseError:
    """Make the error that says what to do about a problem set that the gradebook does not know."""
    known = _sources(directory)
    if assignment in known:
        return CourseError(f"{assignment} is not released yet; run: course release {assignment}")
    there = ", ".join(known) or "none yet"
    where = directory.source_directory
    return CourseError(f"there is no problem set {assignment!r} in {where} ({there})")


def run(
    converter: type[BaseConverter], config: Config, assignment: str, student: str = "*"
) -> None:
    """Run one of nbgrader's converters, such as `GenerateAssignment`, and keep it quiet.

    Args:
        converter: The converter's class.
        config: The course's settings.
        assignment: Problem set to convert.
        student: Student whose work to convert; all by default.

    Raises:
        CourseError: If it failed, with the first error that nbgrader logged.
    """
    coursedir = CourseDirectory(config=config, assignment_id=assignment, student_id=student)
    with _captured_log() as log, warnings.catch_warnings():
        # nbgrader's own use of its database library, nothing that the user could change.
        warnings.simplefilter("ignore", SAWarning)
        try:
            task = converter(coursedir=coursedir, config=config)
            task.force = True
            task.start()
        except (NbGraderException, SystemExit) as error:
            raise CourseError(_first_error(log.getvalue()) or str(error)) from error


def _sources(directory: CourseDirectory) -> list[str]:
    folders = Path(directory.format_path(directory.source_directory, ".", "any")).parent
    found = {path.parent.name for path in folders.glob("*/*.ipynb")}
    return sorted(name for name in found if not name.startswith("."))


@contextlib.contextmanager
def _captured_log() -> Iterator[io.StringIO]:
    """Collect what nbgrader logs instead of printing it."""
    logger = logging.getLogger("traitlets")
    buffer = io.StringIO()
    handler = logging.StreamHandler(buffer)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    others, propagate, here = logger.handlers[:], logger.propagate, os.getcwd()
    logger.handlers, logger.propagate = [handler], False
    try:
        yield buffer
    finally:
        logger.handlers, logger.propagate = others, propagate
        os.chdir(here)


def _first_error(log: str) -> str:
    """Take from nbgrader's log what went wrong first: its exception, or else its error line."""
    entries = re.findall(r"^\[ERROR\] (.*?)(?=^\[[A-Z]+\] |\Z)", log, re.DOTALL | re.MULTILINE)
    errors = [entry.strip().splitlines() for entry in entries]
    causes = [lines[-1] for lines in errors if lines[0].startswith("Traceback")]
    return (causes or [lines[0] for lines in errors] or [""])[0]
