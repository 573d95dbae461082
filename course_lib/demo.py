"""A classifier to play with: made in seconds at first use, then kept."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib import CourseError, __version__, data
from course_lib.mlp import TextClassifier

if TYPE_CHECKING:
    import pandas as pd


def split(reviews: "pd.DataFrame") -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Divide the labelled reviews into four fifths to learn from and a fifth to test on.

    Each text stands once, and each part has the same share of happy reviews.

    Args:
        reviews: Table as from `data.load("reviews")`.

    Returns:
        Two tables with columns `text` and `happy`, as of `data.happy_or_unhappy`.

    Raises:
        TypeError: If it is no table.
        ValueError: If a column is missing.
    """
    from sklearn.model_selection import train_test_split

    labelled = data.happy_or_unhappy(reviews).drop_duplicates("text")
    return train_test_split(labelled, test_size=0.2, stratify=labelled["happy"], random_state=0)


def reviews_classifier(*, cache: Path | None = None, progress: bool = False) -> TextClassifier:
    """Get the classifier of `reviews`, unhappy or happy, trained at first use and then kept.

    It has learned from the first part of `split`, so the second part tests it honestly.

    Args:
        cache: Folder that keeps data and classifier; `data.cache_dir()` if not given.
        progress: Show a progress bar while training, which takes some seconds.

    Returns:
        A classifier with labels "unhappy" and "happy".

    Raises:
        CourseError: If the reviews can be neither found nor fetched.
    """
    path = Path(cache or data.cache_dir()) / f"reviews-classifier-{__version__}.safetensors"
    try:
        return TextClassifier.load(path)
    except CourseError:  # none yet, or one that is damaged: make it anew
        pass
    train, _ = split(data.load("reviews", cache=cache))
    classifier = TextClassifier.fit(
        train["text"], train["happy"], label_names=("unhappy", "happy"), progress=progress
    )
    with contextlib.suppress(OSError):  # a cache that is read-only: train again next time
        classifier.save(path)
    return classifier
