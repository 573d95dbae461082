"""The page that the README links to says what the tests see now."""

import pytest

from tests.exercises import matrix
from tests.exercises.variants import problem_sets


@pytest.mark.parametrize("name", problem_sets())
def test_the_matrix_is_what_this_run_sees(name):
    assert matrix.section(name) in matrix.PATH.read_text(), "run: make matrix"


@pytest.mark.parametrize("name", problem_sets())
def test_everything_is_caught_and_nothing_is_a_false_alarm(name):
    rows = [line.split(" | ") for line in matrix.section(name).splitlines() if "| `" in line]
    for item, _, wrong, caught, named, exact, _, alarms, *_, killed in rows:
        assert caught == exact == wrong, item
        assert alarms == "0", item
        assert len(set(named.split(" of "))) == 1, item
        assert len(set(killed.strip(" |").split(" of "))) == 1, item


def test_the_page_covers_every_problem_set():
    page = matrix.PATH.read_text()
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == problem_sets()
