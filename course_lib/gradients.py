"""Is a derived gradient right? Ask a central difference and `torch.autograd`."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from course_lib.validation import finite, floating, number, validated


def _float64(arguments: dict[str, Any]) -> None:
    """Want `theta` in the one type whose round-off does not drown a central difference."""
    theta = arguments["theta"]
    if theta.dtype != torch.float64:
        raise TypeError(f"theta is {theta.dtype}, but central differences need torch.float64")


def _one_number(value: object) -> Any:
    """Return what `f` returned once it is known to be one number."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"f returns shape {tuple(value.shape)}, but one number is wanted: its sum")
    if not isinstance(value, Tensor | Real):
        raise TypeError(f"f returns a {type(value).__name__}, but one number is wanted")
    return value


_THETA = (floating("theta"), _float64, finite("theta"))


@validated(*_THETA, number("step", 1e-300))
def numerical_gradient(f: Callable[[Tensor], Tensor], theta: Tensor, step: float = 1e-6) -> Tensor:
    """Estimate the gradient of `f` by central differences, one weight at a time (Eq. 2.8).

    Args:
        f: Function from a tensor shaped like `theta` to a scalar tensor.
        theta: Where to take the gradient, float64, any shape. Not changed.
        step: Half the distance between the two evaluations.

    Returns:
        Tensor shaped like `theta`, exact to about `step ** 2` plus round-off.

    Raises:
        TypeError: If `theta` is no tensor in float64; float32 round-off would drown the answer.
        ValueError: If `theta` is empty or not finite, `step` is not above 0, or `f` does not
            return one number.

    >>> numerical_gradient(lambda t: (t**2).sum(), torch.tensor([1.0, 3.0], dtype=torch.float64))
    tensor([2.0000, 6.0000], dtype=torch.float64)
    """
    theta = theta.detach().clone()
    gradient = torch.empty_like(theta)
    for i in range(theta.numel()):
        nudge = torch.zeros_like(theta)
        nudge.view(-1)[i] = step
        above, below = _one_number(f(theta + nudge)), _one_number(f(theta - nudge))
        gradient.view(-1)[i] = (above - below) / (2 * step)
    return gradient


@validated(*_THETA, floating("derived"))
def three_ways(f: Callable[[Tensor], Tensor], derived: Tensor, theta: Tensor) -> None:
    """Print how far a derived gradient is from a central difference and from autograd.

    The printed bound is rounded up to a power of ten, so that it reads the same on every machine.

    Args:
        f: Function from a tensor shaped like `theta` to a scalar tensor.
        derived: The gradient by the formula under test, shaped like `theta`.
        theta: Where to compare, float64.

    Raises:
        TypeError: If `theta` is no tensor in float64, or `derived` none of floating-point numbers.
        ValueError: If the shapes differ, `theta` is empty or not finite, or `f` does not return one
            number that it computed from `theta` in torch.
        AssertionError: If one of the two differs from the formula by more than 1e-6 relative to
            the largest entry: the derivation is wrong.

    >>> theta = torch.tensor([1.0, 3.0], dtype=torch.float64)
    >>> three_ways(lambda t: (t**2).sum(), 2 * theta, theta)
    formula vs central difference: largest difference below 1e-08
    formula vs torch.autograd:     largest difference below 1e-12
    """
    if derived.shape != theta.shape:
        raise ValueError(
            f"the derived gradient has shape {tuple(derived.shape)}, "
            f"but theta has shape {tuple(theta.shape)}"
        )
    leaf = theta.detach().clone().requires_grad_()
    value = _one_number(f(leaf))
    if not isinstance(value, Tensor) or not value.requires_grad:
        raise ValueError(
            "torch.autograd finds no way from what f returns back to theta: compute it from theta "
            "in torch, without item() and detach()"
        )
    (automatic,) = torch.autograd.grad(value, leaf)
    for name, other, floor in (
        ("central difference:", numerical_gradient(f, theta), 1e-8),
        ("torch.autograd:    ", automatic, 1e-12),
    ):
        difference = (derived.detach() - other).abs().max().item()
        if not difference <= 1e-6 * max(1.0, other.abs().max().item()):
            raise AssertionError(f"formula vs {name} they differ by {difference:.2e}")
        bound = 10.0 ** math.ceil(math.log10(max(difference, floor)))
        print(f"formula vs {name} largest difference below {bound:.0e}")
