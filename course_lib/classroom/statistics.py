"""The numbers of a class report: plain functions of plain tables.

The points are a table with one row a student and one column an item, NaN where an answer is still
to be marked by hand.
"""

import pandas as pd

from course_lib.classroom.findings import UNNAMED

FEWEST = 3  # Two students always correlate perfectly.
NEGLIGIBLE = 1e-9


def describe(scores: pd.Series) -> dict[str, float]:
    """Describe scores by their number, mean and quartiles (linear between neighbours).

    Examples:
        >>> describe(pd.Series([1.0, 2.0, 3.0, 10.0]))["median"]
        2.5
    """
    quartiles = scores.quantile([0.0, 0.25, 0.5, 0.75, 1.0])
    names = ("lowest", "first quartile", "median", "third quartile", "highest")
    return {
        "count": len(scores),
        "mean": float(scores.mean()),
        **dict(zip(names, map(float, quartiles), strict=True)),
    }


def items(points: pd.DataFrame, most: pd.Series) -> pd.DataFrame:
    """Say of each item how many students earned how much of it, and how well it tells them apart.

    Args:
        points: Points by student (rows) and item (columns).
        most: Points that each item is worth.

    Returns:
        One row an item: `marked`, `full`, `part` and `none` count students; `difficulty` is the
        mean share of the points, NaN for an item without points or marks; `discrimination`.
    """
    share = (points / most.where(most > 0)).clip(upper=1.0)
    full, none = share >= 1 - NEGLIGIBLE, share <= NEGLIGIBLE
    return pd.DataFrame(
        {
            "most": most,
            "marked": points.notna().sum(),
            "full": full.sum(),
            "part": (share.notna() & ~full & ~none).sum(),
            "none": none.sum(),
            "difficulty": share.mean(),
            "discrimination": {item: discrimination(points, item) for item in points},
        }
    ).reindex(points.columns)


def discrimination(points: pd.DataFrame, item: object) -> float:
    """Correlate an item's points with the points of all other items (corrected item-rest).

    Pearson's r of xᵢ and Σⱼ xⱼ over j ≠ i. Other items that are not marked for everybody are left
    out of the sum. NaN if fewer than three students are marked, or if all have the same points in
    the item or in the rest.

    Examples:
        >>> table = pd.DataFrame({"a": [0, 1, 2], "b": [1, 2, 3], "c": [5, 5, 5]})
        >>> float(discrimination(table, "a").round(6))
        1.0
    """
    complete = points.drop(columns=[item]).dropna(axis="columns")
    own = points[item].dropna()
    rest = complete.sum(axis="columns")[own.index]
    if len(own) < FEWEST or min(own.std(), rest.std()) < NEGLIGIBLE:
        return float("nan")
    return own.corr(rest)


def mistakes(findings: pd.DataFrame) -> pd.DataFrame:
    """Count how many students each finding concerns, the most frequent first.

    Failures that no known mistake names are one group where the messages are the same.

    Args:
        findings: Columns `student`, `cell`, `kind`, `name` and `message`.

    Returns:
        Columns `cell`, `kind`, `name`, `students` (a number) and `message`, the one that most of
        them saw.
    """
    group = findings["message"].where(findings["kind"] == UNNAMED, "")
    grouped = findings.assign(group=group).groupby(["cell", "kind", "name", "group"])
    counted = grouped.agg(
        students=("student", "nunique"), message=("message", lambda seen: seen.mode().iloc[0])
    ).reset_index()
    order = ["students", "cell", "kind", "name", "message"]
    ascending = [False, True, True, True, True]
    return counted.sort_values(order, ascending=ascending, ignore_index=True)[
        ["cell", "kind", "name", "students", "message"]
    ]
