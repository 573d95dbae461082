"""What an instructor does in Formgrader, and what the student gets back, in a real browser."""

import os
import re

import nbformat
import pytest
from playwright.sync_api import expect

from course_lib.classroom.report import write_report
from course_lib.grading import sandbox, write_feedback
from tests.browser.accessibility import FORMGRADER, findings
from tests.browser.conftest import TOKEN, jupyterlab, picture
from tests.exercises.pipeline import Course

SET = "02_loss"
TASK = "why_95_percent_may_be_poor"
SCHEME = "Half points are possible"
WORDS = (
    "(a) Always saying *happy* is right in 94 % already, so the model may find one unhappy review "
    "in six. (b) I would ask for the recall of the unhappy reviews: it says how many of them we "
    "find. (c) The second one is very sure of its mistakes; I take the first."
)
WRONG = "def bernoulli_log_likelihood(p, y):\n    return p[y == 1].log().sum()"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Let Ana hand in right answers, not graded yet; Ben untouched and Cleo wrong ones, graded.

    Tests ask for this before the page: Playwright's event loop leaves no room for the grader's.
    """
    if reason := sandbox.unavailable():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    made = Course(tmp_path_factory.mktemp("course"), SET)
    wrong = {"bernoulli_log_likelihood": WRONG}
    made.grade({"ben": made.released(), "cleo": made.answered(wrong)})
    right = made.answered({})
    (place,) = [n for n, one in enumerate(right.cells) if grade_id(one) == TASK]
    right.cells[place + 1].source = WORDS  # where the notebook asks for it
    folder = made.root / "submitted" / "ana" / SET
    folder.mkdir(parents=True)
    nbformat.write(right, folder / f"{SET}.ipynb")
    return made.root


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    (course / "notebooks").mkdir()
    with jupyterlab(course, tmp_path_factory.mktemp("jupyter"), "--instructor") as address:
        yield address


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def row(page, name):
    """Find the line of a table that a name stands in."""
    return page.locator("tbody tr", has_text=name)


def test_a_submission_is_graded_and_its_written_answer_marked(lab, page):
    page.goto(f"{lab}/lab?token={TOKEN}&reset")
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    expect(row(page.frame_locator("iframe"), SET)).to_contain_text("3")
    page.goto(f"{lab}/formgrader/manage_submissions/{SET}")
    expect(row(page, "ben")).to_contain_text("needs manual grading")
    assert findings(page, FORMGRADER) == []
    row(page, "ana").locator(".autograde a").click()
    expect(page.locator("#success-modal")).to_contain_text("Successfully autograded")
    page.locator("#success-modal").get_by_role("button", name="OK").click()
    expect(row(page, "ana")).to_contain_text("17 / 20")
    open_submission(page, lab, "ana")
    expect(page.get_by_text(SCHEME)).to_be_visible()
    expect(page.get_by_text("Always saying happy is right")).to_be_visible()
    assert findings(page, FORMGRADER) == []
    points = page.locator(f"#{TASK}")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        points.fill("2.5")
        points.blur()
    assert saved.value.ok
    still = "() => jQuery(':animated').length === 0"  # the page scrolls by itself
    page.wait_for_function(still, polling=100)
    points.evaluate("node => window.scrollBy(0, node.getBoundingClientRect().top - 100)")
    picture(page, "formgrader")
    page.goto(f"{lab}/formgrader/manage_submissions/{SET}")
    expect(row(page, "ana")).to_contain_text("19.5 / 20")


def open_submission(page, lab, student):
    """Go from the list of those to mark by hand to a student's notebook."""
    page.goto(f"{lab}/formgrader/gradebook/{SET}/{SET}")
    row(page, student).locator("a:visible").click()
    page.locator(".nbgrader_cell").first.wait_for()


def errors_of(page):
    """Collect what goes wrong on pages that are opened from disk, without a network."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.context.set_offline(True)
    return errors


def test_the_student_gets_a_page_without_the_marking_scheme(course, page):
    (feedback,) = write_feedback(course, SET, ["ben"])
    errors = errors_of(page)
    page.goto(feedback.as_uri())
    expect(page.get_by_text("02_loss (Score: 0.0 / 20.0)")).to_be_visible()
    expect(page.get_by_text(re.compile("A supplier offers the founder a model"))).to_be_visible()
    assert page.get_by_text(SCHEME).count() == 0
    assert page.get_by_text("MARK SCHEME").count() == 0
    assert page.locator("math msub").first.bounding_box()["height"] > 0
    assert errors == []
    assert findings(page) == []


def test_the_report_opens_from_disk_without_an_error(course, page):
    errors = errors_of(page)
    report, *_ = write_report(course, SET)
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text(SET)
    expect(page.get_by_text("The rows with label 0 add nothing").first).to_be_visible()
    assert errors == []
    assert findings(page) == []
