"""Submissions become grades, by nbgrader's own autograder."""

from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from course_lib import CourseError
from course_lib.grading import course
from course_lib.grading.release import enter_in_gradebook


@dataclass(frozen=True)
class Result:
    """One student's result for one problem set.

    Attributes:
        student: The student's id, the name of the folder in submitted/.
        score: Points earned so far; written answers count once they are marked.
        max_score: Points that can be earned.
        message: Why the submission could not be graded; empty when it was.
    """

    student: str
    score: float
    max_score: float
    message: str = ""


def grade(root: Path, assignment: str) -> list[Result]:
    """Grade every submission of a problem set; one that fails does not stop the others.

    Args:
        root: The course directory.
        assignment: The problem set, such as "02_loss".

    Returns:
        One result a student, by name.

    Raises:
        CourseError: If there is no such problem set or nothing was handed in.
    """
    if assignment not in course.assignments(root):
        known = ", ".join(course.assignments(root)) or "none yet"
        raise CourseError(f"there is no problem set {assignment!r} ({known})")
    config = course.settings(root)
    coursedir = CourseDirectory(config=config)
    submitted = Path(coursedir.format_path(coursedir.submitted_directory, "*", assignment))
    students = sorted(path.parent.name for path in root.glob(str(submitted.relative_to(root))))
    if not students:
        raise CourseError(
            f"nobody has handed in {assignment}; put notebooks in "
            f"{coursedir.submitted_directory}/STUDENT/{assignment}/"
        )
    enter_in_gradebook(root, assignment)
    return [_grade_one(config, assignment, student) for student in students]


def _grade_one(config: course.Config, assignment: str, student: str) -> Result:
    """Grade one submission and read its score back from the gradebook."""
    message = ""
    try:
        course.run(Autograde, config, assignment, student)
    except CourseError as error:
        message = str(error)
    coursedir = CourseDirectory(config=config)
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            max_score = gradebook.find_assignment(assignment).max_score
            return Result(student, 0.0, max_score, message or "nothing was graded")
        return Result(student, submission.score, submission.max_score, message)
