"""The gradebook can live in PostgreSQL: a real server, started here, gives the same result."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from course_lib import CourseError
from course_lib.grading import Options, grade
from tests.grading.classroom import NAME
from tests.grading.test_runner import COMMENTS, LEDGER, QUERY, gradebook, with_students

pytest.importorskip("psycopg", reason="needs the extra `postgres`")


def programs():
    """The folder of the server's programs, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="module")
def server(_sandboxed, tmp_path_factory):
    folder = programs()
    if folder is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("PostgreSQL is not installed")
    # The server refuses to run as root.
    user = pwd.getpwnam("postgres").pw_name if os.getuid() == 0 else None
    data = Path("/tmp") / f"course-postgres-{os.getpid()}"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command):
        subprocess.run(command, user=user, cwd="/", check=True, capture_output=True)

    run(folder / "initdb", "-D", data, "-U", "grader", "--auth=trust", "--no-sync")
    options = ["-p", str(port), "-k", str(data), "-c", "fsync=off", "-h", "127.0.0.1"]
    process = subprocess.Popen(
        [folder / "postgres", "-D", data, *options],
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"postgresql+psycopg://grader@127.0.0.1:{port}/postgres"
    for _ in range(100):
        try:
            sa.create_engine(url).connect().close()
            break
        except sa.exc.OperationalError:
            time.sleep(0.1)
    yield url
    process.send_signal(signal.SIGINT)  # at once, open connections or not
    process.wait()
    shutil.rmtree(data)


def test_postgresql_holds_the_same_gradebook_as_sqlite(server, light_classroom, tmp_path):
    local = with_students(light_classroom.copy(tmp_path / "local"))
    grade(local.root, NAME, Options(workers=2))
    room = with_students(light_classroom.copy(tmp_path / "remote"))
    settings = room.root / "nbgrader_config.py"
    settings.write_text(f"{settings.read_text()}\nc.CourseDirectory.db_url = {server!r}\n")
    shutil.rmtree(room.root / "release")
    (room.root / "release").mkdir()
    room.run("-m", "nbgrader", "generate_assignment", NAME)
    grade(room.root, NAME, Options(students=["right", "wrong"]))
    with sa.create_engine(
        server, poolclass=sa.NullPool
    ).connect() as other:  # as a grader on another machine holds it
        other.execute(sa.text("SELECT pg_advisory_lock(hashtext('course_grading'))"))
        with pytest.raises(CourseError, match="another grader"):
            grade(room.root, NAME, Options(workers=2))
    grade(room.root, NAME, Options(workers=2))
    with sa.create_engine(server).connect() as connection:
        found = [connection.execute(sa.text(q)).fetchall() for q in (QUERY, COMMENTS, LEDGER)]
    for theirs, ours in zip(found, gradebook(local), strict=True):
        assert sorted(map(repr, theirs)) == sorted(map(repr, map(_plain, ours, theirs)))


def _plain(row, like):
    """SQLite has no truth values."""
    pairs = zip(row, like, strict=True)
    return tuple(bool(value) if isinstance(other, bool) else value for value, other in pairs)
