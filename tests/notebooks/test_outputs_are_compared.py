"""nbval compares stored outputs with a fresh run: a changed number fails, a changed picture not."""

import subprocess
import sys

import nbformat
import pytest

from tests.notebooks.gates import ROOT


def nbval(folder, source, output):
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), path)
    sanitize = f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval.cfg'}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null"]
    return subprocess.run(
        [*command, "--rootdir", folder, "--nbval", sanitize, path],
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("stored", "status"), [("4", 0), ("5", 1)])
def test_changed_number_fails(tmp_path, stored, status):
    output = nbformat.v4.new_output("execute_result", {"text/plain": stored}, execution_count=1)
    run = nbval(tmp_path, "2 + 2", output)
    assert run.returncode == status, run.stdout


FIGURE = """
import matplotlib.pyplot as plt
from course_lib import plotting
fig, ax = plt.subplots()
plotting.show(fig, alt="an empty pair of axes, nothing drawn")
"""


@pytest.mark.parametrize(
    ("alt", "status"),
    [("an empty pair of axes, nothing drawn", 0), ("a line that rises from left to right", 1)],
)
def test_picture_is_compared_by_its_alt_text_alone(tmp_path, alt, status):
    data = {
        "image/png": "AAAA",
        "text/html": f'<img alt="{alt}" src="data:image/png;base64,AAAA">',
        "text/plain": alt,
    }
    run = nbval(tmp_path, FIGURE, nbformat.v4.new_output("display_data", data))
    assert run.returncode == status, run.stdout
