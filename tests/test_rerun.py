"""A notebook is run to its end, whatever its cells do, and nothing is printed beside it."""

import nbformat
import pytest

from course_lib import rerun

AFTER = "print('after')"
STUBBORN = """
import time
while True:
    try:
        time.sleep(0.1)
    except KeyboardInterrupt:
        pass
"""


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("1 / 0", "division by zero", "after"),
        ("while True: pass", "stopped after 2 seconds", "after"),
        (STUBBORN, "stopped after 2 seconds", "not run"),
        ("import os; os._exit(1)", "exit()", "not run"),
        ("import os; os.write(2, b'last words')", "", "after"),
        ("", "", "after"),
    ],
)
def test_each_cell_has_an_outcome(tmp_path, monkeypatch, capfd, code, first, last):
    monkeypatch.setattr(rerun, "SECONDS", 2)
    monkeypatch.setattr(rerun, "GRACE", 1)
    stale = nbformat.v4.new_output("stream", text="stale")
    cells = [nbformat.v4.new_code_cell(source, outputs=[stale]) for source in (code, AFTER)]
    rerun.rerun(nbformat.v4.new_notebook(cells=cells), tmp_path)
    for cell, words in zip(cells, (first, last), strict=True):
        said = "".join(out.get("evalue", out.get("text", "")) for out in cell.outputs)
        assert words in said
        assert "stale" not in said
    assert capfd.readouterr() == ("", "")
