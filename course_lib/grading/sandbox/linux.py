"""The few Linux system calls that Python's standard library does not offer."""

import ctypes
import os

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522
CAPABILITIES = range(64)

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{call}: {os.strerror(error)}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for fresh ones (unshare(2))."""
    _check(_libc.unshare(flags), "unshare")


def enter_own_pid_namespace() -> None:
    """Go on as process 1 of a new PID namespace, with whose end all processes in it end.

    It belongs to this process's user namespace, so that `fork_into_pid_namespace` may come back.
    """
    unshare(CLONE_NEWPID)
    if child := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)


def fork_into_pid_namespace() -> int:
    """Fork as `os.fork` does; the child is process 1 of a PID namespace of its own."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    unshare(CLONE_NEWPID)
    child = os.fork()
    if child:
        _check(_libc.setns(own, CLONE_NEWPID), "setns")  # for the next child
    os.close(own)
    return child


def mount(
    source: str, target: str, kind: str | None = None, flags: int = 0, data: str = ""
) -> None:
    """Mount `source` on `target` (mount(2))."""
    name = kind.encode() if kind else None
    result = _libc.mount(
        source.encode(), target.encode(), name, ctypes.c_ulong(flags), data.encode() or None
    )
    _check(result, f"mount {target}")


def bind(source: str, target: str) -> None:
    """Show the folder `source` at `target` as well."""
    mount(source, target, flags=MS_BIND | MS_REC)


def make_read_only(target: str) -> None:
    """Let nobody write through the mount at `target`; the same files may be writable elsewhere."""
    mount("none", target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _check(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def drop_privileges() -> None:
    """Give up every capability of this thread for good, also across exec."""
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in CAPABILITIES:
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")
