"""The numbers of the report, against numpy's and against values worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.classroom import statistics
from course_lib.classroom.findings import ERROR, MISTAKE, UNNAMED

POINTS = pd.DataFrame(
    {"a": [2.0, 2.0, 0.0, 1.0], "b": [3.0, 0.0, 0.0, 3.0], "words": [1.0, np.nan, np.nan, 0.0]},
    index=["ada", "bo", "cy", "dee"],
)
MOST = pd.Series({"a": 2.0, "b": 3.0, "words": 2.0})


@given(arrays(float, st.integers(1, 30), elements=st.floats(0, 100)))
def test_scores_are_described_as_numpy_does(scores):
    found = statistics.describe(pd.Series(scores))
    names = ("lowest", "first quartile", "median", "third quartile", "highest")
    assert [found[n] for n in names] == pytest.approx(np.percentile(scores, [0, 25, 50, 75, 100]))
    assert found["mean"] == pytest.approx(scores.mean())
    assert found["count"] == len(scores)


def test_items_count_who_earned_all_part_and_nothing():
    items = statistics.items(POINTS, MOST)
    assert items.loc["a", ["marked", "full", "part", "none"]].tolist() == [4, 2, 1, 1]
    assert items.loc["b", ["marked", "full", "part", "none"]].tolist() == [4, 2, 0, 2]
    assert items.loc["words", ["marked", "full", "part", "none"]].tolist() == [2, 0, 1, 1]


def test_difficulty_is_the_mean_share_of_the_points():
    assert statistics.items(POINTS, MOST)["difficulty"].tolist() == [5 / 8, 0.5, 0.25]


def test_difficulty_of_an_item_without_points_or_marks_is_unknown():
    points = pd.DataFrame({"free": [0.0, 0.0], "unmarked": [np.nan, np.nan]})
    items = statistics.items(points, pd.Series({"free": 0.0, "unmarked": 2.0}))
    assert items["difficulty"].isna().all()


@given(arrays(float, (8, 4), elements=st.integers(0, 5).map(float)))
def test_discrimination_is_numpys_correlation_with_the_rest(table):
    points = pd.DataFrame(table, columns=list("abcd"))
    own, rest = table[:, 1], np.delete(table, 1, axis=1).sum(axis=1)
    found = statistics.discrimination(points, "b")
    if own.std() == 0 or rest.std() == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(np.corrcoef(own, rest)[0, 1])


def test_the_rest_leaves_out_what_is_not_marked_for_all():
    # 2 2 0 1 against 3 0 0 3, by hand: covariance 1.5/4, standard deviations √11/4 and 1.5.
    assert statistics.discrimination(POINTS, "a") == pytest.approx(1.5 / 4 / (11**0.5 / 4 * 1.5))


def test_discrimination_of_two_students_is_unknown():
    assert math.isnan(statistics.discrimination(POINTS, "words"))


def test_mistakes_are_counted_by_student_and_sorted_by_frequency():
    rows = [
        ("ada", "a", MISTAKE, "sum", "9.0 came"),
        ("ada", "a", MISTAKE, "sum", "18.0 came"),
        ("bo", "a", MISTAKE, "sum", "9.0 came"),
        ("cy", "a", ERROR, "KeyError", "KeyError: 1"),
        ("bo", "b", UNNAMED, "", "7 came"),
        ("cy", "b", UNNAMED, "", "7 came"),
        ("dee", "b", UNNAMED, "", "7 came"),
        ("ada", "b", UNNAMED, "", "8 came"),
    ]
    findings = pd.DataFrame(rows, columns=["student", "cell", "kind", "name", "message"])
    counted = statistics.mistakes(findings).itertuples(index=False)
    assert [tuple(row) for row in counted] == [
        ("b", UNNAMED, "", 3, "7 came"),
        ("a", MISTAKE, "sum", 2, "9.0 came"),
        ("a", ERROR, "KeyError", 1, "KeyError: 1"),
        ("b", UNNAMED, "", 1, "8 came"),
    ]
    assert statistics.mistakes(findings[:0]).empty
