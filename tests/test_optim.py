"""Every optimiser follows its namesake in `torch.optim`, and refuses what would train nothing."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, StepLR

from course_lib import optim

STEPS = 100
PLAIN = torch.optim.SGD  # gradient descent is SGD with nothing switched on


def problem(seed):
    """Make the weights of a small network and a loss that changes from step to step."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    X, y = draw(STEPS, 6, 4), draw(STEPS, 6)
    start = [draw(4, 3), draw(3), draw(3), draw()]
    unused = draw(2)

    def loss(weights, t):
        W, b, v, c, rare = weights
        y_hat = torch.tanh(X[t] @ W + b) @ v + c
        seldom = (rare**2).sum() if t % 3 == 0 else 0.0  # no gradient on the other steps
        return ((y_hat - y[t]) ** 2).mean() + seldom

    return [*start, unused], loss


def trajectory(make, seed, schedule=None):
    """Take 100 steps and return where every weight was after each of them, (STEPS, weights)."""
    start, loss = problem(seed)
    weights = [w.clone().requires_grad_() for w in start]
    optimizer = make(weights)
    places = []
    for t in range(STEPS):
        if schedule:
            schedule(optimizer, t)
        optimizer.zero_grad()
        loss(weights, t).backward()
        optimizer.step()
        places.append(torch.cat([w.detach().reshape(-1).clone() for w in weights]))
    return torch.stack(places)


SETTINGS = [
    (optim.GradientDescent, PLAIN, {"lr": 0.03}),
    (optim.SGD, torch.optim.SGD, {}),
    (optim.SGD, torch.optim.SGD, {"lr": 0.03}),
    (optim.SGD, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    (optim.SGD, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    (optim.SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1}),
    (
        optim.SGD,
        torch.optim.SGD,
        {"lr": 0.02, "momentum": 0.7, "weight_decay": 0.1, "nesterov": True},
    ),
    (optim.RMSprop, torch.optim.RMSprop, {}),
    (optim.RMSprop, torch.optim.RMSprop, {"lr": 0.001, "alpha": 0.5, "eps": 1e-3}),
    (optim.RMSprop, torch.optim.RMSprop, {"lr": 0.001, "alpha": 0.9, "weight_decay": 0.2}),
    (optim.Adam, torch.optim.Adam, {}),
    (optim.Adam, torch.optim.Adam, {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-2}),
    (optim.Adam, torch.optim.Adam, {"lr": 0.05, "betas": (0.0, 0.99), "weight_decay": 0.2}),
    (optim.AdamW, torch.optim.AdamW, {}),
    (optim.AdamW, torch.optim.AdamW, {"lr": 0.05, "betas": (0.5, 0.9), "weight_decay": 0.3}),
    (optim.AdamW, torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.0}),
]


def described(value):
    return value.__name__ if isinstance(value, type) else str(value).replace(" ", "")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("ours", "theirs", "options"), SETTINGS, ids=described)
def test_trajectory_is_torchs_for_100_steps(ours, theirs, options, seed):
    mine = trajectory(lambda weights: ours(weights, **options), seed)
    torchs = trajectory(lambda weights: theirs(weights, **options), seed)
    torch.testing.assert_close(mine, torchs, rtol=1e-11, atol=1e-12)


rate = st.floats(1e-5, 0.05)
share = st.floats(0.0, 0.95)
seeds = st.integers(0, 2**32)


@settings(max_examples=10, deadline=None)
@given(seeds, rate, share, share, st.floats(0, 0.5))
def test_adamw_follows_torch_wherever_it_starts(seed, lr, beta1, beta2, weight_decay):
    options = {"lr": lr, "betas": (beta1, beta2), "weight_decay": weight_decay}
    mine = trajectory(lambda weights: optim.AdamW(weights, **options), seed)
    torchs = trajectory(lambda weights: torch.optim.AdamW(weights, **options), seed)
    torch.testing.assert_close(mine, torchs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda t: optim.constant(t, 0.3), None),
        (
            lambda t: optim.step_decay(t, 0.3, step_size=7, gamma=0.5),
            lambda o: StepLR(o, 7, gamma=0.5),
        ),
        (lambda t: optim.step_decay(t, 0.3, step_size=30), lambda o: StepLR(o, step_size=30)),
        (lambda t: optim.cosine(t, 0.3, T_max=100), lambda o: CosineAnnealingLR(o, T_max=100)),
        (
            lambda t: optim.cosine(t, 0.3, T_max=33, eta_min=0.01),
            lambda o: CosineAnnealingLR(o, T_max=33, eta_min=0.01),
        ),
        (lambda t: optim.warm_up(t, 0.3, total_iters=5), lambda o: LinearLR(o, total_iters=5)),
        (
            lambda t: optim.warm_up(t, 0.3, start_factor=0.1, total_iters=40),
            lambda o: LinearLR(o, start_factor=0.1, total_iters=40),
        ),
    ],
)
def test_schedule_is_torchs(ours, theirs):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = theirs(optimizer) if theirs else None
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler:
            scheduler.step()
    assert [ours(t) for t in range(STEPS)] == pytest.approx(rates, rel=1e-10, abs=1e-14)


def test_schedules_nest():
    def nested(t):
        return optim.warm_up(t, optim.cosine(t, 1.0, T_max=100), total_iters=10, start_factor=0.0)

    assert nested(0) == 0
    assert nested(10) == pytest.approx(optim.cosine(10, 1.0, T_max=100))
    assert nested(100) == pytest.approx(0)


def test_scheduled_trajectory_is_torchs():
    def set_ours(optimizer, t):
        optimizer.lr = optim.cosine(t, 0.02, T_max=STEPS)

    def set_torchs(optimizer, t):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + math.cos(math.pi * t / STEPS))

    mine = trajectory(lambda weights: optim.Adam(weights, lr=0.02), 3, set_ours)
    torchs = trajectory(lambda weights: torch.optim.Adam(weights, lr=0.02), 3, set_torchs)
    torch.testing.assert_close(mine, torchs, rtol=1e-11, atol=1e-12)


ALL = [optim.GradientDescent, optim.SGD, optim.RMSprop, optim.Adam, optim.AdamW]


@pytest.mark.parametrize("kind", ALL)
def test_model_parameters_are_trained_in_place(kind):
    model = torch.nn.Linear(3, 1)
    before = [w.detach().clone() for w in model.parameters()]
    optimizer = kind(model.parameters(), lr=0.1)
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    for old, new in zip(before, model.parameters(), strict=True):
        assert not torch.equal(old, new)
        assert new.requires_grad
        assert new.is_leaf


@pytest.mark.parametrize("kind", ALL)
def test_zero_grad_forgets_and_a_step_before_backward_is_refused(kind):
    w = torch.ones(2, requires_grad=True)
    optimizer = kind([w], lr=0.1)
    (w**2).sum().backward()
    optimizer.zero_grad()
    assert w.grad is None
    with pytest.raises(ValueError, match="call loss"):
        optimizer.step()
    assert torch.equal(w, torch.ones(2))


def weight():
    return torch.ones(2, requires_grad=True)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (lambda: [], ValueError, "params is empty"),
        (lambda: iter(()), ValueError, "used up"),
        (lambda: weight(), TypeError, "params is a Tensor.*list of tensors"),
        (lambda: 3, TypeError, "params is a int"),
        (lambda: None, TypeError, "params is a NoneType"),
        (lambda: [1.0], TypeError, r"params\[0\] is a float"),
        (lambda: [{"params": [weight()]}], TypeError, r"params\[0\] is a dict"),
        (lambda: [weight(), torch.ones(2)], ValueError, r"params\[1\] has requires_grad=False"),
        (lambda: [weight() * 2], ValueError, r"params\[0\] is the result of a computation"),
        (lambda: [weight()] * 2, ValueError, "same tensor twice"),
    ],
)
def test_unusable_parameters_are_refused(kind, params, error, message):
    with pytest.raises(error, match=message):
        kind(params(), lr=0.1)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("lr", "error"),
    [
        (-0.1, ValueError),
        (math.nan, ValueError),
        (math.inf, ValueError),
        ("0.1", TypeError),
        (None, TypeError),
        (True, TypeError),
        (torch.tensor(0.1), TypeError),
    ],
)
def test_unusable_learning_rate_is_refused(kind, lr, error):
    with pytest.raises(error, match=r"lr is .*, but a finite number of at least 0 is wanted"):
        kind([weight()], lr=lr)


@pytest.mark.parametrize(
    ("kind", "options", "error", "message"),
    [
        (optim.SGD, {"momentum": 1.0}, ValueError, r"momentum is 1.0, .* \[0, 1\)"),
        (optim.SGD, {"momentum": -0.1}, ValueError, "momentum is -0.1"),
        (optim.SGD, {"momentum": math.nan}, ValueError, "momentum is nan"),
        (optim.SGD, {"nesterov": True}, ValueError, "give momentum > 0"),
        (optim.SGD, {"nesterov": 0.9}, TypeError, "nesterov is 0.9"),
        (optim.SGD, {"weight_decay": -1}, ValueError, "weight_decay is -1"),
        (optim.SGD, {"dampening": 0.1}, TypeError, "dampening"),
        (optim.RMSprop, {"alpha": 1.5}, ValueError, "alpha is 1.5"),
        (optim.RMSprop, {"eps": -1e-8}, ValueError, "eps is -1e-08"),
        (optim.Adam, {"betas": 0.9}, TypeError, "two numbers"),
        (optim.Adam, {"betas": (0.9,)}, TypeError, "two numbers"),
        (optim.Adam, {"betas": (0.9, 1.0)}, ValueError, r"betas\[1\] is 1.0"),
        (optim.Adam, {"betas": (-0.1, 0.9)}, ValueError, r"betas\[0\] is -0.1"),
        (optim.AdamW, {"betas": ("0.9", 0.99)}, TypeError, r"betas\[0\] is '0.9'"),
        (optim.AdamW, {"weight_decay": math.inf}, ValueError, "weight_decay is inf"),
    ],
)
def test_unusable_setting_is_refused(kind, options, error, message):
    with pytest.raises(error, match=message):
        kind([weight()], lr=0.1, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optim.constant(-1, 0.1), ValueError, "t is -1"),
        (lambda: optim.constant(1.5, 0.1), TypeError, "t is 1.5, but a whole number"),
        (lambda: optim.constant(0, math.nan), ValueError, "lr is nan"),
        (lambda: optim.step_decay(0, 0.1, step_size=0), ValueError, "step_size is 0"),
        (lambda: optim.step_decay(0, 0.1, step_size=5, gamma=-1), ValueError, "gamma is -1"),
        (lambda: optim.cosine(0, 0.1, T_max=0), ValueError, "T_max is 0"),
        (lambda: optim.cosine(0, 0.1, T_max=10, eta_min=-1), ValueError, "eta_min is -1"),
        (lambda: optim.warm_up(0, 0.1, total_iters=2.5), TypeError, "total_iters is 2.5"),
        (lambda: optim.warm_up(0, -0.1, total_iters=2), ValueError, "lr is -0.1"),
    ],
)
def test_unusable_schedule_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_base_class_has_no_direction_of_its_own():
    w = weight()
    w.sum().backward()
    with pytest.raises(NotImplementedError, match="direction"):
        optim.Optimizer([w], lr=0.1).step()
