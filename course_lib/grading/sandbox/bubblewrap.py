"""What a sandboxed process sees: the command line of bubblewrap, and whether it works here."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from course_lib.grading.sandbox import layout

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/nix/store",
)
NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
REMEDY = (
    "Student code is only run in a sandbox, and there is none here: {reason}. "
    "On Debian or Ubuntu: apt install bubblewrap (Fedora: dnf install bubblewrap); on macOS and "
    "Windows grade in a Linux container or WSL. With --no-sandbox the submissions run with your "
    "own rights, on your own files."
)


@cache
def unavailable() -> str:
    """Say why no sandbox can be made here, and what to do; "" where it can be made."""
    if sys.platform != "linux":
        return REMEDY.format(reason="bubblewrap needs Linux")
    if shutil.which("bwrap") is None:
        return REMEDY.format(reason="the program bwrap (bubblewrap) is not installed")
    trial = ["bwrap", "--unshare-user", *NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc"]
    done = subprocess.run([*trial, "true"], capture_output=True, text=True)
    if done.returncode:
        return REMEDY.format(reason=f"bwrap fails with {done.stderr.strip()!r}")
    return ""


def command(
    run_folder: Path, *, hidden: Iterable[Path] = (), shown: Iterable[Path] = (), users: int = -1
) -> list[str]:
    """Compose the bubblewrap command in front of the zygote's own.

    Args:
        run_folder: host folder for the kernels' sockets.
        hidden: folders never shown, whatever contains them (the course directory).
        shown: folders and files to show, read-only, besides the Python environment.
        users: file descriptor of a user namespace from `user_namespace`, or -1 for a plain one.
    """
    user = ["--userns", str(users)] if users >= 0 else ["--unshare-user"]
    inside = ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    for folder in (layout.SCRATCH, layout.KERNEL):
        inside += ["--dir", folder]
    inside += ["--bind", str(run_folder), layout.KERNELS]
    views = sorted(_views(hidden, shown), key=lambda view: len(view[1].parts))
    # bubblewrap would make these parents itself, but closed to the kernels' users.
    parents = {parent for _, path in views for parent in path.parents}
    for parent in sorted(parents, key=lambda path: len(path.parts))[1:]:
        inside += ["--dir", str(parent)]
    for action, path in views:
        inside += (
            ["--tmpfs", str(path)] if action == "hide" else ["--ro-bind", str(path), str(path)]
        )
    inside += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    return [
        "bwrap",
        *user,
        *NAMESPACES,
        "--unshare-cgroup-try",
        "--cap-add",
        "ALL",
        "--die-with-parent",
        "--new-session",
        *inside,
        "--",
    ]


def python_environment() -> list[Path]:
    """Return the folders that this Python imports from, without any course tree among them.

    A folder on the path that is neither a prefix nor a `site-packages` may hold anything (an
    editable installation puts a whole repository there), so only this package is taken from it.
    """
    found = [Path(sys.prefix), Path(sys.base_prefix), Path(sysconfig.get_path("stdlib"))]
    found += [Path(p) for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    found.append(Path(sys.executable).parent.parent)
    found.append(Path(__file__).resolve().parents[2])
    both = {path for folder in found for path in (folder.absolute(), folder.resolve())}
    return sorted(path for path in both if path.exists() and path != Path("/"))


def environment(control: int) -> dict[str, str]:
    """Return the environment variables of the zygote: few, none of them the user's."""
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    # With many arenas each thread would reserve 64 MB of the address space that is limited.
    fixed = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "2", "LANG": "C.UTF-8", "TZ": "UTC"}
    fixed["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    return {
        **one,
        **fixed,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/tmp",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "COURSE_DATA": str(data_cache()),
        "COURSE_ZYGOTE": str(control),
    }


def data_cache() -> Path:
    """Return the folder of the course's data sets on this machine."""
    from course_lib import data

    return Path(data.cache_dir()).absolute()


def user_namespace() -> int:
    """Make a user namespace that maps a range of users, which only root can; -1 otherwise.

    With it each kernel runs as a user of its own who is nobody on the host; without it, as the
    one user the namespace knows.
    """
    from course_lib.grading.sandbox import linux

    if os.getuid() != 0:
        return -1
    made_in, made_out = os.pipe()
    stay_in, stay_out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(stay_out)
        try:
            linux.unshare(linux.CLONE_NEWUSER)
            os.write(made_out, b"1")
            os.read(stay_in, 1)
        finally:
            os._exit(0)
    os.close(made_out)
    os.close(stay_in)
    try:
        return _map_users(child) if os.read(made_in, 1) else -1
    finally:
        os.close(made_in)
        os.close(stay_out)
        os.waitpid(child, 0)


def _map_users(child: int) -> int:
    uids = layout.KERNEL_UIDS
    mapping = f"0 0 1\n{uids.start} {layout.HOST_UIDS} {len(uids)}\n"
    try:
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{child}/{name}").write_text(mapping)
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY)
    except OSError:
        return -1


def _views(hidden: Iterable[Path], shown: Iterable[Path]) -> list[tuple[str, Path]]:
    visible = {Path(path) for path in SYSTEM if Path(path).exists()}
    visible |= {path for path in [*python_environment(), *shown] if path.exists()}
    masked = {path for folder in hidden for path in (folder.absolute(), folder.resolve())}
    kept = [path for path in visible if path not in masked]
    needed = [m for m in masked if any(m.is_relative_to(path) for path in kept)]
    return [("hide", path) for path in needed] + [("show", path) for path in kept]
