"""Numbers that remember where they came from: reverse-mode differentiation on arrays (lesson 04).

Every operation has one rhythm: make the other operand a `Value`, say how a gradient `g` of the
result turns into gradients of the operands, compute, return. A new operation is one more method or
function in that rhythm:

>>> def sine(x):
...     def backward(g):
...         return (g * np.cos(x.data),)
...     return Value(np.sin(x.data), (x,), backward, "sin")
>>> x = Value([0.0, 1.0]); sine(x).sum().backward(); x.grad.round(3)
array([1.  , 0.54])

Left out: integer, complex and float32 numbers, indexing, changing `data` before `backward()`.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.validation import validated

Array = NDArray[np.float64]
Backward = Callable[[Array], tuple[Array, ...]]


def _real_numbers(arguments: dict[str, Any]) -> None:
    """Want real numbers, and at the start of a computation finite ones."""
    data = arguments["data"]
    try:
        numbers = np.asarray(data)
    except (ValueError, RuntimeError) as error:  # ragged lists; tensors that require a gradient
        raise TypeError(f"data is no array of real numbers: {error}") from None
    if numbers.dtype.kind not in "biuf" or not numbers.size:
        kind = f"{'a' if numbers.size else 'an empty'} {type(data).__name__}"
        raise TypeError(f"data is {kind}, but real numbers are wanted")
    if not arguments["parents"] and not np.isfinite(numbers).all():
        raise ValueError(f"data holds {numbers[~np.isfinite(numbers)][0]}: finite ones are wanted")


def _one_number(arguments: dict[str, Any]) -> None:
    value = arguments["self"]
    if value.data.size != 1:
        raise ValueError(f"backward() needs one number, not shape {value.shape}: sum it first")


def _fixed_exponent(arguments: dict[str, Any]) -> None:
    base, exponent = arguments["self"].data, arguments["exponent"]
    if isinstance(exponent, bool) or not isinstance(exponent, Real):
        raise TypeError(
            f"the exponent is a {type(exponent).__name__}, but one fixed number is wanted; "
            "for x ** y with both variable write (y * x.log()).exp()"
        )
    if not np.isfinite(exponent):
        raise ValueError(f"the exponent is {exponent}, but a finite number is wanted")
    if exponent < 0 and (base == 0).any():
        raise ValueError(f"0 ** {exponent} divides by zero")
    if exponent != int(exponent) and (base < 0).any():
        raise ValueError(f"{base.min()} ** {exponent} is no real number")


def _positive(arguments: dict[str, Any]) -> None:
    smallest = arguments["self"].data.min(initial=np.inf)
    if smallest <= 0:
        raise ValueError(f"log needs positive numbers, but the smallest here is {smallest}")


def _rows_meet_columns(arguments: dict[str, Any]) -> None:
    left, right = arguments["self"].shape, Value.of(arguments["other"]).shape
    if not left or len(right) not in (1, 2) or left[-1] != right[0]:
        raise ValueError(
            f"the matrix product of shapes {left} and {right} is not defined here: wanted are "
            "(…, D) @ (D, H) or (…, D) @ (D,)"
        )


def _unsupported(what: str) -> Callable:
    def refuse(self: Value, *others: object) -> None:
        raise TypeError(f"Value does not support {what}")

    return refuse


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which an operand was stretched (Eq. 4.6).

    Args:
        g: Gradient in the shape of the result.
        shape: Shape of the operand, and of what is returned.

    >>> unbroadcast(np.ones((5, 3)), (3,))
    array([5., 5., 5.])
    """
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


class Value:
    """An array in float64, its gradient, and how it was computed.

    Args:
        data: Real numbers, any shape; copied.
        parents: The values it was computed from; none for an input or a weight.
        backward: From a gradient shaped like `data`, one gradient for each parent.
        op: Name of the operation, for drawings.

    Raises:
        TypeError: If `data` is not made of real numbers.
        ValueError: If `data` of a value without parents holds NaN or an infinity.
    """

    __array_ufunc__ = None  # let `array + value` come to __radd__

    @validated(_real_numbers)
    def __init__(
        self,
        data: ArrayLike,
        parents: tuple[Value, ...] = (),
        backward: Backward = lambda g: (),
        op: str = "",
    ) -> None:
        self.data = np.asarray(data).astype(np.float64)  # a copy
        self.grad = np.zeros_like(self.data)
        self.parents, self._backward, self.op = parents, backward, op

    @staticmethod
    def of(other: Value | ArrayLike) -> Value:
        """Return `other` itself if it is a `Value`, else a `Value` that holds it."""
        return other if isinstance(other, Value) else Value(other)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `data`."""
        return self.data.shape

    def __repr__(self) -> str:
        return f"Value({np.array2string(self.data, precision=4, separator=', ')})"

    def __add__(self, other: Value | ArrayLike) -> Value:
        other = Value.of(other)

        def backward(g):
            return g, g

        return Value(self.data + other.data, (self, other), backward, "+")

    def __mul__(self, other: Value | ArrayLike) -> Value:
        other = Value.of(other)

        def backward(g):
            return g * other.data, g * self.data

        return Value(self.data * other.data, (self, other), backward, "×")

    def order(self) -> list[Value]:
        """List every value this one was computed from, parents first, itself last (Eq. 4.3)."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
        return order

    @validated(_one_number)
    def backward(self) -> None:
        """Add the gradient of this one number to `grad` of everything it depends on (Eq. 4.2).

        Calls add up, as they do in torch for leaves and after `retain_grad()`: what flows through
        the graph is counted afresh each time, and only the result is added.

        Raises:
            ValueError: If this holds more than one number.
        """
        flow = {self: np.ones_like(self.data)}
        for node in reversed(self.order()):
            g = flow.pop(node)
            node.grad += g
            for parent, share in zip(node.parents, node._backward(g), strict=True):
                flow[parent] = flow.get(parent, 0) + unbroadcast(share, parent.shape)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = np.zeros_like(self.data)

    @validated(_fixed_exponent)
    def __pow__(self, exponent: float) -> Value:
        def backward(g):
            return (g * exponent * self.data ** (exponent - 1) if exponent else 0 * g,)

        return Value(self.data**exponent, (self,), backward, f"^{exponent}")

    def exp(self) -> Value:
        """Exponential of every entry (Eq. 4.8)."""
        exp = np.exp(self.data)

        def backward(g):
            return (g * exp,)

        return Value(exp, (self,), backward, "exp")

    @validated(_positive)
    def log(self) -> Value:
        """Natural logarithm of every entry; ValueError unless all are positive (Eq. 4.8)."""

        def backward(g):
            return (g / self.data,)

        return Value(np.log(self.data), (self,), backward, "log")

    def tanh(self) -> Value:
        """Hyperbolic tangent of every entry (Eq. 4.8)."""
        tanh = np.tanh(self.data)

        def backward(g):
            return (g * (1 - tanh**2),)

        return Value(tanh, (self,), backward, "tanh")

    def relu(self) -> Value:
        """Positive part of every entry; its slope at 0 counts as 0 (Eq. 4.8)."""

        def backward(g):
            return (g * (self.data > 0),)

        return Value(np.maximum(self.data, 0), (self,), backward, "ReLU")

    @validated(_rows_meet_columns)
    def __matmul__(self, other: Value | ArrayLike) -> Value:
        other = Value.of(other)
        A, B = self.data, other.data
        rows, columns = A.reshape(-1, A.shape[-1]), B.reshape(len(B), -1)  # (N, D), (D, H)

        def backward(g):
            g = g.reshape(len(rows), -1)  # (N, H)
            return (g @ columns.T).reshape(A.shape), (rows.T @ g).reshape(B.shape)

        return Value(A @ B, (self, other), backward, "@")

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Value:
        """Sum over `axis`, or over everything (Eq. 4.7)."""
        kept = self.data.sum(axis=axis, keepdims=True)

        def backward(g):
            return (np.broadcast_to(g.reshape(kept.shape), self.shape),)

        return Value(kept if keepdims else kept.squeeze(axis), (self,), backward, "Σ")

    def log_sum_exp(self, axis: int | None = -1, keepdims: bool = False) -> Value:
        """Logarithm of the sum of exponentials over `axis`, without overflow (Eq. 4.10)."""
        exp = np.exp(self.data - self.data.max(axis=axis, keepdims=True))
        total = exp.sum(axis=axis, keepdims=True)
        kept = self.data.max(axis=axis, keepdims=True) + np.log(total)

        def backward(g):
            return (g.reshape(kept.shape) * exp / total,)

        return Value(kept if keepdims else kept.squeeze(axis), (self,), backward, "log Σ exp")

    def mean(self) -> Value:
        """Mean over everything."""
        return self.sum() / self.data.size

    def __neg__(self) -> Value:
        return self * -1

    def __sub__(self, other: Value | ArrayLike) -> Value:
        return self + -Value.of(other)

    def __truediv__(self, other: Value | ArrayLike) -> Value:
        return self * Value.of(other) ** -1

    def __rsub__(self, other: ArrayLike) -> Value:
        return Value.of(other) - self

    def __rtruediv__(self, other: ArrayLike) -> Value:
        return Value.of(other) / self

    def __rmatmul__(self, other: ArrayLike) -> Value:
        return Value.of(other) @ self

    __radd__, __rmul__, __hash__ = __add__, __mul__, object.__hash__
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _unsupported("comparison: compare .data")
    __bool__ = _unsupported("truth values: ask .data")
    __getitem__ = __iter__ = _unsupported("indexing: its gradient is not written")

    def __getattr__(self, name: str) -> None:
        raise AttributeError(
            f"Value has no {name!r}: it knows + - * / ** @, exp, log, tanh, relu, sum, mean, "
            "log_sum_exp, and what you build from them"
        )
