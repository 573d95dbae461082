"""The host's side of the sandbox: start the zygote, ask it for kernels, hold their leashes."""

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from course_lib import CourseError
from course_lib.grading.sandbox import bubblewrap, layout
from course_lib.grading.sandbox.limits import Limits

FOLDERS = Path("/tmp")  # socket paths are limited to some 100 bytes: not below a deep TMPDIR
PREFIX, LOG = "course-sandbox-", "log"
START_TIME = 120  # seconds that the zygote may take for its imports
MOST_NAMES = 500  # module names in one message
FORK_TIME = 30  # seconds that a kernel may take to answer


class SandboxError(CourseError):
    """The sandbox cannot be made, or it broke; the message says what to do."""


class Kernel:
    """A running kernel. Closing its leash, or the host's death, ends it and all it started.

    Attributes:
        connection: Jupyter connection information for the host's side.
        ending: how it ended (`status`, `reason`, `cpu` seconds), or None while it runs.
    """

    def __init__(self, folder: Path, key: str, leash: socket.socket) -> None:
        self.folder = folder
        self.connection = layout.connection(folder, key)
        self.ending: dict | None = None
        self._leash = leash

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        # Not `asyncio.wait_for`: before Python 3.12 it can swallow a cancellation.
        async with asyncio.timeout(FORK_TIME):
            answer = await loop.sock_recv(self._leash, 1)
            rest = await loop.sock_recv(self._leash, 4096) if answer != layout.READY else b""
        if answer != layout.READY:
            said = (answer + rest).decode(errors="replace") or _tail(self.folder.parent)
            raise SandboxError(f"a kernel did not start: {said}")

    async def wait(self) -> dict:
        """Wait until the kernel has ended, and return how: exit `status` and `reason`."""
        if self.ending is None:
            loop = asyncio.get_running_loop()
            message = await loop.sock_recv(self._leash, 4096)
            with contextlib.suppress(ValueError):
                self.ending = json.loads(message)
            self.ending = self.ending or {"status": -9, "reason": "closed"}
        return self.ending

    def interrupt(self) -> None:
        """Send the kernel what Ctrl-C sends."""
        with contextlib.suppress(OSError):
            self._leash.send(layout.INTERRUPT)

    async def kill(self) -> dict:
        """End the kernel and everything that it started, and return how it ended."""
        with contextlib.suppress(OSError):
            self._leash.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FORK_TIME):
                await self.wait()
        return self.ending or {"status": -9, "reason": "closed"}

    async def close(self) -> None:
        """Kill the kernel and remove its folder."""
        await self.kill()
        self._leash.close()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


class Sandbox:
    """A warm process from which kernels are forked, inside bubblewrap.

    Args:
        preload: modules to import before the first fork.
        hidden: folders that no kernel may see (the course directory).
        shown: further folders to show, read-only.
        isolated: False runs the kernels unprotected, with the rights of this process.
    """

    def __init__(
        self,
        *,
        preload: Iterable[str] = (),
        hidden: Iterable[Path] = (),
        shown: Iterable[Path] = (),
        isolated: bool = True,
    ) -> None:
        self.isolated = isolated
        self._preload, self._hidden, self._shown = list(preload), list(hidden), list(shown)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen | None = None

    def start(self) -> "Sandbox":
        """Start the zygote and wait until it is warm."""
        reason = bubblewrap.unavailable() if self.isolated else ""
        if reason:
            raise SandboxError(reason)
        _remove_leftovers()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=FOLDERS))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        users = bubblewrap.user_namespace() if self.isolated else -1
        self._many_users = users >= 0
        self._process = self._launch(theirs.fileno(), users)
        theirs.close()
        if users >= 0:
            os.close(users)
        ours.send(json.dumps({"preload": self._preload, "isolated": self.isolated}).encode())
        ours.settimeout(START_TIME)
        self._control = ours
        self._expect_warm()
        return self

    def warm(self, modules: Iterable[str]) -> None:
        """Import further modules before the next fork."""
        # A message has a size limit, and a missing module costs only time.
        names = [name for name in modules if not name.startswith("_")]
        for start in range(0, len(names), MOST_NAMES):
            part = names[start : start + MOST_NAMES]
            self._control.send(json.dumps({"preload": part}).encode())
            self._expect_warm()

    def _launch(self, control: int, users: int) -> subprocess.Popen:
        shown = [bubblewrap.data_cache(), *self._shown]
        front = bubblewrap.command(self.folder, hidden=self._hidden, shown=shown, users=users)
        with open(self.folder / "log.new", "wb") as log:
            fcntl.flock(log, fcntl.LOCK_EX)  # held by the zygote too, as long as it lives
            Path(log.name).rename(self.folder / LOG)
            return subprocess.Popen(
                [
                    *(front if self.isolated else []),
                    sys.executable,
                    "-m",
                    "course_lib.grading.sandbox.zygote",
                ],
                env=bubblewrap.environment(control),
                pass_fds=[handle for handle in (control, users) if handle >= 0],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _expect_warm(self) -> None:
        try:
            if self._control.recv(16) == b"warm":
                return
        except OSError:
            pass
        said = _tail(self.folder)
        self.close()
        raise SandboxError(f"the sandbox did not start: {said}")

    @property
    def alive(self) -> bool:
        """Whether kernels can be forked."""
        return self._process is not None and self._process.poll() is None

    @contextlib.asynccontextmanager
    async def kernel(
        self, limits: Limits, files: dict[str, bytes] | None = None
    ) -> AsyncIterator[Kernel]:
        """Fork a kernel for the body of the `async with`.

        Args:
            limits: what it may use.
            files: what it finds in its working directory, by relative path.
        """
        kernel = await self.fork(limits, files)
        try:
            yield kernel
        finally:
            await kernel.close()

    async def fork(self, limits: Limits, files: dict[str, bytes] | None = None) -> Kernel:
        """Fork a kernel; the caller closes it."""
        number = next(self._numbers)
        name, key = str(number), secrets.token_hex(16)
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        for path, data in (files or {}).items():
            target = folder / layout.FILES / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        request = {
            "id": name,
            "key": key,
            "limits": limits.to_dict(),
            "folder": str(folder),
            "user": self._user(number),
        }
        kernel = Kernel(folder, key, ours)
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
            theirs.close()
            await kernel._ready()
        except (OSError, TimeoutError) as error:
            await kernel.close()
            raise SandboxError(f"the sandbox broke: {error!r}") from error
        return kernel

    def _user(self, number: int) -> int | None:
        uids = layout.KERNEL_UIDS
        return uids[number % len(uids)] if self._many_users else None

    def close(self) -> None:
        """End the zygote with every kernel that it forked."""
        if self._process is None:
            return
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()


def _remove_leftovers() -> None:
    """Remove the folders of sandboxes whose processes were killed: nobody holds their log."""
    for path in FOLDERS.glob(f"{PREFIX}*/{LOG}"):
        with contextlib.suppress(OSError), open(path) as log:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)


def _tail(folder: Path) -> str:
    """Return the end of what a sandbox's processes wrote on stderr."""
    return (folder / LOG).read_text(errors="replace")[-2000:]
