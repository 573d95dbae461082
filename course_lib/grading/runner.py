"""The runner: intake, execute and record for a whole class, on all cores."""

import asyncio
import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy.exc

from course_lib import CourseError
from course_lib.grading import changes, intake, rehearsal, submissions
from course_lib.grading.course import assignments
from course_lib.grading.exercises import enter_in_gradebook
from course_lib.grading.pool import Notebooks, Options, Pool, open_pool
from course_lib.grading.record import Graded, Outcome, Recorder
from course_lib.grading.settings import Course
from course_lib.grading.source import Assignment, read_assignment

Report = Callable[[Outcome], None]


@dataclass
class Job:
    """What one run works on."""

    course: Course
    assignment: Assignment
    given: dict[str, bytes]
    blind: list[str]
    isolated: bool = True
    note: Callable[[str], None] = lambda text: None


def grade(
    root: Path,
    assignment: str,
    options: Options | None = None,
    *,
    report: Report = lambda outcome: None,
    begin: Callable[[int], None] = lambda number: None,
    note: Callable[[str], None] = lambda text: None,
) -> list[Outcome]:
    """Grade the submissions of an assignment; one that fails does not stop the others.

    Args:
        root: the course directory.
        assignment: its name, such as "02_loss".
        options: see `Options`.
        report: called with each outcome as it is recorded.
        begin: called with the number of submissions that will be graded.
        note: called with what the instructor should know about the assignment itself.

    Returns:
        The outcome of every submission, by student, those left alone included.

    Raises:
        CourseError: If the run as a whole cannot do its work; what was recorded stays.
    """
    options = options or Options()
    course = Course.at(root)
    with _only_grader(course), explained(course):
        known = _known(course, assignment)
        given = course.given_files(assignment)
        job = Job(course, known, given, [], options.isolated, note)
        recorder = Recorder(course.directory, course.config)
        try:
            return asyncio.run(_grade(job, recorder, options, report, begin))
        finally:
            recorder.close()


async def _grade(
    job: Job,
    recorder: Recorder,
    options: Options,
    report: Report,
    begin: Callable[[int], None],
) -> list[Outcome]:
    name = job.assignment.name
    folders = _chosen(job.course, job.assignment, options)
    if changes.since_release(job.assignment):
        where = f"{job.course.directory.source_directory}/{name}"
        job.note(f"{where} was changed since its release; run: course release {name}")
    past = recorder.past(name)
    version = changes.version(job.assignment, job.given)
    prints = {s: submissions.fingerprint(folder, version) for s, folder in folders.items()}
    outcomes = {s: past[s][1] for s in folders if s in past and past[s][0] == prints[s]}
    if options.force:
        outcomes = {}
    todo = [student for student in folders if student not in outcomes]
    begin(len(todo))
    if not todo:
        return [outcomes[student] for student in folders]
    async with open_pool(job.course, job.assignment, options) as pool:
        job.blind = await _rehearse(job, pool)
        queue: asyncio.Queue[Graded | None] = asyncio.Queue(maxsize=2 * pool.workers)
        turns = iter(todo)

        async def work() -> None:
            for student in turns:
                await queue.put(await _prepare(job, pool, student, folders[student], prints))

        async def write() -> None:
            for _ in todo:
                outcome = await asyncio.to_thread(recorder.record, await queue.get())
                outcomes[outcome.student] = outcome
                report(outcome)

        async with asyncio.TaskGroup() as group:
            group.create_task(write())
            for _ in range(min(pool.workers, len(todo))):
                group.create_task(work())
    return [outcomes[student] for student in folders]


async def _prepare(
    job: Job, pool: Pool, student: str, folder: Path, prints: dict[str, str]
) -> Graded:
    """Take in and execute one submission; whatever happens, it gets an outcome."""
    started = time.perf_counter()
    outcome = Outcome(student, job.assignment.name)
    notebooks: Notebooks = {}
    files: dict[str, bytes] = {}
    try:
        canonical = intake.take_in(submissions.read(folder), job.assignment)
        files = {**canonical.files, **job.given}
        executed = await pool.execute(canonical.notebooks, files, job.blind)
        notebooks = executed.notebooks
        outcome.flags = list(dict.fromkeys(canonical.flags + executed.flags))
        outcome.message = "; ".join(dict.fromkeys(canonical.notes + executed.notes))
    except (CourseError, OSError):
        raise
    except Exception as error:
        refusal = error
        if not isinstance(error, submissions.Refusal):
            refusal = submissions.Refusal("internal", f"grading failed: {error!r}"[:500])
        outcome.status, outcome.flags = "refused", [refusal.code]
        outcome.message = refusal.message
        notebooks = {n: intake.skeleton(s) for n, s in job.assignment.notebooks.items()}
        files = {}
    if not job.isolated:
        outcome.flags.append("unsandboxed")
    if outcome.flags and outcome.status != "refused":
        outcome.status = "flagged"
    outcome.seconds = round(time.perf_counter() - started, 3)
    return Graded(outcome, notebooks, files, prints[student], folder)


async def _rehearse(job: Job, pool: Pool) -> list[str]:
    """Run the instructor's own version before the class.

    It shows which modules to have warm, which tests pass on wrong answers in an honest kernel too,
    so that they prove no tampering, and which do not pass on the right one.
    """
    honest = rehearsal.honest(job.assignment)
    executed = await pool.execute(honest, job.given, [], report_modules=True)
    for text in rehearsal.shortcomings(job.assignment, executed):
        job.note(text)
    await pool.warm(executed.modules)
    return executed.suspects


def _known(course: Course, assignment: str) -> Assignment:
    """Read the assignment from the gradebook; enter it there first if it is new."""
    try:
        return read_assignment(course.directory, assignment)
    except CourseError:
        if assignment not in assignments(course.root):
            raise
        enter_in_gradebook(course.root, assignment)
        return read_assignment(course.directory, assignment)


def _chosen(course: Course, assignment: Assignment, options: Options) -> dict[str, Path]:
    folders = submissions.find(course.directory, assignment.name)
    missing = [student for student in options.students if student not in folders]
    where = f"{course.directory.submitted_directory}/STUDENT/{assignment.name}/"
    if missing:
        raise CourseError(f"nothing from {', '.join(missing)} in {where}")
    if not folders:
        raise CourseError(f"nobody has handed in {assignment.name}; put notebooks in {where}")
    return {s: f for s, f in folders.items() if s in options.students or not options.students}


@contextlib.contextmanager
def _only_grader(course: Course) -> Iterator[None]:
    """Hold the course's lock; a second grader is told so."""
    path = course.root / ".grading.lock"
    with open(path, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                f"another grader is at work in {course.root}; wait until it has ended"
            ) from None
        yield


@contextlib.contextmanager
def explained(course: Course) -> Iterator[None]:
    """Turn the failures of the gradebook and the disk into one line with a remedy."""
    book = course.directory.db_url.rpartition("@")[2]
    again = "what was graded so far is kept: run the same command again"
    try:
        yield
    except Exception as error:
        cause = _first(error)
        if isinstance(cause, sqlalchemy.exc.SQLAlchemyError):
            reason = str(cause).splitlines()[0]
            message = f"the gradebook {book} cannot be used ({reason}); {again}"
        elif isinstance(cause, CourseError):
            message = str(cause)
        elif isinstance(cause, OSError):
            message = f"{cause}; {again}"
        else:
            raise
        raise CourseError(message) from error


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
