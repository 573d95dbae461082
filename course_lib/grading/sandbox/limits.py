"""What one submission may use."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """The resources of one notebook's run.

    Args:
        notebook_time: wall-clock seconds for the whole notebook.
        cell_time: wall-clock seconds for one cell.
        cpu_time: processor seconds for one process of the kernel.
        memory: megabytes above what the warm process already held.
        processes: processes and threads at one time.
        file_size: megabytes of one file, and of all files together.
        output: megabytes of output kept from one cell.
    """

    notebook_time: float = 120.0
    cell_time: float = 30.0
    cpu_time: float = 120.0
    memory: int = 2048
    processes: int = 64
    file_size: int = 100
    output: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return the limits as plain JSON."""
        return asdict(self)
