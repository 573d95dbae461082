import base64
import itertools
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb

from course_lib import plotting

mpl.use("agg")
ALT = 'Two lines: the "steep" one rises twice as fast as the flat one.'


@pytest.fixture
def shown(monkeypatch):
    """Show a figure and give what a notebook would receive."""
    outputs = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, metadata, raw: outputs.append(SimpleNamespace(data=data, metadata=metadata)),
    )
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, 2])
    plotting.show(fig, alt=ALT)
    (output,) = outputs
    return output


def test_alt_text_reaches_metadata_html_and_text(shown):
    assert shown.metadata["image/png"]["alt"] == ALT
    assert 'alt="Two lines: the &quot;steep&quot; one' in shown.data["text/html"]
    assert shown.data["text/plain"] == ALT


def test_the_picture_is_a_png(shown):
    assert base64.b64decode(shown.data["image/png"]).startswith(b"\x89PNG")


def test_the_figure_is_closed_so_that_it_is_shown_once(shown):
    assert plt.get_fignums() == []


def test_a_slider_gets_the_same_picture_with_its_description():
    tag = plotting.as_html(plt.figure(), alt=ALT)
    box, img = tag.removesuffix("</div>").split("<img ")
    assert box == '<div class="jp-RenderedHTMLCommon">'
    assert img.startswith('alt="Two lines: the &quot;steep&quot; one')
    encoded = img.split("base64,")[1].removesuffix('">')
    assert base64.b64decode(encoded).startswith(b"\x89PNG")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("display", [plotting.show, plotting.as_html])
@pytest.mark.parametrize("alt", ["", "a figure", "loss"])
def test_a_figure_without_a_description_is_refused(display, alt):
    with pytest.raises(ValueError, match="describes no figure"):
        display(plt.figure(), alt=alt)
    plt.close("all")


@pytest.mark.parametrize("display", [plotting.show, plotting.as_html])
def test_what_is_no_figure_or_no_description_is_refused(display):
    fig, ax = plt.subplots()
    with pytest.raises(TypeError, match=r"fig is of type Axes.*plt\.subplots\(\)"):
        display(ax, alt=ALT)
    with pytest.raises(TypeError, match="alt is a NoneType"):
        display(fig, alt=None)
    plt.close("all")


def luminance(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_neighbouring_lines_differ_in_grey_and_in_dashes():
    with mpl.rc_context():
        plotting.use_style()
        styles = list(mpl.rcParams["axes.prop_cycle"])
    for one, next_one in itertools.pairwise(styles[:5]):
        lighter, darker = sorted(
            (luminance(one["color"]), luminance(next_one["color"])), reverse=True
        )
        assert (lighter + 0.05) / (darker + 0.05) > 1.2
    assert len({str(style["linestyle"]) for style in styles}) == len(styles)
