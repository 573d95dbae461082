"""`nbgrader autograde`, Formgrader's button and any Jupyter tool get the same sandboxed kernel."""

import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from course_lib.grading import configure, course
from tests.grading.classroom import FULL, NAME, insert

CONFIGURE = """
from course_lib.grading import configure
configure(c)
"""


def test_nbgrader_finds_what_it_starts_by_name(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    configure(Config())
    assert shutil.which("alembic")


@pytest.fixture(scope="module")
def room(light_classroom, tmp_path_factory):
    room = light_classroom.copy(tmp_path_factory.mktemp("plain") / "course")
    path = room.root / "nbgrader_config.py"
    path.write_text(path.read_text() + CONFIGURE)
    spy = """import warnings
warnings.warn("harmless")
try:
    open("{root}/gradebook.db", "rb")
except OSError:
    denied = True
assert denied"""
    look = insert(room.solved(), "root", spy.replace("{root}", str(room.root)))
    room.hand_in("right", look)
    hook = "get_ipython().input_transformers_cleanup.append(lambda lines: ['1.5'])"
    wrong = {name: f"def {name}(x): return None" for name in room.answers}
    room.hand_in("tampered", insert(room.solved(**wrong), "double", hook))
    room.hand_in("crash", room.solved(last="import os\ndef last(x):\n    os._exit(1)"))
    copied = room.solved()
    copied["cells"] += [dict(cell) for cell in copied["cells"][2:5]]
    for cell in copied["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 1
    room.hand_in("copied", copied)
    (room.hand_in("linked", room.solved()) / "leak.txt").symlink_to("/etc/passwd")
    room.hand_in("broken", b"{")
    return room


def scores(room):
    with Gradebook(f"sqlite:///{room.root}/gradebook.db") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(NAME)}


def test_nbgrader_autograde_uses_the_pipeline(room):
    done = room.run("-m", "nbgrader", "autograde", NAME, check=False)
    expected = {"right": FULL, "tampered": 0, "crash": FULL - 5, "copied": FULL, "linked": 0}
    found = scores(room)
    assert {student: found[student] for student in expected} == expected, done.stderr
    assert not list((room.root / "autograded").rglob("leak.txt"))
    assert "error processing assignment" in done.stderr  # of the broken file alone
    assert "1 and 'broken'" not in done.stderr


def test_formgraders_button_uses_the_pipeline(room):
    config = course.settings(room.root)
    api = NbGraderAPI(course.CourseDirectory(config=config), config=config)
    result = api.autograde(NAME, "tampered")
    assert result["success"], result
    assert scores(room)["tampered"] == 0
    notebook = nbformat.read(room.root / f"autograded/tampered/{NAME}/{NAME}.ipynb", as_version=4)
    assert "was disarmed" in notebook.cells[0].source


@pytest.mark.usefixtures("_sandboxed")
def test_any_jupyter_tool_can_start_the_kernel_by_its_name():
    cells = ["import os\nos.getcwd()", "open('/etc/shadow')", "import time\ntime.sleep(60)"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    client = NotebookClient(
        notebook,
        kernel_name="course-sandbox",
        allow_errors=True,
        timeout=2,
        interrupt_on_timeout=True,
    )
    client.execute()
    where, denied, interrupted = (cell.outputs[0] for cell in notebook.cells)
    assert where["data"]["text/plain"] == "'/sandbox/work'"
    assert denied["ename"] == "FileNotFoundError"
    assert interrupted["ename"] == "KeyboardInterrupt"
