"""What is taught equals scikit-learn's; what is measured is bounded; what is wrong is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from course_lib import metrics

rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)
promises = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60)


def columns(pairs, *dtypes):
    values = zip(*pairs, strict=True)
    return [torch.tensor(v, dtype=dtype) for v, dtype in zip(values, dtypes, strict=True)]


@given(rows)
def test_accuracy_and_confusion_equal_scikit_learn(pairs):
    y_true, y_pred = columns(pairs, torch.int64, torch.int64)
    assert metrics.accuracy(y_true, y_pred) == pytest.approx(
        reference.accuracy_score(y_true, y_pred)
    )
    counts = metrics.confusion_matrix(y_true, y_pred)
    wanted = reference.confusion_matrix(y_true, y_pred, labels=list(range(len(counts))))
    assert counts.tolist() == wanted.tolist()


@given(promises, st.integers(1, 20))
def test_calibration_equals_scikit_learn(pairs, num_bins):
    y_true, p = columns(pairs, torch.int64, torch.float64)
    got = metrics.calibration(y_true, p, num_bins)
    observed, promised = calibration_curve(y_true, p, n_bins=num_bins)
    np.testing.assert_allclose(got.observed, observed)
    np.testing.assert_allclose(got.promised, promised)
    assert got.rows.sum() == len(p)


@given(promises)
def test_calibration_error_lies_between_0_and_1(pairs):
    y_true, p = columns(pairs, torch.int64, torch.float64)
    assert -1e-12 <= metrics.calibration_error(y_true, p) <= 1 + 1e-12


def test_calibration_error_is_0_where_promises_are_kept():
    y_true = torch.tensor([0, 1, 1, 1])
    assert metrics.calibration_error(y_true, torch.full((4,), 0.75)) == 0


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_interval_holds_the_share_and_solves_its_equation(right, extra):
    total = right + extra
    low, high = metrics.wilson_interval(right, total)
    share = right / total
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        if 0 < end < 1:  # the share lies 1.96 standard errors from either end
            distance = abs(share - end) / math.sqrt(end * (1 - end) / total)
            assert distance == pytest.approx(1.959964, abs=1e-4)


def test_wilson_interval_is_narrower_with_more_rows_and_less_confidence():
    def width(*arguments):
        low, high = metrics.wilson_interval(*arguments)
        return high - low

    assert width(950, 1000) < width(95, 100)
    assert width(95, 100, 0.8) < width(95, 100, 0.99)


def test_wilson_interval_covers_the_truth_about_as_often_as_it_says():
    truth, total = 0.95, 100
    chance = torch.distributions.Binomial(total, torch.tensor(truth)).log_prob(torch.arange(101.0))
    intervals = [metrics.wilson_interval(right, total) for right in range(total + 1)]
    covered = [low <= truth <= high for low, high in intervals]
    assert chance.exp()[torch.tensor(covered)].sum() == pytest.approx(0.95, abs=0.03)


def test_what_the_lesson_does_not_derive_is_scikit_learns():
    for name in ("balanced_accuracy_score", "f1_score", "precision_recall_curve"):
        assert getattr(metrics, name) is getattr(reference, name)


def test_whole_numbers_of_numpy_are_whole_numbers():
    assert metrics.wilson_interval(np.int64(95), np.int64(100)) == metrics.wilson_interval(95, 100)


def test_calibration_of_probabilities_with_a_graph_can_be_drawn():
    p = torch.tensor([0.1, 0.8, 0.9], requires_grad=True)
    promised, _, _ = metrics.calibration(LABELS, p.sqrt())
    assert not promised.requires_grad


LABELS = torch.tensor([0, 1, 1])
P = torch.tensor([0.1, 0.8, 0.9])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: metrics.accuracy(LABELS, P), TypeError, "argmax"),
        (lambda: metrics.accuracy([0, 1], LABELS), TypeError, "list"),
        (lambda: metrics.accuracy(LABELS[:2], LABELS), ValueError, r"\(3,\).*\(2,\)"),
        (lambda: metrics.accuracy(LABELS[:0], LABELS[:0]), ValueError, r"\(0,\)"),
        (lambda: metrics.accuracy(LABELS[:, None], LABELS[:, None]), ValueError, r"\(3, 1\)"),
        (lambda: metrics.confusion_matrix(LABELS - 1, LABELS), ValueError, "from -1"),
        (lambda: metrics.calibration(LABELS, LABELS), TypeError, "floating-point"),
        (lambda: metrics.calibration(LABELS, 3 * P), ValueError, "not logits"),
        (lambda: metrics.calibration(LABELS, P * math.nan), ValueError, "nan"),
        (lambda: metrics.calibration(LABELS + 1, P), ValueError, "0 to 1"),
        (lambda: metrics.calibration(LABELS, P[:2]), ValueError, r"\(2,\)"),
        (lambda: metrics.calibration_error(LABELS, P, 0), ValueError, "num_bins is 0"),
        (lambda: metrics.wilson_interval(5, 4), ValueError, "5 of total 4"),
        (lambda: metrics.wilson_interval(0, 0), ValueError, "total"),
        (lambda: metrics.wilson_interval(0.95, 100), TypeError, "whole number"),
        (lambda: metrics.wilson_interval(5, 10, 95), ValueError, "confidence is 95"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, said):
    with pytest.raises(error, match=said):
        call()
