import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import plaindata

TENSOR = torch.tensor([0.5, 0.25])


class EqualsEverything:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None
    __float__ = __abs__ = lambda self: 0.0
    __sub__ = __rsub__ = lambda self, other: self
    __le__ = __ge__ = lambda self, other: True


class FloatOfOurOwn(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class TensorOfOurOwn(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True


class ArrayOfOurOwn(np.ndarray):
    pass


class ListOfOurOwn(list):
    pass


def differs(got: object, want: object) -> bool:
    return plaindata.difference(got, want, rtol=1e-4, atol=1e-6) is not None


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(plain)
def test_plain_data_equals_itself(value):
    assert not differs(value, value)
    assert plaindata.show(value) == plaindata.show(value)


@given(plain)
def test_nothing_passes_for_an_object_that_equals_everything(value):
    assert differs(EqualsEverything(), value)


@pytest.mark.parametrize(
    "got",
    [
        1.4142,
        np.float64(1.4142),
        np.float32(1.4142),
        np.array(1.4142),
        torch.tensor(1.4142),
        torch.tensor(1.4142, dtype=torch.float64),
        torch.tensor(1.4142, requires_grad=True),
    ],
)
def test_a_number_may_come_in_any_plain_type(got):
    assert not differs(got, 1.4142)
    assert not differs(got, torch.tensor(1.4142))


@pytest.mark.parametrize(
    ("got", "want"),
    [
        ("1.0", 1.0),
        (True, 1.0),
        (True, 1),
        (1, True),
        (None, 0.0),
        ([1.0], 1.0),
        (torch.tensor([1.0]), 1.0),
        (torch.tensor(True), 1.0),
        (1 + 0j, 1.0),
        (float("nan"), 1.0),
        (float("inf"), 1.0),
        (1.0, float("inf")),
        (float("-inf"), float("inf")),
        (1.0002, 1.0),
        (100_001, 100_000),
        (FloatOfOurOwn(1.0), 1.0),
        (EqualsEverything(), 1.0),
        (lambda: 1.0, 1.0),
        (TENSOR[:1], TENSOR),
        (TENSOR[:, None], TENSOR),
        ([0.5, 0.25], TENSOR),
        (TENSOR.numpy(), TENSOR),
        (TENSOR > 0, TENSOR),
        (TENSOR.long(), TENSOR),
        (TENSOR.to(torch.complex64), TENSOR),
        (TENSOR.as_subclass(TensorOfOurOwn), TENSOR),
        (TENSOR.numpy().view(ArrayOfOurOwn), TENSOR.numpy()),
        (ListOfOurOwn([1]), [1]),
        ([1, 2], [1]),
        ([1, EqualsEverything()], [1, 2]),
        ({"a": 1}, {"b": 1}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({FloatOfOurOwn(1): 1}, {1: 1}),
        ([("a", 1)], {"a": 1}),
        ("Ham", "ham"),
        (0, None),
    ],
)
def test_what_is_not_the_answer_is_refused(got, want):
    assert differs(got, want)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (1.00005, 1.0),
        (3.0, 3),
        (float("nan"), float("nan")),
        (TENSOR.double(), TENSOR),
        (TENSOR.clone().requires_grad_(), TENSOR),
        (TENSOR.to_sparse(), TENSOR),
        (torch.tensor([1, 0]), torch.tensor([1.0, 0.0])),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
        ((1, 2), [1, 2]),
        ((0.3, None), (0.3, ...)),
        ({"b": [1], "a": TENSOR}, {"a": TENSOR, "b": [1]}),
        (np.array([1, 2], dtype=np.int8), np.array([1, 2])),
    ],
)
def test_forms_that_say_the_same_are_equal(got, want):
    assert not differs(got, want)


def test_attributes_put_on_a_tensor_do_not_lie_for_it():
    forged = torch.zeros(2)
    forged.tolist = forged.detach = lambda: TENSOR
    assert differs(forged, TENSOR)


def test_the_difference_names_the_place():
    got, want = torch.zeros(2, 2), torch.tensor([[0.0, 0.0], [0.0, 0.5]])
    words = plaindata.difference((1, got), (1, want), rtol=1e-4, atol=1e-6)
    assert words == (
        "entry 1: 1 of 4 entries differ, the first at [1, 1]: 0.0 came where 0.5 is asked"
    )


def test_only_plain_data_can_be_asked_for():
    with pytest.raises(TypeError, match="plain data"):
        plaindata.difference(1, object(), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.0, "2.0"),
        (1 / 3, "0.333333"),
        (1e-7, "1e-07"),
        (-math.inf, "-inf"),
        (torch.tensor(3), "3"),
        (torch.tensor([[1.0, 2.5]]), "tensor([[1.0, 2.5]])"),
        (torch.zeros(3, 4), "a tensor of shape (3, 4)"),
        (np.array([True]), "array([True])"),
        ((1,), "(1,)"),
        ([0] * 9, "[0, 0, 0, 0, 0, 0, 0, 0, …]"),
        ({"a": [None]}, "{'a': [None]}"),
        ("x" * 99, "'" + "x" * 59 + "…'"),
        (EqualsEverything(), "an object of type EqualsEverything"),
    ],
)
def test_values_are_shown_briefly(value, words):
    assert plaindata.show(value) == words


def test_a_list_that_holds_itself_is_shown_and_compared():
    endless: list = []
    endless.append(endless)
    assert plaindata.show(endless) == "[[[[a list]]]]"
    assert differs(endless, [1])
    assert plaindata.is_finite(endless)
