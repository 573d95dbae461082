"""What grading passes over without a word: folders that it skips, times that it cannot read."""

import os
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from course_lib.classroom.handins import STAMP
from course_lib.grading import submissions
from course_lib.grading.settings import Course
from course_lib.grading.summary import printable

EXAMPLE = "write it like 2026-01-31 23:59:00 UTC"


def overlooked(root: Path, assignment: str) -> list[str]:
    """Return a note for each folder and time under submitted/ that grading does not use.

    Args:
        root: the course directory.
        assignment: the problem set.
    """
    directory = Course.at(root).directory
    notes = []
    for folder in _hidden(directory.format_path(directory.submitted_directory, "\0", assignment)):
        shown = os.path.relpath(folder, root)
        notes.append(f"{shown}: not graded, no student can be called {folder.parent.name}")
    for student, folder in submissions.find(directory, assignment).items():
        if not _readable(directory, folder):
            shown = os.path.relpath(folder / STAMP, root)
            notes.append(f"{student}: {shown} is not understood and counts as no time; {EXAMPLE}")
    return [printable(f"note: {note}") for note in notes]


def _hidden(pattern: str) -> list[Path]:
    """Find hand-ins in folders that begin with a dot."""
    front, _, back = pattern.partition("\0")
    names = sorted(os.listdir(front)) if os.path.isdir(front) else []
    folders = (Path(front + name + back) for name in names if name.startswith("."))
    return [folder for folder in folders if folder.is_dir()]


def _readable(directory: CourseDirectory, folder: Path) -> bool:
    try:
        directory.get_existing_timestamp(str(folder))
    except (ValueError, OverflowError, AttributeError, OSError):  # the third is nbgrader's own slip
        return False
    return True
