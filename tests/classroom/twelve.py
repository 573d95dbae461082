"""A class of twelve hands in problem set 02, as a learning platform would pack it.

    python -m tests.classroom.twelve submissions.zip from_canvas.csv

writes such an archive, with file names as Canvas gives them, and the gradebook that Canvas would
export for this class, to try the instructor's commands on.
"""

import csv
import json
import sys
import zipfile
from pathlib import Path

from tests.exercises.variants import variants
from tests.notebooks.gates import ROOT

PROBLEM_SET = "02_loss"
WRITTEN = "Always predicting a happy customer is right for 84.1 % of the reviews already."
OWN_STYLE = "import logging\nlogging.basicConfig(level='DEBUG')\nlogging.warning('my own cell')"
ENDLESS = "def focal_loss(z, y, gamma):\n    while True:\n        pass"
STOPS = "import os\nos._exit(1)"


def archive(path: Path) -> None:
    """Write what the twelve handed in."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
        for name, content in handed_in().items():
            members.writestr(name, content)


def gradebook(path: Path) -> None:
    """Write the class as Canvas exports its gradebook, without scores yet."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{PROBLEM_SET} (77)"]
    points = ["Points Possible", "", "", "", "", 20]
    people = sorted({tuple(name.replace("_LATE", "").split("_")[:2]) for name in handed_in()})
    students = [[name, number, "", "", "A", ""] for name, number in people]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, points, *students])


def handed_in() -> dict[str, str]:
    """Return the files by the names that Canvas gives them: name, user, submission, file."""
    right = solution()
    sum_not_mean = known("margin_sum")
    return {
        "lovelaceada_101_9001_02_loss.ipynb": notebook(right),
        "babbagecharles_102_9002_02_loss.ipynb": notebook(right, own_cell=OWN_STYLE),
        "hoppergrace_103_9003_02_loss.ipynb": notebook(right, written=""),
        "turingalan_104_9004_02_loss.ipynb": notebook({**right, **sum_not_mean}),
        "noetheremmy_105_9005_02_loss.ipynb": notebook(
            {**right, **sum_not_mean, **known("log_likelihood_mean")}
        ),
        "germainsophie_LATE_106_9006_02_loss.ipynb": notebook(right),
        "galoisevariste_107_9007_02_loss.ipynb": notebook(right)[:4000],
        "eulerleonhard_108_9008_02_loss.ipynb": notebook({}, written=""),
        "eulerleonhard_108_9108_02_loss-1.ipynb": notebook(right),
        "gausscarl_109_9009_02_loss.ipynb": notebook({}, written=""),
        "kovalevskayasofia_110_9010_my homework.ipynb": notebook(right),
        "ramanujansrinivasa_111_9011_02_loss.ipynb": notebook({**right, "focal_loss": ENDLESS}),
        "johnsonkatherine_112_9012_02_loss.ipynb": notebook({**right, "focal_loss": STOPS}),
    }


def solution() -> dict[str, str]:
    """Return the instructor's answers by the name of their cell."""
    path = ROOT / "solutions" / PROBLEM_SET / f"{PROBLEM_SET}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {_name(cell): "".join(cell["source"]) for cell in cells if _is_answer(cell)}


def known(name: str) -> dict[str, str]:
    """Return the answer of one of the known mistakes."""
    (variant,) = [one for one in variants(PROBLEM_SET) if one.name == name]
    return {variant.of: variant.source}


def notebook(answers: dict[str, str], *, written: str = WRITTEN, own_cell: str = "") -> str:
    """Return the released notebook with these answers, and a written one."""
    path = ROOT / "exercises" / PROBLEM_SET / f"{PROBLEM_SET}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if _is_answer(cell):
            cell["source"] = answers.get(_name(cell), cell["source"])
        elif written and "".join(cell["source"]).startswith("*Your answer"):
            cell["source"] = written
    if own_cell:
        cell = {"cell_type": "code", "id": "own", "metadata": {}, "outputs": []}
        content["cells"].insert(1, {**cell, "execution_count": None, "source": own_cell})
    return json.dumps(content, indent=1)


def _is_answer(cell: dict) -> bool:
    known_as = cell["metadata"].get("nbgrader", {})
    return cell["cell_type"] == "code" and known_as.get("solution", False)


def _name(cell: dict) -> str:
    return cell["metadata"]["nbgrader"]["grade_id"]


if __name__ == "__main__":
    archive(Path(sys.argv[1]))
    gradebook(Path(sys.argv[2]))
