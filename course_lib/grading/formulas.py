"""Formulas as MathML, which a browser shows without any script and without a network.

Whoever wrote the formula may be hostile: only harmless elements and attributes of MathML leave
this module, with every text escaped. What is something else, or no formula, stays as it was typed.
"""

import html
import re
from functools import lru_cache
from itertools import pairwise
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import IPythonRenderer

MOST = 3000  # characters
DEFINITION = re.compile(r"\\(re)?new|\\provide|\\def|\\Declare")  # could grow without end
ESCAPED = re.compile(r"\\([_%$#&])")
NUMBERED = re.compile(r"equation\*?")
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
TAGS = {"math", "mfrac", "mi", "mn", "mo", "mover", "mphantom", "mroot", "mrow", "mspace", "msqrt"}
TAGS |= {"mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder"}
TAGS |= {"munderover"}
ATTRIBUTES = {"accent", "accentunder", "columnalign", "display", "displaystyle", "fence", "form"}
ATTRIBUTES |= {"largeop", "linethickness", "mathvariant", "maxsize", "minsize", "movablelimits"}
ATTRIBUTES |= {"rowspacing", "columnspacing", "scriptlevel", "separator", "stretchy", "width"}
VALUE = re.compile(r"[a-z-]+|-?\d?(\.\d{1,4})?(em|ex|pt)?")  # a word, or a length below ten
THIN = "0.167em"


class Renderer(IPythonRenderer):
    """Writes Markdown as HTML, with its formulas as MathML."""

    def block_math(self, body: str) -> str:
        """Write a formula that stands alone."""
        return as_mathml(body, "block") or super().block_math(body)

    def inline_math(self, body: str) -> str:
        """Write a formula within a line."""
        return as_mathml(body, "inline") or super().inline_math(body)

    def latex_environment(self, name: str, body: str) -> str:
        r"""Write a formula between \begin and \end."""
        whole = body if NUMBERED.fullmatch(name) else rf"\begin{{{name}}}{body}\end{{{name}}}"
        return as_mathml(whole, "block") or super().latex_environment(name, body)


@lru_cache(4096)  # a class shares most of its texts
def as_mathml(latex: str, display: str) -> str:
    r"""Write a formula as MathML; "" if it cannot be, or should not.

    Args:
        latex: the formula, without dollars.
        display: "block", or "inline".

    Examples:
        >>> as_mathml("y_i", "inline")
        '<math display="inline"><mrow><msub><mi>y</mi><mi>i</mi></msub></mrow></math>'
        >>> as_mathml(r"\href{javascript:alert(1)}{x}", "inline")
        ''
    """
    if len(latex) > MOST or DEFINITION.search(latex):
        return ""
    try:
        formula = convert_to_element(latex, display=display)
        for element in formula.iter():
            _check(element)
        _space(formula)
        return ElementTree.tostring(formula, encoding="unicode", short_empty_elements=False)
    except Exception:  # whatever a converter of 2,000 lines raises on what no author foresaw
        return ""


def _check(element: ElementTree.Element) -> None:
    """Turn the converter's entities into characters, and let only what is harmless pass."""
    if element.attrib.pop("xmlns", NAMESPACE) != NAMESPACE or element.tag not in TAGS:
        raise ValueError(element.tag)
    for name, value in element.attrib.items():
        if name not in ATTRIBUTES or not all(map(VALUE.fullmatch, value.split())):
            raise ValueError(name)
    element.text = ESCAPED.sub(r"\1", html.unescape(element.text or ""))
    if "\\" in element.text:
        raise ValueError(element.text)  # a command that the converter does not know


def _space(formula: ElementTree.Element) -> None:
    """Set a name such as "log" apart from its neighbours, as TeX does."""
    for parent in list(formula.iter("mrow")):
        for left, right in reversed(list(pairwise(parent))):
            apart = {left.tag, right.tag} & {"mo", "mspace"}
            if not apart and (_is_name(left) or _is_name(right)):
                space = ElementTree.Element("mspace", width=THIN)
                parent.insert(list(parent).index(right), space)


def _is_name(element: ElementTree.Element) -> bool:
    while element.tag in ("msub", "msup", "msubsup"):
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1
