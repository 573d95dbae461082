import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.gradients import numerical_gradient, three_ways


def smooth(theta):
    return (torch.sin(theta) * theta).sum() + theta.prod()


@given(st.integers(0, 2**31), st.sampled_from([(1,), (4,), (2, 3)]))
def test_central_difference_agrees_with_autograd(seed, shape):
    generator = torch.Generator().manual_seed(seed)
    theta = torch.randn(shape, generator=generator, dtype=torch.float64)
    leaf = theta.clone().requires_grad_()
    smooth(leaf).backward()
    torch.testing.assert_close(numerical_gradient(smooth, theta), leaf.grad, rtol=1e-6, atol=1e-8)


def test_theta_is_left_alone():
    theta = torch.arange(3.0, dtype=torch.float64)
    before = theta.clone()
    numerical_gradient(smooth, theta)
    assert torch.equal(theta, before)


def test_float32_is_refused():
    with pytest.raises(TypeError, match=r"float32.*float64"):
        numerical_gradient(smooth, torch.zeros(2))


@pytest.mark.parametrize("factor", [1.0 + 1e-4, -1.0, 2.0])
def test_a_wrong_gradient_is_an_error(factor):
    theta = torch.tensor([1.0, 2.0], dtype=torch.float64)
    with pytest.raises(AssertionError, match="they differ by"):
        three_ways(lambda t: (t**3).sum(), factor * 3 * theta**2, theta)


def test_a_gradient_that_autograd_loses_is_an_error():
    theta = torch.tensor([1.0, 2.0], dtype=torch.float64)
    with pytest.raises(AssertionError, match=r"torch\.autograd"):
        three_ways(lambda t: (t**2).sum() + (t.detach() ** 2).sum(), 4 * theta, theta)


def test_nan_never_passes():
    theta = torch.tensor([1.0], dtype=torch.float64)
    with pytest.raises(AssertionError):
        three_ways(lambda t: t.sum(), theta * float("nan"), theta)


THETA = torch.ones(3, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: numerical_gradient(smooth, [1.0]), TypeError, "theta is a list"),
        (lambda: numerical_gradient(smooth, THETA[:0]), ValueError, "theta is empty"),
        (lambda: numerical_gradient(smooth, THETA * float("nan")), ValueError, "nan.*finite"),
        (lambda: numerical_gradient(smooth, THETA, step=0), ValueError, "step is 0"),
        (lambda: numerical_gradient(lambda t: t, THETA), ValueError, r"shape \(3,\).*one number"),
        (lambda: numerical_gradient(lambda t: None, THETA), TypeError, "NoneType.*one number"),
        (lambda: three_ways(smooth, [1.0], THETA), TypeError, "derived is a list"),
        (lambda: three_ways(lambda t: t, THETA, THETA), ValueError, r"shape \(3,\).*one number"),
        (lambda: three_ways(lambda t: t.sum().item(), THETA, THETA), ValueError, r"item\(\)"),
        (lambda: three_ways(lambda t: torch.ones(()), THETA, THETA), ValueError, "back to theta"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_other_shape_is_refused():
    theta = torch.ones(3, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"\(1,\).*\(3,\)"):
        three_ways(lambda t: t.sum(), torch.ones(1, dtype=torch.float64), theta)
