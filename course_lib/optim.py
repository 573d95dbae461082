"""The optimisers of lesson 03, in its order and notation; its schedules are here by name too.

Every optimiser differs from the others in one thing only, the `direction` in which a weight steps;
the base class does the rest. Names and arguments are those of `torch.optim`, whose trajectories
these classes follow to round-off. Left out: parameter groups and in-place arithmetic.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from course_lib.schedules import constant, cosine, step_decay, warm_up
from course_lib.validation import number, validated

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "GradientDescent",
    "Optimizer",
    "RMSprop",
    "constant",
    "cosine",
    "step_decay",
    "warm_up",
]


def _two_shares(arguments: dict[str, Any]) -> None:
    betas = arguments["betas"]
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise TypeError(f"betas is {betas!r}, but two numbers in [0, 1) are wanted")
    for i, beta in enumerate(betas):
        number(f"betas[{i}]", 0, 1)({f"betas[{i}]": beta})


def _velocity_to_look_along(arguments: dict[str, Any]) -> None:
    if not isinstance(arguments["nesterov"], bool):
        raise TypeError(f"nesterov is {arguments['nesterov']!r}, but should be True or False")
    if arguments["nesterov"] and not arguments["momentum"]:
        raise ValueError("nesterov=True looks ahead along the velocity: give momentum > 0 too")


def _parameters(params: object) -> list[Tensor]:
    """Return the parameters as a list once each is known to be one that can be optimised."""
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise TypeError(
            f"params is a {type(params).__name__}, but should be a list of tensors: "
            "[w], or model.parameters()"
        )
    params = list(params)
    if not params:
        raise ValueError("params is empty (a generator that was used up?): nothing to optimise")
    for i, w in enumerate(params):
        if not isinstance(w, Tensor):
            raise TypeError(f"params[{i}] is a {type(w).__name__}, but should be a tensor")
        if not (w.requires_grad and w.is_leaf):
            why = "is the result of a computation" if w.requires_grad else "has requires_grad=False"
            raise ValueError(
                f"params[{i}] {why}, so backward() gives it no gradient: "
                "give tensors made with requires_grad=True"
            )
    if len({id(w) for w in params}) < len(params):
        raise ValueError("params holds the same tensor twice: it would take two steps at once")
    return params


def _checked_parameters(init: Callable) -> Callable:
    @functools.wraps(init)
    def checked(self: "Optimizer", params: object, lr: float) -> None:
        init(self, _parameters(params), lr)

    return checked


def _after_backward(step: Callable) -> Callable:
    @functools.wraps(step)
    def checked(self: "Optimizer") -> None:
        if all(w.grad is None for w in self.params):
            raise ValueError("no parameter has a gradient: call loss.backward() before step()")
        step(self)

    return checked


class Optimizer:
    """The rhythm that all optimisers share: forget the old gradient, step along a direction.

    Args:
        params: Tensors with `requires_grad`, for example `model.parameters()`. A parameter whose
            `.grad` is None is left alone by `step()`.
        lr: Learning rate. Schedules change this attribute between steps.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of its range, or `params` is empty, holds a tensor twice,
            or a tensor that gets no gradient.
    """

    @validated(number("lr", 0))
    @_checked_parameters
    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params = list(params)
        self.lr = lr

    def zero_grad(self) -> None:
        """Forget the gradients, because `backward()` adds to what it finds."""
        for w in self.params:
            w.grad = None

    @_after_backward
    @torch.no_grad()
    def step(self) -> None:
        """Change every parameter in place: w ← w - lr · direction (Eq. 3.3).

        Raises:
            ValueError: If no parameter has a gradient, because `backward()` was not called.
        """
        for i, w in enumerate(self.params):
            if w.grad is not None:
                w -= self.lr * self.direction(i, w, w.grad)

    def direction(self, i: int, w: Tensor, g: Tensor) -> Tensor:
        """Say where parameter number `i` should step, updating what is remembered about it.

        Args:
            i: Position of the parameter in `self.params`.
            w: The parameter, any shape. Not changed.
            g: Its gradient, shaped like `w`. Not changed.

        Returns:
            Tensor shaped like `w`, to be multiplied by the learning rate and subtracted.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say in which direction to step")


class GradientDescent(Optimizer):
    """Gradient descent: step along the gradient itself (Eq. 3.3).

    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> (w**2).sum().backward(); GradientDescent([w], lr=0.25).step(); w.detach()
    tensor([0.5000])
    """

    def direction(self, i: int, w: Tensor, g: Tensor) -> Tensor:
        """Return the gradient (Eq. 3.3)."""
        return g


class SGD(Optimizer):
    """Descent with momentum, heavy-ball or Nesterov's, as `torch.optim.SGD` (Eq. 3.15, 3.17).

    Args:
        params: As in `Optimizer`.
        lr: Learning rate.
        momentum: Share of the velocity that survives a step, in [0, 1).
        weight_decay: Strength of the L2 penalty whose gradient is added (Eq. 3.24).
        nesterov: Look one step ahead along the velocity.

    Raises:
        TypeError, ValueError: As in `Optimizer`.
    """

    @validated(number("momentum", 0, 1), number("weight_decay", 0), _velocity_to_look_along)
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov
        self.v = [torch.zeros_like(w) for w in self.params]

    def direction(self, i: int, w: Tensor, g: Tensor) -> Tensor:
        """Return the velocity (Eq. 3.15), or the gradient plus the velocity to come (Eq. 3.17)."""
        g = g + self.weight_decay * w
        self.v[i] = self.momentum * self.v[i] + g
        return g + self.momentum * self.v[i] if self.nesterov else self.v[i]


class RMSprop(Optimizer):
    """Divide each gradient by its recent root mean square, as `torch.optim.RMSprop` (Eq. 3.18).

    Args:
        params: As in `Optimizer`.
        lr: Learning rate: about the distance that every weight moves in a step.
        alpha: Share of the mean square that survives a step, in [0, 1).
        eps: Keeps the division finite where the gradient is zero.
        weight_decay: Strength of the L2 penalty whose gradient is added (Eq. 3.24).

    Raises:
        TypeError, ValueError: As in `Optimizer`.
    """

    @validated(number("alpha", 0, 1), number("eps", 0), number("weight_decay", 0))
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.alpha, self.eps, self.weight_decay = alpha, eps, weight_decay
        self.s = [torch.zeros_like(w) for w in self.params]

    def direction(self, i: int, w: Tensor, g: Tensor) -> Tensor:
        """Return the gradient over its root mean square (Eq. 3.18)."""
        g = g + self.weight_decay * w
        self.s[i] = self.alpha * self.s[i] + (1 - self.alpha) * g**2
        return g / (self.s[i].sqrt() + self.eps)


class Adam(Optimizer):
    """Mean gradient over its root mean square, as `torch.optim.Adam` (Eq. 3.23).

    Both are moving averages, corrected for their start at zero (Kingma and Ba, 2015).

    Args:
        params: As in `Optimizer`.
        lr: Learning rate: about the largest distance that a weight moves in a step.
        betas: Shares of the two averages that survive a step, each in [0, 1).
        eps: Keeps the division finite where the gradient is zero.
        weight_decay: Strength of the L2 penalty whose gradient is added (Eq. 3.24).

    Raises:
        TypeError, ValueError: As in `Optimizer`.
    """

    @validated(_two_shares, number("eps", 0), number("weight_decay", 0))
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        self.m = [torch.zeros_like(w) for w in self.params]
        self.s = [torch.zeros_like(w) for w in self.params]
        self.t = [0] * len(self.params)

    def direction(self, i: int, w: Tensor, g: Tensor) -> Tensor:
        """Return the adapted gradient of the loss and its L2 penalty (Eq. 3.23, 3.24)."""
        return self.adapt(i, g + self.weight_decay * w)

    def adapt(self, i: int, g: Tensor) -> Tensor:
        """Return the corrected mean gradient over its corrected root mean square (Eq. 3.23)."""
        beta1, beta2 = self.betas
        self.t[i] += 1
        self.m[i] = beta1 * self.m[i] + (1 - beta1) * g
        self.s[i] = beta2 * self.s[i] + (1 - beta2) * g**2
        m_hat = self.m[i] / (1 - beta1 ** self.t[i])
        s_hat = self.s[i] / (1 - beta2 ** self.t[i])
        return m_hat / (s_hat.sqrt() + self.eps)


class AdamW(Adam):
    """Adam whose averages never see the weight decay, as `torch.optim.AdamW` (Eq. 3.25).

    Loshchilov and Hutter, 2019.

    Args:
        params: As in `Optimizer`.
        lr: Learning rate.
        betas, eps: As in `Adam`.
        weight_decay: Share of its value, times `lr`, that each weight loses in a step.

    Raises:
        TypeError, ValueError: As in `Optimizer`.
    """

    @validated(_two_shares, number("eps", 0), number("weight_decay", 0))
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def direction(self, i: int, w: Tensor, g: Tensor) -> Tensor:
        """Return the adapted gradient plus the decay, which no average ever sees (Eq. 3.25)."""
        return self.adapt(i, g) + self.weight_decay * w
