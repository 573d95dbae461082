"""Every stored notebook passes every gate, and every gate fails on what it is there to catch."""

import copy
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import gates

STORED = [*gates.LESSONS, *gates.SOLUTIONS]
GATES = [
    gates.execution_counts,
    gates.silent_cells,
    gates.whole_streams,
    gates.alt_texts,
    gates.prose_between_code,
    gates.heading_levels,
    gates.equation_numbers,
]


def name(value: object) -> str:
    return value.stem if isinstance(value, Path) else value.__name__


@pytest.mark.parametrize("gate", GATES, ids=name)
@pytest.mark.parametrize("path", STORED, ids=name)
def test_stored_notebook_passes(path, gate):
    assert gate(gates.read(path)) == []


def library() -> gates.Functions:
    found: gates.Functions = {}
    for module in gates.MODULES:
        found |= gates.definitions(module.read_text())
    return found


def known_equations() -> set[str]:
    return {number for path in gates.LESSONS for number in gates.equations(gates.read(path))}


@pytest.mark.parametrize("path", gates.LESSONS, ids=name)
def test_taught_functions_equal_the_library(path):
    assert gates.drifted(gates.read(path), library()) == []


def test_library_cites_only_equations_that_exist():
    text = "\n".join(path.read_text() for path in gates.MODULES)
    assert gates.dangling_citations(text, known_equations()) == []


@pytest.mark.parametrize(
    "path", [*STORED, *gates.EXERCISES], ids=lambda path: str(path.parent.name)
)
def test_notebooks_cite_only_equations_that_exist(path):
    text = "\n".join(cell.source for cell in gates.read(path).cells)
    assert gates.dangling_citations(text, known_equations()) == []


@pytest.mark.parametrize("path", gates.LESSONS, ids=name)
def test_lesson_is_written_in_the_house_pattern(path):
    """Lessons differ in content, not in what a reader can count on finding."""
    text = "\n".join(cell.source for cell in gates.read(path).cells)
    for heading in ("objectives", "check yourself", "what to remember", "further reading"):
        assert heading in text.lower(), f"{path.name} has no part named {heading!r}"
    assert "minutes" in text
    assert "<details>" in text


@pytest.fixture
def sound():
    """Make a tiny notebook that passes every gate."""
    cells = [
        nbformat.v4.new_markdown_cell("# Title\n\n$$a \\tag{2.1}$$ and $$b \\tag{2.2}$$ by (2.1)"),
        nbformat.v4.new_code_cell("1 + 1", execution_count=1),
        nbformat.v4.new_markdown_cell("## Part"),
        nbformat.v4.new_code_cell("2 + 2", execution_count=2),
    ]
    picture = nbformat.v4.new_output(
        "display_data",
        {
            "image/png": "AAAA",
            "text/html": '<img alt="a line rises" src="data:image/png;base64,AA">',
        },
        metadata={"image/png": {"alt": "a line rises"}},
    )
    cells[3].outputs = [picture]
    return nbformat.v4.new_notebook(cells=cells)


def skip_a_count(notebook):
    notebook.cells[3].execution_count = 7


def warn(notebook):
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", name="stderr", text="careful")]


def raise_an_error(notebook):
    notebook.cells[1].outputs = [
        nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    ]


def store_in_pieces(notebook):
    notebook.cells[1].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("one", "two")
    ]


def drop_alt_metadata(notebook):
    notebook.cells[3].outputs[0].metadata = {}


def drop_alt_attribute(notebook):
    notebook.cells[3].outputs[0].data["text/html"] = '<img src="data:image/png;base64,AA">'


def embed_without_alt(notebook):
    notebook.cells[2].source += "\n\n![](picture.png)"


def drop_prose(notebook):
    del notebook.cells[2]


def skip_a_heading_level(notebook):
    notebook.cells[2].source = "### Part"


def add_a_second_title(notebook):
    notebook.cells[2].source = "# Part"


def leave_a_gap_in_the_numbers(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("2.2", "2.3")


def cite_a_missing_equation(notebook):
    notebook.cells[2].source += " by (2.9)"


BREAKS = [
    (gates.execution_counts, skip_a_count),
    (gates.silent_cells, warn),
    (gates.silent_cells, raise_an_error),
    (gates.whole_streams, store_in_pieces),
    (gates.alt_texts, drop_alt_metadata),
    (gates.alt_texts, drop_alt_attribute),
    (gates.alt_texts, embed_without_alt),
    (gates.prose_between_code, drop_prose),
    (gates.heading_levels, skip_a_heading_level),
    (gates.heading_levels, add_a_second_title),
    (gates.equation_numbers, leave_a_gap_in_the_numbers),
    (gates.equation_numbers, cite_a_missing_equation),
]


@pytest.mark.parametrize(("gate", "damage"), BREAKS, ids=name)
def test_gate_fails_on_damage(sound, gate, damage):
    assert gate(sound) == []
    broken = copy.deepcopy(sound)
    damage(broken)
    assert gate(broken) != []


def test_every_gate_is_broken_once():
    assert {gate for gate, _ in BREAKS} == set(GATES)


def test_citation_gate_reads_every_form():
    text = "Eq. 2.1; Eqs. 2.2 and 2.3; Eqs. 2.4, 2.5; Eqs. 2.6 to 2.8"
    complaints = gates.dangling_citations(text, known={"2.1"})
    assert [complaint.split()[1] for complaint in complaints] == [
        f"2.{i}" for i in (2, 3, 4, 5, 6, 8)
    ]


LIBRARY = '''
@checked
def mean(values: Tensor) -> Tensor:
    """Take the mean."""
    return values.sum() / len(values)

class Model:
    """A model."""
    def forward(self, x):
        return x
    def extra(self):
        return 1
'''


@pytest.mark.parametrize(
    ("source", "sound"),
    [
        ("def mean(values):\n    return values.sum() / len(values)", True),
        ("def mean(values):\n    return values.sum() / (len(values) - 1)", False),
        ("def mean(values, n):\n    return values.sum() / len(values)", False),
        ("class Model:\n    def forward(self, x):\n        return x", True),
        ("class Model:\n    def forward(self, x):\n        return -x", False),
        ("class Model:\n    def invented(self, x):\n        return x", False),
        ("def other(values):\n    return 0", True),
    ],
)
@pytest.mark.parametrize(
    "after", ["", "class Model(Model):\n    def extra(self):\n        return 1"]
)
def test_drift_gate_sees_a_changed_body(source, after, sound):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell(after)]
    )
    assert (gates.drifted(notebook, gates.definitions(LIBRARY)) == []) == sound
