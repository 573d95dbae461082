"""What a student sees in JupyterLab, in a real browser."""

import re
import shutil
import sysconfig

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import JUPYTERLAB, findings
from tests.browser.conftest import TOKEN, copy_course, jupyterlab, picture, wait_until
from tests.exercises.pipeline import is_answer
from tests.notebooks.gates import ROOT

IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
READ = [  # as they are stored, with their outputs
    path.relative_to(ROOT)
    for folder in ("notebooks", "exercises")
    for path in sorted((ROOT / folder).rglob("*.ipynb"))
    if ".ipynb_checkpoints" not in path.parts
]
TYPESET = """() => ![...document.querySelectorAll(".jp-RenderedMarkdown")]
    .some(text => text.innerText.includes("$$"))"""
CUT = """() => [...document.querySelectorAll(
    ".jp-RenderedMarkdown .MathJax, .jp-RenderedMarkdown table, .jp-OutputArea-output img"
)].filter(node => {
    const room = node.closest(".jp-RenderedMarkdown, .jp-OutputArea-output");
    const over = node.getBoundingClientRect().right - room.getBoundingClientRect().right;
    return over > 1 || node.scrollWidth > node.clientWidth + 1;
}).map(node => `${node.closest(".jp-Cell").innerText.slice(-300)}: ${node.scrollWidth} pixels`)"""
SCRIPTS = sysconfig.get_path("scripts")
NUMBERED = re.compile(r"\[\d+\]:")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    copy_course(folder)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return tmp_path_factory.mktemp("jupyter")


@pytest.fixture(scope="module")
def lab(course, settings):
    with jupyterlab(course, settings) as address:
        yield address


def menu(page, *path):
    for name in path:
        page.get_by_role("menuitem", name=name, exact=True).click()


def open_notebook(page, lab, course, path):
    """Open a notebook alone, and give its panel once every cell is drawn and the kernel ready."""
    page.goto(f"{lab}/lab/tree/{path}?token={TOKEN}&reset")
    page.locator(".lm-TabBar-tab.jp-mod-current", has_text=path.split("/")[-1]).wait_for()
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    cells = nbformat.read(course / path, as_version=4).cells
    expect(panel.locator(".jp-Cell")).to_have_count(len(cells))
    panel.locator(IDLE).wait_for()
    return panel


def cell(panel, course, path, known):
    """Find a cell by its id, or by the name that nbgrader knows it by."""
    cells = nbformat.read(course / path, as_version=4).cells
    names = [(one.id, one.metadata.get("nbgrader", {}).get("grade_id")) for one in cells]
    (place,) = [place for place, both in enumerate(names) if known in both]
    return panel.locator(".jp-Cell").nth(place)


def run(page, panel, one):
    """Run a cell, and wait for its number."""
    one.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(prompt(one)).to_have_text(NUMBERED)
    panel.locator(IDLE).wait_for()


def prompt(one):
    return one.locator(".jp-InputPrompt").first


def is_saving(request):
    return request.method == "PUT" and "/api/contents/" in request.url


def test_lab_prints_the_address_and_opens_the_browser(lab, settings, page):
    lesson = f"{lab}/lab/tree/notebooks/00_start_here.ipynb?token="
    assert lesson in (settings / "log").read_text()
    page.goto((settings / "opened").read_text().strip())
    expect(page).to_have_url(re.compile("notebooks/00_start_here.ipynb"))


def test_lab_opens_on_the_first_lesson_without_a_dialog_or_instructors_panels(page, lab):
    page.goto(f"{lab}/?token={TOKEN}")
    expect(page).to_have_url(re.compile("notebooks/00_start_here.ipynb"))
    expect(page.locator(".jp-Notebook h1").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    for interruption in (".jp-Dialog", ".Toastify__toast", "text=official Jupyter news"):
        assert page.locator(interruption).count() == 0
    assert page.get_by_title("Create Assignment").count() == 0
    menu(page, "Nbgrader")
    shown = page.locator(".lm-Menu-item[data-command^=nbgrader]:visible")
    expect(shown).to_have_text(["Assignment List"])
    page.keyboard.press("Escape")


def test_the_first_lesson_runs_to_its_end_and_judges_a_review(page, lab, course):
    path = "notebooks/00_start_here.ipynb"
    panel = open_notebook(page, lab, course, path)
    menu(page, "Run", "Run All Cells")
    waiting = panel.locator(".jp-InputPrompt", has_text="[*]")
    expect(waiting).not_to_have_count(0)
    expect(waiting).to_have_count(0)
    panel.locator(IDLE).wait_for()
    with page.expect_response(lambda answer: is_saving(answer.request)):
        page.keyboard.press("Control+s")
    cells = [c for c in nbformat.read(course / path, as_version=4).cells if c.cell_type == "code"]
    assert [one.execution_count for one in cells] == list(range(1, len(cells) + 1))
    assert not [one for c in cells for one in c.outputs if one.output_type == "error"]
    box = cell(panel, course, path, "demo-box")
    box.locator("textarea").fill("Perfect fit, I love it and wear it every day!")
    box.get_by_role("button", name="Happy or unhappy?").click()
    expect(box.get_by_text(re.compile("^happy, probability 0.9"))).to_be_visible()
    assert page.locator(".jp-Dialog").count() == 0
    assert findings(page, JUPYTERLAB) == []


@pytest.mark.parametrize("path", READ, ids=str)
def test_everybody_can_read_a_notebook(page, lab, course, path):
    shutil.copytree(ROOT / path.parent, course / "read" / path.parent, dirs_exist_ok=True)
    open_notebook(page, lab, course, f"read/{path}")
    page.wait_for_function(TYPESET, polling=100)
    assert findings(page, JUPYTERLAB) == []
    assert page.evaluate(CUT) == []


def test_what_is_cut_is_seen(page):
    whole = '<div class="jp-OutputArea-output" style="width: 200px"><img width="200"></div>'
    cut = whole.replace("<img width", "<img alt='too wide' width").replace('"200"', '"300"')
    page.set_content(f'<div class="jp-Cell">{whole}</div><div class="jp-Cell">{cut}</div>')
    assert len(page.evaluate(CUT)) == 1


def test_a_slider_moves_a_figure(page, lab, course):
    path = "notebooks/02_loss.ipynb"
    panel = open_notebook(page, lab, course, path)
    run(page, panel, panel.locator(".jp-CodeCell").first)
    slider = cell(panel, course, path, "slider")
    run(page, panel, slider)
    figure = slider.locator("img")
    expect(figure).to_have_attribute("alt", re.compile("logit -6.0"))
    before = figure.get_attribute("src")
    slider.get_by_role("slider").press("ArrowRight")
    expect(figure).to_have_attribute("alt", re.compile("logit -5.5"))
    assert figure.get_attribute("src") != before
    figure.scroll_into_view_if_needed()
    assert findings(page, JUPYTERLAB) == []


def test_a_wrong_answer_is_told_its_mistake(page, lab, course):
    path = "exercises/02_loss/02_loss.ipynb"
    panel = open_notebook(page, lab, course, path)
    run(page, panel, panel.locator(".jp-CodeCell").first)
    wrong = cell(panel, course, path, "bernoulli_log_likelihood")
    write(page, wrong, "def bernoulli_log_likelihood(p, y):\n    return p[y == 1].log().sum()")
    run(page, panel, wrong)
    test = cell(panel, course, path, "test_bernoulli_log_likelihood")
    run(page, panel, test)
    expect(test.locator(".jp-OutputArea")).to_contain_text(
        "→ The rows with label 0 add nothing; they should."
    )
    wrong.evaluate("node => node.scrollIntoView()")
    picture(page, "exercise")
    assert findings(page, JUPYTERLAB) == []


def test_a_problem_set_is_answered_and_validated(page, lab, course):
    path = "exercises/02_loss/02_loss.ipynb"
    panel = open_notebook(page, lab, course, path)
    said = validate(page, panel)
    assert "not answered yet" in said
    assert "Traceback" not in said
    solutions = nbformat.read(ROOT / "solutions/02_loss/02_loss.ipynb", as_version=4)
    for solved in filter(is_answer, solutions.cells):
        answer = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", solved.source)
        write(page, cell(panel, course, path, solved.metadata.nbgrader.grade_id), answer)
    assert "Success! Your notebook passes all the tests." in validate(page, panel)


def test_the_course_command_is_found_in_a_terminal(page, lab, course):
    page.goto(f"{lab}/lab?token={TOKEN}&reset")
    page.locator(".jp-LauncherCard", has_text="Terminal").click()
    terminal = page.locator(".jp-Terminal")
    terminal.locator("textarea").press_sequentially("command -v course > found\n")
    wait_until((course / "found").exists)
    wait_until(lambda: (course / "found").read_text() == f"{SCRIPTS}/course\n")


def write(page, one, source):
    """Put other lines into a cell."""
    one.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


def validate(page, panel) -> str:
    """Press Validate, and give what the dialog says."""
    panel.locator(".jp-Toolbar").get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text(re.compile("Results|Success|FAILED"))
    said = dialog.inner_text()
    dialog.get_by_role("button").last.click()
    expect(dialog).to_have_count(0)
    return said


def test_a_problem_set_is_fetched_and_handed_in_where_there_is_an_exchange(page, lab, course):
    exchange = course / ".exchange" / "from-loss-to-launch"
    (exchange / "inbound").mkdir(parents=True)
    shutil.copytree(course / "exercises/02_loss", exchange / "outbound/02_loss")
    page.goto(f"{lab}/lab?token={TOKEN}&reset")
    menu(page, "Nbgrader", "Assignment List")
    page.get_by_role("button", name="Fetch", exact=True).click()
    with page.expect_response("**/assignments/submit*") as answer:
        page.get_by_role("button", name="Submit", exact=True).click()
    assert answer.value.ok
    assert len(list((exchange / "inbound").glob("*/02_loss.ipynb"))) == 1
    assert page.locator(".jp-Dialog").count() == 0
