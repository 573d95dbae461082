"""Execute: run canonical notebooks in the sandbox and return them with their outputs.

It touches no database and no shared file, so it can run anywhere.
"""

import copy
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from course_lib.grading import probe
from course_lib.grading.client import Client, KernelEnded, error_output
from course_lib.grading.points import earned, is_test
from course_lib.grading.sandbox import Limits, Sandbox
from course_lib.grading.source import grade_id

ENDINGS = {
    "died": "the kernel ended by itself (exit, or a crash)",
    "memory": "the notebook used more memory than allowed",
    "processes": "the notebook started more processes than allowed",
    "cell-time": "a cell ran too long and could not be interrupted",
    "notebook-time": "the notebook as a whole ran too long",
    "output": "a cell printed without end and could not be interrupted",
}


@dataclass
class Executed:
    """A submission that has run.

    Attributes:
        notebooks: notebook JSON by name, with outputs.
        points: points by notebook and test.
        flags: short codes of what a person should know.
        notes: the same in sentences.
        seconds: wall-clock time by stage, and `cpu`, the processor time of its kernels.
        suspects: tests, as "notebook/test", that passed on wrong answers, and "notebook/" for what
            a notebook as a whole changed.
        modules: modules that were loaded in the end, if `report_modules`.
    """

    notebooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: dict[str, dict[str, float]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    suspects: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)

    def flag(self, code: str, note: str) -> None:
        """Remember that something is unusual."""
        self.flags += [code] if code not in self.flags else []
        self.notes += [note] if note not in self.notes else []

    def spend(self, stage: str, started: float) -> float:
        """Add the time since `started` to a stage, and return the time now."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - started
        return now

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON."""
        return asdict(self)


async def execute(
    notebooks: dict[str, dict[str, Any]],
    sandbox: Sandbox,
    limits: Limits,
    *,
    files: dict[str, bytes] | None = None,
    blind: Iterable[str] = (),
    report_modules: bool = False,
) -> Executed:
    """Run each notebook of a submission in a fresh kernel, and look for tampering.

    Args:
        notebooks: canonical notebook JSON by name.
        sandbox: makes the kernels.
        limits: what one notebook may use.
        files: what the notebooks find in their working directory.
        blind: the `suspects` of an honest notebook, which prove nothing.
        report_modules: whether to ask which modules the notebooks have loaded.
    """
    result = Executed(modules=[""] if report_modules else [])
    for name, notebook in notebooks.items():
        await _execute_one(name, copy.deepcopy(notebook), sandbox, limits, files, result, blind)
    return result


async def _execute_one(
    name: str,
    notebook: dict[str, Any],
    sandbox: Sandbox,
    limits: Limits,
    files: dict[str, bytes] | None,
    result: Executed,
    blind: Iterable[str],
) -> None:
    started = time.perf_counter()
    async with sandbox.kernel(limits, files) as kernel, Client(kernel, limits) as client:
        started = result.spend("start", started)
        alive = await _run_cells(notebook, client, result)
        if alive and result.modules:
            result.modules += await _loaded_modules(client)
        started = result.spend("cells", started)
        if alive:
            found = await probe.tampering(client, notebook)
            result.suspects += [f"{name}/{test}" for test in found]
            _condemn(
                notebook, {t: why for t, why in found.items() if f"{name}/{t}" not in blind}, result
            )
        started = result.spend("probe", started)
    result.spend("start", started)
    used = (kernel.ending or {}).get("cpu", 0.0)
    result.seconds["cpu"] = result.seconds.get("cpu", 0.0) + used
    result.notebooks[name] = notebook
    result.points[name] = {}
    for cell in filter(is_test, notebook["cells"]):
        result.points[name][grade_id(cell)], code = earned(cell)
        if code:
            result.flag(code, f"the test {grade_id(cell)} gave no usable partial credit")


async def _run_cells(notebook: dict[str, Any], client: Client, result: Executed) -> bool:
    """Run the code cells in order; return whether the kernel outlived them."""
    ended = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code" or not cell["source"].strip():
            continue
        if ended:
            cell["outputs"] = [error_output("NotRun", ended)] if is_test(cell) else []
            continue
        try:
            answer = await client.run(cell["source"])
        except KernelEnded as end:
            ended = ENDINGS.get(end.reason, ENDINGS["died"])
            cell["outputs"] = [error_output("KernelEnded", ended)]
            result.flag(end.reason if end.reason in ENDINGS else "died", ended)
            continue
        cell["outputs"], cell["execution_count"] = answer.outputs, answer.execution_count
        _number_results(cell)
        for code in answer.flags:
            if code != "flood":
                result.flag(code, _LIMIT_NOTES[code])
    return not ended


async def _loaded_modules(client: Client) -> list[str]:
    answer = await client.run("import sys\nprint(*sys.modules)")
    return [name for output in answer.outputs for name in output.get("text", "").split()]


_LIMIT_NOTES = {"cell-time": "a cell ran longer than allowed", "output": "an output was cut"}


def _number_results(cell: dict[str, Any]) -> None:
    for output in cell["outputs"]:
        if output["output_type"] == "execute_result":
            output["execution_count"] = cell["execution_count"]


def _condemn(notebook: dict[str, Any], tampering: dict[str, str], result: Executed) -> None:
    """Flag what looks like tampering, and put an error into the tests that were disarmed."""
    for note in tampering.values():
        result.flag("tampered", note)
    for cell in notebook["cells"]:
        if is_test(cell) and grade_id(cell) in tampering:
            message = (
                "this test also passes on a wrong answer: something in the notebook disarms it"
            )
            cell["outputs"] = [error_output("Tampered", message)]
