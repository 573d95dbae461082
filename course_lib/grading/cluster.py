"""Execute submissions on a Dask cluster: the same sandbox, on other machines.

Only plain notebook JSON travels. A worker needs this package and bubblewrap; the gradebook, the
submissions folder and the course directory stay with the grader.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from course_lib import CourseError, __version__
from course_lib.grading.execute import Executed, execute
from course_lib.grading.sandbox import Limits, Sandbox, SandboxError, unavailable

CONNECT_TIME = 20  # seconds until a scheduler counts as absent

_sandboxes: dict[str, Sandbox] = {}
_starting = threading.Lock()


@dataclass
class ClusterPool:
    """The workers of a cluster that can make a sandbox."""

    client: Any
    names: list[str]
    workers: int
    limits: Limits
    sandbox: dict[str, Any]
    modules: list[str] = field(default_factory=list)

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls, address: str, limits: Limits, sandbox: dict[str, Any]
    ) -> AsyncIterator["ClusterPool"]:
        """Connect to a scheduler and choose the workers that can make a sandbox.

        Raises:
            CourseError: If there is no scheduler, or no such worker.
        """
        try:
            from distributed import Client
        except ImportError:
            raise CourseError(
                "--scheduler needs Dask; run: pip install 'loss-to-launch[cluster]'"
            ) from None
        try:
            client = await Client(address, asynchronous=True, timeout=CONNECT_TIME)
        except (OSError, TimeoutError) as error:
            raise CourseError(f"no Dask scheduler answers at {address} ({error})") from None
        async with client:
            problems = await client.run(worker_problem, __version__)
            able = sorted(name for name, problem in problems.items() if not problem)
            if not able:
                why = "; ".join(sorted(set(problems.values()))) or "it has no workers"
                raise CourseError(f"the cluster at {address} cannot grade: {why}")
            threads = await client.nthreads()
            workers = sum(threads[name] for name in able)
            yield cls(client, able, workers, limits, sandbox)

    async def warm(self, modules: list[str]) -> None:
        """Note which modules the workers are to import."""
        self.modules = modules

    async def execute(
        self,
        notebooks: dict[str, dict[str, Any]],
        files: dict[str, bytes],
        blind: list[str],
        **options: bool,
    ) -> Executed:
        """Execute one submission on some worker; another takes over from one that dies."""
        known = {"files": files, "blind": blind, **options}
        future = self.client.submit(
            execute_here,
            notebooks,
            self.limits.to_dict(),
            {**self.sandbox, "preload": [*self.sandbox["preload"], *self.modules]},
            known,
            workers=self.names,
            pure=False,
            retries=2,
        )
        return Executed(**await future)


def worker_problem(version: str) -> str:
    """Why this worker cannot grade, "" if it can; runs on the worker."""
    if version != __version__:
        return f"a worker has version {__version__} of the course and not {version}"
    return unavailable()


def execute_here(
    notebooks: dict[str, dict[str, Any]],
    limits: dict[str, Any],
    sandbox: dict[str, Any],
    known: dict[str, Any],
) -> dict[str, Any]:
    """Execute one submission in this worker's sandbox; refuse before anything runs without one."""
    if reason := unavailable():
        raise SandboxError(reason)
    made = _sandbox(sandbox)
    return asyncio.run(execute(notebooks, made, Limits(**limits), **known)).to_dict()


def _sandbox(options: dict[str, Any]) -> Sandbox:
    """Return the sandbox of this worker for such options, started when it is first needed."""
    key = repr(options)
    with _starting:
        if key not in _sandboxes or not _sandboxes[key].alive:
            for old in _sandboxes.values():
                old.close()
            _sandboxes.clear()
            _sandboxes[key] = Sandbox(**options).start()
        return _sandboxes[key]
