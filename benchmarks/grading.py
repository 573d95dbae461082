"""How fast grading is, on one class: against stock nbgrader, unsandboxed, and as it grows.

    python benchmarks/grading.py [--students 60] [--json FILE]

Run it in the checkout, with nothing else at work on the machine. Ratios are what to compare; the
seconds are this machine's.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

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
    """Run a Python command; return its wall-clock seconds, and what it says of its memory."""
    scripts = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": scripts, "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    if check and done.returncode:
        sys.exit(done.stdout + done.stderr)
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return {"wall": seconds, "memory": float(last) if last.replace(".", "").isdigit() else 0.0}


GRADE = """import re, sys
from course_lib.cli import main
try:
    main()
finally:  # not `getrusage`, which begins with the memory of the process that started this one
    most = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    print(int(most) / 1024, file=sys.stderr)
"""


def course_grade(root: Path, *options: str) -> dict[str, float]:
    """Run `course grade` on everything; return its seconds and its megabytes."""
    return run("-c", GRADE, "grade", SET, "--force", *options, cwd=root)


def profile(root: Path) -> dict[str, float]:
    """Grade one submission after the other in this process; return medians of each stage.

    `overhead_cpu` is everything that the grader and its sandbox's processes compute for a
    submission, less what the notebook's cells compute in a plain Python process.
    """
    from course_lib.grading import intake, submissions
    from course_lib.grading.pool import Options, open_pool
    from course_lib.grading.record import Graded, Outcome, Recorder
    from course_lib.grading.runner import Job, _rehearse
    from course_lib.grading.settings import Course
    from course_lib.grading.source import read_assignment

    course = Course.at(root)
    assignment = read_assignment(course.directory, SET)
    job = Job(course, assignment, {}, [])
    recorder = Recorder(course.directory, course.config)
    stages: dict[str, list[float]] = {}

    async def measure() -> None:
        async with open_pool(course, assignment, Options(workers=1)) as pool:
            job.blind = await _rehearse(job, pool)
            run_plainly(intake.reference(assignment.notebooks[SET]))  # imports count for nobody
            for student, folder in submissions.find(course.directory, SET).items():
                cpu, began = all_cpu(), time.perf_counter()
                taken = intake.take_in(submissions.read(folder), assignment)
                seconds = {"intake": time.perf_counter() - began}
                executed = await pool.execute(taken.notebooks, {}, job.blind)
                began = time.perf_counter()
                outcome = Outcome(student, SET)
                recorder.record(Graded(outcome, executed.notebooks, {}, "", folder))
                seconds |= {**executed.seconds, "record": time.perf_counter() - began}
                used = all_cpu() - cpu
                plain = plain_cpu(taken.notebooks[SET])
                seconds |= {"cells_cpu": plain, "overhead_cpu": used - plain}
                for name, value in seconds.items():
                    stages.setdefault(name, []).append(value)

    asyncio.run(measure())
    recorder.close()
    return {name: statistics.median(values) for name, values in stages.items()}


def all_cpu() -> float:
    """Processor seconds so far of this process and of all that it started and has not ended."""
    used = time.process_time()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:4])  # its own, and of its children that have ended
    return used


def plain_cpu(notebook: dict) -> float:
    """Processor seconds of a notebook's cells in a fork of this process, without Jupyter."""
    child = os.fork()
    if child == 0:
        run_plainly(notebook)
        os._exit(0)
    used = os.wait4(child, 0)[2]
    return used.ru_utime + used.ru_stime


def run_plainly(notebook: dict) -> None:
    """Run a notebook's cells as plain Python, without their output."""
    names = {"__name__": "__main__"}
    with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                with contextlib.suppress(Exception):
                    exec(cell["source"], names)


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


def stock_nbgrader(root: Path) -> dict[str, float]:
    """Run stock `nbgrader autograde` on everything, into a new gradebook."""
    (root / "gradebook.db").unlink()
    for folder in ("exercises", "autograded"):
        shutil.rmtree(root / folder, ignore_errors=True)
    (root / "exercises").mkdir()
    run("-m", "nbgrader", "generate_assignment", SET, cwd=root)
    return run("-m", "nbgrader", "autograde", SET, cwd=root, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=60, help="size of the class")
    parser.add_argument("--growth", default="15,60,240", help="sizes for the growth")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which medians are taken")
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # what is started inherits it
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        numbers = measure_all(Path(scratch) / "course", arguments)
    print("\n".join(f"{name:<24} {value}" for name, value in numbers.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers, indent=1) + "\n")


def measure_all(root: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Take every measurement on the same class."""
    make_course(root, arguments.students)
    walls: dict[str, list[float]] = {"sandbox": [], "no sandbox": []}
    for _ in range(arguments.repeats):
        walls["sandbox"].append(course_grade(root)["wall"])
        ours = scores(root)
        walls["no sandbox"].append(course_grade(root, "--no-sandbox")["wall"])
    stages = profile(root)
    growth = {}
    for size in map(int, arguments.growth.split(",")):
        hand_in(root, size)
        growth[size] = course_grade(root)
    hand_in(root, arguments.students)
    stock = stock_nbgrader(root)["wall"]
    theirs = scores(root)
    wall = {name: statistics.median(values) for name, values in walls.items()}
    return {
        "students": arguments.students,
        "nbgrader_s": round(stock, 1),
        "course_grade_s": round(wall["sandbox"], 1),
        "ratio_vs_nbgrader": round(stock / wall["sandbox"], 1),
        "sandbox_ratio": round(wall["sandbox"] / wall["no sandbox"], 3),
        "overhead_cpu_s": round(stages["overhead_cpu"], 3),
        "stages_s": {name: round(value, 3) for name, value in stages.items()},
        "growth_s": {size: round(spent["wall"], 1) for size, spent in growth.items()},
        "growth_memory_mb": {size: round(spent["memory"]) for size, spent in growth.items()},
        "different_scores": {s: [theirs.get(s), ours[s]] for s in ours if ours[s] != theirs.get(s)},
    }


if __name__ == "__main__":
    main()
