"""Solutions become exercises, and nothing that gives an answer away is ever written."""

import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory

from course_lib import CourseError
from course_lib.grading import course

REGIONS = {
    "### BEGIN SOLUTION": "### END SOLUTION",
    "### BEGIN HIDDEN TESTS": "### END HIDDEN TESTS",
    "=== BEGIN MARK SCHEME ===": "=== END MARK SCHEME ===",
}
MARKERS = {*REGIONS, *REGIONS.values()}
LOOKS_LIKE_A_MARKER = re.compile(r"[#=]{2,}.*\b(BEGIN|END)\b.*(SOLUTION|HIDDEN|MARK)", re.I)
SHORTEST_TELLING_LINE = 8


def release(root: Path, assignment: str) -> list[Path]:
    """Write the students' version of a problem set and enter it in the gradebook.

    The version is made aside first and looked through; the exercises are replaced only when
    nothing of a solution, a hidden test or a marking scheme is left in it.

    Args:
        root: The course directory.
        assignment: The problem set, such as "02_loss".

    Returns:
        The files written.

    Raises:
        CourseError: If there is no such problem set, or if something of an answer would be left.
    """
    config = course.settings(root)
    coursedir = CourseDirectory(config=config)
    source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
    if not list(source.glob("*.ipynb")):
        raise course.unknown(coursedir, assignment)
    destination = Path(coursedir.format_path(coursedir.release_directory, ".", assignment))
    with tempfile.TemporaryDirectory() as scratch:
        candidate = Path(scratch) / assignment
        trial = config.copy()
        trial.CourseDirectory.release_directory = scratch
        trial.CourseDirectory.db_url = f"sqlite:///{scratch}/gradebook.db"
        course.run(GenerateAssignment, trial, assignment)
        if found := leaks(source, candidate):
            raise CourseError(f"{assignment} was not released: {'; '.join(found)}")
        enter_in_gradebook(root, assignment)
        shutil.rmtree(destination, ignore_errors=True)
        shutil.copytree(candidate, destination)
    return sorted(path for path in destination.rglob("*") if path.is_file())


def enter_in_gradebook(root: Path, assignment: str) -> None:
    """Tell the gradebook each cell and its points, as the instructor's version has them now.

    Args:
        root: The course directory.
        assignment: The problem set.

    Raises:
        CourseError: If nbgrader refuses it.
    """
    config = course.settings(root)
    with tempfile.TemporaryDirectory() as scratch:
        config.CourseDirectory.release_directory = scratch
        course.run(GenerateAssignment, config, assignment)


def leaks(source: Path, candidate: Path) -> list[str]:
    """Say what of the instructor's version would be visible to students.

    Args:
        source: Folder of the instructor's version.
        candidate: Folder of the students' version.

    Returns:
        One sentence for each thing found; empty when the version is safe.
    """
    found = []
    secret = set()
    for path in sorted(source.rglob("*.ipynb")):
        misspelt = sorted(_lines(path)[2])
        found += [f"{path.name} holds the unknown marker {line!r}" for line in misspelt]
        secret |= secret_lines(path)
    for path in sorted(path for path in candidate.rglob("*") if path.is_file()):
        text = _text(path)
        shown = {line.strip() for line in text.splitlines()}
        found += [f"{path.name} still shows {line!r}" for line in sorted(secret & shown)]
        found += [f"{path.name} still has {line!r}" for line in sorted(MARKERS & shown)]
    return found


def secret_lines(path: Path) -> set[str]:
    """List the lines that only the instructor's version of a notebook may show.

    Args:
        path: The instructor's version.

    Returns:
        Lines of its solutions, hidden tests and marking schemes that stand nowhere else in it,
        without those too short to tell anything.
    """
    hidden, visible, _ = _lines(path)
    return {line for line in hidden - visible if len(line) >= SHORTEST_TELLING_LINE}


def _lines(path: Path) -> tuple[set[str], set[str], set[str]]:
    """Sort a notebook's lines into those inside regions, those outside, and misspelt markers."""
    hidden, visible, misspelt = set(), set(), set()
    for cell in nbformat.read(path, as_version=4).cells:
        end = None
        answer = cell.metadata.get("nbgrader", {}).get("solution", False)
        whole = answer and not any(begin in cell.source for begin in REGIONS)
        for line in map(str.strip, cell.source.splitlines()):
            if line in MARKERS:
                end = REGIONS.get(line)
            elif LOOKS_LIKE_A_MARKER.match(line):
                misspelt.add(line)
            elif end or whole:
                hidden.add(line)
            else:
                visible.add(line)
    return hidden, visible, misspelt


def _text(path: Path) -> str:
    """Read what a student can see in a file: a notebook's sources and outputs, or the file."""
    if path.suffix != ".ipynb":
        return path.read_text(errors="replace")
    cells = nbformat.read(path, as_version=4).cells
    outputs = (str(output) for cell in cells for output in cell.get("outputs", []))
    return "\n".join([*(cell.source for cell in cells), *outputs])
