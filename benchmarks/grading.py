"""How fast grading is, on one class: against stock nbgrader, unsandboxed, and as it grows.

    python benchmarks/grading.py [--students 60] [--json FILE] [--quick]

Run it in the checkout, with nothing else at work on the machine. Ratios are what to compare; the
seconds are this machine's.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SET = "02_loss"
STOCK = """
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "bench"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
"""
MIX = ("right", "partly right", "wrong", "empty")


def make_course(root: Path, students: int) -> None:
    """Make a course directory with one problem set, and a class that handed it in."""
    root.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(STOCK)
    shutil.copytree(ROOT / "solutions" / SET, root / "solutions" / SET)
    (root / "exercises").mkdir()
    run("-m", "nbgrader", "generate_assignment", SET, cwd=root)
    hand_in(root, students)


def hand_in(root: Path, students: int) -> None:
    """Hand in the work of a class: right, partly right, wrong and empty in turn."""
    shutil.rmtree(root / "submitted", ignore_errors=True)
    released = json.loads((root / "exercises" / SET / f"{SET}.ipynb").read_text())
    solved = json.loads((root / "solutions" / SET / f"{SET}.ipynb").read_text())
    answers = {grade_id(c): c["source"] for c in solved["cells"] if is_answer(c)}
    for number in range(students):
        kind = MIX[number % len(MIX)]
        notebook = json.loads(json.dumps(released))
        cells = [cell for cell in notebook["cells"] if is_answer(cell)]
        for place, cell in enumerate(cells):
            if kind == "right" or (kind == "partly right" and place % 2):
                cell["source"] = answers[grade_id(cell)]
            elif kind == "wrong":
                cell["source"] = "".join(cell["source"]).replace(
                    "raise NotImplementedError", "return torch.tensor(0.0)"
                )
        folder = root / "submitted" / f"student{number:03}" / SET
        folder.mkdir(parents=True)
        (folder / f"{SET}.ipynb").write_text(json.dumps(notebook))


def grade_id(cell: dict) -> str:
    return cell["metadata"]["nbgrader"]["grade_id"]


def is_answer(cell: dict) -> bool:
    known = cell["metadata"].get("nbgrader", {})
    return cell["cell_type"] == "code" and bool(known.get("solution"))


def run(*arguments: str, cwd: Path, check: bool = True) -> dict[str, float]:
    """Run a Python command; return its wall-clock and processor seconds and its memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    scripts = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": scripts, "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )
    if check and done.returncode:
        sys.exit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.perf_counter() - started, "cpu": cpu}


def course_grade(root: Path, *options: str) -> tuple[dict[str, float], list[dict]]:
    """Run `course grade` on everything; return its times, and its profile for each submission."""
    shutil.rmtree(root / "autograded", ignore_errors=True)
    code = "from course_lib.cli import main; main()"
    records = root / "records.json"
    profile = root / "profile.json"
    os.environ["COURSE_PROFILE"] = str(profile)
    spent = run("-c", code, "grade", SET, "--force", "--json", str(records), *options, cwd=root)
    return spent, json.loads(records.read_text())


def scores(root: Path) -> dict[str, float]:
    """Each student's score in the gradebook."""
    code = (
        "import json, sys; from nbgrader.api import Gradebook\n"
        "with Gradebook(sys.argv[1]) as g:\n"
        " print(json.dumps({s.student.id: s.score for s in g.assignment_submissions(sys.argv[2])}))"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{root}/gradebook.db", SET]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
