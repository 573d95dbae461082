"""The instructor's side: grading that is safe, fast and never loses a submission.

The modules are a pipeline over notebook JSON, in the order in which they run:

- `course` reads an nbgrader course directory, `exercises` makes its releases from its solutions;
- `submissions` finds what was handed in, `source` what the gradebook knows about an assignment;
- `intake` turns a submission into a canonical notebook, or refuses it;
- `execute` runs that notebook in a kernel of `sandbox`, and `probe` looks for tampering;
- `record` writes the points into nbgrader's own gradebook, one transaction a submission;
- `marks` keeps the grades that a person gave, `changes` says what is out of date;
- `runner` drives all of it for `course grade`, after a `rehearsal` with the instructor's version;
- `feedback` writes the students' pages.

Only the command line and `course_lib.classroom` import it; it needs the extra `grading`. The names
below are loaded when they are used, because the sandbox needs only a little of the package.
"""

import importlib

_WHERE = {
    "assignments": "course",
    "release": "exercises",
    "grade": "runner",
    "Options": "pool",
    "grade_and_report": "summary",
    "printable": "summary",
    "since_grading": "changes",
    "configure": "autograde",
    "write_feedback": "feedback",
}

__all__ = [
    "Options",
    "assignments",
    "configure",
    "grade",
    "grade_and_report",
    "printable",
    "release",
    "since_grading",
    "write_feedback",
]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
