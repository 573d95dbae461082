"""The engine computes and differentiates as torch does, and says what it cannot do."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.autodiff import Value, unbroadcast


class Torch:
    """The engine's vocabulary, spoken by torch."""

    exp, log, tanh, relu = torch.exp, torch.log, torch.tanh, torch.relu

    @staticmethod
    def power(x, exponent):
        return x**exponent

    @staticmethod
    def total(x, axis, keepdims):
        return x.sum() if axis is None else x.sum(axis, keepdim=keepdims)

    @staticmethod
    def log_sum_exp(x, axis, keepdims):
        return torch.logsumexp(x, axis, keepdim=keepdims)


class Ours:
    exp, log, tanh, relu = Value.exp, Value.log, Value.tanh, Value.relu

    @staticmethod
    def power(x, exponent):
        return x**exponent

    @staticmethod
    def total(x, axis, keepdims):
        return x.sum(axis, keepdims)

    @staticmethod
    def log_sum_exp(x, axis, keepdims):
        return x.log_sum_exp(axis, keepdims)


SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (4, 2, 3), (4, 1, 1)]
UNARY = [
    lambda L, x: -x,
    lambda L, x: L.tanh(x),
    lambda L, x: L.relu(x),
    lambda L, x: L.exp(L.tanh(x)),
    lambda L, x: L.log(x * x + 0.5),
    lambda L, x: L.power(x, 2),
    lambda L, x: L.power(x, 3),
    lambda L, x: L.power(x, 0),
    lambda L, x: L.power(x * x + 0.5, -1.5),
    lambda L, x: L.total(x, None, False),
    lambda L, x: L.total(x, -1, True) if x.shape else x,
    lambda L, x: L.total(x, 0, False) if x.shape else x,
    lambda L, x: L.log_sum_exp(x, -1, True) if x.shape else x,
    lambda L, x: L.log_sum_exp(x, 0, False) if x.shape else x,
    lambda L, x: 2.0 - x / 3.0,
    lambda L, x: 1.0 / (x * x + 1.0),
]
BINARY = [
    lambda L, x, y: x + y,
    lambda L, x, y: x - y,
    lambda L, x, y: L.tanh(x) * y,
    lambda L, x, y: x / (y * y + 1.0),
]


@st.composite
def expressions(draw):
    """Draw inputs and a recipe: which operation to apply to which earlier results."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    inputs = [generator.normal(size=s) for s in draw(st.lists(st.sampled_from(SHAPES), min_size=1))]
    step = st.one_of(
        st.tuples(st.sampled_from(UNARY), st.integers(0, 99)),
        st.tuples(st.sampled_from(BINARY), st.integers(0, 99), st.integers(0, 99)),
    )
    return inputs, draw(st.lists(step, min_size=1, max_size=10))


def evaluate(language, inputs, recipe):
    """Follow the recipe, newest results first, and add everything up to one number."""
    results = list(inputs)
    for operation, *numbers in recipe:
        operands = [results[-1 - i % len(results)] for i in numbers]
        try:
            np.broadcast_shapes(*(x.shape for x in operands))
        except ValueError:
            operands = operands[:1] * len(operands)
        results.append(operation(language, *operands))
    total = 0.0
    for x in results:
        total = total + language.tanh(x).sum()
    return total, results


def close(ours, torchs):
    np.testing.assert_allclose(ours, torchs.detach().numpy(), rtol=1e-9, atol=1e-11)


@settings(max_examples=150, deadline=None)
@given(expressions())
def test_random_expressions_agree_with_torch_forward_and_backward(expression):
    inputs, recipe = expression
    ours = [Value(x) for x in inputs]
    torchs = [torch.tensor(x, requires_grad=True) for x in inputs]
    (mine, nodes), (theirs, tensors) = evaluate(Ours, ours, recipe), evaluate(Torch, torchs, recipe)
    for x in tensors:
        x.retain_grad()
    for _ in range(2):  # the second call adds to the first, at inputs and in between
        mine.backward()
        theirs.backward(retain_graph=True)
        close(mine.data, theirs)
        for node, tensor in zip(nodes, tensors, strict=True):
            close(node.data, tensor)
            close(node.grad, tensor.grad)


@pytest.mark.parametrize(
    ("left", "right"),
    [((4, 3), (3, 2)), ((4, 3), (3,)), ((3,), (3, 2)), ((3,), (3,)), ((5, 4, 3), (3, 2))],
)
def test_matrix_product_agrees_with_torch(left, right):
    generator = np.random.default_rng(0)
    A, B = generator.normal(size=left), generator.normal(size=right)
    ours = [Value(A), Value(B)]
    torchs = [torch.tensor(A, requires_grad=True), torch.tensor(B, requires_grad=True)]
    ((ours[0] @ ours[1]).tanh() ** 2).sum().backward()
    ((torchs[0] @ torchs[1]).tanh() ** 2).sum().backward()
    for mine, theirs in zip(ours, torchs, strict=True):
        close(mine.grad, theirs.grad)


def test_two_layer_network_agrees_with_torch():
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(7, 4)), np.eye(2)[generator.integers(0, 2, 7)]
    start = [generator.normal(size=s) for s in [(4, 5), (5,), (5, 2), (2,)]]

    def loss(X, y, W1, b1, W2, b2, log_sum_exp):
        z = (X @ W1 + b1).relu() @ W2 + b2  # (N, 2)
        return (log_sum_exp(z) - (z * y).sum(-1)).mean()

    ours = [Value(w) for w in start]
    torchs = [torch.tensor(w, requires_grad=True) for w in start]
    mine = loss(X, y, *ours, Value.log_sum_exp)
    theirs = loss(torch.tensor(X), torch.tensor(y), *torchs, lambda z: z.logsumexp(-1))
    mine.backward()
    theirs.backward()
    close(mine.data, theirs)
    for w, t in zip(ours, torchs, strict=True):
        close(w.grad, t.grad)


def test_log_sum_exp_is_finite_at_extreme_logits():
    z = Value([[1e4, -1e4], [-1e4, -1e4]])
    out = z.log_sum_exp()
    out.sum().backward()
    np.testing.assert_allclose(out.data, [1e4, -1e4 + np.log(2)])
    np.testing.assert_allclose(z.grad, [[1, 0], [0.5, 0.5]])


def test_slope_of_relu_at_zero_is_torchs():
    x, t = Value([-1.0, 0.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    x.relu().sum().backward()
    t.relu().sum().backward()
    close(x.grad, t.grad)


def test_log_sum_exp_over_everything():
    x = np.arange(6.0).reshape(2, 3)
    z, t = Value(x), torch.tensor(x, requires_grad=True)
    z.log_sum_exp(axis=None).backward()
    torch.logsumexp(t, (0, 1)).backward()
    close(z.grad, t.grad)


def test_second_backward_doubles_leaves_and_what_lies_between():
    x = Value([1.0, 2.0])
    square = x**2
    loss = (square * 3.0).sum()
    loss.backward()
    once = [node.grad.copy() for node in (x, square, loss)]
    loss.backward()
    for node, first in zip((x, square, loss), once, strict=True):
        np.testing.assert_array_equal(node.grad, 2 * first)
    x.zero_grad()
    loss.backward()
    np.testing.assert_array_equal(x.grad, once[0])


def test_two_losses_that_share_a_node_accumulate_as_in_torch():
    x, t = Value([0.5, -1.0]), torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
    shared, common = x.exp(), t.exp()
    (shared**2).sum().backward()
    (common**2).sum().backward(retain_graph=True)
    (shared.log() * x).sum().backward()
    (common.log() * t).sum().backward()
    close(x.grad, t.grad)


@pytest.mark.parametrize("depth", [10_000, 50_000])
def test_deep_chain_needs_no_recursion(depth):
    x = Value(1.0)
    out = x
    for _ in range(depth):
        out = out + 1e-4
    out.backward()
    assert out.data == pytest.approx(1 + depth * 1e-4)
    assert x.grad == 1
    del out  # freeing the chain must not overflow the stack either


def test_node_used_many_times_is_visited_once():
    x = Value(1.0)
    out = x
    for _ in range(60):
        out = out + out  # 2 ** 60 paths
    out.backward()
    assert x.grad == 2.0**60
    assert len(out.order()) == 61


def test_parents_come_before_children_in_the_order():
    x, y = Value(1.0), Value(2.0)
    out = ((x * y) + x.exp()) * (y - x)
    position = {id(node): i for i, node in enumerate(out.order())}
    assert len(position) == len(out.order())
    for node in out.order():
        assert all(position[id(parent)] < position[id(node)] for parent in node.parents)


@given(st.sampled_from([(), (3,), (1,), (2, 3), (1, 3), (2, 1), (1, 1)]), st.integers(0, 2**32))
def test_unbroadcast_is_the_transpose_of_broadcasting(shape, seed):
    generator = np.random.default_rng(seed)
    x, g = generator.normal(size=shape), generator.normal(size=(4, 2, 3))
    back = unbroadcast(g, shape)
    assert back.shape == shape
    assert (np.broadcast_to(x, g.shape) * g).sum() == pytest.approx((x * back).sum())


def test_numpy_and_numbers_may_stand_on_either_side():
    x = Value([1.0, 2.0])
    for out in (np.array([3.0, 4.0]) + x, np.float64(3) * x, 3 - x, [1, 2] - x, 1 / x, x / [1, 2]):
        assert isinstance(out, Value)
        assert out.shape == (2,)
    out = np.ones((3, 2)) @ x
    assert out.shape == (3,)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_data_is_a_copy_in_float64():
    given = np.array([1, 2], dtype=np.int32)
    x = Value(given)
    x.data -= 1
    assert x.data.dtype == np.float64
    assert given.tolist() == [1, 2]


@pytest.mark.filterwarnings("error")
def test_tensors_are_read_without_a_warning():
    x = Value(torch.ones(2))
    assert (x * torch.tensor(3.0)).data.tolist() == [3, 3]
    assert (torch.ones(2) + x).data.tolist() == [2, 2]


VECTOR = Value([1.0, -2.0, 0.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Value("1.0"), TypeError, "data is a str, but real numbers"),
        (lambda: Value(None), TypeError, "real numbers"),
        (lambda: Value([]), TypeError, "data is an empty list"),
        (lambda: Value([1.0, "a"]), TypeError, "data is a list"),
        (lambda: Value(1j), TypeError, "complex"),
        (lambda: Value([[1.0], [1.0, 2.0]]), TypeError, "no array of real numbers"),
        (lambda: Value(torch.ones(2, requires_grad=True)), TypeError, "requires grad"),
        (lambda: Value(VECTOR), TypeError, "data is a Value"),
        (lambda: Value([1.0, float("nan")]), ValueError, "data holds nan"),
        (lambda: VECTOR + float("inf"), ValueError, "data holds inf"),
        (lambda: VECTOR + "a", TypeError, "data is a str"),
        (lambda: VECTOR + Value([1.0, 2.0]), ValueError, "could not be broadcast"),
        (lambda: VECTOR.backward(), ValueError, r"shape \(3,\): sum it"),
        (lambda: VECTOR.log(), ValueError, "smallest here is -2.0"),
        (lambda: VECTOR**0.5, ValueError, r"-2.0 \*\* 0.5 is no real number"),
        (lambda: 1 / VECTOR, ValueError, r"0 \*\* -1 divides by zero"),
        (lambda: VECTOR**VECTOR, TypeError, r"exponent is a Value.*log"),
        (lambda: VECTOR ** float("nan"), ValueError, "exponent is nan"),
        (lambda: 2**VECTOR, TypeError, "unsupported"),
        (lambda: VECTOR @ Value([1.0, 2.0]), ValueError, r"\(3,\) and \(2,\)"),
        (lambda: Value(2.0) @ VECTOR, ValueError, r"\(\) and \(3,\)"),
        (lambda: VECTOR.sum(axis=1), ValueError, "out of bounds"),
        (lambda: VECTOR.sigmoid(), AttributeError, "no 'sigmoid': it knows"),
        (lambda: VECTOR[0], TypeError, "does not support indexing"),
        (lambda: list(VECTOR), TypeError, "does not support indexing"),
        (lambda: VECTOR > 0, TypeError, r"comparison: compare \.data"),
        (lambda: VECTOR == VECTOR, TypeError, "comparison"),
        (lambda: bool(VECTOR), TypeError, "truth"),
        (lambda: VECTOR % 2, TypeError, "unsupported"),
        (lambda: abs(VECTOR), TypeError, "bad operand"),
        (lambda: np.exp(VECTOR), TypeError, "ufunc"),
    ],
)
def test_unsupported_is_refused_in_words(call, error, message):
    with pytest.raises(error, match=message):
        call()
