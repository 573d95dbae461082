"""Formulas are shown without a script, and nothing hostile comes out of one."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from course_lib.grading.formulas import ATTRIBUTES, TAGS, Renderer, as_mathml
from tests.notebooks.gates import ROOT

SOLUTIONS = sorted((ROOT / "solutions").rglob("*.ipynb"))


def rendered(markdown):
    return MarkdownWithMath(renderer=Renderer(escape=False)).render(markdown)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_formula_of_the_problem_sets_is_converted(path):
    formulas = 0
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            page = BeautifulSoup(rendered("".join(cell["source"])), "html.parser")
            formulas += len(page("math"))
            for code in page("code"):
                code.decompose()
            assert not re.search(r"[$\\]", page.get_text())
    assert formulas


SHOWN = {
    r"y'_i \le \log p_i": "yi′≤logpi",
    r"\text{rows } N": "rows\u00a0N",
    r"\texttt{max\_norm}": "max_norm",
    r"\begin{cases} 0 & a \\ 1 & b \end{cases}": "{0a1b",
    r"\unicode{x3c}b\unicode{x3e}": "<b>",
    r"\text{<b onclick=alert(1)>}": "<b\u00a0onclick=alert(1)>",
    r"\text{&lt;script&gt;}": "<script>",
    r"\hbox{<img src=x onerror=alert(1)>}": "<img\u00a0src=x\u00a0onerror=alert(1)>",
}


@pytest.mark.parametrize(("latex", "text"), SHOWN.items(), ids=SHOWN)
def test_a_formula_holds_its_text_and_harmless_elements_only(latex, text):
    page = BeautifulSoup(as_mathml(latex, "inline"), "html.parser")
    assert page.get_text() == text
    assert {element.name for element in page()} <= TAGS
    assert {name for element in page() for name in element.attrs} <= ATTRIBUTES


def test_a_name_stands_apart_from_what_it_is_applied_to():
    assert as_mathml(r"y \log p", "inline").count("<mspace") == 2
    assert "<mspace" not in as_mathml(r"-\log(p)", "inline")


STAY = [
    r"\href{javascript:alert(1)}{x}",
    r"\style{position:fixed}{x}",
    r"\class{a}{x}",
    r"\color{red}{x}",
    r"\hspace{99em}x",
    r"\unknown x",
    r"\newcommand{\a}{\a\a}\a",
    "x" * 5000,
    "{" * 1400 + "}" * 1400,
    r"\sqrt[" * 500,
]


@pytest.mark.parametrize("latex", STAY, ids=lambda latex: latex[:20])
def test_anything_else_stays_as_it_was_typed(latex):
    assert rendered(f"so ${latex}<b>$") == f"<p>so ${latex}&lt;b&gt;$</p>\n"


def test_environments_are_formulas_too():
    assert "<mtable" in rendered("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}")
    assert "<mi>x</mi>" in rendered(r"\begin{equation*}x\end{equation*}")
