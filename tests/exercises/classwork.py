"""What is handed in for a problem set, all of it graded in one run of the real pipeline."""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.exercises.pipeline import Course, Graded, is_answer
from tests.exercises.variants import Variant, pack, variants

NOISY_PREAMBLE = """
import logging, sys, warnings
import matplotlib.pyplot as plt
from tqdm import tqdm

logging.basicConfig(level="DEBUG")
warnings.simplefilter("always")

def loudly(f):
    def wrapper(*args):
        print("called with", args)
        warnings.warn("this is going to be deprecated")
        logging.warning("careful")
        for _ in tqdm(range(3)):
            pass
        plt.plot([1, 2, 3])
        plt.show()
        return f(*args)
    return wrapper
"""


@dataclass(frozen=True)
class Classwork:
    """The graded class.

    Attributes:
        points: Points of each item that is graded by tests.
        solution: The instructor's version, handed in.
        untouched: The release, handed in as it came.
        own_style: The solution among prints, plots, warnings and cells of the student's own.
        answered: By variant, the notebook that held it, and the other variants in that notebook.
    """

    points: dict[str, float]
    solution: Graded
    untouched: Graded
    own_style: Graded
    answered: dict[str, tuple[Graded, dict[str, Variant]]]

    def complaints(self, graded: Graded, chosen: dict[str, Variant]) -> list[str]:
        """Say where points or named mistakes are not those that the chosen variants state."""
        found = [f"it was flagged {flag}" for flag in graded.flags]
        for item, points in self.points.items():
            variant = chosen.get(item, Variant(item, item, 0, None, ""))
            due = points - variant.loses
            if graded.scores[item] != due:
                found.append(f"{variant.name} got {graded.scores[item]}, not {due} of {points}")
            if variant.named and variant.named not in graded.mistakes(item):
                known = graded.mistakes(item)
                found.append(f"{variant.name} was taken for {known}, not for {variant.named!r}")
        return found


@cache
def classwork(problem_set: str) -> Classwork:
    """Hand in everything that is known about a problem set, and grade it."""
    course = Course(Path(tempfile.mkdtemp(dir=_folders.name)), problem_set)
    wrong, right = (
        pack([v for v in variants(problem_set) if (v.loses > 0) == is_wrong])
        for is_wrong in (True, False)
    )
    chosen = {f"student-{number}": notebook for number, notebook in enumerate(wrong + right)}
    graded = course.grade(
        {
            "solution": course.answered({}),
            "untouched": course.released(),
            "own-style": in_a_style_of_its_own(course.answered({})),
            **{
                student: course.answered({item: one.source for item, one in notebook.items()})
                for student, notebook in chosen.items()
            },
        }
    )
    answered = {
        variant.name: (graded[student], notebook)
        for student, notebook in chosen.items()
        for variant in notebook.values()
    }
    return Classwork(
        course.points, graded["solution"], graded["untouched"], graded["own-style"], answered
    )


_folders = tempfile.TemporaryDirectory()


def in_a_style_of_its_own(notebook: NotebookNode) -> NotebookNode:
    """Put own cells everywhere, and make each answer print, warn, log and plot."""
    cells = [new_markdown_cell("# My homework"), new_code_cell(NOISY_PREAMBLE)]
    for cell in notebook.cells:
        if is_answer(cell):
            name = cell.metadata["nbgrader"]["grade_id"]
            cell.source += f"\n\n{name} = loudly({name})\nprint('defined', {name})"
            cells += [new_markdown_cell("My thoughts …"), new_code_cell("z = y = p = s = 'mine'")]
        cells.append(cell)
    notebook.cells = [*cells, new_code_cell("print('done', file=sys.stderr)")]
    return notebook
