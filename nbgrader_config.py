"""nbgrader's settings for this course; `nbgrader`, Formgrader and `course` all read them."""

from pathlib import Path

from course_lib.grading import configure

c = get_config()  # noqa: F821 (defined by whoever reads this file)
root = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "from-loss-to-launch"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"
# The exchange matters on a shared server; on one's own machine it stays inside the course.
c.Exchange.root = str(root / ".exchange")
c.NbGrader.logfile = ""
c.Execute.extra_arguments = ["--log-level=ERROR"]  # a grading kernel says nothing of its own
# `nbgrader autograde` and Formgrader run student code in the sandbox, like `course grade`.
configure(c)
