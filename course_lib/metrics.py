"""How good is a classifier? Counts, an interval and calibration, as lesson 05 derives them.

What the lesson does not derive is scikit-learn's own and stands here under scikit-learn's name, so
that one import serves. Labels come first and answers second, as there.
"""

import math
from numbers import Integral, Real
from statistics import NormalDist
from typing import Any, NamedTuple

import torch
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    precision_recall_curve,
)
from torch import Tensor

from course_lib.validation import Rule, floating, validated, within

__all__ = [
    "Calibration",
    "accuracy",
    "average_precision_score",
    "balanced_accuracy_score",
    "calibration",
    "calibration_error",
    "confusion_matrix",
    "f1_score",
    "precision_recall_curve",
    "wilson_interval",
]


def _class_numbers(name: str, below: int | None = None) -> Rule:
    """Want class numbers 0, 1, …, one a row; at most `below` − 1 where that is given."""

    def rule(arguments: dict[str, Any]) -> None:
        value = arguments[name]
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} is a {type(value).__name__}, but a torch.Tensor is wanted")
        if value.dtype != torch.int64:
            raise TypeError(
                f"{name} is {value.dtype}, but class numbers in torch.int64 are wanted: "
                "logits.argmax(dim=1) gives them"
            )
        if value.ndim != 1 or not len(value):
            raise ValueError(
                f"{name} has shape {tuple(value.shape)}, but (N,) with N > 0 is wanted"
            )
        if value.min() < 0 or (below is not None and value.max() >= below):
            wanted = "0 and up" if below is None else f"0 to {below - 1}"
            raise ValueError(
                f"{name} runs from {value.min()} to {value.max()}, but class numbers {wanted} "
                "are wanted"
            )

    return rule


def _same_rows(name: str, other: str) -> Rule:
    def rule(arguments: dict[str, Any]) -> None:
        got, wanted = tuple(arguments[name].shape), tuple(arguments[other].shape)
        if got != wanted:
            raise ValueError(f"{name} has shape {got}, but {other} has shape {wanted}")

    return rule


def _counts(arguments: dict[str, Any]) -> None:
    for name in ("right", "total"):
        if isinstance(arguments[name], bool) or not isinstance(arguments[name], Integral):
            raise TypeError(f"{name} is {arguments[name]!r}, but a whole number of rows is wanted")
    if not 0 <= arguments["right"] <= arguments["total"] or not arguments["total"]:
        raise ValueError(
            f"right is {arguments['right']} of total {arguments['total']}, but 0 ≤ right ≤ total "
            "with total > 0 is wanted"
        )
    confidence = arguments["confidence"]
    if not isinstance(confidence, Real) or not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}, but a number between 0 and 1 is wanted")


def _bins(arguments: dict[str, Any]) -> None:
    bins = arguments["num_bins"]
    if isinstance(bins, bool) or not isinstance(bins, Integral) or bins < 1:
        raise ValueError(f"num_bins is {bins!r}, but a whole number, 1 or more, is wanted")


_ANSWERS = (_class_numbers("y_true"), _class_numbers("y_pred"), _same_rows("y_pred", "y_true"))
_PROBABILITIES = (
    floating("p", ndim=1),
    within("p", 0, 1, "probabilities (not logits)"),
    _class_numbers("y_true", below=2),
    _same_rows("p", "y_true"),
    _bins,
)


@validated(*_ANSWERS)
def accuracy(y_true: Tensor, y_pred: Tensor) -> float:
    """Share of the rows that are answered rightly.

    Args:
        y_true: Labels, `torch.int64`, shape (N,).
        y_pred: Answers, `torch.int64`, shape (N,).

    Returns:
        A number from 0 to 1.

    Raises:
        TypeError: If one is no tensor of `torch.int64`.
        ValueError: If the shapes differ or there are no rows.

    >>> accuracy(torch.tensor([1, 0, 1, 1]), torch.tensor([1, 1, 1, 1]))
    0.75
    """
    return (y_true == y_pred).double().mean().item()


@validated(*_ANSWERS)
def confusion_matrix(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Count how often each class was given each answer.

    Args:
        y_true: Labels, `torch.int64`, shape (N,).
        y_pred: Answers, `torch.int64`, shape (N,).

    Returns:
        Tensor of shape (K, K), `torch.int64`: entry (i, j) counts the rows of class i that were
        answered j. K is one more than the largest class number there is.

    Raises:
        TypeError: If one is no tensor of `torch.int64`.
        ValueError: If the shapes differ, there are no rows or a number is negative.

    >>> confusion_matrix(torch.tensor([1, 0, 1, 1]), torch.tensor([1, 1, 1, 0]))
    tensor([[0, 1],
            [1, 2]])
    """
    K = 1 + max(y_true.max().item(), y_pred.max().item())
    return torch.bincount(K * y_true + y_pred, minlength=K * K).reshape(K, K)


@validated(_counts)
def wilson_interval(right: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the true accuracy, given how many of some independent rows were right (Eq. 5.18).

    Wilson (1927). It is what chance in the choice of the rows leaves open, and nothing else.

    Args:
        right: Number of rows answered rightly.
        total: Number of rows.
        confidence: How often such intervals should hold the truth, between 0 and 1.

    Returns:
        Lower and upper end, each from 0 to 1.

    Raises:
        TypeError: If a count is no whole number.
        ValueError: If the counts do not fit, or `confidence` is not between 0 and 1.

    >>> [round(end, 3) for end in wilson_interval(95, 100)]
    [0.888, 0.978]
    """
    right, total = int(right), int(total)
    c = NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / total
    middle = share + c**2 / (2 * total)
    reach = c * math.sqrt(share * (1 - share) / total + c**2 / (4 * total**2))
    shrink = 1 + c**2 / total
    return max(0.0, (middle - reach) / shrink), min(1.0, (middle + reach) / shrink)


class Calibration(NamedTuple):
    """What was promised and what came true, for each bin of probabilities that holds rows.

    Attributes:
        promised: Mean probability of the bin's rows, shape (bins,).
        observed: Share of them whose label is 1, shape (bins,).
        rows: How many they are, shape (bins,).
    """

    promised: Tensor
    observed: Tensor
    rows: Tensor


@validated(*_PROBABILITIES)
def calibration(y_true: Tensor, p: Tensor, num_bins: int = 10) -> Calibration:
    """Compare probabilities with what came true, in bins of equal width.

    Args:
        y_true: Labels 0 or 1, `torch.int64`, shape (N,).
        p: Probabilities that the label is 1, shape (N,).
        num_bins: Number of bins between 0 and 1.

    Returns:
        One entry for each bin that holds rows, lowest first.

    Raises:
        TypeError: If `y_true` is not `torch.int64` or `p` is not floating-point.
        ValueError: If the shapes differ, there are no rows, or a number is out of its range.

    >>> calibration(torch.tensor([0, 1, 1]), torch.tensor([0.2, 0.2, 0.9]), num_bins=2)
    Calibration(promised=tensor([0.2000, 0.9000]), observed=tensor([0.5000, 1.0000]),
                rows=tensor([2, 1]))
    """
    p = p.detach()
    inner_edges = torch.linspace(0, 1, num_bins + 1, dtype=p.dtype)[1:-1].to(p.device)
    which = torch.bucketize(p.contiguous(), inner_edges)  # (N,): each row's bin
    rows = torch.bincount(which, minlength=num_bins)
    promised = torch.bincount(which, weights=p, minlength=num_bins) / rows
    observed = torch.bincount(which, weights=y_true.to(p.dtype), minlength=num_bins) / rows
    return Calibration(*(column[rows > 0] for column in (promised, observed, rows)))


@validated(*_PROBABILITIES)
def calibration_error(y_true: Tensor, p: Tensor, num_bins: int = 10) -> float:
    """Mean distance between promise and outcome over the rows, bin by bin (Eq. 5.19).

    Naeini, Cooper and Hauskrecht (2015).

    Args:
        y_true: Labels 0 or 1, `torch.int64`, shape (N,).
        p: Probabilities that the label is 1, shape (N,).
        num_bins: Number of bins between 0 and 1.

    Returns:
        A number from 0 (every promise kept) to 1.

    Raises:
        TypeError, ValueError: As in `calibration`.

    >>> round(calibration_error(torch.tensor([0, 1]), torch.tensor([0.5, 0.9])), 3)
    0.3
    """
    promised, observed, rows = calibration(y_true, p, num_bins)
    return ((promised - observed).abs() * rows).sum().item() / len(p)
