"""The look of the course's figures, and alt text on every one of them."""

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart by colour-blind readers; ordered so that neighbours also differ
# in lightness and survive grey printing.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, BLACK = "#56B4E9", "#CC79A7", "#000000"
CYCLE = (BLUE, ORANGE, VERMILION, SKY, GREEN, PURPLE, BLACK)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def use_style() -> None:
    """Make every figure that follows look like the course's: colours, dashes, sizes, one grid."""
    import matplotlib.pyplot as plt
    from cycler import cycler

    plt.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=CYCLE, linestyle=DASHES),
            "axes.grid": True,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "figure.dpi": 96,
            "figure.figsize": (6.4, 3.6),
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "grid.alpha": 0.3,
            "image.cmap": "cividis",
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )


def show(fig: "Figure", *, alt: str) -> None:
    """Display a figure once, described for readers who cannot see it, and close it.

    The description is the picture's `alt` attribute where the page shows HTML, its plain-text form
    where no picture can be shown, and stands in the output's metadata.

    Args:
        fig: The figure to show.
        alt: One or two sentences: what is drawn, and what the reader should see in it.

    Raises:
        TypeError: If `fig` is no figure, or `alt` no str.
        ValueError: If `alt` is too short to describe anything.
    """
    from IPython.display import display

    encoded = _encode(fig, alt)
    display(
        {"image/png": encoded, "text/html": _img(encoded, alt), "text/plain": alt},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def as_html(fig: "Figure", *, alt: str) -> str:
    """Turn a figure into an HTML picture with its description, and close it.

    For a picture that a slider redraws: let the slider's function set the value of an
    `ipywidgets.HTML` to it. The old picture stays until the new one is there, and is stored with
    the notebook.

    Args:
        fig: The figure to turn into HTML.
        alt: One or two sentences: what is drawn, and what the reader should see in it.

    Returns:
        The tags, with the picture inside; JupyterLab makes it no wider than the place it has.

    Raises:
        TypeError: If `fig` is no figure, or `alt` no str.
        ValueError: If `alt` is too short to describe anything.
    """
    # JupyterLab's class for outputs: a widget has none, and would cut a wide picture off.
    return f'<div class="jp-RenderedHTMLCommon">{_img(_encode(fig, alt), alt)}</div>'


def _encode(fig: "Figure", alt: str) -> str:
    """Save a figure as a PNG in base64 and close it, if its description says something."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    if not isinstance(fig, Figure):
        raise TypeError(
            f"fig is of type {type(fig).__name__}, but a Figure is wanted: fig, ax = plt.subplots()"
        )
    if not isinstance(alt, str):
        raise TypeError(f"alt is a {type(alt).__name__}, but a str is wanted")
    if len(alt.split()) < 5:
        raise ValueError(
            f"alt text {alt!r} describes no figure: say what is drawn and what it shows"
        )
    picture = io.BytesIO()
    fig.savefig(picture, format="png", metadata={"Software": None})
    plt.close(fig)
    return base64.b64encode(picture.getvalue()).decode()


def _img(encoded: str, alt: str) -> str:
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{encoded}">'
