"""One student's hand-in: made of the files that archives hold for a student, the newest of each."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import TypeVar

from nbgrader.utils import parse_utc

from course_lib.classroom.archives import Entry
from course_lib.classroom.owners import Claim
from course_lib.grading.submissions import ARCHIVES, MEGABYTE, MOST_BYTES, MOST_FILES, Refusal

STAMP = "timestamp.txt"
LONGEST_STAMP = 100


@dataclass
class Item:
    """A file, and what its name says."""

    entry: Entry
    claim: Claim

    @property
    def student(self) -> str:
        """The student's name as a folder; the same however an accent was typed."""
        return unicodedata.normalize("NFC", self.claim.student).strip()

    @property
    def file(self) -> str:
        """Its place in the student's folder."""
        return str(PurePosixPath(self.claim.file))

    @property
    def when(self) -> datetime | None:
        """When it was handed in (UTC), as far as the file's own time says so."""
        return self.entry.when if self.claim.dated else None

    @property
    def order(self) -> int | None:
        """The platform's number of the upload."""
        return self.claim.order

    def contents(self) -> bytes:
        """Return the bytes."""
        return self.entry.read()

    def __str__(self) -> str:
        return str(self.entry)


@dataclass
class Handin:
    """Everything that one student handed in at one time.

    Attributes:
        files: by their places in the student's folder.
        when: when it was handed in (UTC), or None.
        notes: what an instructor may want to know.
        problems: what a person has to look at.
    """

    files: dict[str, Item]
    when: datetime | None = None
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def student(self) -> str:
        """The student's name as a folder."""
        return next(iter(self.files.values())).student

    @property
    def order(self) -> int | None:
        """The platform's number of the last upload."""
        known = (item.order for item in self.files.values())
        return max((order for order in known if order is not None), default=None)

    @property
    def late(self) -> bool:
        """Whether the platform marked it late."""
        return any(item.claim.late for item in self.files.values())

    @property
    def names(self) -> dict[str, str]:
        """The student's first name, last name and e-mail, as far as known."""
        return {key: name for i in self.files.values() for key, name in i.claim.names.items()}

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file."""
        return {name: item.contents() for name, item in self.files.items()}

    def __str__(self) -> str:
        return ", ".join(map(str, self.files.values()))


Choice = TypeVar("Choice", Item, Handin)


def decide(items: list[Item]) -> Handin:
    """Decide what a student's hand-in is.

    Args:
        items: all files under one name, from all archives.

    Returns:
        The newest hand-in with a notebook, else the newest; its notes name what it replaces.

    Raises:
        Refusal: If only a person can decide, or the student handed in too much.
    """
    spellings = sorted({item.student for item in items})
    if len(spellings) > 1:
        raise Refusal("ambiguous", f"one student or several, {' and '.join(spellings)}?")
    people = sorted({item.claim.person for item in items if item.claim.person})
    if len(people) > 1:
        numbers = " and ".join(people)
        raise Refusal("ambiguous", f"several students have this name, with numbers {numbers}")
    by_archive = defaultdict(list)
    for item in items:
        by_archive[item.entry.archive].append(item)
    handins = [handin for one in by_archive.values() if (handin := _of_archive(one)).files]
    if not handins:
        raise Refusal("no-notebook", f"nothing but {STAMP}")
    chosen = _newest(handins, notes := [])
    readable = [handin for handin in handins if holds_notebook(handin.files)]
    if readable and chosen not in readable:
        newer, chosen = chosen, _newest(readable, notes := [])
        chosen.problems.append(f"{chosen} was taken: no notebook in the newer {newer}")
    elif not readable:
        notes.append(f"no notebook in {chosen}")
    chosen.notes += notes
    return chosen


def holds_notebook(files: Iterable[str]) -> bool:
    """Whether there is a notebook among files, or an archive that may hold one."""
    return any(name.endswith(".ipynb") or name.lower().endswith(ARCHIVES) for name in files)


def label(items: list[Item]) -> str:
    """Name a student to a person, who may know no numbers: "1234 (lovelaceada)"."""
    name = items[0].claim.names.get("last_name", "")
    return f"{items[0].student} ({name})" if name else items[0].student


def _of_archive(items: list[Item]) -> Handin:
    """Join what one archive holds of a student."""
    handin = Handin({})
    stamps = {item.claim.stamp for item in items if item.claim.stamp}
    doubles = defaultdict(list)
    for item in items:
        if item.file != STAMP:
            doubles[item.file].append(item)
        elif item.claim.own:
            handin.notes.append(f"{item} left out: it is the student's own and proves no time")
        elif item.entry.size <= LONGEST_STAMP:
            stamps.add(item.contents().decode(errors="replace").strip())
    _check_size(doubles)
    for file, choices in doubles.items():
        handin.files[file] = _newest(choices, handin.notes)
    handin.when = max((i.when for i in handin.files.values() if i.when), default=None)
    if stamps:
        handin.when = _time(stamps, handin)
    return handin


def _check_size(files: dict[str, list[Item]]) -> None:
    size = sum(item.entry.size for items in files.values() for item in items)
    if len(files) > MOST_FILES or size > MOST_BYTES:
        limits = f"{MOST_FILES} files and {MOST_BYTES // MEGABYTE} MB"
        raise Refusal("too-large", f"more than {limits}")
    for file in files:
        if clash := files.keys() & {str(parent) for parent in PurePosixPath(file).parents}:
            raise Refusal("ambiguous", f"{clash.pop()} is both a file and a folder")


def _time(stamps: set[str], handin: Handin) -> datetime | None:
    try:
        return max(parse_utc(stamp) for stamp in stamps)
    except (ValueError, OverflowError):
        shown = " or ".join(sorted(stamps))[:LONGEST_STAMP]
        handin.problems.append(f"the time {shown!r} cannot be read; placed without one")
        return None


def _newest(choices: list[Choice], notes: list[str]) -> Choice:
    """Choose by time, then by the platform's number; doubles with the same contents are one."""
    for key in ("when", "order"):
        values = [getattr(choice, key) for choice in choices]
        if None not in values and values.count(max(values)) == 1:
            newest = choices[values.index(max(values))]
            older = "; ".join(str(choice) for choice in choices if choice is not newest)
            if older:
                notes.append(f"handed in again: kept {newest}, left out the older {older}")
            return newest
    if any(choice.contents() != choices[0].contents() for choice in choices[1:]):
        alike = " and ".join(map(str, choices))
        raise Refusal("ambiguous", f"nothing says which is the newest of {alike}")
    return choices[0]
