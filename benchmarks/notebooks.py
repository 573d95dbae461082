"""Run every lesson and print how long it takes and how much memory it needs.

    python benchmarks/notebooks.py [LESSON.ipynb …] [--json FILE]

Each runs from the top in a kernel of its own, on two processors where the machine has more. Seconds
are those of the clock, from the start of the kernel to its last cell; memory is the largest that
the kernel's process ever had in use. Ends with status 1 if a lesson is above a limit. Linux and
macOS.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

LESSONS = Path(__file__).resolve().parents[1] / "notebooks"
MOST_SECONDS, MOST_MEGABYTES = 30, 1000
PEAK = """
import re, resource
try:  # what `getrusage` says on Linux begins with the memory of the process that started this one
    print(1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]))
except OSError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure(path: Path) -> tuple[float, float]:
    """Run a lesson; seconds and megabytes. Nothing is written."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}})
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    return seconds, int(notebook.cells[-1].outputs[0]["text"]) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", type=Path, metavar="LESSON.ipynb")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here too")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # kernels inherit it
    results = {}
    for path in tqdm(options.lessons or sorted(LESSONS.glob("*.ipynb")), unit="lesson"):
        seconds, megabytes = measure(path)
        results[path.stem] = {"seconds": seconds, "peak_megabytes": megabytes}

    print(f"{'lesson':24}{'seconds':>9}{'of limit':>10}{'peak MB':>10}{'of limit':>10}")
    for name, of in results.items():
        print(
            f"{name:24}{of['seconds']:9.1f}{of['seconds'] / MOST_SECONDS:10.2f}"
            f"{of['peak_megabytes']:10.0f}{of['peak_megabytes'] / MOST_MEGABYTES:10.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    sys.exit(
        any(
            of["seconds"] > MOST_SECONDS or of["peak_megabytes"] > MOST_MEGABYTES
            for of in results.values()
        )
    )


if __name__ == "__main__":
    main()
