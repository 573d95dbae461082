"""Is a derived gradient right? Ask a central difference and `torch.autograd`."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def numerical_gradient(f: Callable[[Tensor], Tensor], theta: Tensor, step: float = 1e-6) -> Tensor:
    """Estimate the gradient of `f` by central differences, one weight at a time (Eq. 2.8).

    Args:
        f: Function from a tensor shaped like `theta` to a scalar tensor.
        theta: Where to take the gradient, float64, any shape. Not changed.
        step: Half the distance between the two evaluations.

    Returns:
        Tensor shaped like `theta`, exact to about `step ** 2` plus round-off.

    Raises:
        TypeError: If `theta` is not float64; float32 round-off would drown the answer.

    >>> numerical_gradient(lambda t: (t**2).sum(), torch.tensor([1.0, 3.0], dtype=torch.float64))
    tensor([2.0000, 6.0000], dtype=torch.float64)
    """
    if theta.dtype != torch.float64:
        raise TypeError(f"theta is {theta.dtype}, but central differences need torch.float64")
    theta = theta.detach().clone()
    gradient = torch.empty_like(theta)
    for i in range(theta.numel()):
        nudge = torch.zeros_like(theta)
        nudge.view(-1)[i] = step
        gradient.view(-1)[i] = (f(theta + nudge) - f(theta - nudge)) / (2 * step)
    return gradient


def three_ways(f: Callable[[Tensor], Tensor], derived: Tensor, theta: Tensor) -> None:
    """Print how far a derived gradient is from a central difference and from autograd.

    The printed bound is rounded up to a power of ten, so that it reads the same on every machine.

    Args:
        f: Function from a tensor shaped like `theta` to a scalar tensor.
        derived: The gradient by the formula under test, shaped like `theta`.
        theta: Where to compare, float64.

    Raises:
        ValueError: If the shapes differ.
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
    (automatic,) = torch.autograd.grad(f(leaf), leaf)
    for name, other, floor in (
        ("central difference:", numerical_gradient(f, theta), 1e-8),
        ("torch.autograd:    ", automatic, 1e-12),
    ):
        difference = (derived.detach() - other).abs().max().item()
        if not difference <= 1e-6 * max(1.0, other.abs().max().item()):
            raise AssertionError(f"formula vs {name} they differ by {difference:.2e}")
        bound = 10.0 ** math.ceil(math.log10(max(difference, floor)))
        print(f"formula vs {name} largest difference below {bound:.0e}")
