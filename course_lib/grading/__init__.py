"""The instructor's side: grading that is safe, fast and never loses a submission.

The modules are a pipeline over notebook JSON, in the order in which they run:

- `course` finds the course directory, its configuration and its submissions;
- `source` reads what the gradebook knows about an assignment;
- `intake` turns a submission into a canonical notebook, or refuses it;
- `execute` runs that notebook in a kernel of `sandbox`, and `probe` looks for tampering;
- `record` writes points into nbgrader's own gradebook, one transaction a submission;
- `runner` drives all of it for `course grade`, `feedback` writes the students' pages.

Nothing outside this package imports it; it needs the extra `grading`.
"""
