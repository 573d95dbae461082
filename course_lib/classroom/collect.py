"""Collect: what a learning platform gave becomes submitted/STUDENT/ID, and nothing gets lost.

nbgrader's own `zip_collect` unpacks archives without limits, stops at the first double and knows
no platform's names; so only its collector of file names and its reading of times are used here.
"""

import contextlib
import shlex
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from course_lib import CourseError
from course_lib.classroom import archives, folders, owners
from course_lib.classroom.archives import LOOSE, Entry
from course_lib.classroom.handins import STAMP, Handin, Item, decide, holds_notebook, label
from course_lib.classroom.problem_sets import ProblemSets
from course_lib.grading import submissions
from course_lib.grading.settings import Course
from course_lib.grading.submissions import Refusal
from course_lib.grading.summary import printable

UNPLACED = "unplaced"
REPLACED = "replaced"


@dataclass
class Collected:
    """What became of the archives.

    Attributes:
        placed: students whose hand-in now stands in submitted/.
        unchanged: students of whom the same, or something newer, stood there before.
        dated: those among the placed whose time of handing in is known.
        late: those that the platform marked late without a time.
        notes: what an instructor may want to know.
        problems: what a person has to look at.
        copies: of what could not be placed.
    """

    placed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    dated: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    copies: list[Path] = field(default_factory=list)


def collect(
    root: Path,
    assignment: str,
    paths: list[Path],
    *,
    pattern: str = "",
    update: bool = False,
) -> Collected:
    """Fill submitted/STUDENT/ID from zips, folders and notebooks.

    Args:
        root: the course directory.
        assignment: its name, such as "02_loss".
        paths: what the learning platform gave.
        pattern: how to read file names that are neither Canvas's nor Moodle's: a regular
            expression as of nbgrader's `FileNameCollectorPlugin`.
        update: whether to replace what a student handed in before.

    Raises:
        CourseError: If the assignment, a path or the pattern is no good.
    """
    course = Course.at(root)
    known = ProblemSets.of(course)
    if assignment not in known.notebooks:
        here = ", ".join(known.notebooks)
        raise CourseError(f"no problem set is called {assignment} (here: {here})")
    reader = owners.by_pattern(course.config, pattern)
    collector = _Collector(course, assignment, known, update)
    with contextlib.ExitStack() as stack:
        found, problems = archives.entries(paths, stack)
        collector.result.problems += problems
        students = defaultdict(list)
        for item in collector.claimed(found, reader):
            students[item.student.casefold()].append(item)
        for key in sorted(students):
            collector.take(students[key])
    collector.tell_strays()
    collector.enter_names()
    return collector.result


class _Collector:
    """Places hand-ins, and keeps account of it."""

    def __init__(self, course: Course, assignment: str, known: ProblemSets, update: bool) -> None:
        self._directory, self._assignment, self._update = course.directory, assignment, update
        self._known = known
        there = submissions.find(course.directory, assignment)
        self._spelling = {student.casefold(): student for student in there}
        self._names: dict[str, dict[str, str]] = {}
        self._strays: dict[str, dict[str, Handin]] = defaultdict(dict)
        self.result = Collected()

    def claimed(self, found: list[Entry], reader: owners.Reader | None) -> list[Item]:
        """Tell whose each file is, and set aside those of which it cannot be told."""
        by_archive = defaultdict(list)
        for entry in found:
            if entry.unsafe:
                self.result.problems.append(f"{entry}: not copied: {entry.unsafe}")
            else:
                by_archive[entry.archive].append(entry)
        usual = owners.by_platform(self._assignment, self._known.names())
        items = []
        for entries in by_archive.values():
            names = [entry.path for entry in entries]
            wrapper = "" if reader else owners.without_wrapper(names, usual, self._assignment)
            for entry in entries:
                claim = (reader or usual)(entry.archive, entry.path.removeprefix(wrapper))
                items += self._sound(entry, claim)
        return items

    def _sound(self, entry: Entry, claim: owners.Claim | None) -> list[Item]:
        if claim is None:
            told = f"a name that says it: 7002_{self._assignment}.ipynb"
            self._aside([entry], f"{entry}: cannot tell whose it is ({told})")
            return []
        item = Item(entry, claim)
        trouble = owners.trouble_with(item.student)
        with contextlib.suppress(Refusal):
            submissions.check_name(claim.file)
            if not trouble:
                return [item]
        self._aside([entry], f"{entry}: {trouble or 'its name leads out of the folder'}")
        return []

    def take(self, items: list[Item]) -> None:
        """Place what one student handed in, or say why not."""
        who = label(items)
        try:
            there = self._spelling.get(items[0].student.casefold(), items[0].student)
            if there not in {item.student for item in items}:
                raise Refusal("ambiguous", f"one student or several? {there} has handed in too")
            handin = decide(items)
            if other := self._known.other(self._assignment, handin.contents()):
                self._strays[other][who] = handin
                return
            self._place(handin, who)
        except Refusal as refusal:
            entries = [] if refusal.code == "too-large" else [item.entry for item in items]
            self._aside(entries, f"{who}: nothing placed: {refusal.message}")
            return
        if handin.late and not handin.when:
            self.result.late.append(who)
        self.result.notes += [f"{who}: {note}" for note in handin.notes]
        self.result.problems += [f"{who}: {problem}" for problem in handin.problems]

    def _place(self, handin: Handin, who: str) -> None:
        step = self._directory.submitted_directory
        folder = Path(self._directory.format_path(step, handin.student, self._assignment))
        new = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        for name, item in handin.files.items():
            folders.write(new / name, item.contents())
        if handin.when:
            folders.write(new / STAMP, f"{handin.when.isoformat(' ')} UTC\n".encode())
        try:
            if self._wanted(new, folder, handin, who):
                if folder.exists():
                    self._keep(folder, who)
                new.rename(folder)
                self.result.placed.append(who)
                self.result.dated += [who] if handin.when else []
                self._names[handin.student] = handin.names
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _wanted(self, new: Path, folder: Path, handin: Handin, who: str) -> bool:
        """Whether a hand-in takes the place of what is there; if it does not, say so.

        Raises:
            Refusal: If it has no notebook, and what is there has.
        """
        if not folder.exists():
            return True
        before = _when(self._directory, folder)
        shown = folder.relative_to(self._directory.root)
        files = folders.contents(folder)
        if folders.contents(new) == files and handin.when in (None, before):
            self.result.unchanged.append(who)
            return False
        if before and handin.when and handin.when < before:
            self.result.unchanged.append(who)
            self.result.notes.append(f"{who}: {shown} stays, it was handed in later ({before} UTC)")
            return False
        if holds_notebook(files) and not holds_notebook(handin.files):
            raise Refusal("no-notebook", f"{shown} stays, no notebook in {handin}")
        if self._update:
            return True
        problem = f"{who}: {shown} holds something else already; --update replaces it"
        self.result.problems.append(problem)
        return False

    def _keep(self, folder: Path, who: str) -> None:
        """Move what is replaced to where no grader looks."""
        root = Path(self._directory.root)
        target = root / REPLACED / self._assignment / folder.parent.name
        kept = folders.move_aside(folder, target).relative_to(root)
        shown = folder.relative_to(root)
        self.result.notes.append(f"{who}: replaced what was in {shown}; that is in {kept} now")

    def tell_strays(self) -> None:
        """Say who handed in another problem set, and how to collect it."""
        for other, handins in self._strays.items():
            items = [item for handin in handins.values() for item in handin.files.values()]
            named = (i.entry.path if i.entry.archive == LOOSE else i.entry.archive for i in items)
            command = shlex.join(["course", "collect", other, *dict.fromkeys(named)])
            problem = f"handed in {other}, not {self._assignment}: {', '.join(handins)}"
            self.result.problems.append(f"{problem}; nothing placed, run: {command}")

    def _aside(self, entries: list[Entry], problem: str) -> None:
        """Copy what could not be placed to where a person finds it."""
        self.result.problems.append(problem)
        place = Path(self._directory.root, UNPLACED, self._assignment)
        for entry in entries:
            try:
                self.result.copies.append(folders.copy(entry, place / entry.archive / entry.path))
            except (Refusal, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                self.result.problems.append(f"{entry}: not copied: {error}")

    def enter_names(self) -> None:
        """Tell the gradebook the names of students of whom it knows none; it adds new students."""
        named = {student: names for student, names in self._names.items() if names}
        if not named:
            return
        try:
            with Gradebook(self._directory.db_url, self._directory.course_id) as gradebook:
                for student, names in named.items():
                    new = {k: v for k, v in names.items() if not _known(gradebook, student, k)}
                    gradebook.update_or_create_student(student, **new)
        except SQLAlchemyError as error:
            reason = str(error).splitlines()[0]
            self.result.problems.append(f"the gradebook took no names of students ({reason})")


def collect_and_report(
    root: Path, assignment: str, paths: list[Path], pattern: str, update: bool
) -> bool:
    """Collect, print a line for each note and problem and one with the numbers.

    Returns:
        Whether everything was placed and nothing needs a person.
    """
    result = collect(root, assignment, paths, pattern=pattern, update=update)
    lines = [f"note: {note}" for note in result.notes] + result.problems
    if result.late:
        lines.insert(0, f"note: {_late(result, assignment)}")
    if result.copies:
        where = f"{UNPLACED}/{assignment}/"
        remedy = "put them into folders named for the students, and collect the folder around these"
        lines.append(f"copies of what could not be placed are in {where}: {remedy}")
    placed = f"{len(result.placed)} placed"
    if result.placed:
        placed += f" ({len(result.dated) or 'none'} with a time of handing in)"
    problems = "1 problem" if len(result.problems) == 1 else f"{len(result.problems)} problems"
    lines.append(f"{assignment}: {placed}, {len(result.unchanged)} unchanged, {problems}")
    for line in lines:
        print(printable(line))
    return not result.problems


def _late(result: Collected, assignment: str) -> str:
    place = f"submitted/STUDENT/{assignment}/{STAMP}"
    return (
        f"late, says Canvas, which gives no times: {', '.join(result.late)}; if that costs points, "
        f"write the time into {place}, such as 2026-01-31 23:59:00 UTC"
    )


def _known(gradebook: Gradebook, student: str, field: str) -> str | None:
    try:
        return getattr(gradebook.find_student(student), field)
    except MissingEntry:
        return None


def _when(directory: CourseDirectory, folder: Path) -> datetime | None:
    try:
        return directory.get_existing_timestamp(str(folder))
    except (ValueError, OverflowError, AttributeError, OSError):  # nbgrader raises the third
        return None
