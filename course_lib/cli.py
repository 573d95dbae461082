"""The `course` command: what students and instructors do, from a terminal."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from course_lib import CourseError
from course_lib.root import course_root

app = typer.Typer(
    help="From Loss to Launch: open the lessons, check the installation, release and grade.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

FIRST_LESSON = "notebooks/00_start_here.ipynb"


def _plain(name: str | None) -> str | None:
    return name and name.rstrip("/")  # which a shell adds when it completes a folder's name


ONE = typer.Argument(metavar="ID", help="A problem set, such as 02_loss.", callback=_plain)
ALL = typer.Argument(metavar="[ID]", help="A problem set; all when left out.", callback=_plain)
ProblemSet, OneOrAll = Annotated[str, ONE], Annotated[str | None, ALL]
Students = Annotated[list[str] | None, typer.Option(help="Only this student; repeatable.")]


@app.command()
def lab(
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    port: Annotated[int, typer.Option(help="Port to try first.")] = 8888,
    instructor: Annotated[
        bool, typer.Option("--instructor", help="With Formgrader and nbgrader's other panels.")
    ] = False,
) -> None:
    """Open JupyterLab on the first lesson."""
    from course_lib import environment

    root = course_root()
    if instructor:
        environment.show_instructor_panels()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}"]
    command += environment.keep_path_in_terminals()
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one is root, and Jupyter would refuse
    os.chdir(root)
    environment.put_scripts_on_path()
    os.execv(sys.executable, command)


@app.command()
def doctor() -> None:
    """Say what is missing on this machine, and how to get it."""
    from course_lib import environment

    findings = environment.check()
    for line in findings or [environment.EVERYTHING]:
        typer.echo(line)
    if findings:
        raise typer.Exit(1)


@app.command()
def data(
    name: Annotated[str | None, typer.Argument(help="One data set; all when left out.")] = None,
) -> None:
    """Download the data sets that are not in the cache yet."""
    from course_lib import data

    try:
        names = [name] if name else [key for key, one in data.DATASETS.items() if one.member]
        for one in names:
            typer.echo(f"{one}: {data.fetch(one, progress=True)}")
    except ValueError as error:
        raise CourseError(error) from None


@app.command()
def predict(
    review: Annotated[str, typer.Argument(help="A review, in quotation marks.")],
    model: Annotated[
        Path | None, typer.Option(help="A saved classifier; the course's own when left out.")
    ] = None,
) -> None:
    """Say who wrote a review: an unhappy or a happy customer."""
    from course_lib.demo import reviews_classifier
    from course_lib.mlp import TextClassifier

    classifier = TextClassifier.load(model) if model else reviews_classifier(progress=True)
    verdict = classifier.verdict(review)
    words = ", ".join(f"{word} {change:+.1f}" for word, change in list(verdict.words.items())[:5])
    typer.echo(f"{verdict.label}, probability {verdict.probability:.2f}")
    typer.echo(f"words that decided: {words or 'none that the classifier knows'}")


@app.command()
def check(
    assignment: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A problem set or its notebook; all when left out."),
    ] = None,
) -> None:
    """Ask the visible tests about your exercises/ID."""
    from course_lib import selfcheck

    for path in selfcheck.find(course_root() / "exercises", assignment):
        typer.echo(f"{path.stem}\n")
        for line in selfcheck.lines(selfcheck.check(path)):
            typer.echo(line)


@app.command()
def release(assignment: OneOrAll = None) -> None:
    """Make exercises/ID, the students' version, from solutions/ID."""
    grading = grading_extra()
    root = course_root()
    for one in [assignment] if assignment else grading.assignments(root):
        tell(root, grading.release(root, one), grading.since_grading(root, one))


@app.command()
def collect(
    assignment: ProblemSet,
    archives: Annotated[
        list[Path],
        typer.Argument(metavar="ARCHIVE", help="Zips, folders or notebooks, several at once."),
    ],
    pattern: Annotated[
        str,
        typer.Option(
            help="For other file names than Canvas's and Moodle's: a regular expression with the "
            "groups (?P<student_id>...) and (?P<file_id>...), and perhaps (?P<timestamp>...)."
        ),
    ] = "",
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Replace what students handed in before; that goes into replaced/."
        ),
    ] = False,
) -> None:
    """Sort what a learning platform gave into submitted/.

    It knows the zips of Canvas and Moodle, folders named for students, and notebooks named for
    student and problem set, such as 7002_02_loss.ipynb. Exit status 2: a line above the last one
    needs a person.
    """
    grading_extra()
    from course_lib.classroom.collect import collect_and_report

    if not collect_and_report(course_root(), assignment, archives, pattern, update):
        raise typer.Exit(2)


@app.command()
def grade(
    assignment: ProblemSet,
    student: Students = None,
    workers: Annotated[
        int, typer.Option(help="Notebooks at one time; 0: one more than cores.")
    ] = 0,
    force: Annotated[bool, typer.Option("--force", help="Also what is already graded.")] = False,
    notebook_time: Annotated[float | None, typer.Option(help="Seconds for a notebook.")] = None,
    cell_time: Annotated[float | None, typer.Option(help="Seconds for a cell.")] = None,
    memory: Annotated[int | None, typer.Option(help="Megabytes for a notebook.")] = None,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run student code with your own rights.")
    ] = False,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler.")] = "",
    json: Annotated[Path | None, typer.Option(help="Write one record a submission here.")] = None,
) -> None:
    """Grade submitted/*/ID in a sandbox."""
    grading = grading_extra()
    from course_lib.classroom.overlooked import overlooked

    limits = {"notebook_time": notebook_time, "cell_time": cell_time, "memory": memory}
    options = grading.Options(student or [], workers, force, limits, not no_sandbox, scheduler)
    if no_sandbox:
        typer.echo("Warning: no sandbox. Student code runs with your rights.", err=True)
    try:
        for note in overlooked(course_root(), assignment):
            typer.echo(note)
        grading.grade_and_report(course_root(), assignment, options, json)
    except CourseError as error:
        typer.echo(f"course: {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def feedback(
    assignment: ProblemSet,
    student: Students = None,
) -> None:
    """Write the students' feedback pages of a graded problem set."""
    grading = grading_extra()
    from course_lib.classroom.export import still_open

    root = course_root()
    pages = grading.write_feedback(root, assignment, student)
    tell(root, pages, still_open(root, assignment))


@app.command()
def report(assignment: ProblemSet) -> None:
    """Write reports/ID.html and .csv: how the class did."""
    grading_extra()
    from course_lib.classroom.export import still_open
    from course_lib.classroom.report import write_report

    root = course_root()
    tell(root, write_report(root, assignment), still_open(root, assignment))


@app.command()
def export(
    assignment: OneOrAll = None,
    to: Annotated[
        Path | None, typer.Option(help="File to write; grades.csv or canvas.csv when left out.")
    ] = None,
    canvas: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A gradebook exported from Canvas: write its layout, for Canvas to import. "
            "Students are found by SIS User ID, SIS Login ID or ID.",
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="With --canvas: the assignment's title there, if it is not ID."),
    ] = None,
) -> None:
    """Write the scores as CSV, for a spreadsheet or Canvas.

    In a spreadsheet, open it by its import of text (Excel: Data, From Text/CSV) with the column
    "student" as text, so that identifiers keep their leading zeros. Exit status 2: with --canvas,
    a student has no row there.
    """
    grading = grading_extra()
    from course_lib.classroom.canvas import export_to_canvas
    from course_lib.classroom.export import export_table

    problems: list[str] = []
    if column and not canvas:
        raise CourseError("--column belongs to --canvas FILE")
    if canvas:
        target = to or Path("canvas.csv")
        lines, problems = export_to_canvas(course_root(), assignment, canvas, target, column)
    else:
        lines = export_table(course_root(), assignment, to or Path("grades.csv"))
    for line in lines + problems:
        typer.echo(grading.printable(line))
    if problems:
        raise typer.Exit(2)


def tell(root: Path, paths: list[Path], notes: list[str]) -> None:
    """Print which files were written, and what an instructor should know of them."""
    for line in [*(path.relative_to(root) for path in paths), *notes]:
        typer.echo(line)


def grading_extra():
    """Import the instructor's side of the package, which a student need not have installed."""
    # An optional part of jsonschema that nothing here uses, and that takes most of a second.
    sys.modules.setdefault("rfc3987_syntax", None)
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise CourseError(
            "nbgrader is not installed; run: pip install 'loss-to-launch[grading]'"
        ) from None
    from course_lib import grading

    return grading


def main() -> None:
    """Run `course`; whatever a user can cause ends in one line and a non-zero exit status."""
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (CourseError, OSError) as error:
        sys.exit(f"course: {error}")
    except (typer.Abort, KeyboardInterrupt):
        sys.exit("course: stopped")
    except Exception as error:
        # Usage errors: their class moved between Typer's releases, their method did not.
        if not hasattr(error, "format_message"):
            raise
        sys.exit(f"course: {error.format_message().rstrip('.')}. See: course --help")
    sys.exit(status)
