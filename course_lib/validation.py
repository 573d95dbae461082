"""Check arguments at the border, so that the functions behind it hold only their mathematics.

A rule is a function of the call's arguments, as a dict by name, that raises when it is broken:
`TypeError` for the wrong kind of thing, `ValueError` for a wrong value. `validated` applies rules
in order before each call; write a new rule where the ones here do not fit.
"""

import functools
import inspect
import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")
Rule = Callable[[dict[str, Any]], None]


def validated(*rules: Rule) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that `rules` are checked, in order, before it runs.

    >>> @validated(floating("x"), finite("x"))
    ... def mean(x): return x.mean()
    >>> mean(torch.tensor([1.0, float("nan")]))
    Traceback (most recent call last):
    ValueError: x[1] is nan, but every number in x must be finite
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            arguments = signature.bind(*args, **kwargs)
            arguments.apply_defaults()
            for rule in rules:
                rule(arguments.arguments)
            return function(*args, **kwargs)

        return checked

    return decorate


def floating(name: str, ndim: int | None = None) -> Rule:
    """Want a non-empty tensor of floating-point numbers, with `ndim` axes where that is given."""

    def rule(arguments: dict[str, Any]) -> None:
        value = _tensor(name, arguments, ndim)
        if not value.dtype.is_floating_point:
            raise TypeError(
                f"{name} is {value.dtype}, but floating-point numbers are wanted: "
                f"{name}.to(torch.float32)"
            )

    return rule


def class_numbers(name: str, *, logits: str) -> Rule:
    """Want one class number, 0 to K − 1 in `torch.int64`, for each row of `logits` (N, K)."""

    def rule(arguments: dict[str, Any]) -> None:
        value = _tensor(name, arguments, None)
        rows, classes = arguments[logits].shape
        if value.dtype != torch.int64:
            raise TypeError(
                f"{name} is {value.dtype}, but class numbers must be torch.int64: "
                f"{name}.to(torch.int64)"
            )
        if value.shape != (rows,):
            raise ValueError(
                f"{name} has shape {tuple(value.shape)}, but {logits} has {rows} rows: "
                f"one class number a row is wanted, shape ({rows},)"
            )
        _refuse(
            (value < 0) | (value >= classes),
            name,
            value,
            f"{logits} has {classes} columns: class numbers run from 0 to {classes - 1}",
        )

    return rule


def like(name: str, other: str) -> Rule:
    """Want a tensor of the same shape, dtype and device as `other`: nothing to be broadcast."""

    def rule(arguments: dict[str, Any]) -> None:
        value, model = _tensor(name, arguments, None), arguments[other]
        if value.shape != model.shape:
            raise ValueError(
                f"{name} has shape {tuple(value.shape)}, but {other} has shape "
                f"{tuple(model.shape)}: they must be equal, or broadcasting pairs the wrong rows"
            )
        if value.dtype != model.dtype:
            raise TypeError(
                f"{name} is {value.dtype}, but {other} is {model.dtype}: {name}.to({other}.dtype)"
            )
        if value.device != model.device:
            raise ValueError(
                f"{name} is on {value.device}, but {other} is on {model.device}: "
                f"{name}.to({other}.device)"
            )

    return rule


def finite(name: str) -> Rule:
    """Want no NaN and no infinity."""

    def rule(arguments: dict[str, Any]) -> None:
        value = arguments[name]
        _refuse(~value.isfinite(), name, value, f"every number in {name} must be finite")

    return rule


def within(name: str, low: float, high: float, meaning: str) -> Rule:
    """Want every number in [low, high]; `meaning` says what they are, for the message."""

    def rule(arguments: dict[str, Any]) -> None:
        value = arguments[name]
        inside = (value >= low) & (value <= high)  # False for NaN
        _refuse(~inside, name, value, f"{meaning} must lie in [{low}, {high}]")

    return rule


def number(name: str, low: float, high: float = math.inf, *, whole: bool = False) -> Rule:
    """Want one finite number of at least `low` and below `high`, a whole one if so asked."""
    kind = "a whole number" if whole else "a finite number"
    wanted = f"{kind} of at least {low}" if high == math.inf else f"{kind} in [{low}, {high})"

    def rule(arguments: dict[str, Any]) -> None:
        value = arguments[name]
        if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
            raise TypeError(f"{name} is {value!r}, but {wanted} is wanted")
        if not low <= value < high:  # False for NaN
            raise ValueError(f"{name} is {value!r}, but {wanted} is wanted")

    return rule


def _tensor(name: str, arguments: dict[str, Any], ndim: int | None) -> Tensor:
    """Return the argument once it is known to be a non-empty tensor with `ndim` axes."""
    value = arguments[name]
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} is a {type(value).__name__}, but a torch.Tensor is wanted: "
            f"torch.as_tensor({name})"
        )
    if ndim is not None and value.ndim != ndim:
        raise ValueError(
            f"{name} has shape {tuple(value.shape)}, but a tensor with {ndim} axes is wanted"
        )
    if value.numel() == 0:
        raise ValueError(
            f"{name} is empty, shape {tuple(value.shape)}, and the mean of nothing is undefined"
        )
    return value


def _refuse(wrong: Tensor, name: str, value: Tensor, wanted: str) -> None:
    """Raise about the first entry of `value` that is `wrong`, if there is one."""
    if wrong.any():
        index = wrong.nonzero()[0].tolist()
        got = f"{value[tuple(index)].item():.6g}"
        where = f"[{', '.join(map(str, index))}]" if index else ""
        raise ValueError(f"{name}{where} is {got}, but {wanted}")
