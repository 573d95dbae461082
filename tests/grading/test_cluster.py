"""A Dask cluster grades like this machine, survives a dead worker, and must be sandboxed."""

import contextlib
import os
import subprocess
import sys
import time

import pytest

from course_lib import CourseError
from course_lib.grading import Options, grade
from tests.grading.classroom import NAME, ROOT
from tests.grading.test_runner import gradebook, with_students

pytest.importorskip("distributed", reason="needs the extra `cluster`")


class Cluster:
    """A scheduler and its workers, each a process of its own on the loopback interface."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self.wait_for("Scheduler at:").split()[-1]

    def start(self, program, *options, **environment):
        log = self.folder / f"{len(self.processes)}.log"
        command = [sys.executable, "-m", f"distributed.cli.{program}", *options]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        with open(log, "w") as output:
            self.processes.append(
                subprocess.Popen(
                    command, cwd=self.folder, env=variables, stdout=output, stderr=output
                )
            )
        return self.processes[-1]

    def worker(self, **environment):
        options = ["--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
        process = self.start("dask_worker", self.address, *options, **environment)
        self.wait_for("Registered to:")
        return process

    def wait_for(self, words):
        log = self.folder / f"{len(self.processes) - 1}.log"
        for _ in range(600):
            lines = [line for line in log.read_text().splitlines() if words in line]
            if lines:
                return lines[0]
            time.sleep(0.1)
        raise TimeoutError(log.read_text())

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(_sandboxed, tmp_path_factory):
    with contextlib.closing(Cluster(tmp_path_factory.mktemp("cluster"))) as cluster:
        yield cluster


def test_a_cluster_without_a_sandbox_is_refused_before_it_runs_anything(
    cluster, light_classroom, tmp_path
):
    room = with_students(light_classroom.copy(tmp_path / "course"))
    bare = cluster.worker(PATH="/nonexistent")
    with pytest.raises(CourseError, match="bubblewrap"):
        grade(room.root, NAME, Options(scheduler=cluster.address))
    assert not (room.root / "autograded").exists()
    bare.kill()
    bare.wait()


def test_a_cluster_gives_the_gradebook_of_this_machine_though_a_worker_dies(
    cluster, light_classroom, tmp_path
):
    local = with_students(light_classroom.copy(tmp_path / "local"))
    grade(local.root, NAME, Options(workers=2))
    room = with_students(light_classroom.copy(tmp_path / "remote"))
    victim, _ = cluster.worker(), cluster.worker()
    cluster.worker(PATH="/nonexistent")
    done = []

    def kill_one(outcome):
        done.append(outcome)
        if len(done) == 2:
            victim.kill()

    grade(room.root, NAME, Options(scheduler=cluster.address), report=kill_one)
    assert victim.wait() != 0
    assert len(done) == 8
    assert gradebook(room) == gradebook(local)


def test_an_absent_scheduler_is_a_clear_error(light_classroom, tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.grading.cluster.CONNECT_TIME", 1)
    room = with_students(light_classroom.copy(tmp_path / "course"))
    with pytest.raises(CourseError, match="no Dask scheduler answers"):
        grade(room.root, NAME, Options(scheduler="tcp://127.0.0.1:1"))
