"""Check models, and rows for them, at the border: the rules of `training` and `mlp`.

As in `validation`, a rule takes a call's arguments by name and raises when it is broken.
"""

import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import optim
from course_lib.validation import Rule, class_numbers, finite


def module(arguments: dict[str, Any]) -> None:
    """Want `model` to be a module."""
    model = arguments["model"]
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is a {type(model).__name__}, but a torch.nn.Module is wanted")


def trainable(arguments: dict[str, Any]) -> None:
    """Want a weight of `model` that a step could change."""
    if not any(w.requires_grad for w in arguments["model"].parameters()):
        raise ValueError("model has no weight to train: none has requires_grad=True")


def evaluation_mode(arguments: dict[str, Any]) -> None:
    """Want `model` not to be in training mode."""
    if any(part.training for part in arguments["model"].modules()):
        raise ValueError(
            "model is in training mode, but evaluation mode is wanted: call model.eval() first, "
            "or dropout makes the answers random"
        )


def rows(arguments: dict[str, Any]) -> None:
    """Want `X` and `y` to be rows that `model` can learn from, and where it is."""
    model = arguments["model"]
    for name in ("X", "y"):
        got, wanted = getattr(arguments[name], "device", None), _device(model)
        if got not in (None, wanted):
            raise ValueError(f"{name} is on {got}, but the model is on {wanted}")
    _check_rows("(X, y)", (arguments["X"], arguments["y"]), model)


def pair_of_rows(name: str, *, optional: bool = False) -> Rule:
    """Want a pair (X, y) of rows that `model` can learn from, or None where that is allowed."""

    def rule(arguments: dict[str, Any]) -> None:
        if arguments[name] is not None or not optional:
            _check_rows(name, arguments[name], arguments["model"])

    return rule


def whole(name: str, least: int, *, optional: bool = False) -> Rule:
    """Want a whole number, at least `least`, or None where that is allowed."""

    def rule(arguments: dict[str, Any]) -> None:
        value = arguments[name]
        if value is None and optional:
            return
        wanted = f"{name} is {value!r}, but a whole number (int), {least} or more, is wanted"
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(wanted)
        if value < least:
            raise ValueError(wanted)

    return rule


def number(name: str, *, zero: bool = True, below: float = math.inf) -> Rule:
    """Want a finite number, 0 or more (above 0 unless `zero`), and less than `below`."""

    def rule(arguments: dict[str, Any]) -> None:
        value = arguments[name]
        limits = ("0 or more" if zero else "above 0") + (f" and below {below:g}" * (below < 1e99))
        wanted = f"{name} is {value!r}, but a finite number, {limits}, is wanted"
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(wanted)
        if not 0 <= value < below or (value == 0 and not zero):
            raise ValueError(wanted)

    return rule


def instance(name: str, kind: type) -> Rule:
    """Want an object of class `kind`."""

    def rule(arguments: dict[str, Any]) -> None:
        if not isinstance(arguments[name], kind):
            wanted = f"{kind.__module__}.{kind.__name__}"
            raise TypeError(f"{name} is a {type(arguments[name]).__name__}, but {wanted} is wanted")

    return rule


def optimizer(arguments: dict[str, Any]) -> None:
    """Want an optimiser of torch's or of the course, and at least one weight of `model` in it."""
    optimizer, model = arguments["optimizer"], arguments["model"]
    if isinstance(optimizer, optim.Optimizer):
        held = optimizer.params
    elif isinstance(optimizer, torch.optim.Optimizer):
        held = [w for group in optimizer.param_groups for w in group["params"]]
    else:
        raise TypeError(
            f"optimizer is a {type(optimizer).__name__}, but an optimiser of torch.optim or "
            "course_lib.optim is wanted"
        )
    if not {id(w) for w in held} & {id(w) for w in model.parameters()}:
        raise ValueError(
            "optimizer holds no weight of this model, so its steps would change nothing: make it "
            "from model.parameters(), after the model"
        )


def device(arguments: dict[str, Any]) -> None:
    """Want a device that this machine has."""
    try:
        torch.empty(0, device=arguments["device"])
    except (RuntimeError, AssertionError):  # torch built without CUDA asserts
        raise ValueError(
            f"device {arguments['device']!r} is not there on this machine, but 'cpu' always is"
        ) from None


def patience(arguments: dict[str, Any]) -> None:
    """Want validation rows where there is patience."""
    if arguments["patience"] is not None and arguments["validation"] is None:
        raise ValueError(
            "patience is given without validation rows, but it waits for a better loss on them: "
            "give validation=(X, y)"
        )


def hidden_features(arguments: dict[str, Any]) -> None:
    """Want features in the type and the number that `self.hidden` has weights for."""
    X, weight = arguments["X"], arguments["self"].hidden.weight
    if not isinstance(X, Tensor) or X.dtype != weight.dtype:
        got = X.dtype if isinstance(X, Tensor) else type(X).__name__
        raise TypeError(f"X is {got}, but a tensor of {weight.dtype} is wanted")
    if X.ndim != 2 or X.shape[1] != weight.shape[1] or not len(X):
        raise ValueError(
            f"X has shape {tuple(X.shape)}, but this model wants (B, {weight.shape[1]}) with B > 0"
        )


def _check_rows(name: str, pair: object, model: nn.Module) -> None:
    """Want features (N, …) and class numbers (N,) that `model` has outputs for."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        got = f"{len(pair)} things" if isinstance(pair, tuple | list) else type(pair).__name__
        raise TypeError(f"{name} is {got}, but a pair (X, y) of tensors is wanted")
    X, y = pair
    if not isinstance(X, Tensor):
        raise TypeError(f"X of {name} is a {type(X).__name__}, but a torch.Tensor is wanted")
    if X.ndim < 2 or not X.numel():
        raise ValueError(f"X of {name} has shape {tuple(X.shape)}, but (N, D) with N > 0 is wanted")
    if not all(end.isfinite() for end in X.aminmax()):  # twenty times as fast as to look at each
        finite("X")({"X": X})
    class_numbers("y", logits="the model's output")(
        {"y": y, "the model's output": _outputs(name, X, model)}
    )


def _outputs(name: str, X: Tensor, model: nn.Module) -> Tensor:
    """Ask the model about one row, without a trace, and stretch its answer to all rows of X."""
    modes = {part: part.training for part in model.modules()}
    try:
        with torch.no_grad():
            z = model.eval()(X[:1].to(_device(model)))
    except RuntimeError as error:
        raise ValueError(
            f"the model cannot take X of {name}, shape {tuple(X.shape)} and {X.dtype}: {error}"
        ) from None
    finally:
        for part, training in modes.items():
            part.training = training
    if z.ndim != 2:
        raise ValueError(
            f"the model's output has shape {tuple(z.shape)} for one row, but (1, K) is wanted: one "
            "logit for each class"
        )
    return z.expand(len(X), -1)


def _device(model: nn.Module) -> torch.device:
    return next((w.device for w in model.parameters()), torch.device("cpu"))
