"""The losses and their gradients equal torch's, and no logit to ±10,000 breaks them in float32."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from course_lib import losses
from course_lib.gradients import numerical_gradient

BINARY = [losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits]
BINARY_GRADS = [losses.binary_cross_entropy_grad, losses.binary_cross_entropy_with_logits_grad]
EXTREMES = [-1e4, -1e3, -100.0, -20.0, -1.0, 0.0, 1.0, 20.0, 100.0, 1e3, 1e4]
NAN, INF = float("nan"), float("inf")

sizes = st.integers(1, 6)
logits = st.floats(-50, 50, width=32)
labels = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1, width=32))
probabilities = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1, width=32))


@st.composite
def rows(draw, inputs):
    """Draw an input and a target with one entry a row, in float64."""
    n = draw(sizes)
    pair = (st.lists(kind, min_size=n, max_size=n) for kind in (inputs, labels))
    return tuple(torch.tensor(draw(column), dtype=torch.float64) for column in pair)


@st.composite
def classes(draw):
    """Draw logits (N, K) in float64 and class numbers (N,)."""
    n, k = draw(sizes), draw(sizes)
    table = st.lists(logits, min_size=n * k, max_size=n * k)
    numbers = st.lists(st.integers(0, k - 1), min_size=n, max_size=n)
    z = torch.tensor(draw(table), dtype=torch.float64).reshape(n, k)
    return z, torch.tensor(draw(numbers))


def autograd(loss, z, target):
    leaf = z.clone().requires_grad_()
    return torch.autograd.grad(loss(leaf, target), leaf)[0]


def assert_close(got, wanted):
    torch.testing.assert_close(got, wanted, rtol=1e-8, atol=1e-12)  # torch keeps 1e-12 as float32


@given(rows(probabilities))
def test_binary_cross_entropy_is_torchs_at_all_probabilities(row):
    assert_close(losses.binary_cross_entropy(*row), functional.binary_cross_entropy(*row))
    assert_close(
        losses.binary_cross_entropy_grad(*row), autograd(functional.binary_cross_entropy, *row)
    )


@given(rows(logits))
def test_binary_cross_entropy_with_logits_is_torchs(row):
    theirs = functional.binary_cross_entropy_with_logits
    assert_close(losses.binary_cross_entropy_with_logits(*row), theirs(*row))
    assert_close(losses.binary_cross_entropy_with_logits_grad(*row), autograd(theirs, *row))


@given(rows(logits))
def test_autograd_through_the_stable_form_is_right_even_at_its_corner(row):
    automatic = autograd(losses.binary_cross_entropy_with_logits, *row)
    assert_close(losses.binary_cross_entropy_with_logits_grad(*row), automatic)


@given(classes())
def test_cross_entropy_is_torchs(row):
    assert_close(losses.cross_entropy(*row), functional.cross_entropy(*row))
    assert_close(losses.cross_entropy_grad(*row), autograd(functional.cross_entropy, *row))
    assert_close(losses.cross_entropy_grad(*row), autograd(losses.cross_entropy, *row))


@given(classes())
def test_log_sum_exp_is_torchs_over_the_last_axis(row):
    z, _ = row
    assert_close(losses.log_sum_exp(z), torch.logsumexp(z, dim=-1))
    assert_close(losses.log_sum_exp(z[None]), torch.logsumexp(z[None], dim=-1))
    assert_close(losses.log_sum_exp(z[0]), torch.logsumexp(z[0], dim=-1))


@given(rows(logits))
def test_two_logits_are_one_logit_of_their_difference(row):
    z, target = row
    hard = target.round()
    two = torch.stack([torch.full_like(z, 3.0), 3 + z], dim=1)
    assert_close(
        losses.cross_entropy(two, hard.long()), losses.binary_cross_entropy_with_logits(z, hard)
    )
    residual = losses.binary_cross_entropy_with_logits_grad(z, hard)
    assert_close(
        losses.cross_entropy_grad(two, hard.long()), torch.stack([-residual, residual], dim=1)
    )


@pytest.mark.parametrize(("loss", "gradient"), [*zip(BINARY, BINARY_GRADS, strict=True)])
def test_binary_gradient_is_the_measured_slope(loss, gradient):
    z = torch.linspace(0.1, 0.9, 7, dtype=torch.float64)
    target = torch.tensor([0, 1, 0.3, 1, 0, 0.8, 1], dtype=torch.float64)
    measured = numerical_gradient(lambda z: loss(z, target), z)
    torch.testing.assert_close(gradient(z, target), measured, rtol=1e-7, atol=1e-9)


def test_cross_entropy_gradient_is_the_measured_slope():
    z = torch.linspace(-3, 3, 12, dtype=torch.float64).reshape(4, 3).sin() * 4
    target = torch.tensor([0, 2, 1, 2])
    measured = numerical_gradient(lambda z: losses.cross_entropy(z, target), z)
    torch.testing.assert_close(losses.cross_entropy_grad(z, target), measured, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("label", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("logit", EXTREMES)
def test_logits_to_ten_thousand_are_right_in_float32(logit, label):
    z, target = torch.tensor([logit]), torch.tensor([label])
    value = losses.binary_cross_entropy_with_logits(z, target)
    exact = functional.binary_cross_entropy_with_logits(z.double(), target.double())
    torch.testing.assert_close(value.double(), exact, rtol=1e-6, atol=1e-7)
    wanted = (torch.sigmoid(z.double()) - target).float()
    for slope in (
        losses.binary_cross_entropy_with_logits_grad(z, target),
        autograd(losses.binary_cross_entropy_with_logits, z, target),
    ):
        torch.testing.assert_close(slope, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("offset", [-1e4, 0.0, 1e4])
@pytest.mark.parametrize("other", [-1e4, 9_999.0, 1e4])
def test_class_logits_to_ten_thousand_are_right_in_float32(offset, other):
    z, target = torch.tensor([[offset, other, -1e4], [1e4, offset, other]]), torch.tensor([0, 1])
    value = losses.cross_entropy(z, target)
    exact = functional.cross_entropy(z.double(), target)
    torch.testing.assert_close(value.double(), exact, rtol=1e-6, atol=1e-6)
    wanted = autograd(functional.cross_entropy, z.double(), target).float()
    for slope in (
        losses.cross_entropy_grad(z, target),
        autograd(losses.cross_entropy, z, target),
    ):
        torch.testing.assert_close(slope, wanted, rtol=1e-5, atol=1e-6)


def test_a_certain_probability_costs_nothing_if_right_and_100_nats_if_wrong():
    certain = torch.tensor([0.0, 1.0])
    assert losses.binary_cross_entropy(certain, torch.tensor([0.0, 1.0])).item() == 0
    assert losses.binary_cross_entropy(certain, torch.tensor([1.0, 0.0])).item() == 100
    assert losses.binary_cross_entropy_grad(certain, torch.tensor([1.0, 0.0])).isfinite().all()


def test_the_mean_is_over_all_entries_of_any_shape():
    z = torch.tensor([[-2.0], [0.5], [3.0]])
    loss = losses.binary_cross_entropy_with_logits
    assert loss(z, torch.ones(3, 1)) == loss(z[:, 0], torch.ones(3))


FLOATS, ONES = torch.tensor([0.2, 0.7]), torch.ones(2)
BAD_BINARY = [
    ("another shape", FLOATS[:, None], ONES, ValueError, r"\(2,\).*\(2, 1\)"),
    ("another length", FLOATS, torch.ones(3), ValueError, r"\(3,\).*\(2,\)"),
    ("integer input", torch.tensor([0, 1]), ONES, TypeError, "input is torch.int64.*floating"),
    ("integer labels", FLOATS, torch.tensor([0, 1]), TypeError, "target is torch.int64"),
    ("another precision", FLOATS, ONES.double(), TypeError, "float64.*float32"),
    ("a list", [0.2, 0.7], ONES, TypeError, "input is a list.*torch.Tensor"),
    ("an array", FLOATS, ONES.numpy(), TypeError, "target is a ndarray.*torch.Tensor"),
    ("label above 1", FLOATS, torch.tensor([1.0, 2.0]), ValueError, r"target\[1\] is 2.*\[0, 1\]"),
    ("label −1", FLOATS, torch.tensor([-1.0, 1.0]), ValueError, r"target\[0\] is -1"),
    ("NaN label", FLOATS, torch.tensor([NAN, 1.0]), ValueError, r"target\[0\] is nan"),
    ("NaN input", torch.tensor([0.2, NAN]), ONES, ValueError, r"input\[1\] is nan"),
    ("infinite input", torch.tensor([INF, 0.2]), ONES, ValueError, r"input\[0\] is inf"),
    ("empty batch", torch.ones(0), torch.ones(0), ValueError, "empty"),
]


@pytest.mark.parametrize("function", [*BINARY, *BINARY_GRADS], ids=lambda f: f.__name__)
@pytest.mark.parametrize("case", BAD_BINARY, ids=lambda case: case[0])
def test_bad_binary_input_is_refused_in_words(function, case):
    _, z, target, error, message = case
    with pytest.raises(error, match=message):
        function(z, target)


@pytest.mark.parametrize("function", [BINARY[0], BINARY_GRADS[0]], ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrong", [-0.1, 1.5])
def test_logits_given_as_probabilities_are_noticed(function, wrong):
    with pytest.raises(ValueError, match=r"probabilities \(not logits\) must lie in \[0, 1\]"):
        function(torch.tensor([0.5, wrong]), ONES)


TABLE, NUMBERS = torch.zeros(2, 3), torch.tensor([0, 2])
BAD_CLASSES = [
    ("one axis", torch.zeros(2), NUMBERS, ValueError, r"input has shape \(2,\).*2 axes"),
    ("integer logits", torch.zeros(2, 3).long(), NUMBERS, TypeError, "input is torch.int64"),
    ("float numbers", TABLE, NUMBERS.float(), TypeError, "target is torch.float32.*int64"),
    ("int32 numbers", TABLE, NUMBERS.int(), TypeError, "target is torch.int32.*int64"),
    ("one-hot", TABLE, torch.eye(3)[NUMBERS].long(), ValueError, r"shape \(2, 3\).*\(2,\)"),
    ("a column", TABLE, NUMBERS[:, None], ValueError, r"shape \(2, 1\).*\(2,\)"),
    ("too few", TABLE, NUMBERS[:1], ValueError, r"shape \(1,\).*2 rows"),
    ("too large", TABLE, torch.tensor([0, 3]), ValueError, r"target\[1\] is 3.*from 0 to 2"),
    ("negative", TABLE, torch.tensor([-100, 0]), ValueError, r"target\[0\] is -100.*from 0 to 2"),
    ("NaN logits", torch.tensor([[0, NAN]]), NUMBERS[:1], ValueError, r"input\[0, 1\] is nan"),
    ("infinite", torch.tensor([[0, -INF]]), NUMBERS[:1], ValueError, r"input\[0, 1\] is -inf"),
    ("empty batch", torch.zeros(0, 3), NUMBERS[:0], ValueError, "input is empty"),
    ("a list", [[0.0, 1.0]], NUMBERS[:1], TypeError, "input is a list"),
]


@pytest.mark.parametrize(
    "function", [losses.cross_entropy, losses.cross_entropy_grad], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("case", BAD_CLASSES, ids=lambda case: case[0])
def test_bad_classes_are_refused_in_words(function, case):
    _, z, target, error, message = case
    with pytest.raises(error, match=message):
        function(z, target)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (torch.tensor([NAN]), ValueError),
        (torch.zeros(2, 0), ValueError),
        (torch.tensor([1, 2]), TypeError),
        ([1.0], TypeError),
    ],
)
def test_log_sum_exp_refuses_bad_input(bad, error):
    with pytest.raises(error, match="input"):
        losses.log_sum_exp(bad)
