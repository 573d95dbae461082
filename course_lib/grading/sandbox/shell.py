"""IPython's shell, without what it would do in vain for a notebook that nobody is typing in."""

import ast
import warnings
from functools import lru_cache
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.profiledir import ProfileDir
from traitlets import Instance


class PlainFirst(TransformerManager):
    """Looks for IPython's own syntax only in cells that are not plain Python: that takes longer.

    Once a notebook has put in a transformation of its own, every cell goes through them all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._usual = self._transformations()

    def _transformations(self) -> list:
        return [*self.cleanup_transforms, *self.line_transforms, *self.token_transformers]

    def transform_cell(self, cell: str) -> str:
        """Return a cell as Python."""
        if self._transformations() != self._usual or not _is_python(cell):
            return super().transform_cell(cell)
        return cell if cell.endswith("\n") else f"{cell}\n"


@lru_cache(maxsize=1)  # IPython asks for each cell twice
def _is_python(cell: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come when the cell is run
            ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class SandboxedShell(ZMQInteractiveShell):
    """IPython's shell, quicker with plain Python."""

    input_transformer_manager = Instance(PlainFirst, ())

    def init_ipython_dir(self, ipython_dir: str | None) -> None:
        """Wait: the shell is made before the home folder of the one who uses it."""

    def init_profile_dir(self, profile_dir: ProfileDir | None) -> None:
        """Wait, for the same reason."""

    def should_run_async(
        self, raw_cell: str, *, transformed_cell: str | None = None, **more: Any
    ) -> bool:
        """Compile a cell only to see whether it awaits something if it has such a word in it."""
        cell = transformed_cell or raw_cell
        if "async" not in cell and "await" not in cell:
            return False
        return super().should_run_async(raw_cell, transformed_cell=transformed_cell, **more)


class SandboxedStream(OutStream):
    """Standard output or error, which wakes the sending thread only if there is what to send."""

    def flush(self) -> None:
        """Send what was written."""
        if self._buffers:
            super().flush()
