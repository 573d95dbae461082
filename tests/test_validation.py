"""A decorated function is checked before it runs, and stays the function it was."""

import inspect

import pytest
import torch

from course_lib.validation import finite, floating, like, validated, within

TWO = torch.tensor(2.0)


def twice(x, factor=TWO):
    """Multiply."""
    return x * factor


checked = validated(floating("x"), finite("factor"))(twice)


def test_a_valid_call_passes_through():
    assert checked(torch.tensor(3.0)).item() == 6
    assert checked(x=torch.tensor(3.0), factor=torch.tensor(1.0)).item() == 3


def test_name_signature_and_docstring_survive():
    assert checked.__name__ == "twice"
    assert checked.__doc__ == "Multiply."
    assert inspect.signature(checked) == inspect.signature(twice)


def test_keywords_and_positions_are_checked_alike():
    for call in (lambda bad: checked(bad), lambda bad: checked(x=bad)):
        with pytest.raises(TypeError, match=r"x is torch.int64"):
            call(torch.tensor(1))


def test_wrong_calls_keep_pythons_own_message():
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        checked()


def test_rules_are_checked_in_order():
    first_shape = validated(like("factor", "x"), finite("x"))(twice)
    with pytest.raises(ValueError, match="broadcasting"):
        first_shape(torch.tensor([float("nan")]), torch.ones(2))


def test_the_first_wrong_entry_is_named_by_its_place():
    rule = within("x", 0, 1, "shares")
    with pytest.raises(ValueError, match=r"x\[1, 0\] is 7, but shares must lie in \[0, 1\]"):
        rule({"x": torch.tensor([[0.0, 1.0], [7.0, 8.0]])})
    with pytest.raises(ValueError, match="x is 7, but"):
        rule({"x": torch.tensor(7.0)})


def test_the_number_of_axes_is_checked():
    with pytest.raises(ValueError, match=r"x has shape \(3,\), but a tensor with 2 axes"):
        floating("x", ndim=2)({"x": torch.ones(3)})


def test_devices_must_agree():
    with pytest.raises(ValueError, match=r"target is on meta, but x is on cpu: target.to\("):
        like("target", "x")({"target": torch.ones(2, device="meta"), "x": torch.ones(2)})
