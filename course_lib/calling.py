"""Call a function that somebody else wrote: on copies, in silence, and come back in any case."""

import copy
import logging
import os
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from IPython.utils.capture import CapturedIO, capture_output

from course_lib.plaindata import difference, is_container, shorten


@dataclass(frozen=True)
class Outcome:
    """What a call came to.

    Attributes:
        value: What it returned; None if it raised.
        error: What it raised, if anything.
        changed: An argument as it was and as the call left it, if the call changed one in place.
        printed: The beginning of what it printed.
    """

    value: object = None
    error: BaseException | None = None
    changed: tuple[object, object] | None = None
    printed: str = ""


def outcome(f: Callable[..., object], args: tuple[object, ...]) -> Outcome:
    """Call `f` with copies of `args`.

    What it prints, plots, logs or warns of is held back: that is allowed, and graded by nobody.

    Args:
        f: Any function.
        args: Its arguments.

    Raises:
        KeyboardInterrupt: If the user, or a limit on time, interrupts it. Nothing else gets
            through, `SystemExit` included: one answer must not end the grading of the others.

    >>> outcome(lambda z: print("hello") or z + 1, (1,))
    Outcome(value=2, error=None, changed=None, printed='hello')
    """
    given = copy.deepcopy(args)
    try:
        with _silence() as captured:
            value = f(*given)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Outcome(error=error)
    pairs = zip(args, given, strict=True)
    changed = (
        (before, after)
        for before, after in pairs
        if is_container(before) and difference(after, before, rtol=0, atol=0)
    )
    return Outcome(value, changed=next(changed, None), printed=shorten(captured.stdout, 200))


def describe(error: BaseException) -> str:
    """Return an exception's type and message on one line."""
    try:
        message = shorten(str(error), 200)
    except Exception:
        message = "(its message cannot be read)"
    return f"{type(error).__name__}: {message}"


def where(error: BaseException) -> str:
    """Quote the line outside any library that raised last, with its number; empty if none did."""
    paths = sysconfig.get_paths()
    library = (
        os.path.dirname(__file__),
        paths["stdlib"],
        paths["purelib"],
        paths["platlib"],
        "<frozen",
    )
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(library):
            return f"line {frame.lineno} of its cell: {frame.line}"
    return ""


@contextmanager
def _silence() -> Iterator[CapturedIO]:
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), capture_output() as captured:
            warnings.simplefilter("ignore")
            yield captured
    finally:
        logging.disable(level)
