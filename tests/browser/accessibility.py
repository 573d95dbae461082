"""What axe-core finds on a page that would keep somebody from using it."""

from collections.abc import Mapping
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe

GRAVE = ("serious", "critical")


@dataclass(frozen=True)
class Surroundings:
    """A program that shows our texts within its own page.

    Attributes:
        rules: What its own parts break, with the reason; only its makers can change that.
        ours: CSS selector of the elements that we answer for, whatever they break.
    """

    rules: Mapping[str, str]
    ours: str


JUPYTERLAB = Surroundings(
    {
        "aria-allowed-attr": "toolbar buttons are custom elements without a role",
        "aria-input-field-name": "editors of cells, and sliders of ipywidgets, have no name",
        "aria-required-children": "the list of cells has children of another role",
        "button-name": "the button that folds a heading's section has no name",
        "label": "the box for a widget's text is not tied to its description",
        "scrollable-region-focusable": "a panel that scrolls takes no focus",
    },
    ours=".jp-RenderedMarkdown *, .jp-OutputArea-output *:not(.noUi-handle)",
)
FORMGRADER = Surroundings(
    {
        "color-contrast": "Bootstrap's grey and blue are too light",
        "html-has-lang": "the templates name no language",
        "label": "the boxes for points have no label",
        "link-in-text-block": "links differ from text by their colour only",
        "link-name": "the buttons in tables are links around an icon",
        "list": "the breadcrumb is a list within a list",
        "nested-interactive": "the heading of a panel is a button that holds a link",
    },
    ours="img",
)
OURSELVES = Surroundings({}, ours="*")


def findings(page, around: Surroundings = OURSELVES) -> list[str]:
    """Say which grave rules a page breaks, and where.

    Args:
        page: The page, loaded.
        around: Whose page it is.
    """
    options = {"resultTypes": ["violations"]}  # no lists of what is right: they take longest
    return [
        f"{one['id']}: {node['html'][:300]}"
        for one in Axe().run(page, options=options).response["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
        if one["id"] not in around.rules or _is_ours(page, node["target"], around.ours)
    ]


def _is_ours(page, target: list[str], ours: str) -> bool:
    return page.locator(target[0]).first.evaluate("(node, ours) => node.matches(ours)", ours)
