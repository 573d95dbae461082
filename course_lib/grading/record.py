"""Record: points go into nbgrader's own gradebook, one transaction a submission, one writer.

Beside nbgrader's tables stand two of ours: `course_grading` says what each submission's status was
and for which files, `marks` has the other. They are written in the same transaction, so a killed
run leaves each submission either recorded or not, and the next run goes on from there.
"""

import html
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import sqlalchemy as sa
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import LimitOutput
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from traitlets.config import Config

from course_lib import CourseError
from course_lib.grading import marks
from course_lib.grading.inert import make_inert
from course_lib.grading.intake import new_cell
from course_lib.grading.plugins import LatePenalties, SaveGrades

LEDGER = sa.Table(
    "course_grading",
    marks.TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("max_score", sa.Float, nullable=False),
    sa.Column("flags", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)


@dataclass
class Outcome:
    """What became of one submission: the record that `course grade --json` writes.

    Attributes:
        status: "graded"; "flagged": graded, and a person should look; "refused": zero.
        flags: short codes of what is unusual.
        message: the same in sentences.
        seconds: wall-clock time from intake to the end of execution.
    """

    student: str
    assignment: str
    status: str = "graded"
    score: float = 0.0
    max_score: float = 0.0
    flags: list[str] = field(default_factory=list)
    message: str = ""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain JSON."""
        return asdict(self)


@dataclass
class Graded:
    """A submission ready to be recorded: its executed notebooks, or why it was refused."""

    outcome: Outcome
    notebooks: dict[str, dict[str, Any]]
    files: dict[str, bytes]
    fingerprint: str
    folder: Path


class Recorder:
    """The one writer of a gradebook.

    Args:
        coursedir: the course.
        config: its settings, for nbgrader's preprocessors.

    Raises:
        CourseError: If a grader on another machine is at work on the same PostgreSQL gradebook.
    """

    def __init__(self, coursedir: CourseDirectory, config: Config) -> None:
        self._coursedir, self._config = coursedir, config
        self._gradebook = Gradebook(coursedir.db_url, coursedir.course_id)
        self._claim = _claim(self._gradebook.engine)
        LEDGER.metadata.create_all(self._gradebook.engine)
        held = sessionmaker(class_=_HeldSession, bind=self._gradebook.engine, autoflush=False)
        self._gradebook.db.remove()
        self._gradebook.db = scoped_session(held)

    def close(self) -> None:
        """Close the gradebook."""
        self._claim.close()
        self._gradebook.close()  # and with it every connection

    def past(self, assignment: str) -> dict[str, tuple[str, Outcome]]:
        """Return what was recorded before: by student, the fingerprint and the outcome.

        The scores are those of this moment, with what was marked by hand since.
        """
        found = {
            student: known
            for student, known in read_ledger(self._gradebook, assignment).items()
            if self._autograded(student, assignment).is_dir()
        }
        one = SubmittedAssignment
        query = sa.select(one.student_id, one.score, one.late_submission_penalty, one.max_score)
        query = query.where(one.assignment.has(name=assignment))
        for student, score, penalty, most in self._gradebook.db.execute(query):
            if student in found:
                outcome = found[student][1]
                outcome.score, outcome.max_score = _less(score, penalty), float(most)
        self._gradebook.db.rollback()
        return found

    def record(self, graded: Graded) -> Outcome:
        """Write one submission: its folder under autograded/ and its rows, all or nothing."""
        outcome = graded.outcome
        session = self._gradebook.db()
        try:
            submission = self._submission(graded)
            by_hand = marks.given(submission)
            if outcome.status == "refused":
                _zero(submission)
            else:
                self._save(graded)
            names = outcome.assignment, outcome.student
            doubtful = marks.settle(session, *names, graded.notebooks, by_hand)
            self._finish(session, submission, graded, doubtful)
            self._write_folder(graded)
            session.commit_for_good()
        except BaseException:
            session.rollback()
            raise
        finally:
            self._gradebook.db.remove()
        return outcome

    def _submission(self, graded: Graded) -> SubmittedAssignment:
        book, outcome = self._gradebook, graded.outcome
        book.update_or_create_student(outcome.student)
        when = _timestamp(self._coursedir, graded.folder)
        known = {"timestamp": when} if when else {}
        return book.update_or_create_submission(outcome.assignment, outcome.student, **known)

    def _save(self, graded: Graded) -> None:
        outcome = graded.outcome
        limit = LimitOutput(config=self._config)
        for name, notebook in graded.notebooks.items():
            names = {"notebook": name, "assignment": outcome.assignment, "student": outcome.student}
            node = nbformat.from_dict(notebook)
            SaveGrades(config=self._config).save(self._gradebook, node, names)
            LatePenalties(config=self._config).assign(self._gradebook, names)
            for index, cell in enumerate(node.cells):
                limit.preprocess_cell(cell, {}, index)
            graded.notebooks[name] = node

    def _finish(
        self,
        session: Session,
        submission: SubmittedAssignment,
        graded: Graded,
        doubtful: int,
    ) -> None:
        """Complete the outcome from what the gradebook says now, and note it in the ledger."""
        outcome = graded.outcome
        session.flush()
        session.expire_all()
        outcome.score = _less(submission.score, submission.late_submission_penalty)
        outcome.max_score = float(submission.max_score)
        if doubtful:
            outcome.flags.append("manual-grade")
            grades = "1 grade" if doubtful == 1 else f"{doubtful} grades"
            kept = f"kept {grades} given by hand for an earlier answer"
            outcome.message = "; ".join(filter(None, [outcome.message, kept]))
        if outcome.flags and outcome.status == "graded":
            outcome.status = "flagged"
        row = {**outcome.to_dict(), "flags": json.dumps(outcome.flags)}
        key = (LEDGER.c.assignment == outcome.assignment) & (LEDGER.c.student == outcome.student)
        session.execute(sa.delete(LEDGER).where(key))
        session.execute(sa.insert(LEDGER).values(**row, fingerprint=graded.fingerprint))

    def _write_folder(self, graded: Graded) -> None:
        outcome = graded.outcome
        target = self._autograded(outcome.student, outcome.assignment)
        new, old = (target.with_name(f".{target.name}.{word}") for word in ("new", "old"))
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True)
        for name, data in graded.files.items():
            _write(new / name, data)
        for name, notebook in graded.notebooks.items():
            make_inert(notebook)
            notebook["cells"][:0] = notice(outcome)
            text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
            _write(new / f"{name}.ipynb", text.encode("utf-8", "replace"))
        if target.exists():
            target.rename(old)
        new.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def _autograded(self, student: str, assignment: str) -> Path:
        step = self._coursedir.autograded_directory
        return Path(self._coursedir.format_path(step, student, assignment))


def read_ledger(gradebook: Gradebook, assignment: str) -> dict[str, tuple[str, Outcome]]:
    """Return by student the fingerprint and the outcome of what `course grade` recorded.

    A gradebook that only nbgrader has written to knows none.
    """
    if not sa.inspect(gradebook.db.connection()).has_table(LEDGER.name):
        return {}
    query = sa.select(LEDGER).where(LEDGER.c.assignment == assignment)
    found = {}
    for row in gradebook.db.execute(query).mappings():
        known = {key: row[key] for key in Outcome.__dataclass_fields__}
        known["flags"] = json.loads(row["flags"])
        found[row["student"]] = (row["fingerprint"], Outcome(**known))
    return found


class _HeldSession(Session):
    """A session in which nbgrader's many commits wait for ours."""

    def commit(self) -> None:
        self.flush()

    def commit_for_good(self) -> None:
        super().commit()


def _claim(engine: sa.Engine) -> sa.Connection:
    """Hold a server's gradebook against graders on other machines, until the connection closes."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "postgresql":
        claimed = sa.select(sa.func.pg_try_advisory_lock(sa.func.hashtext(LEDGER.name)))
        if not connection.scalar(claimed):
            raise CourseError(
                "another grader is at work on this gradebook; wait until it has ended"
            )
    return connection


def _less(score: float, penalty: float | None) -> float:
    return max(0.0, float(score) - (penalty or 0.0))


def _zero(submission: SubmittedAssignment) -> None:
    for notebook in submission.notebooks:
        notebook.late_submission_penalty = None
        for grade in notebook.grades:
            grade.auto_score = 0.0
            grade.needs_manual_grade = False


def _timestamp(coursedir: CourseDirectory, folder: Path) -> Any:
    try:
        return coursedir.get_existing_timestamp(str(folder))
    except (ValueError, AttributeError, OSError):
        return None


def notice(outcome: Outcome) -> list[dict[str, Any]]:
    """Return a cell at the top that says what a person should know."""
    if not outcome.message:
        return []
    title = "This submission could not be graded" if outcome.status == "refused" else "To check"
    lines = "".join(f"- {html.escape(note)}\n" for note in outcome.message.split("; "))
    return [{"id": "grading-notes", **new_cell("markdown", f"**{title}**\n\n{lines}")}]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.chmod(path, 0o444)
