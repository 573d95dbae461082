"""The warm process: imports what notebooks import, then forks a kernel for each request.

It runs inside bubblewrap (`python -m course_lib.grading.sandbox.zygote`), reads requests from the
socket whose number stands in `COURSE_ZYGOTE`, and runs no user code itself.
"""

import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import warnings
from collections.abc import Iterable

from IPython.core.ultratb import AutoFormattedTB

from course_lib.grading.sandbox import linux, warden
from course_lib.grading.sandbox.kernel import prepare

ALWAYS = (  # what a kernel imports after the fork
    "IPython.core.debugger_backport",
    "IPython.core.logger",
    "IPython.extensions.storemagic",
    "matplotlib_inline.backend_inline",
    "tornado.platform.asyncio",
)


def preload(names: Iterable[str]) -> None:
    """Import each module that can be imported here; one that fails is left to the notebook."""
    for name in names:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)
    _show_an_error()
    prepare()
    gc.collect()
    gc.freeze()


def _show_an_error() -> None:
    """Have ready what IPython makes when it first shows an error."""
    try:
        raise NotImplementedError
    except NotImplementedError:
        AutoFormattedTB(mode="Context", theme_name="linux").structured_traceback(*sys.exc_info())


def serve(control: socket.socket, isolated: bool) -> None:
    """Fork a kernel for each request until the host closes the control socket."""
    while True:
        message, handles, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            return
        request = json.loads(message)
        if "preload" in request:
            preload(request["preload"])
            control.sendall(b"warm")
            continue
        child = linux.fork_into_pid_namespace() if isolated else os.fork()
        if child == 0:
            try:
                _start(request, handles[0], control, isolated)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        os.close(handles[0])
        _reap()


def _reap() -> None:
    """Let go of wardens that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _start(request: dict, leash: int, control: socket.socket, isolated: bool) -> None:
    control.close()
    if isolated:
        linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWIPC)
    elif sys.platform == "linux":
        linux.adopt_orphans()
    warden.run(request, socket.socket(fileno=leash), isolated)
    os._exit(0)


def main() -> None:
    """Read the order from the control socket, get warm, serve."""
    control = socket.socket(fileno=int(os.environ["COURSE_ZYGOTE"]))
    order = json.loads(control.recv(65536))
    if order["isolated"]:
        linux.enter_own_pid_namespace()
    preload([*ALWAYS, *order["preload"]])
    control.sendall(b"warm")
    serve(control, order["isolated"])


if __name__ == "__main__":
    main()
