"""What this machine has and lacks for the course, and how to get what it lacks.

What is needed is read from the package's own metadata, so there is no second list to forget.
"""

import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib import data

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "loss-to-launch"
BUTTON = "@jupyter/nbgrader:validate-assignment"
VALIDATE = "nbgrader.server_extensions.validate_assignment"
EVERYTHING = "Everything is here: you are ready to start."


@dataclass(frozen=True)
class Finding:
    """One thing that is missing or does not fit.

    Attributes:
        subject: What it is about: "Python", a package, a data set, "Validate".
        problem: What is wrong, as half a sentence.
        remedy: What to do about it, starting with a verb.
    """

    subject: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Give the finding as the one line that `report` prints."""
        return f"{self.problem}: {self.remedy}"


def check() -> list[Finding]:
    """Look for everything that the course needs and this machine lacks.

    Returns:
        One finding for each thing missing, the most basic first; empty if all is well.
    """
    if _version(DISTRIBUTION) is None:
        problem = "the course's own package is not installed"
        remedy = (
            f"run `make lab`, or `{typed('python')} -m pip install -e .`, in the course's folder"
        )
        return [Finding(DISTRIBUTION, problem, remedy)]
    return [*_check_python(), *check_packages(), *_check_data(), *_check_validate()]


def report() -> None:
    """Print one line for each finding of `check`, or a single line that says all is well."""
    for line in check() or [EVERYTHING]:
        print(line)


def typed(program: str) -> str:
    """Write a program of this Python's, or "python" itself, as one can type it where one is now."""
    if program == "python":
        path = Path(sys.executable)
    else:
        path = Path(sysconfig.get_path("scripts"), program)
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def put_scripts_on_path() -> None:
    """Let programs that start others by name, as nbgrader does, find this Python's own first."""
    scripts, path = sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)
    if not path.startswith(scripts + os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + path


def keep_path_in_terminals() -> list[str]:
    """Give the option with which JupyterLab's terminals find what this process finds by name.

    Where JupyterLab has no terminal itself it opens login shells, and these set the path anew.
    """
    shell = os.environ.get("SHELL") or shutil.which("sh")
    return [f"--ServerApp.terminado_settings={{'shell_command': [{shell!r}]}}"] if shell else []


def show_instructor_panels() -> None:
    """Let the JupyterLab that is started next show Formgrader, which the course hides."""
    ours = str(Path(__file__).with_name("jupyterlab") / "instructor")
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [ours, others]))


def installed() -> dict[str, str | None]:
    """List the packages that the course names, with the version found here, or None.

    Returns:
        Versions by package name: first what every lesson needs, then nbgrader.
    """
    return {requirement.name: _version(requirement.name) for requirement in _requirements()}


def _requirements() -> Iterator["Requirement"]:
    """Yield what the lessons need, and what Validate needs."""
    from packaging.requirements import Requirement

    for line in metadata.requires(DISTRIBUTION) or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": "grading"}):
            yield requirement


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _check_python() -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    wanted = SpecifierSet(metadata.metadata(DISTRIBUTION)["Requires-Python"])
    found = "{}.{}.{}".format(*sys.version_info)
    if not wanted.contains(found):
        yield Finding(
            "Python",
            f"Python is {found}, but the course needs {wanted}",
            "install a newer Python from https://www.python.org/downloads, delete the folder "
            "`.venv` and run `make lab` again",
        )


def check_packages() -> Iterator[Finding]:
    """Look for each package, and at its version: the part of `check` that takes no time."""
    for requirement in _requirements():
        wanted, found = requirement.specifier, _version(requirement.name)
        if found is None:
            problem = f"{requirement.name} is not installed"
        elif clause := next((c for c in wanted if not c.contains(found, prereleases=True)), None):
            fault = {">": "too old", "<": "too new"}.get(clause.operator[0], "the wrong version")
            problem = f"{requirement.name} {found} is {fault} (wanted: {wanted})"
        else:
            continue
        command = f'{typed("python")} -m pip install "{requirement.name}{wanted}"'
        yield Finding(requirement.name, problem, f"run `make lab` again, or `{command}`")


def _check_data() -> Iterator[Finding]:
    cache = data.cache_dir()
    missing = [name for name in data.DATASETS if not data.is_cached(name)]
    if missing and not _may_write(cache):
        remedy = "set COURSE_DATA to a folder that you may write to, in the shell where you start"
        yield Finding("data", f"data is missing, and {cache} cannot be written to", remedy)
        return
    for name in missing:
        fault = "is damaged" if data.is_damaged(name) else "is not"
        problem = f"the data set {name!r} {fault} in {cache}"
        command = f"{typed('course')} data"
        yield Finding(name, problem, f"run `{command}` while you have a network connection")


def _may_write(folder: Path) -> bool:
    """Tell whether files can be put into a folder, which need not be there yet."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _check_validate() -> Iterator[Finding]:
    """Look for the two halves of nbgrader's Validate button, unless nbgrader is missing."""
    if _version("nbgrader") is None or _version("jupyter-server") is None:
        return
    from jupyter_core.paths import jupyter_path

    nbgrader = f"nbgrader=={_version('nbgrader')}"
    remedy = f"run `{typed('python')} -m pip install --force-reinstall --no-deps {nbgrader}`"
    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    if not any((folder / "@jupyter" / "nbgrader").is_dir() for folder in folders):
        yield Finding("Validate", "JupyterLab does not find nbgrader's Validate button", remedy)
    if _is_disabled(BUTTON):
        command = f"run `{typed('jupyter')} labextension enable {BUTTON}`"
        yield Finding("Validate", "the Validate button is switched off in JupyterLab", command)
    if not _server_extensions().get(VALIDATE):
        command = f"run `{typed('jupyter')} server extension enable --sys-prefix {VALIDATE}`"
        yield Finding("Validate", "Validate is switched off in JupyterLab's server", command)


def _is_disabled(plugin: str) -> bool:
    """Tell whether JupyterLab's settings switch off a plugin, or all of its extension."""
    from jupyterlab_server.config import get_static_page_config

    disabled = get_static_page_config().get("disabledExtensions", {})
    return any(disabled.get(name) for name in (plugin, plugin.partition(":")[0]))


def _server_extensions() -> dict[str, bool]:
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    return ExtensionConfigManager(read_config_path=jupyter_config_path()).get_jpserver_extensions()
