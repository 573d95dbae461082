"""Where the course is."""

from pathlib import Path

from course_lib import CourseError


def course_root() -> Path:
    """Find the course around the current directory: the folder of nbgrader_config.py.

    Raises:
        CourseError: If no folder from here upwards holds one.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "nbgrader_config.py").exists():
            return folder
    raise CourseError(
        f"{Path.cwd()} is not inside a course (no nbgrader_config.py); cd to the checkout first"
    )
