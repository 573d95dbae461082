"""What students and markers get to see: inert pages that keep hidden tests hidden."""

import html
import json
import re
import shutil

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from course_lib.grading import Options, grade, write_feedback
from course_lib.grading.feedback import Redact
from course_lib.grading.inert import is_active
from tests.grading.classroom import NAME, find, insert, own_cell

ATTACKS = {
    "script": "<script>alert('evil')</script>",
    "event handler": "<img src=x onerror=alert(1)>",
    "link": "[click](javascript:alert('evil'))",
    "link in disguise": "[click](java&#115;cript:alert('evil'))",
    "svg": "<svg onload=alert('evil')></svg>",
    "frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "form": "<form action=https://evil.example><button>OK</button></form>",
    "style": "<style>body{display:none}</style>",
}
HARMLESS = [
    "<img src=x onerror=alert('1')",
    "a < b and $x<y$",
    "`<script>`",
    "```\n<script>\n```",
    "**bold** [a](https://a.example)",
]


@pytest.mark.parametrize("markdown", ATTACKS.values(), ids=ATTACKS)
def test_active_markdown_is_recognised(markdown):
    assert is_active(markdown)


@pytest.mark.parametrize("markdown", HARMLESS)
def test_harmless_markdown_stays_as_it_is(markdown):
    assert not is_active(markdown)


def hostile(room):
    notebook = room.solved(mean="def mean(x):\n    print('I was asked', x)\n    return sum(x)")
    find(notebook, "words")["source"] = "\n\n".join(ATTACKS.values())
    for attack in ATTACKS.values():
        notebook["cells"].insert(1, own_cell(attack, kind="markdown"))
    show = """from IPython.display import HTML, Javascript, SVG, display
display(HTML("<script>alert('evil')</script><img src=x onerror=alert('evil')>"))
display(Javascript("alert('evil')"))
display({"image/png": "\\"><script>alert('evil')</script>"}, raw=True)
display({"image/svg+xml": "<svg onload=alert('evil')>", "text/plain": "picture"}, raw=True)
display({"text/latex": "</div><script>alert('evil')</script>"}, raw=True)
print("<script>alert('evil')</script>")"""
    return insert(notebook, "mean", show)


@pytest.fixture(scope="module")
def pages(classroom):
    classroom.hand_in("hostile", hostile(classroom))
    classroom.hand_in("right", classroom.solved())
    spy = "asked = []\ndef mean(x):\n    asked.append(x)\n    raise ValueError(str(x))"
    notebook = insert(classroom.solved(mean=spy), "words", "print(asked)")
    assertion = "def double(x):\n    assert x > 0, f'given {x}'\n    return 2 * x"
    find(notebook, "double")["source"] = assertion
    classroom.hand_in("spy", notebook)
    hidden = "def double(x):\n    return abs(2 * x)"
    classroom.hand_in("hidden", classroom.solved(double=hidden))
    typo = insert(classroom.solved(), "words", "def last(x)\n    return x[-1]")
    classroom.hand_in("typo", typo)
    classroom.hand_in("<b onclick=alert(1)>x", b"{")
    classroom.hand_in("renamer", classroom.solved(), "<img src=x onerror=alert('evil')>.ipynb")
    shutil.rmtree(classroom.root / "autograded", ignore_errors=True)
    grade(classroom.root, NAME, Options(force=True))
    write_feedback(classroom.root, NAME)
    folders = (classroom.root / "feedback").rglob("*.html")
    return {path.parts[-3]: path.read_text() for path in folders if path.parent.name == NAME}


def test_nothing_of_a_student_runs(pages):
    for page in pages.values():
        assert "<script" not in page.casefold()
        assert not re.search(r"<[^>]*\son\w+\s*=", page.partition("<body")[2])
        assert not re.search(r"<(svg|iframe|form|object|embed)\b", page.partition("<body")[2])
        assert not re.search(r"(href|src)\s*=\s*[\"']?\s*javascript:", page)
        (policy,) = re.findall(r'content="([^"]*)" http-equiv="Content-Security-Policy"', page)
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy


def test_the_page_needs_no_network(pages):
    for page in pages.values():
        assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(""", page)


def test_an_answer_that_waits_to_be_marked_is_no_zero(pages):
    page = pages["right"]
    assert "One answer waits to be marked; the score is without it." in page
    assert page.count("not marked yet, 2.0 points") == 2
    refused = pages["<b onclick=alert(1)>x"]
    assert "marked" not in refused.partition("<main")[2]


def test_a_syntax_error_is_told_wherever_it_stands(pages):
    assert "SyntaxError: expected ':', line 1" in html.unescape(pages["typo"])
    assert "SyntaxError" not in pages["spy"]


def test_items_are_called_by_their_names(pages):
    for name in ("test_mean", "test_double", "words"):
        assert f'<a href="#{name}">{name}</a> (' in pages["right"]
        assert f'id="{name}"' in pages["right"]


def test_what_the_marker_opens_is_inert_too(classroom, pages):
    for path in (classroom.root / "autograded").rglob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            assert cell["cell_type"] != "markdown" or not is_active(cell["source"])
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                assert set(data) <= {"text/plain", "text/html", "image/png", "image/jpeg"}
                assert not re.search(r"<script|<[^>]* on\w+=", data.get("text/html", ""))
                assert "script" not in data.get("image/png", "")


def test_hidden_tests_and_their_values_are_not_shown(pages):
    for page in pages.values():
        text = html.unescape(re.sub(r"<[^>]+>", "", page))
        for secret in ("31.5", "54.0", "-1.25", "-2.5", "HIDDEN TESTS"):
            assert secret not in text


def test_the_named_mistake_and_the_authors_message_stay(pages):
    assert "A sum came: a mean divides." in pages["hostile"]
    assert "negative numbers too" in pages["hidden"]


def test_the_marking_scheme_is_for_the_marker_only():
    task = "Advise her.\n\n=== BEGIN MARK SCHEME ===\nHalf a point.\n=== END MARK SCHEME ==="
    students = "I end my === BEGIN MARK SCHEME === here"
    notebook = new_notebook(cells=[new_markdown_cell(task), new_markdown_cell(students)])
    notebook.cells[0].metadata["nbgrader"] = {"task": True, "grade_id": "advice"}
    Redact().preprocess(notebook, {})
    assert notebook.cells[0].source.strip() == "Advise her."
    assert notebook.cells[1].source == students


def test_a_refusal_says_why(pages):
    page = pages["<b onclick=alert(1)>x"]
    assert "could not be graded" in page
    assert "is not a notebook" in page
