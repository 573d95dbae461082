"""What went wrong in a graded notebook, read from what its test cells showed.

Checks of the course leave a record in each output; of any other test there is at least the
exception. A student's code may have written either, so nothing of it is trusted to have a shape.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.grading.points import is_test
from course_lib.grading.source import grade_id

MISTAKE, UNNAMED, UNANSWERED, ERROR, STOPPED = KINDS = (
    "known mistake",
    "not recognised",
    "unanswered",
    "error",
    "stopped",
)
BY_THE_GRADER = {"KernelEnded", "NotRun", "TimeLimit", "Tampered"}
LONGEST_MESSAGE, LONGEST_NAME = 2000, 80
PRINTED = re.compile(r"^printed: .*\n?(?:^ {10}.*\n?)*", re.MULTILINE)
RAISED = re.compile(r"^(?:came: +|the test itself stopped: )(\w+):", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FAILING_LINE = re.compile(r"^-+> *\d+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One thing that was wrong with one answer.

    Attributes:
        cell: the graded cell, or the answer's cell if that one stopped with an error.
        kind: one of `KINDS`.
        name: the mistake's or the exception's name, "" if there is none.
        message: what the student was told.
    """

    cell: str
    kind: str
    name: str = ""
    message: str = ""


def in_notebook(path: Path) -> list[Finding]:
    """Read what went wrong in an executed notebook, without repetition; [] if it is unreadable."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return []
    found: list[Finding] = []
    for cell in cells:
        if cell["cell_type"] == "code" and (name := grade_id(cell)):
            found += _in_test(cell, name) if is_test(cell) else _in_answer(cell, name)
    return list(dict.fromkeys(found))


def _in_test(cell: dict[str, Any], name: str) -> list[Finding]:
    records = [record for output in cell["outputs"] if (record := _record(output))]
    parts = [record for record in records if "part" in record] or records
    found = [_of_record(name, record) for record in parts if record["status"] != "passed"]
    error = _error(cell)
    if error and not (found and error["ename"] == "CheckFailed"):
        found.append(_of_error(name, error))
    # What a known mistake breaks in the other parts of an item is no discovery.
    explained = any(finding.kind in (MISTAKE, ERROR) for finding in found)
    return [finding for finding in found if not (explained and finding.kind == UNNAMED)]


def _in_answer(cell: dict[str, Any], name: str) -> list[Finding]:
    error = _error(cell)
    found = _of_error(name, error) if error else None
    return [found] if found and found.kind in (ERROR, STOPPED) else []


def _record(output: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a check noted about itself, if it has the shape of a check's record."""
    record = output.get("metadata", {}).get("course_lib")
    if not isinstance(record, dict) or not isinstance(record.get("message"), str):
        return None
    known = record.get("status") in ("passed", "failed", "unanswered")
    named = isinstance(record.get("mistake"), str | None)
    return record if known and named else None


def _of_record(cell: str, record: dict[str, Any]) -> Finding:
    message, name = record["message"], record["mistake"]
    raised = RAISED.search(message)
    if record["status"] == "unanswered":
        return Finding(cell, UNANSWERED)
    if raised and name in ("raises", None):
        return Finding(cell, ERROR, raised[1][:LONGEST_NAME], message[:LONGEST_MESSAGE])
    if name is None:
        # What was printed differs where the answer is the same, and would tear a group apart.
        return Finding(cell, UNNAMED, "", PRINTED.sub("", message)[:LONGEST_MESSAGE].strip())
    return Finding(cell, MISTAKE, name[:LONGEST_NAME], message[:LONGEST_MESSAGE])


def _error(cell: dict[str, Any]) -> dict[str, Any] | None:
    return next((output for output in cell["outputs"] if output["output_type"] == "error"), None)


def _of_error(cell: str, error: dict[str, Any]) -> Finding:
    name, said = error["ename"][:LONGEST_NAME], COLOURS.sub("", error["evalue"])
    if name == "NotImplementedError" and not said:
        return Finding(cell, UNANSWERED)
    if name in BY_THE_GRADER:
        return Finding(cell, STOPPED, name, said[:LONGEST_MESSAGE])
    if name in ("AssertionError", "CheckFailed"):
        line = FAILING_LINE.search(COLOURS.sub("", "\n".join(error["traceback"])))
        message = said or (line[1] if line else "an assertion without a message")
        return Finding(cell, UNNAMED, "", message[:LONGEST_MESSAGE].strip())
    return Finding(cell, ERROR, name, f"{name}: {said}"[:LONGEST_MESSAGE])
