"""A JupyterLab as `course lab` opens it, on a copy of the course, and a real browser before it."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.gates import ROOT

TOKEN = "browser-test"
PICTURES = ROOT / "build" / "screenshots"
PATIENCE = 60_000  # milliseconds for what has no reason to take longer
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def copy_course(folder: Path) -> None:
    """Copy the course without stored outputs: what is seen there, the browser has run."""
    for name in ("notebooks", "exercises", "solutions", ".exchange"):
        ignored = shutil.ignore_patterns(".ipynb_checkpoints", "from-loss-to-launch")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for lesson in (folder / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(lesson, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, lesson)


@contextlib.contextmanager
def jupyterlab(course: Path, settings: Path, *options: str) -> Iterator[str]:
    """Run `course lab`, as a user who never ran Jupyter before, and give its address.

    The browser that it opens only notes, in the settings' folder, what it was asked to open.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = "from course_lib.cli import main; main()"
    command = [sys.executable, "-c", code, "lab", "--port", str(port), *options]
    own = {"JUPYTER_TOKEN": TOKEN, "JUPYTER_CONFIG_DIR": str(settings), "PYTHONPATH": str(ROOT)}
    own["JUPYTER_DATA_DIR"] = str(settings / "data")
    own["BROWSER"] = f"sh -c 'echo \"$0\" > {settings}/opened' %s"
    with (settings / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=course, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{address}/api") and (settings / "opened").exists())
        yield address
    finally:
        server.terminate()
        server.wait(20)


def wait_until(ready: Callable[[], bool], seconds: float = 60) -> None:
    """Ask again and again, until it is so."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it is not so"
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def browser():
    """Start the system's Chromium, or skip where there is none (never in CI).

    For one module only: as long as it lives, Playwright keeps an event loop in this thread.
    """
    executable = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if executable is None:
        message = "no chromium on this machine; on Debian and Ubuntu: apt install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def page(browser, request):
    """Open an empty page, and keep a picture of what a test ended with."""
    opened = browser.new_page(viewport={"width": 1280, "height": 960})
    opened.set_default_timeout(PATIENCE)
    yield opened
    picture(opened, re.sub(r"\W+", "_", request.node.name.removeprefix("test_")))
    opened.close()


def picture(page, name: str) -> None:
    """Keep a picture of what the page shows now: a help to the reader, which fails no test.

    A headless Chromium may stop drawing, for once, while all else in the page goes on.
    """
    from playwright.sync_api import TimeoutError

    PICTURES.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(TimeoutError):
        page.screenshot(path=PICTURES / f"{name}.png")
