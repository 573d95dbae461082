"""The pictures of a class report, each with a description for readers who cannot see it."""

from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_lib import plotting

BARS = 10


def score_distribution(scores: pd.Series, most: float) -> str:
    """Draw a histogram of scores with their median, as an HTML `<img>` that holds the picture.

    Args:
        scores: One score a student, at least one.
        most: Points of the whole assignment.
    """
    edges = np.linspace(0.0, max(most, scores.max(), 1.0), BARS + 1)
    counts = np.histogram(scores, edges)[0]
    with matplotlib.rc_context():
        plotting.use_style()
        figure = Figure(figsize=(7.2, 3.0), dpi=192)
        axes = figure.subplots()
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=plotting.BLUE, ec="white")
        median = scores.median()
        axes.axvline(median, color=plotting.VERMILION, linestyle="--")
        axes.annotate(
            f"median {median:g}",
            (median, 1.0),
            (5 if median < edges[-1] / 2 else -5, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if median < edges[-1] / 2 else "right",
        )
        axes.set(xlabel="score in points", ylabel="students", xlim=(0, edges[-1]), xticks=edges)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="x", visible=False)
        axes.set_axisbelow(True)
        bars = (
            f"{low:g} to {high:g} points: {count}"
            for (low, high), count in zip(pairwise(edges), counts, strict=True)
            if count
        )
        alt = f"Histogram of {len(scores)} scores, median {median:g}. Students by score: "
        return plotting.as_html(figure, alt=f"{alt}{'; '.join(bars)}.")
