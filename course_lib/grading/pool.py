"""Where submissions are executed: kernels on this machine, or a cluster."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from course_lib.grading.execute import Executed, execute
from course_lib.grading.sandbox import Limits, Sandbox, SandboxError
from course_lib.grading.settings import Course
from course_lib.grading.source import Assignment

Notebooks = dict[str, dict[str, Any]]


@dataclass
class Options:
    """What the command line may say.

    Attributes:
        students: only these, [] for all.
        workers: kernels at one time, 0 for one more than there are cores.
        force: grade what is already graded and unchanged as well.
        limits: what differs from the course's settings.
        isolated: False runs student code without a sandbox.
        scheduler: address of a Dask scheduler, "" for this machine.
    """

    students: list[str] = field(default_factory=list)
    workers: int = 0
    force: bool = False
    limits: dict[str, float | None] = field(default_factory=dict)
    isolated: bool = True
    scheduler: str = ""


class Pool(Protocol):
    """Where notebooks are executed: kernels on this machine, or a cluster."""

    workers: int

    async def execute(
        self, notebooks: Notebooks, files: dict[str, bytes], blind: list[str], **options: bool
    ) -> Executed:
        """Execute one submission."""

    async def warm(self, modules: list[str]) -> None:
        """Have these modules imported before the next submission."""


@dataclass
class LocalPool:
    """Kernels of one sandbox on this machine."""

    sandbox: Sandbox
    limits: Limits
    workers: int

    async def warm(self, modules: list[str]) -> None:
        """Import modules in the process that kernels are forked from."""
        await asyncio.to_thread(self.sandbox.warm, modules)

    async def execute(
        self, notebooks: Notebooks, files: dict[str, bytes], blind: list[str], **options: bool
    ) -> Executed:
        """Execute one submission; once more if the sandbox broke, which is not the student's."""
        known = {"files": files, "blind": blind, **options}
        try:
            return await execute(notebooks, self.sandbox, self.limits, **known)
        except SandboxError:
            if not self.sandbox.alive:
                self.sandbox.close()
                self.sandbox.start()
            return await execute(notebooks, self.sandbox, self.limits, **known)


@contextlib.asynccontextmanager
async def open_pool(
    course: Course, assignment: Assignment, options: Options
) -> AsyncIterator[Pool]:
    """Make the pool that the options ask for, for the body of the `async with`."""
    limits = course.grading.limits(**options.limits)
    sandbox = course.sandbox_options(assignment)
    if options.scheduler:
        from course_lib.grading.cluster import ClusterPool

        async with ClusterPool.connect(options.scheduler, limits, sandbox) as pool:
            yield pool
        return
    workers = options.workers or len(os.sched_getaffinity(0)) + 1  # while one waits for its kernel
    with Sandbox(**sandbox, isolated=options.isolated) as made:
        yield LocalPool(made, limits, workers)
