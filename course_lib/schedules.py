"""Learning rates that change with time, as lesson 03 draws them.

A schedule is a function of the number of steps taken; assign what it returns to `optimizer.lr`
before each step. Because each takes a rate and returns a rate, they nest:
`warm_up(t, cosine(t, 0.1, T_max=100), total_iters=10)`.
"""

import math

from course_lib.validation import number, validated


@validated(number("t", 0, whole=True), number("lr", 0))
def constant(t: int, lr: float) -> float:
    """Keep the learning rate: `lr` at every step `t`.

    >>> constant(99, 0.1)
    0.1
    """
    return lr


@validated(
    number("t", 0, whole=True),
    number("lr", 0),
    number("gamma", 0),
    number("step_size", 1, whole=True),
)
def step_decay(t: int, lr: float, *, step_size: int, gamma: float = 0.1) -> float:
    """Multiply the learning rate by `gamma` every `step_size` steps (Eq. 3.26).

    Args:
        t: Number of steps taken so far.
        lr: Learning rate at step 0.
        step_size: Steps between two drops.
        gamma: Factor of each drop.

    Returns:
        The learning rate at step `t`, as `torch.optim.lr_scheduler.StepLR` gives it.

    >>> [step_decay(t, 1.0, step_size=2, gamma=0.5) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lr * gamma ** (t // step_size)


@validated(
    number("t", 0, whole=True),
    number("lr", 0),
    number("eta_min", 0),
    number("T_max", 1, whole=True),
)
def cosine(t: int, lr: float, *, T_max: int, eta_min: float = 0.0) -> float:
    """Let the learning rate glide from `lr` down to `eta_min` in `T_max` steps (Eq. 3.27).

    Args:
        t: Number of steps taken so far. After `T_max` the rate climbs again, as in torch.
        lr: Learning rate at step 0.
        T_max: Step at which the lowest rate is reached.
        eta_min: The lowest rate.

    Returns:
        The learning rate at step `t`, as `torch.optim.lr_scheduler.CosineAnnealingLR` gives it.

    >>> [round(cosine(t, 1.0, T_max=2), 3) for t in range(3)]
    [1.0, 0.5, 0.0]
    """
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / T_max)) / 2


@validated(
    number("t", 0, whole=True),
    number("lr", 0),
    number("start_factor", 0),
    number("total_iters", 1, whole=True),
)
def warm_up(t: int, lr: float, *, total_iters: int, start_factor: float = 1 / 3) -> float:
    """Raise the learning rate from `start_factor * lr` to `lr` in `total_iters` steps (Eq. 3.28).

    Args:
        t: Number of steps taken so far.
        lr: Learning rate once warm; may itself come from another schedule.
        total_iters: Steps until then.
        start_factor: Share of `lr` at step 0.

    Returns:
        The learning rate at step `t`, as `torch.optim.lr_scheduler.LinearLR` gives it.

    >>> [round(warm_up(t, 1.0, total_iters=2, start_factor=0.5), 3) for t in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    return lr * (start_factor + (1 - start_factor) * min(t / total_iters, 1))
