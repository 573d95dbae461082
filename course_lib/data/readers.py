"""From a file as published to a table with short column names."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

REVIEW_COLUMNS = {
    "Clothing ID": "clothing_id",
    "Age": "age",
    "Title": "title",
    "Review Text": "text",
    "Rating": "rating",
    "Recommended IND": "recommended",
    "Positive Feedback Count": "positive_feedback",
    "Division Name": "division",
    "Department Name": "department",
    "Class Name": "garment",
}


def read_reviews(path: Path) -> "pd.DataFrame":
    """Read the clothing reviews: one row a review, missing text left missing."""
    import pandas as pd

    return pd.read_parquet(path).rename(columns=REVIEW_COLUMNS)


def read_sms(path: Path) -> "pd.DataFrame":
    """Read the text messages: columns `text` and `spam` (0 or 1), personal data not masked."""
    import pandas as pd

    return pd.read_csv(path, usecols=["text", "spam"])[["text", "spam"]]


def read_cancer() -> "pd.DataFrame":
    """Read the tumours out of scikit-learn: thirty measurements and `malignant` (0 or 1)."""
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True).frame
    table.columns = table.columns.str.replace(" ", "_")
    # scikit-learn codes malignant as 0; the course's positive class is what one looks for.
    return table.drop(columns="target").assign(malignant=1 - table["target"])


def happy_or_unhappy(reviews: "pd.DataFrame") -> "pd.DataFrame":
    """Label reviews by their stars: five is happy (1), one or two unhappy (0), others left out.

    Args:
        reviews: Table with columns `text` and `rating`, as from `load("reviews")`.

    Returns:
        Table with columns `text` and `happy`, only of rows with text, numbered from 0.

    Raises:
        TypeError: If it is no table.
        ValueError: If a column is missing.

    >>> import pandas as pd
    >>> happy_or_unhappy(pd.DataFrame({"text": ["Lovely", "Torn", "So-so"], "rating": [5, 1, 3]}))
         text  happy
    0  Lovely      1
    1    Torn      0
    """
    if not hasattr(reviews, "columns"):
        raise TypeError(f"reviews is a {type(reviews).__name__}, but a pandas table is wanted")
    if missing := {"text", "rating"} - set(reviews.columns):
        raise ValueError(
            f"the table has columns {list(reviews.columns)}, but {sorted(missing)} is wanted too"
        )
    clear = reviews[reviews["text"].notna() & (reviews["rating"] != 3) & (reviews["rating"] != 4)]
    labelled = clear.assign(happy=(clear["rating"] == 5).astype("int64"))
    return labelled[["text", "happy"]].reset_index(drop=True)
