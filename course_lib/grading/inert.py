"""Make what a student wrote harmless to look at: nothing of it may run in a reader's browser."""

import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

from nbconvert.filters import markdown2html
from nbconvert.preprocessors.sanitize import SanitizeHTML

PLAIN = ("text/plain",)
PICTURES = ("image/png", "image/jpeg")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
TAG = re.compile(r"<\s*[/!?]?\s*([A-Za-z0-9:-]*)")
TAGS = {
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
}
ATTRIBUTES = {"align", "alt", "class", "colspan", "height", "href", "id", "rowspan", "src"}
ATTRIBUTES |= {"title", "width", "start", "name"}
LINKS = re.compile(r"\s*(https?:|mailto:|#|attachment:|data:image/(png|jpeg|gif);|[\w./-]+$)", re.I)


def make_inert(notebook: dict[str, Any]) -> None:
    """Change a notebook in place so that no page made of it runs anything of its author's."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            for output in cell["outputs"]:
                _clean(output)
        elif is_active(cell["source"]):
            cell["source"] = as_text(cell["source"])
        for bundle in cell.get("attachments", {}).values():
            for kind in [kind for kind, data in bundle.items() if not _is_picture(kind, data)]:
                del bundle[kind]


@cache  # a class shares most of its texts
def is_active(markdown: str) -> bool:
    """Whether a browser could run something of a Markdown text.

    >>> is_active("so $a < b$, **see** [here](https://example.org)")
    False
    >>> is_active("[here](javascript:alert(1))")
    True
    """
    html = markdown2html(markdown)
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.active or any(tag.lower() not in TAGS for tag in TAG.findall(html))


def as_text(text: str) -> str:
    """Markdown that shows a text as it was typed."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(4, longest + 1)
    return f"*Shown as typed, because it holds active content:*\n\n{fence}text\n{text}\n{fence}"


class _Finder(HTMLParser):
    active = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            link = name in ("href", "src") and not LINKS.match(value or "#")
            self.active |= link or name not in ATTRIBUTES


def _clean(output: dict[str, Any]) -> None:
    """Keep of an output what is text or a picture, HTML only as far as it is harmless."""
    if output["output_type"] not in ("display_data", "execute_result"):
        return
    data = output["data"]
    for kind in list(data):
        value = "".join(data[kind]) if isinstance(data[kind], list) else data[kind]
        if kind == "text/html" and isinstance(value, str):
            data[kind] = SanitizeHTML().sanitize_html_tags(value)
        elif not (_is_picture(kind, value) or (kind in PLAIN and isinstance(value, str))):
            del data[kind]
    for name in [name for name in output["metadata"] if name != "course_lib"]:
        del output["metadata"][name]


def _is_picture(kind: str, data: Any) -> bool:
    return kind in PICTURES and isinstance(data, str) and BASE64.fullmatch(data) is not None
