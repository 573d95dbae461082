"""The real tables are what the lessons say they are."""

import re

import pytest

from course_lib import data
from course_lib.data import DATASETS

COLUMNS = {
    "reviews": [
        *("clothing_id", "age", "title", "text", "rating", "recommended", "positive_feedback"),
        *("division", "department", "garment"),
    ],
    "sms": ["text", "spam"],
}


@pytest.mark.parametrize("name", DATASETS)
def test_table_has_the_rows_it_claims(name):
    assert len(data.load(name)) == DATASETS[name].rows


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_have_short_names(name):
    assert list(data.load(name).columns) == COLUMNS[name]


def test_reviews_keep_missing_text_missing():
    reviews = data.load("reviews")
    assert reviews["text"].notna().sum() == 22_641
    assert (reviews["text"].dropna().str.strip() != "").all()


def test_reviews_have_the_published_stars():
    reviews = data.load("reviews")
    stars = reviews.loc[reviews["text"].notna(), "rating"].value_counts().sort_index()
    assert stars.to_dict() == {1: 821, 2: 1549, 3: 2823, 4: 4908, 5: 12540}


def test_happy_or_unhappy_leaves_the_lukewarm_out():
    table = data.happy_or_unhappy(data.load("reviews"))
    assert list(table.columns) == ["text", "happy"]
    assert list(table.index[[0, -1]]) == [0, 14_909]
    assert round(table["happy"].mean(), 3) == 0.841
    assert table["text"].notna().all()


def test_happy_or_unhappy_wants_a_table():
    with pytest.raises(TypeError, match="reviews is a list"):
        data.happy_or_unhappy(["Lovely"])


def test_happy_or_unhappy_says_which_column_is_missing():
    with pytest.raises(ValueError, match=r"\['rating'\] is wanted"):
        data.happy_or_unhappy(data.load("reviews")[["text"]])


def test_sms_has_the_published_share_of_spam():
    sms = data.load("sms")
    assert sms["spam"].value_counts().to_dict() == {0: 4199, 1: 638}
    assert sms.drop_duplicates("text")["spam"].value_counts().to_dict() == {0: 3955, 1: 567}


def test_cancer_counts_malignant_as_positive():
    cancer = data.load("cancer")
    assert cancer.shape == (569, 31)
    assert cancer["malignant"].sum() == 212
    assert all(re.fullmatch("[a-z_]+", column) for column in cancer.columns)
    larger = cancer.groupby("malignant")["mean_radius"].mean()
    assert larger[1] > larger[0]


@pytest.mark.parametrize("name", DATASETS)
def test_entry_says_where_the_data_comes_from_and_under_which_licence(name):
    dataset = DATASETS[name]
    assert dataset.name == name
    assert all((dataset.title, dataset.licence, dataset.origin, dataset.citation, dataset.labels))
    if dataset.member:
        assert dataset.version
        assert re.fullmatch("[0-9a-f]{64}", dataset.sha256)


@pytest.mark.parametrize("name", ["review", "", None, ["sms"]])
def test_unknown_name_is_answered_with_the_known_ones(name):
    for ask in (data.load, data.fetch, data.is_cached):
        with pytest.raises(ValueError, match="reviews, sms, cancer"):
            ask(name)
