"""Run a notebook from the top in a fresh kernel, in memory, whatever its cells do."""

import queue
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

SECONDS = 30  # for one cell, as in grading
GRACE = 5  # for a cell that was told to stop
ENDLESS = "stopped after {} seconds: is there an endless loop?"
DIED = "the kernel ended here or just above: does a cell call exit()?"
NOT_RUN = "not run: the kernel was lost in an earlier cell"


def rerun(notebook: "NotebookNode", folder: Path) -> None:
    """Run every code cell, and leave in each what came out of it.

    A cell that fails, runs for too long, or ends the kernel gets an error among its outputs; so
    does every cell that could not run because the kernel had ended.

    Args:
        notebook: What to run; its outputs are replaced.
        folder: The working directory of the run.
    """
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )
    client.log.disabled = True
    client.reset_execution_trackers()
    alive = True
    # What a kernel writes past the notebook, such as last words when it is stopped, is no result.
    with client.setup_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs = [] if alive else [_error(NOT_RUN)]
            if alive:
                alive = _run(client, cell, index)


def _run(client: "NotebookClient", cell: "NotebookNode", index: int) -> bool:
    """Run one cell; return whether the kernel can run another."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    try:
        client.execute_cell(cell, index)
    except CellTimeoutError:
        cell.outputs.append(_error(ENDLESS.format(SECONDS)))
        return _interrupt(client)
    except DeadKernelError:
        cell.outputs.append(_error(DIED))
        return False
    return True


def _interrupt(client: "NotebookClient") -> bool:
    """Tell the running cell to stop; return whether it did."""
    from jupyter_core.utils import run_sync

    run_sync(client.km.interrupt_kernel)()
    try:
        run_sync(client.kc.get_shell_msg)(timeout=GRACE)
    except queue.Empty:
        return False
    return True


def _error(words: str) -> "NotebookNode":
    from nbformat.v4 import new_output

    return new_output("error", ename="", evalue=words, traceback=[])
