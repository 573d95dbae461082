import math as maths

import pytest
import torch  # noqa: F401 - not used by the answer, so it must not come with it

from tests.exercises.variants import Variant, mistake, other_way, pack, problem_sets, slip, variants


@mistake(
    of="circle_area",
    loses=2,
    named="circumference",
)
def area_of_the_wrong_formula(radius):
    # A comment stays.
    return 2 * maths.pi * radius


@other_way(of="circle_area")
def area_by_halves(radius):
    return sum(radius**2 for _ in range(4))


def test_a_mistake_becomes_a_solution_cell():
    variant = area_of_the_wrong_formula.variant
    assert (variant.name, variant.of) == ("area_of_the_wrong_formula", "circle_area")
    assert (variant.loses, variant.named) == (2, "circumference")
    assert variant.source == (
        "import math as maths\n"
        "\n"
        "def circle_area(radius):\n"
        "    # A comment stays.\n"
        "    return 2 * maths.pi * radius"
    )


def test_a_slip_is_the_answer_but_for_its_changes():
    variant = slip(area_by_halves, {"radius**2": "radius"}, of="circle_area", loses=2)
    assert variant.source == area_by_halves.variant.source.replace("radius**2", "radius")
    assert (variant.of, variant.loses, variant.named) == ("circle_area", 2, None)


@pytest.mark.parametrize("old", ["r", "diameter"])
def test_a_slip_that_changes_nothing_or_too_much_is_refused(old):
    with pytest.raises(ValueError, match="not once"):
        slip(area_by_halves, {old: "x"}, of="circle_area", loses=2)


def test_an_other_way_loses_nothing_and_brings_no_import_that_it_does_not_use():
    variant = area_by_halves.variant
    assert variant.loses == 0
    assert variant.source.startswith("def circle_area(radius):")


def test_as_few_notebooks_as_the_most_answered_item_needs():
    answers = [Variant(f"{of}{i}", of, 1, None, "") for of in "abb" for i in range(2)]
    notebooks = pack(answers)
    assert [sorted(notebook) for notebook in notebooks] == [["a", "b"], ["a", "b"], ["b"], ["b"]]
    assert sum(map(len, notebooks)) == len(answers)


def test_what_is_written_down_is_found():
    assert "02_loss" in problem_sets()
    assert {variant.of for variant in variants("02_loss")} >= {"focal_loss"}
