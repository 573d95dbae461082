import os

import pytest

from course_lib.grading import sandbox
from tests.grading.classroom import Classroom


@pytest.fixture(scope="session")
def _sandboxed():
    """Needs bubblewrap: skipped where there is none, but never in CI."""
    if reason := sandbox.unavailable():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def classroom(_sandboxed, tmp_path_factory):
    return Classroom(tmp_path_factory.mktemp("course") / "small")


@pytest.fixture(scope="module")
def light_classroom(_sandboxed, tmp_path_factory):
    return Classroom(tmp_path_factory.mktemp("course") / "light", light=True)
