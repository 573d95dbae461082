"""The innermost process: gives up its privileges, then becomes an IPython kernel."""

import os
import random
import resource
import sys
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.compilerop import CachingCompiler
from traitlets import Type
from traitlets.config import Config

from course_lib.grading.sandbox import layout
from course_lib.grading.sandbox.shell import SandboxedShell, SandboxedStream

MEGABYTE = 1 << 20
SEED = 0


class SandboxedKernel(IPythonKernel):
    """An IPython kernel that is made before the fork, which saves each fork the making.

    It names cells as IPython does, and has no debugger: the kernel's usual names for cells serve
    the debugger, and take longer.
    """

    shell_class = Type(SandboxedShell)
    compiler_class = Type(CachingCompiler)

    @classmethod
    def instance(cls, **given: Any) -> "SandboxedKernel":
        """Return the one kernel of this process, with what it is given now, as after a fork."""
        kernel = super().instance(**given)
        given.pop("debugpy_stream", None)
        for name, value in given.items():
            if value is not None:
                setattr(kernel, name, value)
        return kernel

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What clients may expect."""
        info = super().kernel_info
        features = [name for name in info["supported_features"] if name != "debugger"]
        return {**info, "supported_features": features}


class SandboxedKernelApp(IPKernelApp):
    """An IPython kernel that is told all it needs, instead of reading and writing files."""

    kernel_class = Type(SandboxedKernel)

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Do nothing: there is no command line."""

    def load_config_files(self) -> None:
        """Do nothing: there are no files of configuration."""

    def init_connection_file(self) -> None:
        """Do nothing: the connection is already set."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Do nothing: the host knows the connection."""

    def init_shell(self) -> None:
        """Show the kernel's shell its folders and the way out, which it was made without."""
        super().init_shell()
        self.shell.ipython_dir, self.shell.profile_dir = self.ipython_dir, self.profile_dir
        for publisher in (self.shell.displayhook, self.shell.display_pub):
            publisher.session, publisher.pub_socket = self.session, self.iopub_socket


def application() -> SandboxedKernelApp:
    """Return the kernel application of this process; before the fork it knows no connection."""
    config = Config()
    config.HistoryManager.enabled, config.HistoryManager.hist_file = False, ":memory:"
    config.IPKernelApp.parent_handle = 0
    config.IPKernelApp.outstream_class = f"{SandboxedStream.__module__}.{SandboxedStream.__name__}"
    return SandboxedKernelApp.instance(config=config, log_level=50)


def prepare() -> None:
    """Make all of a kernel that its forks can share."""
    SandboxedKernel.instance(parent=application())


def become_kernel(request: dict[str, Any], folders: dict[str, str], ready: int, go: int) -> None:
    """Run an IPython kernel in this process; return when it is shut down.

    Args:
        request: what the host asked for (connection key, limits).
        folders: `sockets`, `home`, `work` and `tmp` as this process sees them.
        ready: pipe to write to when the sockets are bound.
        go: pipe that is closed when the kernel may take its first message.
    """
    _enter(folders)
    _seed()
    app = SandboxedKernelApp.instance()
    _connect(app, request["key"], folders["sockets"])
    app.initialize([])
    sys.argv = ["ipykernel"]
    os.write(ready, layout.READY)
    os.close(ready)
    os.read(go, 1)
    os.close(go)
    app.start()


def set_resource_limits(limits: dict[str, Any]) -> None:
    """Set what the operating system itself enforces, for this process and its children."""
    memory = _virtual_memory() + limits["memory"] * MEGABYTE
    seconds = int(limits["cpu_time"]) + 1
    wanted = {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_FSIZE: (limits["file_size"] * MEGABYTE,) * 2,
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (512, 512),
    }
    for kind, (soft, hard) in wanted.items():
        highest = resource.getrlimit(kind)[1]
        if highest != resource.RLIM_INFINITY:
            soft, hard = min(soft, highest), min(hard, highest)
        resource.setrlimit(kind, (soft, hard))


def limit_processes(number: int) -> None:
    """Let this process's user have `number` processes and threads."""
    resource.setrlimit(resource.RLIMIT_NPROC, (number, number))


def _virtual_memory() -> int:
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 33


def _enter(folders: dict[str, str]) -> None:
    for name in [name for name in os.environ if name in ("PYTHONPATH", "COURSE_ZYGOTE")]:
        del os.environ[name]
    os.environ.update(
        HOME=folders["home"], TMPDIR=folders["tmp"], IPYTHONDIR=f"{folders['home']}/.ipython"
    )
    os.chdir(folders["work"])
    # User code imports from its working directory, as in a notebook.
    sys.path[:] = ["", *(entry for entry in sys.path if entry)]


def _seed() -> None:
    """Start every submission from the same random numbers: seed 0 everywhere."""
    random.seed(SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(SEED)


def _connect(app: SandboxedKernelApp, key: str, sockets: str) -> None:
    connection = layout.connection(sockets, key)
    app.transport, app.ip = connection["transport"], connection["ip"]
    for channel in layout.CHANNELS:
        setattr(app, f"{channel}_port", connection[f"{channel}_port"])
    app.session.key = key.encode()
