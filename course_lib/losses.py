"""The losses of lesson 02, each with the gradient that the lesson derives by hand.

Names and argument order are those of `torch.nn.functional`, and so are the values; every loss is
the mean over its rows. Labels are fractions in [0, 1] for two classes, so that soft labels work,
and class numbers for K classes.
"""

import torch
from torch import Tensor

from course_lib.validation import class_numbers, finite, floating, like, validated, within

_PROBABILITIES = (
    floating("input"),
    like("target", "input"),
    within("input", 0, 1, "probabilities (not logits)"),
    within("target", 0, 1, "labels"),
)
_LOGITS = (
    floating("input"),
    like("target", "input"),
    finite("input"),
    within("target", 0, 1, "labels"),
)
_CLASSES = (floating("input", ndim=2), finite("input"), class_numbers("target", logits="input"))


@validated(*_PROBABILITIES)
def binary_cross_entropy(input: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of labels given probabilities, in nats (Eq. 2.6).

    A logarithm is never let below −100, as in torch, so that an impossible event that did happen
    costs 100 nats and not infinity, and a certain event that did happen costs 0 and not NaN.
    Where logits are at hand use `binary_cross_entropy_with_logits`: a probability rounded to 0 or
    1 has forgotten how wrong it was, and autograd through its logarithm gives NaN.

    Args:
        input: Probabilities f that the label is 1, each in [0, 1], any shape.
        target: Labels y in [0, 1], shape and dtype of `input`.

    Returns:
        Scalar tensor, at least 0.

    Raises:
        TypeError: If one is no floating-point tensor, or the dtypes differ.
        ValueError: If the shapes differ, there are no rows, or a number lies outside [0, 1].

    >>> binary_cross_entropy(torch.tensor([0.5, 1.0]), torch.tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    log_f = torch.log(input).clamp(min=-100)
    log_not_f = torch.log1p(-input).clamp(min=-100)
    return -(target * log_f + (1 - target) * log_not_f).mean()


@validated(*_PROBABILITIES)
def binary_cross_entropy_grad(input: Tensor, target: Tensor) -> Tensor:
    """Gradient of `binary_cross_entropy` with respect to the probabilities (Eq. 2.7).

    The denominator f(1 − f) is never let below 1e-12, as in torch: the gradient stays finite at
    probabilities of exactly 0 and 1.

    Args:
        input: Probabilities f that the label is 1, each in [0, 1], any shape.
        target: Labels y in [0, 1], shape and dtype of `input`.

    Returns:
        Tensor shaped like `input`, already divided by the number of rows.

    Raises:
        TypeError: If one is no floating-point tensor, or the dtypes differ.
        ValueError: If the shapes differ, there are no rows, or a number lies outside [0, 1].

    >>> binary_cross_entropy_grad(torch.tensor([0.5, 0.25]), torch.tensor([1.0, 0.0]))
    tensor([-1.0000,  0.6667])
    """
    variance = (input * (1 - input)).clamp(min=1e-12)
    return (input - target) / variance / target.numel()


@validated(*_LOGITS)
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of labels given logits, in nats, for logits of any size (Eq. 2.14).

    `torch.maximum` and not `clamp`: at a logit of exactly 0 it splits its slope evenly, so that
    `torch.autograd` finds the true gradient there too.

    Args:
        input: Logits z, finite, any shape.
        target: Labels y in [0, 1], shape and dtype of `input`.

    Returns:
        Scalar tensor, at least 0.

    Raises:
        TypeError: If one is no floating-point tensor, or the dtypes differ.
        ValueError: If the shapes differ, there are no rows, a logit is not finite or a label lies
            outside [0, 1].

    >>> binary_cross_entropy_with_logits(torch.tensor([0.0, 1e4]), torch.tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    positive_part = torch.maximum(input, torch.zeros_like(input))
    return (positive_part - input * target + torch.log1p(torch.exp(-input.abs()))).mean()


@validated(*_LOGITS)
def binary_cross_entropy_with_logits_grad(input: Tensor, target: Tensor) -> Tensor:
    """Gradient of `binary_cross_entropy_with_logits` with respect to the logits (Eq. 2.12).

    Args:
        input: Logits z, finite, any shape.
        target: Labels y in [0, 1], shape and dtype of `input`.

    Returns:
        Tensor shaped like `input`: (σ(z) − y) / N.

    Raises:
        TypeError: If one is no floating-point tensor, or the dtypes differ.
        ValueError: If the shapes differ, there are no rows, a logit is not finite or a label lies
            outside [0, 1].

    >>> binary_cross_entropy_with_logits_grad(torch.tensor([0.0, -1e4]), torch.tensor([1.0, 1.0]))
    tensor([-0.2500, -0.5000])
    """
    return (torch.sigmoid(input) - target) / target.numel()


@validated(floating("input"), finite("input"))
def log_sum_exp(input: Tensor) -> Tensor:
    """Logarithm of the sum of exponentials over the last axis, without overflow (Eq. 2.18).

    Args:
        input: Numbers of any size, finite, shape (…, K).

    Returns:
        Tensor of shape (…): the largest entry, plus at most log K.

    Raises:
        TypeError: If it is no floating-point tensor.
        ValueError: If it is empty or holds NaN or an infinity.

    >>> log_sum_exp(torch.tensor([[1e4, 1e4], [0.0, -1e4]])) - torch.tensor([1e4, 0.0])
    tensor([0.6934, 0.0000])
    """
    largest = input.amax(dim=-1, keepdim=True)
    return largest.squeeze(-1) + torch.exp(input - largest).sum(dim=-1).log()


@validated(*_CLASSES)
def cross_entropy(input: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of class numbers given K logits a row, in nats (Eq. 2.17).

    Args:
        input: Logits z, finite, shape (N, K).
        target: Class numbers 0 to K − 1, `torch.int64`, shape (N,).

    Returns:
        Scalar tensor, at least 0.

    Raises:
        TypeError: If `input` is not floating-point or `target` is not `torch.int64`.
        ValueError: If the shapes do not fit, there are no rows, a logit is not finite or a class
            number is out of range.

    >>> cross_entropy(torch.tensor([[0.0, 0.0], [1e4, -1e4]]), torch.tensor([1, 0]))
    tensor(0.3466)
    """
    right = input.gather(1, target[:, None])  # (N, 1): the logit of each row's right class
    return log_sum_exp(input - right).mean()


@validated(*_CLASSES)
def cross_entropy_grad(input: Tensor, target: Tensor) -> Tensor:
    """Gradient of `cross_entropy` with respect to the logits (Eq. 2.19).

    Args:
        input: Logits z, finite, shape (N, K).
        target: Class numbers 0 to K − 1, `torch.int64`, shape (N,).

    Returns:
        Tensor of shape (N, K): (softmax(z) − one-hot(y)) / N; each row sums to 0.

    Raises:
        TypeError: If `input` is not floating-point or `target` is not `torch.int64`.
        ValueError: If the shapes do not fit, there are no rows, a logit is not finite or a class
            number is out of range.

    >>> cross_entropy_grad(torch.tensor([[0.0, 0.0], [1e4, -1e4]]), torch.tensor([1, 0]))
    tensor([[ 0.2500, -0.2500],
            [ 0.0000,  0.0000]])
    """
    one_hot = torch.nn.functional.one_hot(target, input.shape[1])
    return (torch.softmax(input, dim=1) - one_hot) / len(target)
