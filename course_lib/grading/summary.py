"""What `course grade` shows: a progress line while it runs, a table when it is done."""

import json
from collections import Counter
from pathlib import Path
from types import TracebackType

from tqdm import tqdm

from course_lib.grading.pool import Options
from course_lib.grading.record import Outcome
from course_lib.grading.runner import grade

STATUSES = ("graded", "flagged", "refused")


class Progress:
    """A line on stderr: how many are done, flagged and refused, and the time left.

    It shows nothing where stderr is no terminal.
    """

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._seen: Counter[str] = Counter()

    def begin(self, number: int) -> None:
        """Say how many submissions will be graded."""
        self._bar = tqdm(total=number, unit="submission", disable=None, leave=False)

    def report(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._seen[outcome.status] += 1
        if self._bar is not None:
            counts = {status: self._seen[status] for status in STATUSES[1:]}
            self._bar.set_postfix(counts, refresh=False)
            self._bar.update()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def grade_and_report(root: Path, assignment: str, options: Options, records: Path | None) -> None:
    """Grade an assignment, show the progress and the table, and write the records.

    Args:
        root: the course directory.
        assignment: its name.
        options: what the command line says.
        records: where to write one JSON record a submission, or None.
    """
    with Progress() as progress:
        outcomes = grade(root, assignment, options, report=progress.report, begin=progress.begin)
    print(table(outcomes))
    if records is not None:
        text = json.dumps([outcome.to_dict() for outcome in outcomes], indent=1)
        records.write_text(text + "\n", encoding="utf-8")


def table(outcomes: list[Outcome]) -> str:
    """Set outcomes as a table, one line a student, with the counts below.

    Examples:
        >>> print(table([Outcome("ada", "02_loss", "flagged", 9.0, 10.0, ["died"], "it ended")]))
        student  score       status   flags
        ada       9.00 / 10  flagged  died
                             it ended
        <BLANKLINE>
        0 graded, 1 flagged, 0 refused
    """
    width = max([len("student"), *(len(printable(outcome.student)) for outcome in outcomes)])
    lines = [f"{'student':<{width}}  {'score':<10}  {'status':<7}  flags"]
    for one in outcomes:
        score = f"{one.score:5.2f} / {one.max_score:g}"
        flags = ", ".join(one.flags)
        line = f"{printable(one.student):<{width}}  {score:<10}  {one.status:<7}  {flags}"
        lines.append(line.rstrip())
        if one.message:
            lines.append(" " * (width + 14) + printable(one.message))
    counts = Counter(outcome.status for outcome in outcomes)
    summary = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    return "\n".join([*lines, "", summary])


def printable(text: str) -> str:
    """Replace what a terminal would obey instead of show."""
    return "".join(c if c.isprintable() else "�" for c in text)
