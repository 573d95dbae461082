"""Write and move what was handed in, such that nothing is lost on the way."""

import shutil
from pathlib import Path

from course_lib.classroom.archives import Entry
from course_lib.classroom.handins import STAMP


def write(path: Path, contents: bytes) -> None:
    """Write a file, and the folders that it stands in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def contents(folder: Path) -> dict[str, bytes]:
    """Read the files in a folder, by their places, without the time of handing in."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != STAMP)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def copy(entry: Entry, path: Path) -> Path:
    """Write an entry beside others of its name, unless the same is there."""
    data, free, number = entry.read(), path, 1
    while free.exists() and free.read_bytes() != data:
        number += 1
        free = path.with_stem(f"{path.stem}~{number}")
    write(free, data)
    return free


def move_aside(folder: Path, target: Path) -> Path:
    """Move a folder beside others of its name, and return where it is now."""
    free, number = target, 1
    while free.exists():
        number += 1
        free = target.with_name(f"{target.name}~{number}")
    free.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(folder, free))
