"""Whose file it is, told from the names that learning platforms and people give to files."""

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from nbgrader.plugins import FileNameCollectorPlugin
from traitlets.config import Config

from course_lib import CourseError
from course_lib.grading.intake import COPY_NUMBER

# lovelaceada_LATE_1234_56789_02_loss-1.ipynb: name, user, upload, and the student's own file name
# (numbered by Canvas from the second hand-in on); a text typed into Canvas has no upload number.
CANVAS = re.compile(
    r"(?:(?P<name>.*?)_)?(?:(?P<late>LATE)_)?(?P<student>[1-9]\d*|anon_\w{5})_"
    r"(?:(?P<order>[1-9]\d*)_(?P<file>.+)|(?P<page>text\.html|link\.html))"
)
# Ada Lovelace_4711_assignsubmission_file_/02_loss.ipynb, or the same without folders. The number
# is another one in each assignment, so that only the name can say who it is.
MOODLE = re.compile(
    r"(?P<student>[^/]+?)_(?P<person>\d+)_assignsubmission_[a-z]+(?:_?/|_)(?P<file>.+)"
)
FORBIDDEN = re.compile(r'[/\\:*?"<>|]|[^\S ]')
NAMES = ("first_name", "last_name", "email")
LONGEST_STUDENT = 128


@dataclass(frozen=True)
class Claim:
    """What a file's name says.

    Attributes:
        student: who handed it in.
        file: what it is called in the student's folder.
        person: tells two people of one name apart, where the platform can.
        order: grows with each upload, where the platform numbers them.
        stamp: when it was handed in, where the name says so.
        late: whether the platform marked it.
        dated: whether the file's own time may be the time of handing in.
        own: whether a file "timestamp.txt" here is the student's own and proves nothing.
        names: first_name, last_name and email, as far as known.
    """

    student: str
    file: str
    person: str = ""
    order: int | None = None
    stamp: str = ""
    late: bool = False
    dated: bool = True
    own: bool = True
    names: dict[str, str] = field(default_factory=dict)


Reader = Callable[[str, str], Claim | None]


def by_platform(assignment: str, notebooks: list[str]) -> Reader:
    """Read Canvas's and Moodle's names, folders of students, and names like 7002_02_loss.ipynb.

    Args:
        assignment: name of the assignment.
        notebooks: names of the notebooks of all problem sets.

    Examples:
        >>> read = by_platform("02_loss", ["02_loss"])
        >>> read("a.zip", "lovelaceada_LATE_12_345_02_loss-1.ipynb").student
        '12'
        >>> read("a.zip", "Ada Lovelace_7_assignsubmission_file_/02_loss.ipynb").student
        'Ada Lovelace'
        >>> read("a.zip", "ada/02_loss/02_loss.ipynb").file
        '02_loss.ipynb'
        >>> read("files", "7002_02_loss.ipynb").student
        '7002'
    """
    names = "|".join(map(re.escape, notebooks))
    loose = re.compile(rf"(?P<student>.+?)[_ -]+(?P<file>{names})(?:-\d+| ?\(\d+\))?\.ipynb")

    def read(archive: str, path: str) -> Claim | None:
        if found := MOODLE.fullmatch(path):
            return Claim(found["student"], found["file"], person=found["person"])
        student, _, file = path.partition("/")
        if file:
            return Claim(student, file.removeprefix(f"{assignment}/"), own=False)
        if found := CANVAS.fullmatch(path):
            return _of_canvas(found, notebooks)
        if found := loose.fullmatch(path):
            return Claim(found["student"], f"{found['file']}.ipynb")
        return None

    return read


def _of_canvas(found: re.Match[str], notebooks: list[str]) -> Claim:
    file = PurePosixPath(found["page"] or found["file"])
    stem = COPY_NUMBER.sub("", file.stem)
    return Claim(
        found["student"],
        f"{stem}{file.suffix}" if stem in notebooks else str(file),
        order=int(found["order"] or 0),
        late=bool(found["late"]),
        dated=False,  # Canvas stamps every file with the time of the download
        names={"last_name": found["name"]} if found["name"] else {},
    )


def by_pattern(config: Config, pattern: str) -> Reader | None:
    """Read names by a regular expression with nbgrader's collector of file names.

    Args:
        config: the course's settings, where `c.FileNameCollectorPlugin.named_regexp` may stand.
        pattern: the expression, or "" for that of the settings.

    Returns:
        The reader, or None where no expression is given.

    Raises:
        CourseError: If it is no regular expression, or lacks a group that is needed.
    """
    collector = FileNameCollectorPlugin(config=config, log=logging.getLogger(__name__))
    collector.log.setLevel(logging.CRITICAL)  # what does not match is told by who asked
    collector.named_regexp = pattern or collector.named_regexp
    if not collector.named_regexp:
        return None
    try:
        groups = re.compile(collector.named_regexp).groupindex
    except re.error as error:
        raise CourseError(f"the pattern is no regular expression: {error}") from None
    if not {"student_id", "file_id"} <= groups.keys():
        raise CourseError("the pattern needs the groups (?P<student_id>...) and (?P<file_id>...)")

    def read(archive: str, path: str) -> Claim | None:
        suffix = PurePosixPath(path).suffix
        collector.valid_ext = [suffix]
        found = collector.collect(path) or collector.collect(f"{archive}/{path}")
        if not found or not found["student_id"] or not found["file_id"]:
            return None
        stem, _ = os.path.splitext(found["file_id"])
        names = {key: found[key] for key in NAMES if found.get(key)}
        stamp = found.get("timestamp") or ""
        return Claim(found["student_id"], stem + suffix, stamp=stamp, names=names)

    return read


def without_wrapper(paths: list[str], read: Reader, assignment: str) -> str:
    """Return the one folder, with "/", that everything was packed into; "" if there is none.

    A folder is a wrapper, and not a student's, if the names in it tell whose the files are, or if
    it holds nothing but several folders.
    """
    top, _, _ = paths[0].partition("/") if paths else ("", "", "")
    if not all(path.startswith(f"{top}/") for path in paths) or MOODLE.fullmatch(paths[0]):
        return ""
    inside = [path.removeprefix(f"{top}/") for path in paths]
    folders = {path.partition("/")[0] for path in inside if "/" in path}
    named = any("/" not in path and read("", path) for path in inside)
    platform = any(MOODLE.fullmatch(path) for path in inside)
    only_folders = len(folders) > 1 and all("/" in path for path in inside)
    if named or platform or (only_folders and assignment not in folders):
        return f"{top}/"
    return ""


def trouble_with(student: str) -> str:
    """Say why a name cannot be a student's folder; "" if it can."""
    if not student or student.startswith(".") or student != student.strip():
        return "no student can be called so"
    if FORBIDDEN.search(student) or not student.isprintable():
        return "the student's name holds characters that no folder should"
    if len(student) > LONGEST_STUDENT or len(student.encode()) > 2 * LONGEST_STUDENT - 1:
        return f"the student's name is longer than {LONGEST_STUDENT} characters"
    return ""
