import logging
import sys
import warnings

import pytest
import torch

from course_lib import checks

ROWS = torch.tensor([1.0, 3.0])


@pytest.fixture
def shown(monkeypatch) -> list[tuple[str, dict]]:
    """Text and record of everything displayed."""
    outputs = []

    def display(data, *, metadata, raw):
        outputs.append((data["text/plain"], metadata["course_lib"]))

    monkeypatch.setattr(checks, "display", display)
    return outputs


def failure_of(f, args=(ROWS,), want=2.0, **options) -> checks.CheckFailed:
    with pytest.raises(checks.CheckFailed) as caught:
        checks.compare(f, args, want, **options)
    return caught.value


def test_a_right_answer_is_reported_with_its_record(shown):
    with checks.item("mean"):
        checks.compare(torch.mean, (ROWS,), want=2.0)
    [(text, record)] = shown
    assert text == "✓ mean: right in every test here"
    assert record == {"item": "mean", "status": "passed", "mistake": None, "message": text}


def test_a_wrong_answer_says_what_was_asked_came_and_was_expected(shown):
    def mean(rows):
        return rows.sum()

    hint = "A sum came: a mean divides by the number of rows."
    with pytest.raises(checks.CheckFailed), checks.item("mean"):
        mistakes = [checks.Mistake("minus", -2.0, "!"), checks.Mistake("sum", 4.0, hint)]
        checks.compare(mean, (ROWS,), want=2.0, mistakes=mistakes)
    [(text, record)] = shown
    assert text == "✗ mean: not right yet"
    assert record == {
        "item": "mean",
        "status": "failed",
        "mistake": "sum",
        "message": "asked:    mean(tensor([1.0, 3.0]))\ncame:     4.0\nexpected: 2.0\n→ " + hint,
    }


def test_the_notebook_shows_the_message_alone():
    failure = failure_of(torch.sum)
    assert failure._render_traceback_() == [str(failure)]
    assert isinstance(failure, AssertionError)


def test_a_stub_is_not_answered_yet(shown):
    def stub(rows):
        raise NotImplementedError

    with pytest.raises(checks.CheckFailed, match=r"^not answered yet$"), checks.item("mean"):
        checks.compare(stub, (ROWS,), want=2.0)
    [(text, record)] = shown
    assert text == "✗ mean: not answered yet"
    assert (record["status"], record["mistake"]) == ("unanswered", None)


def test_an_operation_that_torch_does_not_implement_is_an_answer_that_raises():
    def meant(rows):
        raise NotImplementedError("Could not run 'aten::_foo' with arguments from the CPU backend")

    assert failure_of(meant).mistake == "raises"


def test_an_exception_is_told_in_words_with_the_line_it_came_from():
    def index(rows):
        return rows[5]

    failure = failure_of(index)
    assert failure.mistake == "raises"
    assert "IndexError" in failure.message
    assert "of its cell: return rows[5]" in failure.message


class Unreadable(BaseException):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize("error", [SystemExit(0), GeneratorExit(), Unreadable(), RecursionError()])
def test_nothing_that_an_answer_raises_ends_the_grading(error):
    def leave(rows):
        raise error

    assert failure_of(leave).mistake == "raises"


def test_an_interrupt_goes_through():
    def interrupted(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), checks.item("mean"):
        checks.compare(interrupted, (ROWS,), want=2.0)


def test_an_argument_changed_in_place_is_named():
    def change(rows):
        rows /= 2
        return rows.sum()

    failure = failure_of(change)
    assert failure.mistake == "changes_argument"
    assert "tensor([1.0, 3.0]) had become tensor([0.5, 1.5])" in failure.message
    assert ROWS.tolist() == [1.0, 3.0]
    assert failure_of(lambda words: words.sort(), (["b", "a"],)).mistake == "changes_argument"


def test_asking_an_argument_for_gradients_does_not_change_it():
    def by_autograd(rows):
        rows.requires_grad_()
        (rows**2).sum().backward()
        return rows.grad

    checks.compare(by_autograd, (ROWS,), want=torch.tensor([2.0, 6.0]))


def test_missing_and_infinite_answers_are_named_without_being_foreseen():
    assert failure_of(lambda rows: None).mistake == "returns_none"
    assert failure_of(lambda rows: float("nan")).mistake == "not_finite"
    assert failure_of(lambda rows: (1.0, rows / 0), want=(1.0, ROWS)).mistake == "not_finite"
    assert failure_of(lambda rows: 7.0).mistake is None


def test_one_value_where_two_are_asked_is_told_to_return_both():
    with pytest.raises(checks.CheckFailed) as failed:
        checks.compare(torch.sum, (ROWS,), want=(4.0, ...))
    assert failed.value.mistake == "returns_one_value"
    assert "→ 2 values are asked: name them all after `return`" in failed.value.message


def test_the_shape_that_came_is_told():
    failure = failure_of(lambda rows: rows[None], want=ROWS)
    assert "a tensor of shape (1, 2) came where a tensor of shape (2,) is asked" in failure.message


def test_entries_that_are_not_asked_for_are_left_out():
    failure = failure_of(lambda rows: (1.0, rows / 0), want=(2.0, ...))
    assert "came:     (1.0, ...)\nexpected: (2.0, ...)" in failure.message
    assert failure.mistake is None


def test_what_the_answer_printed_is_told_when_it_is_wrong():
    def chatty(rows):
        print("halfway:", rows.sum().item())
        return 0.0

    assert "printed:  halfway: 4.0" in failure_of(chatty).message


def test_prints_warnings_logs_and_progress_are_held_back(capsys):
    def noisy(rows):
        print("computing")
        print("progress", file=sys.stderr)
        warnings.warn("something is deprecated", stacklevel=1)
        logging.getLogger("student").error("careful")
        sys.displayhook(99)
        return rows.mean()

    logging.getLogger("student").addHandler(logging.StreamHandler(sys.stderr))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.compare(noisy, (ROWS,), want=2.0)
    assert capsys.readouterr() == ("", "")
    assert logging.root.manager.disable == logging.NOTSET


def test_an_object_that_equals_everything_is_not_the_answer():
    class Yes:
        __eq__ = __le__ = __lt__ = lambda self, other: True
        __hash__ = None

    failure = failure_of(lambda rows: Yes())
    assert "an object of type Yes came where a number is asked" in failure.message


def test_messages_fit_the_width_that_validate_shows():
    def verbose(rows):
        raise ValueError("word " * 100)

    message = failure_of(verbose, ([{"key": "x" * 50}] * 5,)).message
    assert max(map(len, message.splitlines())) <= checks.WIDTH


def test_arguments_are_broken_between_lines_only_where_they_must():
    rows = (torch.full((2, 3), 0.125), torch.full((3,), 0.125), torch.full((2, 4), 0.0625))
    lines = failure_of(torch.cat, (rows[:1],), want=0.0).message.splitlines()
    assert lines[0].endswith("[0.125, 0.125, 0.125]]),))")

    def a_function_with_a_rather_long_name(first, second, third):
        return 0.0

    lines = failure_of(a_function_with_a_rather_long_name, rows).message.splitlines()
    assert any("tensor([0.125, 0.125, 0.125])," in line for line in lines)


def test_a_mistake_that_would_pass_is_a_fault_of_the_test():
    with pytest.raises(ValueError, match="'same' has the value of the right answer"):
        checks.compare(torch.mean, (ROWS,), 2.0, mistakes=[checks.Mistake("same", 2.00001, "")])


def test_a_name_that_is_not_defined_is_told(shown):
    expected = pytest.raises(checks.CheckFailed, match="`mean_square` is not defined")
    with expected, checks.item("mean_square"):
        checks.compare(mean_square, (ROWS,), want=5.0)  # noqa: F821
    assert shown[0][1]["mistake"] == "not_defined"


def test_a_test_that_stops_itself_fails_its_item(shown):
    expected = pytest.raises(checks.CheckFailed, match="the test itself stopped: KeyError: 'rows'")
    with expected, checks.item("mean"):
        raise KeyError("rows")
    assert shown[0][1]["status"] == "failed"


def parts_of(*answers: float | None) -> checks.Parts:
    """Three parts worth 2, 1 and 1 points, each asking for 0.0; None is a stub."""
    parts = checks.Parts("focal", points=4)
    for name, points, answer in zip(("value", "edge", "slope"), (2, 1, 1), answers, strict=True):

        def answer_to_test(answer=answer):
            if answer is None:
                raise NotImplementedError
            return answer

        with parts.part(name, points=points):
            checks.compare(answer_to_test, (), want=0.0)
    return parts


def test_each_part_is_earned_on_its_own(shown):
    assert parts_of(0.0, 1.0, 0.0).score() == 3.0
    texts, records = zip(*shown, strict=True)
    assert texts[0] == "✓ focal, value (2 of 4 points)"
    assert texts[1] == "✗ focal, edge (1 of 4 points): not right yet"
    assert records[1]["message"].startswith("asked: ")
    summary = "focal: 3 of 4 points by these tests\n✓ value, ✗ edge, ✓ slope\n\nedge:\nasked: "
    assert texts[3].startswith(summary)
    assert [record["earned"] for record in records] == [2, 0.0, 1, 3.0]
    assert [record["status"] for record in records] == ["passed", "failed", "passed", "failed"]
    assert records[3]["message"] == texts[3]


def test_a_score_is_a_float_as_nbgrader_wants_it(shown):
    assert repr(parts_of(0.0, 0.0, 0.0).score()) == "4.0"
    assert shown[-1][1]["status"] == "passed"


def test_no_part_earned_fails_like_any_item(shown):
    with pytest.raises(checks.CheckFailed, match=r"(?s)^focal: 0 of 4 .*value:.*edge:.*slope:"):
        parts_of(1.0, 1.0, None).score()
    assert shown[-1][0] == "focal: 0 of 4 points by these tests\n✗ value, ✗ edge, ✗ slope"


def test_what_goes_wrong_in_every_part_is_told_once():
    parts = checks.Parts("focal", points=2)
    for name in ("value", "slope"):
        with parts.part(name, points=1):
            checks.compare(torch.inverse, (ROWS,), want=0.0)
    with pytest.raises(checks.CheckFailed) as caught:
        parts.score()
    assert caught.value.message.count("RuntimeError") == 1
    assert "value, slope:\nasked: " in caught.value.message


def test_no_part_answered_is_not_answered_yet(shown):
    with pytest.raises(checks.CheckFailed, match=r"^not answered yet$"):
        parts_of(None, None, None).score()
    assert shown[-1][1]["status"] == "unanswered"


def test_validate_is_told_which_part_is_missing(shown, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    assert parts_of(0.0, 0.0, 0.0).score() == 4.0
    with pytest.raises(checks.CheckFailed, match=r"3 of 4 points .*\n.*\n\nedge:\nasked: "):
        parts_of(0.0, 1.0, 0.0).score()


def test_parts_that_do_not_add_up_are_a_fault_of_the_test():
    parts = checks.Parts("focal", points=5)
    with pytest.raises(ValueError, match="add up to 0, not 5"):
        parts.score()
