"""What `course grade` shows: progress and notes while it runs, a table when it is done."""

import json
import shutil
import sys
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType

from tqdm import tqdm

from course_lib.grading.pool import Options
from course_lib.grading.record import Outcome
from course_lib.grading.runner import grade

STATUSES = ("graded", "flagged", "refused")
PAUSE = 10  # seconds
STOPPED = 130  # the exit status of what Ctrl-C ended


class Progress:
    """How far grading is, on stderr: a line that changes, elsewhere than on a terminal new ones."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._number = 0
        self._seen: Counter[str] = Counter()
        self._ended = threading.Event()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def begin(self, number: int) -> None:
        """Say how many submissions will be graded."""
        self._number = number
        # A terminal may say that it has no columns and no lines; then tqdm would show nothing.
        size = dict(zip(("ncols", "nrows"), shutil.get_terminal_size(), strict=True))
        self._bar = tqdm(total=number, unit="submission", disable=None, leave=False, **size)
        if self._bar.disable:
            self._teller.start()

    def report(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._seen[outcome.status] += 1
        if self._bar is not None:
            counts = {status: self._seen[status] for status in STATUSES[1:]}
            self._bar.set_postfix(counts, refresh=False)
            self._bar.update()

    def note(self, text: str) -> None:
        """Print a note on stdout, above the line."""
        tqdm.write(f"note: {printable(text)}")

    def done(self) -> str:
        """Say how many are graded."""
        return f"{self._seen.total()} of {self._number} graded"

    def _tell(self) -> None:
        while not self._ended.wait(PAUSE):
            print(self.done(), file=sys.stderr, flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._teller.is_alive():
            self._teller.join()
        if self._bar is not None:
            self._bar.close()


def grade_and_report(root: Path, assignment: str, options: Options, records: Path | None) -> None:
    """Grade an assignment, show the progress and the table, and write the records.

    Args:
        root: the course directory.
        assignment: its name.
        options: what the command line says.
        records: where to write one JSON record a submission, or None.

    Raises:
        SystemExit: If the user stops it, after a line that says what is kept.
    """
    try:
        with Progress() as progress:
            told = {key: getattr(progress, key) for key in ("report", "begin", "note")}
            outcomes = grade(root, assignment, options, **told)
    except KeyboardInterrupt:
        again = "run the same command again" + " to go on" * (not options.force)
        print(f"stopped: {progress.done()} are kept; {again}", file=sys.stderr)
        raise SystemExit(STOPPED) from None
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
