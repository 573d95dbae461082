"""What the test cells of a problem set call: run an answer, compare it, say in words what is off.

A test cell hands over the student's functions and plain data, and nothing else:

    with checks.item("mean_square"):
        checks.compare(
            mean_square,
            (torch.tensor([1.0, 3.0]),),
            want=5.0,
            mistakes=[checks.Mistake("sum", 10.0, "A sum came: a mean divides by the rows.")],
        )

Every outcome is displayed with a record in the output's metadata, under `course_lib`: item, part,
status (passed, failed or unanswered), mistake, message and, where a part has its own, points.
"""

import os
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from IPython.display import display

from course_lib.calling import describe, outcome, where
from course_lib.plaindata import as_number, difference, is_finite, show

WIDTH = 80  # Validate cuts longer lines off.
NO_BREAK = "\N{NO-BREAK SPACE}"
UNANSWERED = "not answered yet"
_IN_PLACE = (
    "Your function changes its argument in place, and with it the caller's data. Make a new value "
    "instead: `a = a * 2`, not `a *= 2` or `a.mul_(2)`."
)


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that students really give to one question, and what helps them on.

    Attributes:
        name: Short and fixed, for reports, such as "sum_not_mean".
        value: What the mistake makes of this very question, as plain data.
        hint: What is probably wrong, in a sentence or two; not the answer.
    """

    name: str
    value: object
    hint: str


class CheckFailed(AssertionError):  # noqa: N818 - read by students, above its message
    """An answer is wrong or missing. A notebook shows the message alone, without a traceback.

    Attributes:
        message: What was asked, what came, what was expected, and a hint.
        mistake: The name of the mistake recognised, if any.
        early: Whether the answer failed before its value could be compared.
        status: "failed" or "unanswered".
    """

    def __init__(self, message: str, *, mistake: str | None = None, early: bool = False):
        super().__init__(message)
        self.message, self.mistake, self.early = message, mistake, early
        self.status = "unanswered" if message == UNANSWERED else "failed"

    def _render_traceback_(self) -> list[str]:
        return [self.message]


def compare(
    f: Callable[..., object],
    args: tuple[object, ...],
    want: object,
    *,
    mistakes: Sequence[Mistake] = (),
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Call `f(*args)` and compare what it returns with `want`, as plain data.

    `f` gets copies, and what it prints, plots, logs or warns of is held back. How values are
    compared: `plaindata.difference`. A `...` in `want` or in a mistake accepts anything there.

    Args:
        f: The student's function.
        args: What it is called with.
        want: The right answer.
        mistakes: Known wrong answers to this very question.
        rtol: Largest error allowed relative to `want`.
        atol: Largest error allowed beside that.

    Raises:
        CheckFailed: If the answer is wrong or missing, or an argument was changed in place.
        ValueError: If a mistake's value would pass as right, a fault of the test itself.
    """
    for mistake in mistakes:
        if difference(mistake.value, want, rtol=rtol, atol=atol) is None:
            raise ValueError(f"mistake {mistake.name!r} has the value of the right answer")
    got, printed = _value(f, args)
    words = difference(got, want, rtol=rtol, atol=atol)
    if words is None:
        return
    named = (m for m in mistakes if difference(got, m.value, rtol=rtol, atol=atol) is None)
    came = _without_the_rest(got, want)
    mistake = next(named, None) or _unspecific_mistake(came, want)
    message = _message(
        ("asked:    ", _show_call(f, args)),
        ("came:     ", show(came)),
        ("expected: ", show(want)),
        ("differs:  ", "" if _one_of_a_kind(got, want) else words),
        ("printed:  ", printed),
        ("→ ", mistake.hint if mistake else ""),
    )
    raise CheckFailed(message, mistake=mistake.name if mistake else None)


@contextmanager
def item(name: str) -> Iterator[None]:
    """Hold the tests of one item: say once how they went, and fail with the message alone.

    Args:
        name: The item's name, usually the function's.

    Raises:
        CheckFailed: If a test inside fails.
    """
    try:
        yield
    except Exception as error:
        failure = _as_failure(error)
        _report(f"✗ {name}: {_verdict(failure)}", failure, item=name)
        raise failure from None
    _report(f"✓ {name}: right in every test here", None, item=name)


class Parts:
    """An item with partial credit: each part is earned on its own.

    The last line of its test cell is `parts.score()`, which nbgrader reads as the points earned.

    Args:
        name: The item's name, usually the function's.
        points: Points of all parts together.
    """

    def __init__(self, name: str, *, points: float):
        self.name, self.points = name, points
        self._worth: dict[str, float] = {}
        self._missing: dict[str, CheckFailed] = {}

    @contextmanager
    def part(self, name: str, *, points: float) -> Iterator[None]:
        """Hold the tests of one part: a failure inside costs its points and nothing else."""
        self._worth[name] = points
        record = {"item": self.name, "part": name, "points": points}
        title = f"{self.name}, {name} ({points:g} of {self.points:g} points)"
        try:
            yield
        except Exception as error:
            failure = self._missing[name] = _as_failure(error)
            _report(f"✗ {title}: {_verdict(failure)}", failure, **record, earned=0.0)
        else:
            _report(f"✓ {title}", None, **record, earned=points)

    def score(self) -> float:
        """Say which parts were earned, and return their points.

        Raises:
            CheckFailed: If no part was earned; under Validate also if any is missing, because
                Validate would say no more than "partial credit".
            ValueError: If the parts do not add up to the item's points.
        """
        total = sum(self._worth.values())
        if total != self.points:
            raise ValueError(f"the parts of {self.name} add up to {total}, not {self.points}")
        earned = float(total - sum(self._worth[name] for name in self._missing))
        marks = ", ".join(f"{'✗' if name in self._missing else '✓'} {name}" for name in self._worth)
        text = f"{self.name}: {earned:g} of {total:g} points by these tests\n{marks}"
        failure = self._failure(text) if self._missing else None
        must_fail = failure and (earned == 0 or "NBGRADER_VALIDATING" in os.environ)
        shown = failure.message if failure and not must_fail else text
        _report(shown, failure, item=self.name, points=self.points, earned=earned)
        if must_fail:
            raise failure
        return earned

    def _failure(self, summary: str) -> CheckFailed:
        """Put what is missing into one failure, and what holds for several parts only once."""
        first = min(self._missing.values(), key=lambda failure: failure.status == "unanswered")
        if first.status == "unanswered" and len(self._missing) == len(self._worth):
            return first
        parts: dict[str, list[str]] = {}
        for name, failure in self._missing.items():
            parts.setdefault(failure.mistake if failure.early else name, []).append(name)
        reasons = [f"{', '.join(p)}:\n{self._missing[p[0]].message}" for p in parts.values()]
        return CheckFailed("\n\n".join([summary, *reasons]), mistake=first.mistake)


def _value(f: Callable[..., object], args: tuple[object, ...]) -> tuple[object, str]:
    """Return what `f` returns for `args`, and what it printed; fail if there is no value."""
    result = outcome(f, args)
    error = result.error
    if type(error) is NotImplementedError and not error.args:
        raise CheckFailed(UNANSWERED, early=True)
    if error is not None:
        came = (("came:     ", describe(error)), ("raised in ", where(error)))
        message = _message(("asked:    ", _show_call(f, args)), *came)
        raise CheckFailed(message, mistake="raises", early=True)
    if result.changed:
        before, after = map(show, result.changed)
        message = _message(
            ("asked:    ", _show_call(f, args)),
            ("changed:  ", f"{before} had become {after} after the call"),
            ("→ ", _IN_PLACE),
        )
        raise CheckFailed(message, mistake="changes_argument", early=True)
    return result.value, result.printed


def _one_of_a_kind(got: object, want: object) -> bool:
    """Tell whether showing both says all: two numbers, or two texts."""
    return None not in (as_number(got), as_number(want)) or type(got) is type(want) is str


def _without_the_rest(got: object, want: object) -> object:
    """Put `...` into an answer where nothing particular is asked."""
    sequences = (list, tuple)
    if type(got) not in sequences or type(want) not in sequences or len(got) != len(want):
        return got
    pairs = zip(got, want, strict=True)
    return type(got)(... if asked is ... else came for came, asked in pairs)


def _unspecific_mistake(got: object, want: object) -> Mistake | None:
    if got is None:
        hint = "Your function returned nothing: does it end with `return`?"
        return Mistake("returns_none", None, hint)
    if type(want) is tuple and type(got) not in (list, tuple):
        hint = f"{len(want)} values are asked: name them all after `return`, with commas between."
        return Mistake("returns_one_value", None, hint)
    if not is_finite(got):
        hint = "Not every number is finite: does an exp overflow, a log meet 0, or 0 divide 0?"
        return Mistake("not_finite", None, hint)
    return None


def _as_failure(error: Exception) -> CheckFailed:
    if type(error) is CheckFailed:
        return error
    if type(error) is NameError:
        message = (
            f"`{error.name}` is not defined. Run the cell that defines it; if that cell stops "
            "with an error, repair it first."
        )
        return CheckFailed(_message(("", message)), mistake="not_defined", early=True)
    return CheckFailed(f"the test itself stopped: {describe(error)}")


def _verdict(failure: CheckFailed) -> str:
    return UNANSWERED if failure.status == "unanswered" else "not right yet"


def _report(text: str, failure: CheckFailed | None, **record: object) -> None:
    record["status"] = failure.status if failure else "passed"
    record["mistake"] = failure.mistake if failure else None
    record["message"] = failure.message if failure else text
    display({"text/plain": text}, metadata={"course_lib": record}, raw=True)


def _message(*lines: tuple[str, str]) -> str:
    """Set labelled lines, wrapped under their labels; leave out those with nothing to say."""
    return "\n".join(
        textwrap.fill(
            text,
            WIDTH,
            initial_indent=label,
            subsequent_indent=" " * len(label),
            break_on_hyphens=False,
        ).replace(NO_BREAK, " ")
        for label, text in lines
        if text
    )


def _show_call(f: Callable[..., object], args: tuple[object, ...]) -> str:
    name = getattr(f, "__name__", None)
    name = name if type(name) is str else "your function"
    room = WIDTH - len("asked:    (),") - len(name)
    shown = [show(arg) for arg in args]
    glued = [text.replace(" ", NO_BREAK) if len(text) <= room else text for text in shown]
    return f"{name}({', '.join(glued)})"
