"""A classifier to play with: made in seconds at first use, then kept."""

import contextlib
from pathlib import Path

from course_lib import CourseError, __version__, data
from course_lib.mlp import TextClassifier


def reviews_classifier(*, cache: Path | None = None, progress: bool = False) -> TextClassifier:
    """Get the classifier of `reviews`, unhappy or happy, trained at first use and then kept.

    It has learned from every labelled review (title and text), so no honest accuracy can be taken
    of it on them; lesson 05 measures what to expect.

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
    reviews = data.load("reviews", cache=cache).drop_duplicates("text")
    whole = reviews["title"].fillna("") + " " + reviews["text"]
    labelled = data.happy_or_unhappy(reviews.assign(text=whole))
    classifier = TextClassifier.fit(
        labelled["text"], labelled["happy"], label_names=("unhappy", "happy"), progress=progress
    )
    with contextlib.suppress(OSError):  # a cache that is read-only: train again next time
        classifier.save(path)
    return classifier
