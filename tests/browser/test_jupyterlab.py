"""What a student sees in JupyterLab, in a real browser."""

import re

import nbformat
from playwright.sync_api import expect

ERROR = "application/vnd.jupyter.error"


def menu(page, *path):
    for name in path:
        page.get_by_role("menuitem", name=name, exact=True).click()


def open_notebook(page, lab, path):
    """Open a notebook and give its panel, once the kernel is ready."""
    page.goto(f"{lab}/lab/tree/{path}")
    page.locator(".lm-TabBar-tab.jp-mod-current", has_text=path.split("/")[-1]).wait_for()
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    panel.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    return panel


def run_all(page, panel):
    """Run every cell and wait for the last one's number."""
    menu(page, "Run", "Run All Cells")
    panel.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]").wait_for()
    panel.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()


def test_lab_opens_on_the_first_lesson_without_a_dialog(page):
    expect(page).to_have_url(re.compile("notebooks/00_start_here.ipynb"))
    expect(page.locator(".jp-Notebook h1").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.locator(".jp-Dialog").count() == 0
    assert page.get_by_text("official Jupyter news").count() == 0


def test_the_first_lesson_runs_to_its_end(page, lab, course):
    run_all(page, open_notebook(page, lab, "notebooks/00_start_here.ipynb"))
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.keyboard.press("Control+s")
    notebook = nbformat.read(course / "notebooks/00_start_here.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [one for cell in cells for one in cell.outputs if one.output_type == "error"]
    assert page.locator(".jp-Dialog").count() == 0
    pictures = page.locator(".jp-OutputArea img")
    assert all(pictures.nth(i).get_attribute("alt") for i in range(pictures.count()))


def test_validate_answers_in_a_problem_set(page, lab):
    panel = open_notebook(page, lab, "exercises/02_loss/02_loss.ipynb")
    panel.locator(".jp-Toolbar").get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("not answered yet", timeout=120_000)
    expect(dialog).not_to_contain_text("Traceback")
    dialog.get_by_role("button").last.click()
    expect(dialog).to_have_count(0)


def test_the_assignment_list_does_not_complain(page):
    menu(page, "Nbgrader", "Assignment List")
    expect(page.get_by_text("Released assignments", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.get_by_text("could not be created").count() == 0
    assert page.locator(".jp-Dialog").count() == 0
