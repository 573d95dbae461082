"""Each known mistake costs what it should, each correct way earns everything: through nbgrader."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.exercises.pipeline import Course, Graded, is_answer
from tests.exercises.variants import Variant, pack, problem_sets, variants

# nbgrader's own use of its database library.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

SETS = problem_sets()
MISTAKES, OTHER_WAYS = (
    [
        pytest.param(name, notebook, id=f"{name}-{number}")
        for name in SETS
        for number, notebook in enumerate(
            pack([v for v in variants(name) if wrong == (v.loses > 0)])
        )
    ]
    for wrong in (True, False)
)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Callable[[str], Course]:
    """Give the course with a problem set released, made once."""
    made: dict[str, Course] = {}

    def get(name: str) -> Course:
        if name not in made:
            made[name] = Course(tmp_path_factory.mktemp(name), name)
        return made[name]

    return get


def complaints(course: Course, graded: Graded, chosen: dict[str, Variant]) -> list[str]:
    """Say where points or named mistakes are not those that the chosen variants state."""
    found = []
    for item, points in course.points.items():
        variant = chosen.get(item)
        name, loses, named = item, 0, None
        if variant:
            name, loses, named = variant.name, variant.loses, variant.named
        if graded.scores[item] != points - loses:
            found.append(f"{name} got {graded.scores[item]}, not {points - loses} of {points}")
        if named and named not in graded.mistakes(item):
            found.append(f"{name} was taken for {graded.mistakes(item)}, not for {named!r}")
    return found


def test_points_and_names_that_differ_are_complained_about():
    course = SimpleNamespace(points={"area": 2.0, "volume": 3.0})
    chosen = {"area": Variant("area_doubled", "area", loses=2, named="twice", source="")}
    right = {"area": [{"mistake": "twice"}], "volume": [{"mistake": None}]}
    assert complaints(course, Graded({"area": 0.0, "volume": 3.0}, right), chosen) == []
    assert complaints(course, Graded({"area": 2.0, "volume": 2.0}, right), chosen) == [
        "area_doubled got 2.0, not 0.0 of 2.0",
        "volume got 2.0, not 3.0 of 3.0",
    ]
    unnamed = {"area": [{"mistake": None}], "volume": []}
    assert complaints(course, Graded({"area": 0.0, "volume": 3.0}, unnamed), chosen) == [
        "area_doubled was taken for set(), not for 'twice'"
    ]


@pytest.mark.parametrize("name", SETS)
def test_enough_is_known_about_every_item(name, course):
    for item in course(name).points:
        known = [variant for variant in variants(name) if variant.of == item]
        wrong = [variant for variant in known if variant.loses]
        assert len(wrong) >= 5, f"{item} has {len(wrong)} known mistakes"
        assert len(known) - len(wrong) >= 2, f"{item} has too few other ways"


@pytest.mark.parametrize("name", SETS)
def test_every_variant_answers_an_item_that_exists(name, course):
    assert {variant.of for variant in variants(name)} == set(course(name).points)


@pytest.mark.parametrize("name", SETS)
def test_the_solution_earns_every_point_that_tests_can_give(name, course):
    graded = course(name).grade("solution", course(name).answered({}))
    assert complaints(course(name), graded, {}) == []


@pytest.mark.parametrize("name", SETS)
def test_the_untouched_release_earns_nothing_and_is_not_answered_yet(name, course):
    graded = course(name).grade("untouched", course(name).released())
    assert set(graded.scores.values()) == {0}
    for item in course(name).points:
        assert graded.statuses(item) == {"unanswered"}
        assert {record["message"] for record in graded.records[item]} == {"not answered yet"}


@pytest.mark.parametrize(("name", "chosen"), MISTAKES)
def test_known_mistakes_cost_what_they_should_and_are_named(name, chosen, course, request):
    answers = {item: variant.source for item, variant in chosen.items()}
    graded = course(name).grade(request.node.callspec.id, course(name).answered(answers))
    assert complaints(course(name), graded, chosen) == []


@pytest.mark.parametrize(("name", "chosen"), OTHER_WAYS)
def test_other_correct_ways_earn_everything(name, chosen, course, request):
    answers = {item: variant.source for item, variant in chosen.items()}
    student = f"right-{request.node.callspec.id}"
    graded = course(name).grade(student, course(name).answered(answers))
    assert complaints(course(name), graded, chosen) == []


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


@pytest.mark.parametrize("name", SETS)
def test_a_right_notebook_in_a_style_nobody_foresaw_earns_everything(name, course):
    notebook = in_a_style_of_its_own(course(name).answered({}))
    graded = course(name).grade("own-style", notebook)
    assert complaints(course(name), graded, {}) == []
