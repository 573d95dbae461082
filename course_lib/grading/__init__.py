"""The instructor's side: solutions become exercises, submissions become grades."""

from course_lib.grading.autograde import Result, grade
from course_lib.grading.course import assignments
from course_lib.grading.release import release

__all__ = ["Result", "assignments", "grade", "release"]
