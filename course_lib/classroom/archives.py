"""Read what a learning platform gave, zips, folders and loose files, without trusting any of it."""

import contextlib
import lzma
import os
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from course_lib import CourseError
from course_lib.grading.submissions import MEGABYTE, MOST_BYTES, Refusal, check_name

LOOSE = "files"
SYSTEM_FILES = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints")
MOST_GROWTH = 100
LONGEST_NAME = 255
DOWNLOAD = timedelta(hours=1)
# Everything that `zipfile` raises on bytes that are not what they should be.
DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)
DAMAGES += (ValueError,)


@dataclass(frozen=True)
class Entry:
    """One file that was handed in.

    Attributes:
        archive: name of the archive or folder that it came in; "files" for a loose one.
        path: where it stood in there, with "/".
        size: bytes, as declared.
        when: when it was handed in (UTC), or None where its time does not say so.
        unsafe: why it must not be copied, or "".
        contents: reads it.
    """

    archive: str
    path: str
    size: int
    when: datetime | None
    unsafe: str
    contents: Callable[[], bytes]

    def read(self) -> bytes:
        """Return the contents.

        Raises:
            Refusal: If they are damaged or encrypted.
        """
        try:
            return self.contents()
        except DAMAGES as error:
            raise Refusal("archive", f"{self} cannot be read ({error})") from None

    def __str__(self) -> str:
        return self.path if self.archive == LOOSE else f"{self.archive}: {self.path}"


def entries(paths: list[Path], stack: contextlib.ExitStack) -> tuple[list[Entry], list[str]]:
    """List the files in archives and folders, and the loose ones.

    Args:
        paths: what the instructor names: zips, folders, notebooks.
        stack: keeps the zips open for as long as entries are read.

    Returns:
        The entries, and a line for each archive that cannot be used.

    Raises:
        CourseError: If one of the paths does not exist.
    """
    if missing := [str(path) for path in paths if not path.exists()]:
        raise CourseError(f"there is no {', '.join(missing)}")
    found, problems = [], []
    names = Counter([LOOSE])
    for path in paths:
        name = path.resolve().name
        names[name] += 1
        unique = name if names[name] == 1 else f"{name} ({names[name]})"
        try:
            found += _dated(_inside(unique, path, stack))
        except Refusal as refusal:
            problems.append(f"{path}: {refusal.message}")
    junk = set(SYSTEM_FILES)
    return [entry for entry in found if not junk & set(entry.path.split("/"))], problems


def _inside(name: str, path: Path, stack: contextlib.ExitStack) -> list[Entry]:
    suffix = path.suffix.lower()
    if path.is_dir():
        return list(_of_folder(name, path))
    if suffix == ".ipynb":
        return [_of_file(LOOSE, path.name, path)]
    if suffix == ".zip":
        return _of_zip(name, path, stack)
    raise Refusal("archive", "not a zip, a folder or a notebook; unpack it and name the folder")


def _of_zip(name: str, path: Path, stack: contextlib.ExitStack) -> list[Entry]:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except DAMAGES as error:
        raise Refusal("archive", f"cannot be opened ({error}); download it once more") from None
    members = [member for member in archive.infolist() if not member.is_dir()]
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_GROWTH * path.stat().st_size + MOST_BYTES:
        size = f"{unpacked // MEGABYTE} MB, over {MOST_GROWTH} times its size"
        raise Refusal("too-large", f"would unpack to {size}; left alone")
    return [_of_member(name, archive, member) for member in members]


def _of_member(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Entry:
    kind = stat.S_IFMT(member.external_attr >> 16)
    when, size = None, member.file_size
    with contextlib.suppress(ValueError, OverflowError):  # a date that no calendar has
        when = _utc(datetime(*member.date_time))
    return _entry(
        name,
        _decoded(member).replace("\\", "/"),
        size,
        when,
        kind in (0, stat.S_IFREG),
        # Declared sizes can lie: read no further than what was declared.
        lambda: archive.open(member).read(size),
    )


def _decoded(member: zipfile.ZipInfo) -> str:
    """Return a member's name; macOS writes UTF-8 without saying so."""
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return member.filename.encode("cp437").decode()
    return member.filename


def _of_folder(name: str, folder: Path) -> Iterator[Entry]:
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for file in sorted(files + links):
            path = Path(parent, file)
            yield _of_file(name, path.relative_to(folder).as_posix(), path)


def _of_file(archive: str, name: str, path: Path) -> Entry:
    status = path.lstat()
    when = _utc(datetime.fromtimestamp(status.st_mtime))
    plain = stat.S_ISREG(status.st_mode)
    return _entry(archive, name, status.st_size, when, plain, path.read_bytes)


def _entry(
    archive: str,
    path: str,
    size: int,
    when: datetime | None,
    plain: bool,
    contents: Callable[[], bytes],
) -> Entry:
    unsafe = "" if plain else "it is a link or no plain file"
    try:
        check_name(path)
    except Refusal:
        unsafe = "its name leads outside the archive"
    if not path.isprintable():
        unsafe = "its name holds control characters"
    if max(len(part.encode(errors="replace")) for part in path.split("/")) > LONGEST_NAME:
        unsafe = f"its name is longer than {LONGEST_NAME} bytes"
    if size > MOST_BYTES:
        unsafe = f"it is larger than {MOST_BYTES // MEGABYTE} MB"
    return Entry(archive, path, size, when, unsafe, contents)


def _dated(found: list[Entry]) -> list[Entry]:
    """Forget times that say nothing: platforms stamp files with the moment of the download."""
    times = [entry.when for entry in found if entry.when is not None]
    if times and max(times) - min(times) > DOWNLOAD:
        return found
    return [replace(entry, when=None) for entry in found]


def _utc(local: datetime) -> datetime:
    """Convert this machine's time, which zips hold, into UTC without a zone, as nbgrader has."""
    return local.astimezone(UTC).replace(tzinfo=None)
