"""The package as others receive it: wheel, sdist, Binder, make; and what importing it costs."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course_lib.grading.exercises import secret_lines
from tests.notebooks.gates import MODULES, ROOT, SOLUTIONS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Build the sdist and the wheel from a copy of what git tracks or would track."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(files, cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, tree]
    subprocess.run(command, check=True, capture_output=True)
    contents = {}
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        contents["wheel"] = {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(next(out.glob("*.tar.gz"))) as sdist:
        members = [member for member in sdist if member.isfile()]
        contents["sdist"] = {m.name.partition("/")[2]: sdist.extractfile(m).read() for m in members}
    return contents


TELLING = 40  # a shorter line, such as `optimizer.zero_grad()`, tells nothing by itself


def answers_in(contents: dict[str, bytes]) -> list[str]:
    """Say where files show solutions, hidden tests or marking schemes.

    One long line of them is enough, or two in a row; imports are everybody's.
    """
    secret = set().union(*(secret_lines(path) for path in SOLUTIONS))
    secret = {line for line in secret if not line.startswith(("from ", "import "))}
    found = []
    for name, content in contents.items():
        text = content.decode(errors="replace").replace('\\"', '"').replace("\\n", "\n")
        lines = [stripped for line in text.splitlines() if (stripped := line.strip(' ",'))]
        for line, following in itertools.pairwise([*lines, ""]):
            pair = line + following if following in secret else line
            if line in secret and (len(line) >= TELLING or len(pair) >= 1.5 * TELLING):
                found.append(f"{name}: {line}")
    return found


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_archive_holds_no_answer(archives, kind):
    assert answers_in(archives[kind]) == []
    assert not [name for name in archives[kind] if name.startswith(("solutions", "tests"))]


def test_archive_gate_sees_an_answer():
    solution = SOLUTIONS[0]
    assert answers_in({"leak.ipynb": solution.read_bytes()}) != []
    line = sorted(secret_lines(solution), key=len)[-1]
    assert answers_in({"course_lib/leak.py": f"    {line}\n".encode()}) != []


def test_wheel_holds_the_package_and_its_settings_only(archives):
    tops = {name.split("/")[0] for name in archives["wheel"]}
    version = re.search(r'__version__ = "(.+)"', (ROOT / "course_lib/__init__.py").read_text())[1]
    stem = f"loss_to_launch-{version}"
    assert tops == {"course_lib", f"{stem}.dist-info", f"{stem}.data"}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_archive_holds_what_is_no_module(archives, kind):
    tracked = subprocess.check_output(["git", "ls-files", "course_lib"], cwd=ROOT, text=True)
    others = {name for name in tracked.split() if not name.endswith((".py", ".md"))}
    assert "course_lib/classroom/report.html.jinja" in others
    shared = {"course_lib/jupyterlab.json", "course_lib/grading/kernel.json"}
    assert others - shared <= set(archives[kind])


def requirements(*extras: str) -> dict[str, str]:
    """Name each requirement of the package with its range."""
    wanted = list(PROJECT["dependencies"])
    for extra in extras:
        wanted += PROJECT["optional-dependencies"][extra]
    return {one.name: str(one.specifier) for one in map(Requirement, wanted)}


CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def binder_requirements() -> dict[str, str]:
    packages = yaml.safe_load((ROOT / "binder/environment.yml").read_text())["dependencies"]
    python, *others = packages
    assert python.partition("=")[2] == PROJECT["requires-python"].lstrip(">=")
    found = map(Requirement, others)
    return {CONDA_NAMES.get(one.name, one.name): str(one.specifier) for one in found}


def test_binder_installs_what_the_package_asks_for():
    assert binder_requirements() == requirements("grading")


@pytest.mark.parametrize("extras", [(), ("grading",), ("cluster",), ("postgres",), ("test",)])
def test_tested_versions_lie_in_the_stated_ranges(extras):
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    tested = {name.lower().replace("_", "-"): version for name, version in tested.items()}
    for name, bounds in requirements(*extras).items():
        assert tested[name.lower()] in SpecifierSet(bounds), name


def repo2docker(repository: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", repository]
    return subprocess.run(command, capture_output=True, text=True)


def test_binder_configuration_is_read(tmp_path):
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    recipe = repo2docker(tmp_path)
    assert recipe.returncode == 0, recipe.stderr
    assert "binder/environment.yml" in recipe.stderr + recipe.stdout
    assert "binder/postBuild" in recipe.stderr + recipe.stdout


def test_broken_binder_configuration_is_refused(tmp_path):
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    (tmp_path / "binder/environment.yml").write_text("dependencies: [python=3.11")
    assert repo2docker(tmp_path).returncode != 0


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("https://github.com/school/course.git", "gh/school/course"),
        ("git@github.com:school/course.git", "gh/school/course"),
        ("ssh://git@github.com/school/course", "gh/school/course"),
        ("https://gitlab.com/school/ai/course.git", "gl/school%2Fai%2Fcourse"),
    ],
)
def test_binder_link_comes_from_the_remote(tmp_path, remote, place):
    run = binder_link(tmp_path, remote)
    lesson = "urlpath=lab/tree/notebooks/00_start_here.ipynb"
    assert run.stdout == f"https://mybinder.org/v2/{place}/HEAD?{lesson}\n"


@pytest.mark.parametrize("remote", [None, "/srv/git/course.git"])
def test_binder_link_says_why_there_is_none(tmp_path, remote):
    run = binder_link(tmp_path, remote)
    assert run.returncode != 0
    assert "binder-link:" in run.stderr


def binder_link(folder: Path, remote: str | None) -> subprocess.CompletedProcess:
    for name in ("Makefile", "binder"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    if remote:
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=folder, check=True)
    return make(folder, "binder-link")


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True
    )


@pytest.fixture
def bare(tmp_path):
    """Prepare what `make lab` reads before anything is installed."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_make_says_that_python_is_too_old(bare):
    old = bare / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    run = make(bare, "lab", f"PYTHON={old}")
    assert run.returncode != 0
    assert "needs Python 3.11 or newer" in run.stderr
    assert not (bare / ".venv").exists()


def test_make_says_that_the_network_is_missing(bare):
    no_network = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare), "PIP_RETRIES": "0"}
    run = make(bare, "lab", f"PYTHON={sys.executable}", **no_network)
    assert run.returncode != 0
    assert "Is there a network? Is there room on the disk: 2 GB" in run.stderr
    assert not (bare / ".venv/lab.stamp").exists()


def test_make_says_that_the_folder_was_moved(bare):
    for name in ("bin/python", "bin/course", "lab.stamp"):
        (bare / ".venv" / name).parent.mkdir(parents=True, exist_ok=True)
        (bare / ".venv" / name).touch()
    (bare / ".venv/bin/course").write_text("#!/old/place/.venv/bin/python\n")
    (bare / ".venv/bin/course").chmod(0o755)
    run = make(bare, "lab")
    assert run.returncode != 0
    assert "Run: make clean lab" in run.stderr


def installed(folder: Path, python: str) -> None:
    """Pretend that `make lab` was run; the program given is the environment's Python."""
    for name, script in {"python": python, "course": "", "jupyter": ""}.items():
        path = folder / ".venv/bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    (folder / ".venv/lab.stamp").touch()


@pytest.mark.parametrize(("fits", "calls"), [(True, ["-c"]), (False, ["-c", "-m", "-m"])])
def test_make_lab_installs_again_what_was_lost(bare, fits, calls):
    installed(bare, f'echo "$1" >> calls; test "$1" = -m || exit {int(not fits)}')
    run = make(bare, "lab")
    assert run.returncode == 0, run.stderr
    assert (bare / "calls").read_text().split() == calls
    assert ("Installing" in run.stdout) != fits
    assert (bare / ".venv/lab.stamp").exists()


@pytest.mark.parametrize(("goals", "told"), [(["lab"], True), (["clean"], False)])
def test_make_says_that_another_python_comes_too_late(bare, goals, told):
    installed(bare, "echo Python 3.99")
    run = make(bare, *goals, "PYTHON=python3.12")
    assert run.returncode == 0, run.stderr
    remedy = "with Python 3.99, and stays; for another: make clean lab PYTHON=python3.12"
    assert (remedy in run.stdout) == told


def imported(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


HEAVY = {"torch", "pandas", "sklearn", "matplotlib", "nbgrader", "pyarrow"}


@pytest.mark.parametrize("statement", ["import course_lib", "import course_lib.cli"])
def test_importing_loads_nothing_heavy(statement):
    assert imported(statement) & HEAVY == set()


def test_import_gate_sees_a_heavy_import():
    assert imported("import pandas") & HEAVY


def users(package, *beside):
    """Modules that import a package, other than its own and those `beside` it."""
    places = [path.relative_to(ROOT).parts[1] for path in MODULES]
    outside = [
        p for p, place in zip(MODULES, places, strict=True) if place not in (package, *beside)
    ]
    imports = rf"import.*\b{package}\b|from course_lib\.{package}\b"
    return [path.name for path in outside if re.search(imports, path.read_text())]


def test_only_the_command_line_imports_the_instructors_side():
    assert users("grading", "classroom") == ["cli.py"]
    assert users("classroom") == ["cli.py"]
