"""From Loss to Launch: the reference implementation that the lessons derive and import.

Each module is one lesson's subject. Nothing heavy is imported here, so `import course_lib` is
free: import what you need, for example `from course_lib import data, losses`.
"""

__version__ = "0.1.0"


class CourseError(Exception):
    """Something outside the code is missing or wrong; the message says what to do about it."""
