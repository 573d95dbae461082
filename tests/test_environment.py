"""The environment check finds what is missing, and says nothing else when all is well."""

import json
import sys
from importlib import metadata

import pytest
from jupyterlab_server.config import get_static_page_config
from packaging.requirements import Requirement

from course_lib import data, environment
from course_lib.data import cache
from course_lib.environment import Finding, check, report


@pytest.fixture
def versions(monkeypatch):
    """Pretend that some packages have another version, or (None) are not there."""
    real, pretended = metadata.version, {}

    def version(name):
        if name not in pretended:
            return real(name)
        if pretended[name] is None:
            raise metadata.PackageNotFoundError(name)
        return pretended[name]

    monkeypatch.setattr(metadata, "version", version)
    return pretended


@pytest.fixture
def jupyter_folders(monkeypatch, tmp_path):
    """Let Jupyter look for extensions and settings in one empty folder only."""
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path)])
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path)])
    return tmp_path


def test_this_machine_has_everything(capsys):
    assert check() == []
    report()
    assert capsys.readouterr().out == f"{environment.EVERYTHING}\n"


def test_ready_line_names_no_version():
    assert not any(character.isdigit() for character in environment.EVERYTHING)


def test_missing_package_comes_with_the_command_that_installs_it(versions, capsys):
    versions["torch"] = None
    (finding,) = check()
    assert (finding.subject, finding.problem) == ("torch", "torch is not installed")
    assert "run `make lab` again" in finding.remedy
    command, requirement = finding.remedy.split("`")[-2].split('"')[:2]
    assert command == f"{environment.typed('python')} -m pip install "
    assert Requirement(requirement).specifier == Requirement("torch>=2.4,<3").specifier
    report()
    assert capsys.readouterr().out == f"{finding}\n"


@pytest.mark.parametrize(
    ("found", "fault"),
    [("2.3.1", "too old"), ("3.0.1", "too new"), ("2.13.0+cpu", None), ("2.14.0a0", None)],
)
def test_version_outside_the_range_is_told_by_its_side(versions, found, fault):
    versions["torch"] = found
    problems = [finding.problem for finding in check()]
    assert [f"torch {found} is {fault}" in problem for problem in problems] == [True] * bool(fault)


def test_every_missing_package_is_told_once(versions):
    names = list(environment.installed())
    versions.update(dict.fromkeys(names))
    assert [finding.subject for finding in check()] == names
    assert set(environment.installed().values()) == {None}


def test_installed_lists_what_the_metadata_names():
    found = environment.installed()
    assert {"torch", "jupyterlab", "nbgrader"} <= set(found)
    assert "ruff" not in found
    assert found["torch"] == metadata.version("torch")


def test_old_python_is_reported(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 7))
    (finding,) = environment._check_python()
    assert finding.problem.startswith("Python is 3.9.7, but the course needs >=3.11")
    assert "https://www.python.org/downloads" in finding.remedy


def test_course_run_without_installing_it(monkeypatch):
    monkeypatch.setattr(environment, "DISTRIBUTION", "no-such-distribution")
    (finding,) = check()
    assert f"`{environment.typed('python')} -m pip install -e .`" in finding.remedy


def test_data_not_fetched_yet(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    findings = check()
    fetched = [name for name, dataset in data.DATASETS.items() if dataset.member]
    assert [finding.subject for finding in findings] == fetched
    command = f"{environment.typed('course')} data"
    assert all(f"run `{command}`" in finding.remedy for finding in findings)


def test_damaged_data_is_not_called_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for dataset in data.DATASETS.values():
        if dataset.member:
            path = cache._path(dataset, None)
            path.parent.mkdir()
            path.write_text("the beginning")
    findings = check()
    assert len(findings) == 2
    assert all(f"is damaged in {tmp_path}" in finding.problem for finding in findings)


def test_cache_that_cannot_be_written_to_is_told_once(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "cache"))
    (finding,) = check()
    assert "cannot be written to" in finding.problem
    assert "set COURSE_DATA to a folder that you may write to" in finding.remedy


def test_programs_are_named_as_they_can_be_typed_here(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / ".venv/bin"))
    monkeypatch.chdir(tmp_path)
    assert environment.typed("python") == ".venv/bin/python"
    assert environment.typed("course") == ".venv/bin/course"
    (tmp_path / "my notes").mkdir()
    monkeypatch.chdir(tmp_path / "my notes")
    assert environment.typed("python") == f"{tmp_path}/.venv/bin/python"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "my notes/a course/python"))
    assert environment.typed("python") == "'a course/python'"


def test_validate_button_and_its_server_half_are_looked_for(jupyter_folders):
    button, server = check()
    assert (button.subject, server.subject) == ("Validate", "Validate")
    assert f"nbgrader=={metadata.version('nbgrader')}" in button.remedy
    assert f"/jupyter server extension enable --sys-prefix {environment.VALIDATE}" in server.remedy


def test_validate_is_found_where_jupyter_looks(jupyter_folders):
    (jupyter_folders / "@jupyter" / "nbgrader").mkdir(parents=True)
    settings = {"ServerApp": {"jpserver_extensions": {environment.VALIDATE: True}}}
    folder = jupyter_folders / "jupyter_server_config.d"
    folder.mkdir()
    (folder / "nbgrader.json").write_text(json.dumps(settings))
    assert check() == []


def test_validate_button_that_was_switched_off_is_told(monkeypatch, tmp_path):
    (tmp_path / "labconfig").mkdir()
    settings = {"disabledExtensions": {"@jupyter/nbgrader:validate-assignment": True}}
    (tmp_path / "labconfig/page_config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    (finding,) = check()
    jupyter = environment.typed("jupyter")
    assert finding.remedy == f"run `{jupyter} labextension enable {environment.BUTTON}`"


def test_instructors_panels_are_hidden_unless_asked_for(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    hidden = get_static_page_config()["disabledExtensions"]
    assert hidden["@jupyter/nbgrader:formgrader"]
    environment.show_instructor_panels()
    shown = get_static_page_config()["disabledExtensions"]
    assert shown == dict.fromkeys(hidden, False)


def test_finding_is_one_line():
    assert str(Finding("tea", "there is no tea", "put the kettle on")) == (
        "there is no tea: put the kettle on"
    )
