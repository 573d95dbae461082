"""Process 1 of one kernel's own world: builds it, watches the limits, ends it.

It runs no user code and keeps the privileges that the kernel gives up, so that the kernel can
neither stop nor change it. When it ends, the operating system ends everything in its world.
"""

import contextlib
import itertools
import json
import os
import resource
import select
import shutil
import signal
import socket
import traceback
from pathlib import Path
from typing import Any

from course_lib.grading.sandbox import layout, linux
from course_lib.grading.sandbox.kernel import (
    MEGABYTE,
    become_kernel,
    limit_processes,
    set_resource_limits,
)

TICK = 0.01  # seconds between two looks at the number of processes
TICKS = 8  # of those between two looks at memory and threads
SPARE_THREADS = 16  # what an idle kernel itself needs


def run(request: dict[str, Any], leash: socket.socket, isolated: bool) -> None:
    """Start one kernel, watch it until it ends or the leash is cut, report how it ended.

    Args:
        request: what the host asked for: `id`, `key`, `limits`, `folder`, and `user`, None to stay
            the only one there is.
        leash: socket to the host. It carries interrupts in and `READY` and the ending out; when
            the host closes it, or dies, the kernel ends.
        isolated: whether this process is in its own namespaces.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folders = _build_world(request) if isolated else _plain_folders(request["folder"])
    ready_in, ready_out = os.pipe()
    go_in, go_out = os.pipe()
    kernel = os.fork()
    if kernel == 0:
        _be_kernel(request, folders, {"ready": ready_out, "go": go_in}, isolated)
    os.close(ready_out)
    os.close(go_in)
    news = os.read(ready_in, 4096)
    if news == layout.READY:
        if isolated:
            linux.make_read_only(layout.KERNEL)
            linux.make_read_only("/proc")
        leash.sendall(layout.READY)
        os.close(go_out)
        reason = _watch(kernel, leash, request["limits"])
    else:
        reason = news.decode()
    _send_ending(leash, reason, *_end(kernel, isolated))


def _build_world(request: dict[str, Any]) -> dict[str, str]:
    size = request["limits"]["file_size"] * MEGABYTE
    user = request["user"]
    own = f"{layout.KERNELS}/{request['id']}"
    _mount_memory(layout.SCRATCH, size)
    folders = {"home": layout.HOME, "work": layout.WORK, "tmp": layout.TMP, "shm": layout.SHM}
    for folder in folders.values():
        os.mkdir(folder, 0o700)
    if Path(own, layout.FILES).is_dir():
        shutil.copytree(Path(own, layout.FILES), layout.WORK, dirs_exist_ok=True)
        shutil.rmtree(Path(own, layout.FILES))
    if user is not None:
        _give(layout.SCRATCH, user)
        os.chown(own, user, user)
    linux.bind(own, layout.KERNEL)
    _mount_memory(layout.KERNELS, 4096)
    linux.bind(layout.SHM, "/dev/shm")
    _replace_tmp(layout.TMP)
    linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    if user is not None:
        _forbid_user_namespaces()
    return {**folders, "sockets": layout.KERNEL}


def _mount_memory(target: str, size: int) -> None:
    flags = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("tmpfs", target, "tmpfs", flags, f"size={size},nr_inodes=10000,mode=755")


def _give(folder: str, user: int) -> None:
    os.chown(folder, user, user)
    for parent, directories, files in os.walk(folder):
        for name in directories + files:
            os.chown(os.path.join(parent, name), user, user, follow_symlinks=False)


def _replace_tmp(own: str) -> None:
    """Show this kernel's own folder as /tmp, keeping what the Python environment has there."""
    kept = [path for path in _mount_points() if path.startswith("/tmp/")]
    handles = {path: os.open(path, os.O_PATH) for path in kept}
    for path in kept:
        if os.path.isdir(path):
            os.makedirs(f"{own}{path[len('/tmp') :]}", exist_ok=True)
        else:
            os.makedirs(os.path.dirname(f"{own}{path[len('/tmp') :]}"), exist_ok=True)
            Path(f"{own}{path[len('/tmp') :]}").touch()
    linux.bind(own, "/tmp")
    for path, handle in handles.items():
        linux.bind(f"/proc/self/fd/{handle}", path)
        os.close(handle)


def _mount_points() -> list[str]:
    with open("/proc/self/mountinfo") as mounts:
        return [line.split()[4].replace("\\040", " ") for line in mounts]


def _plain_folders(folder: str) -> dict[str, str]:
    folders = {"sockets": folder, "work": f"{folder}/{layout.FILES}"}
    folders.update({name: f"{folder}/{name}" for name in ("home", "tmp")})
    for name in ("work", "home", "tmp"):
        os.makedirs(folders[name], exist_ok=True)
    return folders


def _be_kernel(
    request: dict[str, Any], folders: dict[str, str], pipes: dict[str, int], isolated: bool
) -> None:
    status = 1
    try:
        os.setsid()
        _keep_only(pipes.values())
        set_resource_limits(request["limits"])
        if isolated:
            _become_user(request["user"], request["limits"])
        become_kernel(request, folders, pipes["ready"], pipes["go"])
        status = 0
    except BaseException:
        with contextlib.suppress(OSError):
            os.write(pipes["ready"], traceback.format_exc()[-4000:].encode())
    finally:
        os._exit(status)


def _become_user(user: int | None, limits: dict[str, Any]) -> None:
    Path("/proc/self/oom_score_adj").write_text("900")
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    else:
        _own_user_namespace()
    # A backstop for what is faster than the warden.
    limit_processes(4 * (limits["processes"] + SPARE_THREADS))
    linux.drop_privileges()


def _own_user_namespace() -> None:
    """Let the processes of this kernel be counted apart from those of the same user's others."""
    user, group = os.getuid(), os.getgid()
    linux.unshare(linux.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _forbid_user_namespaces()


def _forbid_user_namespaces() -> None:
    """In a namespace of its own the kernel could be root again."""
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def _keep_only(handles: Any) -> None:
    kept = sorted(handles)
    for low, high in zip([2, *kept], [*kept, 4096], strict=True):
        os.closerange(low + 1, high)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)


def _watch(kernel: int, leash: socket.socket, limits: dict[str, Any]) -> str:
    """Wait for the end of the kernel or of the host's interest; return why, "" if by itself."""
    handle = os.pidfd_open(kernel) if hasattr(os, "pidfd_open") else None
    watched = [leash] if handle is None else [leash, handle]
    started = sum(_size(_status(pid)) for pid in _processes())
    for tick in itertools.count():
        readable, _, _ = select.select(watched, [], [], TICK)
        if leash in readable:
            order = leash.recv(1)
            if not order:
                return "closed"
            if order == layout.INTERRUPT:
                os.kill(kernel, signal.SIGINT)
        if handle in readable or (handle is None and _ended(kernel)):
            return ""
        crowded = len(_processes()) > limits["processes"] + SPARE_THREADS
        if crowded or (tick % TICKS == 0 and (reason := _excess(limits, started))):
            return "processes" if crowded else reason


def _ended(kernel: int) -> bool:
    return os.waitid(os.P_PID, kernel, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _processes() -> list[str]:
    """Return the other processes of this world (of a plain run: none are listed)."""
    if os.getpid() != 1:
        return []
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def _excess(limits: dict[str, Any], started: int) -> str:
    """Name the limit that is passed, "" if none is.

    What is cheap to read comes first: a fork bomb leaves no time for more.
    """
    most_tasks = limits["processes"] + SPARE_THREADS
    most_memory = limits["memory"] * MEGABYTE + started
    processes = _processes()
    if len(processes) > most_tasks:
        return "processes"
    found = [_status(pid) for pid in processes]
    if sum(status.get("Threads", 0) for status in found) > most_tasks:
        return "processes"
    if sum(map(_size, found)) <= most_memory:
        return ""
    # Pages that processes share were counted for each of them: count again, in equal parts.
    total = 0
    for pid in processes:
        if len(_processes()) > most_tasks:
            return "processes"
        total += _size(_smaps(pid)) if len(processes) > 1 else most_memory + 1
        if total > most_memory:
            return "memory"
    return ""


def _size(numbers: dict[str, int]) -> int:
    """Return the bytes of memory in what /proc says of a process."""
    names = ("RssAnon", "RssShmem", "Pss_Anon", "Pss_Shmem")
    return 1024 * sum(numbers.get(name, 0) for name in names)


def _status(pid: str) -> dict[str, int]:
    return _read_numbers(f"/proc/{pid}/status")


def _smaps(pid: str) -> dict[str, int]:
    return _read_numbers(f"/proc/{pid}/smaps_rollup")


def _read_numbers(path: str) -> dict[str, int]:
    try:
        with open(path) as lines:
            fields = (line.split() for line in lines)
            return {f[0].rstrip(":"): int(f[1]) for f in fields if len(f) > 1 and f[1].isdigit()}
    except OSError:
        return {}


def _end(kernel: int, isolated: bool) -> tuple[int, float]:
    """Kill the kernel and what is left of its session; return its exit status and CPU seconds."""
    if not isolated:
        for send, target in ((os.killpg, kernel), (os.kill, kernel)):
            with contextlib.suppress(ProcessLookupError):
                send(target, signal.SIGKILL)
    elif not _ended(kernel):
        os.kill(kernel, signal.SIGKILL)
    _, status, used = os.wait4(kernel, 0)
    own = resource.getrusage(resource.RUSAGE_SELF)
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in (used, own))
    return os.waitstatus_to_exitcode(status), seconds


def _send_ending(leash: socket.socket, reason: str, status: int, cpu: float) -> None:
    with contextlib.suppress(OSError):
        leash.sendall(json.dumps({"status": status, "reason": reason, "cpu": cpu}).encode())
