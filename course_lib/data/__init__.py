"""Real data sets, fetched once, checked, and read as tables.

>>> reviews = load("reviews")
>>> len(reviews)
23486
"""

from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.data.cache import Fetched, cache_dir, fetch, fetch_all, is_cached, is_damaged
from course_lib.data.catalogue import DATASETS, Dataset, find
from course_lib.data.readers import happy_or_unhappy

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DATASETS",
    "Dataset",
    "Fetched",
    "cache_dir",
    "fetch",
    "fetch_all",
    "happy_or_unhappy",
    "is_cached",
    "is_damaged",
    "load",
]


def load(name: str, *, cache: Path | None = None) -> "pd.DataFrame":
    """Read a data set as a table, fetching it first if this machine does not have it yet.

    Args:
        name: A key of `DATASETS`: "reviews", "sms" or "cancer".
        cache: Folder that keeps the files; `cache_dir()` if not given.

    Returns:
        The table as published, with short column names; missing text stays missing.

    Raises:
        ValueError: If there is no such data set.
        CourseError: If it can be neither found nor fetched; the message says what to do.
    """
    dataset = find(name)
    if dataset.member is None:
        return dataset.read()
    return dataset.read(fetch(name, cache=cache))
