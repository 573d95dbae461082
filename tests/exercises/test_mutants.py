"""Mechanical damage to a solution costs points, unless it provably changes nothing."""

from functools import cache

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.exercises.equivalents import EQUIVALENT
from tests.exercises.mutants import Item, survivors
from tests.notebooks.gates import SOLUTIONS, read

SETS = {path.stem: path for path in SOLUTIONS}


@cache
def solved(problem_set):
    return read(SETS[problem_set])


def graded_functions(notebook):
    for cell in notebook.cells:
        grader = cell.metadata.get("nbgrader", {})
        if grader.get("grade") and cell.cell_type == "code":
            yield grader["grade_id"].removeprefix("test_")


ITEMS = [
    pytest.param(name, item, id=f"{name}-{item}")
    for name in SETS
    for item in graded_functions(solved(name))
]


@pytest.mark.parametrize(("problem_set", "name"), ITEMS)
def test_every_mutant_that_differs_is_killed(problem_set, name):
    item = Item(name, solved(problem_set))
    assert item.score(item.solution) == item.points
    number, alive = survivors(problem_set, name)
    assert number >= 4
    assert alive == set(EQUIVALENT.get(name, {}))


@pytest.mark.parametrize(("problem_set", "name"), ITEMS)
def test_an_answer_that_only_knows_the_visible_values_does_not_get_the_points(problem_set, name):
    item = Item(name, solved(problem_set))
    known = {repr(args): want for args, want in item.visible_pairs()}

    def hard_coded(*args):
        want = known.get(repr(args))
        return tuple(0.0 if part is ... else part for part in want) if type(want) is tuple else want

    assert known
    assert item.score_of(hard_coded) < item.points


def test_an_equivalent_mutant_belongs_to_an_item_and_has_a_reason():
    items = {item for name in SETS for item in graded_functions(solved(name))}
    assert set(EQUIVALENT) <= items
    for reasons in EQUIVALENT.values():
        assert all(len(reason.split()) >= 5 for reason in reasons.values())


SOLUTION = '''
def mean_square(x):
    """Return the mean of the squares."""
    total = 0
    for value in x:
        total += value**2
    return total / len(x)
'''


def item_with(test):
    cells = [
        new_code_cell("from course_lib import checks"),
        new_code_cell(SOLUTION, metadata={"nbgrader": {"grade_id": "mean_square"}}),
        new_code_cell(test, metadata={"nbgrader": {"grade_id": "test_mean_square", "points": 2}}),
    ]
    return Item("mean_square", new_notebook(cells=cells))


def test_mutants_change_every_kind_of_place_once():
    changes = {mutant.change for mutant in item_with("pass").mutants()}
    assert changes == {
        "total = 0  →  total = 1",
        "total = 0  →  pass",
        "total += value ** 2  →  total -= value ** 2",
        "total += value ** 2  →  total += value * 2",
        "total += value ** 2  →  total += value ** 3",
        "total += value ** 2  →  pass",
        "for value in x:  →  pass",
        "return total / len(x)  →  return total * len(x)",
    }


@pytest.mark.parametrize(
    ("test", "survivors"),
    [
        ("assert abs(mean_square([1.0, 3.0]) - 5.0) < 1e-6", 0),
        ("assert mean_square([1.0]) >= 0", 6),
        ("value = mean_square([1.0])", 7),
    ],
)
def test_a_weak_test_lets_mutants_survive(test, survivors):
    item = item_with(test)
    alive = [mutant for mutant in item.mutants() if item.score(mutant.source) == item.points]
    assert len(alive) == survivors, alive
