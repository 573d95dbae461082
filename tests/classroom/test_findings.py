"""What is read from the outputs of a graded notebook, whoever wrote them."""

import json

import pytest

from course_lib.classroom import findings
from course_lib.classroom.findings import ERROR, MISTAKE, STOPPED, UNANSWERED, UNNAMED, Finding
from tests.grading.classroom import cell


def read(tmp_path, *cells):
    path = tmp_path / "ps.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return findings.in_notebook(path)


def executed(*outputs, **kind):
    kind = kind or {"grade": True, "points": 1}
    return cell("test_f", "f()", **kind) | {"outputs": list(outputs)}


def record(**fields):
    whole = {"status": "failed", "mistake": None, "message": "came:     2"} | fields
    return {"output_type": "display_data", "data": {}, "metadata": {"course_lib": whole}}


def error(ename, evalue="", *traceback):
    kind = {"output_type": "error", "ename": ename, "evalue": evalue}
    return {**kind, "traceback": list(traceback)}


COMPLAINT = error("CheckFailed", "came:     2")
RAISED = "asked:    f(1)\ncame:     KeyError: 3\nraised in line 2 of its cell: x[3]"


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ([], []),
        ([record(status="passed")], []),
        ([record(mistake="sum"), COMPLAINT], [(MISTAKE, "sum", "came:     2")]),
        ([record(), COMPLAINT], [(UNNAMED, "", "came:     2")]),
        (
            [record(message="came:     2\nprinted:  some\n          more\n→ Look.")],
            [(UNNAMED, "", "came:     2\n→ Look.")],
        ),
        ([record(status="unanswered", message="not answered yet")], [(UNANSWERED, "", "")]),
        ([record(mistake="raises", message=RAISED)], [(ERROR, "KeyError", RAISED)]),
        ([COMPLAINT], [(UNNAMED, "", "came:     2")]),
        ([error("NotImplementedError")], [(UNANSWERED, "", "")]),
        ([error("KeyError", "3")], [(ERROR, "KeyError", "KeyError: 3")]),
        ([error("TimeLimit", "too long")], [(STOPPED, "TimeLimit", "too long")]),
        ([error("AssertionError", "negative too")], [(UNNAMED, "", "negative too")]),
        (
            [error("AssertionError", "", "\x1b[0;32m----> 1\x1b[0m \x1b[0massert f(3) == 6")],
            [(UNNAMED, "", "assert f(3) == 6")],
        ),
    ],
)
def test_each_output_is_read_as_what_it_means(tmp_path, outputs, found):
    assert read(tmp_path, executed(*outputs)) == [Finding("test_f", *one) for one in found]


def test_parts_speak_for_themselves_and_the_known_mistake_for_the_others(tmp_path):
    parts = [
        record(part="mean", mistake="sum", message="a sum"),
        record(part="sign", status="passed"),
        record(part="shape", message="a shape"),
        record(mistake="sum", message="all of it"),
    ]
    assert read(tmp_path, executed(*parts)) == [Finding("test_f", MISTAKE, "sum", "a sum")]


def test_an_answer_that_stops_is_noted_and_one_not_begun_is_not(tmp_path):
    answer = {"solution": True}
    broken = executed(error("SyntaxError", "invalid syntax"), **answer)
    untouched = executed(error("NotImplementedError"), **answer)
    message = "SyntaxError: invalid syntax"
    assert read(tmp_path, broken, untouched) == [Finding("test_f", ERROR, "SyntaxError", message)]


def test_a_record_in_an_answers_cell_counts_for_nothing(tmp_path):
    assert read(tmp_path, executed(record(mistake="forged"), solution=True)) == []


@pytest.mark.parametrize(
    "fields",
    [{"status": ["failed"]}, {"mistake": {"a": 1}}, {"message": None}, {"status": "right"}],
)
def test_a_record_without_its_shape_is_no_record(tmp_path, fields):
    assert read(tmp_path, executed(record(**fields))) == []


def test_forged_texts_are_cut(tmp_path):
    (found,) = read(tmp_path, executed(record(mistake="x" * 10_000, message="y" * 10_000)))
    assert (len(found.name), len(found.message)) == (80, 2000)


def test_a_notebook_that_is_not_there_shows_nothing(tmp_path):
    assert findings.in_notebook(tmp_path / "none.ipynb") == []
