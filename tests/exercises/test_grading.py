"""Each known mistake costs what it should, each correct way earns everything, in real grading."""

import pytest

from tests.exercises.classwork import Classwork, classwork
from tests.exercises.pipeline import Graded
from tests.exercises.variants import Variant, problem_sets, variants

SETS = problem_sets()
VARIANTS = [
    pytest.param(name, variant, id=f"{name}-{variant.name}")
    for name in SETS
    for variant in variants(name)
]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_variant_earns_what_it_should_and_a_mistake_is_named(name, variant):
    graded, neighbours = classwork(name).answered[variant.name]
    found = classwork(name).complaints(graded, neighbours)
    assert [one for one in found if one.startswith((variant.name, "it was"))] == []


@pytest.mark.parametrize("name", SETS)
def test_no_variant_touches_another_item(name):
    for graded, notebook in classwork(name).answered.values():
        assert classwork(name).complaints(graded, notebook) == []


@pytest.mark.parametrize("name", SETS)
def test_enough_is_known_about_every_item(name):
    for item in classwork(name).points:
        known = [variant for variant in variants(name) if variant.of == item]
        wrong = [variant for variant in known if variant.loses]
        assert len(wrong) >= 5, f"{item} has {len(wrong)} known mistakes"
        assert len(known) - len(wrong) >= 2, f"{item} has too few other ways"


@pytest.mark.parametrize("name", SETS)
def test_every_variant_answers_an_item_that_exists(name):
    assert {variant.of for variant in variants(name)} == set(classwork(name).points)


@pytest.mark.parametrize("name", SETS)
def test_the_solution_earns_every_point_that_tests_can_give(name):
    assert classwork(name).complaints(classwork(name).solution, {}) == []


@pytest.mark.parametrize("name", SETS)
def test_the_untouched_release_earns_nothing_and_is_not_answered_yet(name):
    graded = classwork(name).untouched
    assert set(graded.scores.values()) == {0}
    for item in classwork(name).points:
        assert graded.statuses(item) == {"unanswered"}
        assert {record["message"] for record in graded.records[item]} == {"not answered yet"}


@pytest.mark.parametrize("name", SETS)
def test_a_right_notebook_in_a_style_nobody_foresaw_earns_everything(name):
    assert classwork(name).complaints(classwork(name).own_style, {}) == []


def test_points_and_names_that_differ_are_complained_about():
    work = Classwork({"area": 2.0, "volume": 3.0}, None, None, None, {})
    chosen = {"area": Variant("area_doubled", "area", loses=2, named="twice", source="")}
    right = {"area": [{"mistake": "twice"}], "volume": [{"mistake": None}]}
    unnamed = {"area": [{"mistake": None}], "volume": []}
    assert work.complaints(Graded({"area": 0.0, "volume": 3.0}, right, []), chosen) == []
    assert work.complaints(Graded({"area": 2.0, "volume": 2.0}, right, ["tampered"]), chosen) == [
        "it was flagged tampered",
        "area_doubled got 2.0, not 0.0 of 2.0",
        "volume got 2.0, not 3.0 of 3.0",
    ]
    assert work.complaints(Graded({"area": 0.0, "volume": 3.0}, unnamed, []), chosen) == [
        "area_doubled was taken for set(), not for 'twice'"
    ]
