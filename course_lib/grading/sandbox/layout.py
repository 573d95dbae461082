"""Where things are inside the sandbox, and how host and zygote talk about them."""

from pathlib import Path

KERNELS = "/run/kernels"  # all kernels' folders, hidden from the kernels themselves
KERNEL = "/run/kernel"  # one kernel's own folder of sockets
SCRATCH = "/sandbox"  # one kernel's own files, in memory, gone with it
HOME, WORK, TMP, SHM = (f"{SCRATCH}/{name}" for name in ("home", "work", "tmp", "shm"))
SOCKETS = "k"  # sockets are k-1 … k-5
FILES = "files"  # what the kernel finds in its working directory

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")

KERNEL_UIDS = range(1000, 2000)  # users inside the sandbox, one a kernel
HOST_UIDS = 3_000_000_000  # where they lie on the host when the grader is root

READY, INTERRUPT = b"R", b"I"


def connection(folder: str | Path, key: str) -> dict:
    """Return the Jupyter connection information of the kernel whose sockets lie in `folder`."""
    ports = {f"{channel}_port": number for number, channel in enumerate(CHANNELS, 1)}
    return {
        "transport": "ipc",
        "ip": f"{folder}/{SOCKETS}",
        "key": key,
        "signature_scheme": "hmac-sha256",
        "kernel_name": "course-sandbox",
        **ports,
    }
