"""The sandboxed kernel for every Jupyter tool: choose the kernel named `course-sandbox`.

Registered as a kernel provisioner: nbclient, nbval, JupyterLab and nbgrader start it by its name.
One zygote serves all kernels of one process.
"""

import asyncio
import atexit
import signal
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Dict, List, Unicode

from course_lib.grading.sandbox import Kernel, Limits, Sandbox

_zygotes: dict[tuple, Sandbox] = {}


class SandboxProvisioner(KernelProvisionerBase):
    """Starts kernels in the sandbox instead of as processes of the user."""

    limits: dict[str, float] = Dict(help="what differs from the usual limits").tag(config=True)
    preload: list[str] = List(
        Unicode(), ["numpy", "torch", "matplotlib.pyplot"], help="modules to import once"
    ).tag(config=True)
    _kernel: Kernel | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet cleaned up."""
        return self._kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Ignore the kernel command and the caller's environment: the sandbox has its own."""
        kwargs.pop("extra_arguments", None)
        kwargs["env"] = {}
        return await super().pre_launch(cmd=["course-sandbox"], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel and tell the manager where its sockets are."""
        sandbox = await asyncio.to_thread(_zygote, tuple(self.preload), kwargs.get("cwd"))
        self._kernel = await sandbox.fork(Limits(**self.limits))
        connection = {**self._kernel.connection, "key": self._kernel.connection["key"].encode()}
        self.connection_info = connection
        if self.parent is not None:
            self.parent._reconcile_connection_info(connection)
        return connection

    async def poll(self) -> int | None:
        """Return the kernel's exit status, None while it runs."""
        if self._kernel is None:
            return 0
        try:
            async with asyncio.timeout(0.01):
                return (await self._kernel.wait())["status"]
        except TimeoutError:
            return None

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        if self._kernel is None:
            return 0
        return (await self._kernel.wait())["status"]

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel, or end it; it gets no other signals."""
        if self._kernel is None:
            return
        if signum == signal.SIGINT:
            self._kernel.interrupt()
        elif signum != 0:
            await self._kernel.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the kernel."""
        if self._kernel is not None:
            await self._kernel.kill()

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what is left of the kernel."""
        if self._kernel is not None:
            await self._kernel.close()
            self._kernel = None


def _zygote(preload: tuple[str, ...], folder: str | None) -> Sandbox:
    """Return the zygote of this process for such kernels, started when it is first needed."""
    root = course_around(Path(folder or ".").resolve())
    key = (preload, root)
    if key not in _zygotes or not _zygotes[key].alive:
        _zygotes[key] = Sandbox(preload=preload, hidden=[root] if root else []).start()
        atexit.register(_zygotes[key].close)
    return _zygotes[key]


def course_around(folder: Path) -> Path | None:
    """Return the course directory that contains a folder, if it is in one."""
    for parent in (folder, *folder.parents):
        if (parent / "nbgrader_config.py").exists():
            return parent
    return None
