import pytest

from course_lib.calling import describe, outcome, where


def test_the_value_comes_with_what_was_printed():
    result = outcome(lambda z: print("half of", z) or z / 2, (3.0,))
    assert (result.value, result.printed) == (1.5, "half of 3.0")


def test_the_function_works_on_copies_and_changes_are_told():
    rows = [3, 1, 2]
    result = outcome(lambda first, second: second.sort(), ("abc", rows))
    assert rows == [3, 1, 2]
    assert result.changed == ([3, 1, 2], [1, 2, 3])


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0), GeneratorExit()])
def test_whatever_is_raised_comes_back_as_a_value(error):
    def leave():
        raise error

    assert outcome(leave, ()).error is error


def test_an_interrupt_is_not_held_back():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(interrupted, ())


def test_an_error_is_described_on_one_line_with_the_line_that_raised():
    def index(rows):
        return rows[5]

    error = outcome(index, ([1],)).error
    assert describe(error) == "IndexError: list index out of range"
    assert where(error).endswith("of its cell: return rows[5]")
    assert describe(ValueError("two\n  lines")) == "ValueError: two lines"
    assert where(ValueError("never raised")) == ""
