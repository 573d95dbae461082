"""What was handed in: find it, read it without trusting it, refuse what cannot be read."""

import hashlib
import io
import json
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbgrader.coursedir import CourseDirectory

MEGABYTE = 1 << 20
MOST_FILES = 500
MOST_BYTES = 100 * MEGABYTE
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
IGNORED = (".ipynb_checkpoints", "__pycache__", "__MACOSX", "feedback")


class Refusal(Exception):  # noqa: N818 - an outcome of a submission, not a fault of the program
    """A submission cannot be graded.

    Args:
        code: short and fixed, for reports.
        message: what was found and what was expected, for the student.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Handin:
    """The contents of one student's folder.

    Attributes:
        files: path relative to the folder, and its bytes.
        flags: short codes of what a person should know.
    """

    files: dict[str, bytes]
    flags: list[str] = field(default_factory=list)

    def notebooks(self) -> dict[str, bytes]:
        """Return the notebooks among the files."""
        return {name: data for name, data in self.files.items() if name.endswith(".ipynb")}

    def others(self) -> dict[str, bytes]:
        """Return the files that are not notebooks."""
        return {name: data for name, data in self.files.items() if not name.endswith(".ipynb")}


def find(coursedir: CourseDirectory, assignment: str) -> dict[str, Path]:
    """Find every student's folder for an assignment, by student in alphabetical order."""
    marker = "\0"
    pattern = coursedir.format_path(coursedir.submitted_directory, marker, assignment)
    front, _, back = pattern.partition(marker)
    if not os.path.isdir(front):
        return {}
    students = sorted(entry.name for entry in os.scandir(front) if not entry.name.startswith("."))
    excluded = coursedir.student_id_exclude.split(",")
    folders = {name: Path(front + name + back) for name in students if name not in excluded}
    return {name: folder for name, folder in folders.items() if os.path.lexists(folder)}


def read(folder: Path) -> Handin:
    """Read a student's folder into memory.

    Raises:
        Refusal: If it holds links or special files, or is too large, or its archive is unsafe.
    """
    handin = Handin(_within_limits(_walk(folder)))
    if handin.notebooks():
        return handin
    archives = [name for name in handin.files if name.lower().endswith(ARCHIVES)]
    if len(archives) == 1:
        inside = _within_limits(_unpack(archives[0], handin.files[archives[0]]))
        return Handin(inside, flags=["archive"])
    return handin


def fingerprint(folder: Path, *more: str) -> str:
    """Return a digest of everything in a student's folder, and of `more`; it reads no link."""
    digest = hashlib.sha256("\0".join(more).encode())
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent, name)
            digest.update(f"\0{path.relative_to(folder)}\0".encode(errors="surrogateescape"))
            if stat.S_ISREG(path.lstat().st_mode) and path.lstat().st_size <= MOST_BYTES:
                digest.update(path.read_bytes())
            else:
                digest.update(str(path.lstat()[:8]).encode())
    return digest.hexdigest()


def parse(name: str, data: bytes) -> list[dict[str, Any]]:
    """Read the cells of a notebook file.

    Raises:
        Refusal: If it is no notebook.
    """
    if not data.strip():
        raise Refusal("unreadable", f"{name} is empty; hand in the notebook that you worked in")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        if isinstance(notebook, dict) and "worksheets" in notebook:
            notebook = json.loads(nbformat.writes(nbformat.reads(data.decode(), as_version=4)))
        cells = [_cell(cell) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{name} is not a notebook ({type(error).__name__}: {str(error)[:100]})"
        raise Refusal("unreadable", f"{message}; open it in JupyterLab and save it again") from None
    return [cell for cell in cells if cell]


def _cell(cell: dict[str, Any]) -> dict[str, Any] | None:
    """Keep of a cell what grading uses, with plain types."""
    if cell["cell_type"] not in ("code", "markdown", "raw"):
        return None
    metadata = cell.get("metadata")
    attachments = cell.get("attachments")
    return {
        "cell_type": cell["cell_type"],
        "source": "".join(cell["source"]),
        "metadata": metadata if isinstance(metadata, dict) else {},
        "attachments": attachments if isinstance(attachments, dict) else {},
    }


def _walk(folder: Path) -> Iterator[tuple[str, int, Any]]:
    """Yield each file's relative path, its size, and a function that reads it."""
    if folder.is_symlink() or not folder.is_dir():
        raise Refusal("link", f"{folder.name} is not a folder; hand in a folder of plain files")
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in IGNORED]
        for name in folders + files:
            path = Path(parent, name)
            mode = path.lstat().st_mode
            relative = str(path.relative_to(folder))
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise Refusal("link", f"{relative} is a link or no plain file; hand in copies")
            if name != "timestamp.txt":
                yield relative, path.lstat().st_size, path.read_bytes


def _within_limits(files: Iterator[tuple[str, int, Any]]) -> dict[str, bytes]:
    contents, total = {}, 0
    for name, size, read_file in files:
        total += size
        if len(contents) >= MOST_FILES or total > MOST_BYTES:
            limits = f"{MOST_FILES} files and {MOST_BYTES // MEGABYTE} MB"
            raise Refusal("too-large", f"more than {limits} were handed in")
        contents[name] = read_file()
    return contents


def _unpack(archive: str, data: bytes) -> Iterator[tuple[str, int, Any]]:
    try:
        opened = zipfile.ZipFile(io.BytesIO(data)) if archive.lower().endswith(".zip") else None
        if opened:
            yield from _unzip(opened)
        else:
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                yield from _untar(tar)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, RuntimeError) as error:
        raise Refusal("archive", f"{archive} cannot be unpacked ({error})") from None


def _unzip(archive: zipfile.ZipFile) -> Iterator[tuple[str, int, Any]]:
    for member in archive.infolist():
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Refusal("link", f"{member.filename} in the archive is a link; hand in copies")
        if not member.is_dir() and _plain(member.filename):
            # Declared sizes can lie: read no further than what was declared.
            size = member.file_size
            yield member.filename, size, lambda m=member, n=size: archive.open(m).read(n)


def _untar(archive: tarfile.TarFile) -> Iterator[tuple[str, int, Any]]:
    for member in archive:
        if not (member.isfile() or member.isdir()):
            raise Refusal("link", f"{member.name} in the archive is a link; hand in copies")
        if member.isfile() and _plain(member.name):
            yield member.name, member.size, lambda m=member: archive.extractfile(m).read()


def _plain(name: str) -> bool:
    check_name(name)
    return not any(part in IGNORED for part in PurePosixPath(name.replace("\\", "/")).parts)


def check_name(name: str) -> None:
    """Check that a file's name in an archive stays inside the folder it is unpacked into.

    Raises:
        Refusal: If it does not.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise Refusal("archive", f"the archive names a file outside itself: {name[:100]}")
