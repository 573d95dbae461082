"""`course check`: what Validate says, from the shell; the notebook stays as it is."""

import re

import nbformat
import pytest

from course_lib import CourseError, selfcheck
from tests.notebooks.gates import EXERCISES, ROOT, SOLUTIONS
from tests.test_cli import course

ANSWERS = {
    "bernoulli_log_likelihood": """
def bernoulli_log_likelihood(p, y):
    return torch.where(y == 1, p, 1 - p).log().sum()
""",
    "margin_cross_entropy": """
def margin_cross_entropy(z, s):
    return torch.nn.functional.softplus(-s * z).sum()
""",
    "smoothed_cross_entropy": """
def smoothed_cross_entropy(z, y, epsilon):
    return torch.nn.functional.cross_entropy(z, y, label_smoothing=epsilon), None
""",
    "balanced_cross_entropy": "def balanced_cross_entropy(z, y",
}


def problem_set(root, change):
    """Write a course with problem set 02, changed by `change(notebook, cells by name)`."""
    notebook = nbformat.read(ROOT / "exercises/02_loss/02_loss.ipynb", as_version=4)
    change(
        notebook,
        {c.metadata.get("nbgrader", c.metadata).get("grade_id", c.id): c for c in notebook.cells},
    )
    (root / "nbgrader_config.py").touch()
    path = root / "exercises/02_loss/02_loss.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def answer(notebook, cells):
    """Answer right, wrong, partly, with a syntax error, and not at all."""
    for name, source in ANSWERS.items():
        cells[name].source = source


def damage(notebook, cells):
    """Lose a test and an answer, empty a test, rename a function; answer in words; add a cell."""
    answer(notebook, cells)
    notebook.cells.remove(cells["focal_loss"])
    notebook.cells.remove(cells["test_margin_cross_entropy"])
    cells["test_balanced_cross_entropy"].source = ""
    cells["smoothed_cross_entropy"].source = "def smoothed(z, y, epsilon):\n    return 1.0, z"
    cells["your-answer"].source = "A model that says *happy* every time is right in 94 %."
    notebook.cells.insert(4, nbformat.v4.new_code_cell("1 / 0"))


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    return problem_set(tmp_path_factory.mktemp("course"), answer)


@pytest.fixture(scope="module")
def results(exercise):
    before = exercise.read_bytes(), exercise.stat().st_mtime_ns
    found = {item.name: item for item in selfcheck.check(exercise).items}
    assert (exercise.read_bytes(), exercise.stat().st_mtime_ns) == before
    return found


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    return selfcheck.check(problem_set(tmp_path_factory.mktemp("course"), damage))


@pytest.mark.parametrize(
    ("name", "status", "earned"),
    [
        ("bernoulli_log_likelihood", "passed", 2),
        ("margin_cross_entropy", "failed", 0),
        ("margin_cross_entropy_grad", "unanswered", 0),
        ("balanced_cross_entropy", "failed", 0),
        ("smoothed_cross_entropy", "partly", 2),
        ("focal_loss", "unanswered", 0),
        ("why_95_percent_may_be_poor", "unwritten", 0),
    ],
)
def test_each_item_has_its_status_and_points(results, name, status, earned):
    assert (results[name].status, results[name].earned) == (status, earned)


def test_messages_name_the_mistake_and_the_missing_part(results):
    assert "N times too large" in results["margin_cross_entropy"].message
    assert "gradient" in results["smoothed_cross_entropy"].message
    assert "not defined" in results["balanced_cross_entropy"].message
    assert "that cell: SyntaxError: '(' was never closed, line 1" in (
        results["balanced_cross_entropy"].message
    )


def test_the_command_tells_points_and_what_is_missing(exercise):
    run = course("check", "02_loss", cwd=exercise.parent)
    assert run.returncode == 0, run.stderr
    assert re.search(r"✓ bernoulli_log_likelihood +2 of 2\n", run.stdout)
    assert re.search(r"✎ why_95_percent_may_be_poor +3  in words, not written yet\n", run.stdout)
    assert (
        "4 of 17 points by the visible tests; 2 not answered yet, 1 not written yet." in run.stdout
    )


def test_a_test_cell_that_is_gone_or_emptied_still_counts(damaged):
    items = {item.name: item for item in damaged.items}
    assert list(items)[1] == "margin_cross_entropy"
    for name, points, fault in [
        ("margin_cross_entropy", 3, "is missing"),
        ("balanced_cross_entropy", 2, "is not as it was"),
    ]:
        assert (items[name].status, items[name].points) == ("failed", points)
        message = f"its test cell {fault}; take it from a fresh copy (grading puts it back)"
        assert items[name].message == message
    told = list(selfcheck.lines(damaged))
    assert "2 of 17 points by the visible tests; 1 not answered yet." in told[-1]


def test_a_function_under_another_name_is_told(damaged):
    (item,) = [item for item in damaged.items if item.name == "smoothed_cross_entropy"]
    assert "the cell defines `smoothed`; the name asked is `smoothed_cross_entropy`" in item.message


def test_an_answer_whose_cell_is_gone_is_told(damaged):
    (item,) = [item for item in damaged.items if item.name == "focal_loss"]
    assert item.message.endswith("the cell for your answer is missing; take it from a fresh copy")


def test_an_answer_in_words_is_seen(damaged):
    assert damaged.items[-1].status == "written"


def test_a_cell_of_ones_own_that_stops_everything_is_told(damaged):
    note = "note: Run All stops at cell [2], which is no test: ZeroDivisionError: division by zero"
    assert damaged.note == note
    assert note in selfcheck.lines(damaged)


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("", "no longer imports `checks`; take it from a fresh copy"),
        (
            "import no_such_package\nfrom course_lib import checks",
            "named 'no_such_package'; run .*course doctor",
        ),
    ],
)
def test_what_the_tests_need_is_missed_once(tmp_path, source, remedy):
    def change(notebook, cells):
        cells["imports"].source = source

    with pytest.raises(CourseError, match=f"the first cell of 02_loss.ipynb .*{remedy}"):
        selfcheck.check(problem_set(tmp_path, change))


def test_a_test_that_was_stopped_earns_nothing_for_its_first_part(monkeypatch, exercise):
    def half_run(notebook, folder):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                record = {"status": "passed", "mistake": None, "message": "", "earned": 2.0}
                done = nbformat.v4.new_output("display_data", metadata={"course_lib": record})
                stopped = nbformat.v4.new_output("error", ename="", evalue="endless", traceback=[])
                cell.outputs = [done, stopped]

    monkeypatch.setattr(selfcheck, "rerun", half_run)
    items = [item for item in selfcheck.check(exercise).items if item.status != "unwritten"]
    assert {(item.status, item.earned, item.message) for item in items} == {
        ("failed", 0, "endless")
    }


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_pass_every_visible_test(path):
    checked = selfcheck.check(path)
    assert {item.status for item in checked.items} == {"passed", "unwritten"}
    assert checked.note == ""


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_table_at_the_top_names_each_item_and_its_points(path):
    """From it, a test cell that a student has lost is known."""
    notebook = nbformat.read(path, as_version=4)
    grader = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    graded = [one for one in grader if one.get("points")]
    rows = [
        (name, float(points)) for _, name, points in selfcheck.ROW.findall(notebook.cells[0].source)
    ]
    names = ["" if one["task"] else one["grade_id"].removeprefix("test_") for one in graded]
    assert rows == list(zip(names, [one["points"] for one in graded], strict=True))
    assert sum(points for _, points in rows) == 20


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_releases_are_unanswered(path):
    assert {item.status for item in selfcheck.check(path).items} == {"unanswered", "unwritten"}


@pytest.mark.parametrize("content", [None, "{"])
def test_missing_or_damaged_notebooks_are_named(tmp_path, content):
    path = tmp_path / "02_loss.ipynb"
    if content:
        path.write_text(content)
    with pytest.raises(CourseError, match="fresh copy"):
        selfcheck.check(path)


@pytest.fixture
def exercises(tmp_path, monkeypatch):
    """Make the folders of two problem sets, and go into the first."""
    for name in ("01_data", "02_loss"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.ipynb").touch()
    monkeypatch.chdir(tmp_path / "01_data")
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, ["01_data", "02_loss"]),
        ("02_loss", ["02_loss"]),
        ("02_loss/", ["02_loss"]),
        ("02_loss.ipynb", ["02_loss"]),
        ("../02_loss", ["02_loss"]),
        ("../02_loss/02_loss.ipynb", ["02_loss"]),
        (".", ["01_data"]),
        ("..", ["01_data", "02_loss"]),
    ],
)
def test_notebooks_are_found_by_id_file_or_folder(exercises, asked, found):
    paths = [path.resolve() for path in selfcheck.find(exercises, asked)]
    assert paths == [exercises / name / f"{name}.ipynb" for name in found]


def test_what_is_not_found_is_told_with_what_there_is(exercises):
    with pytest.raises(CourseError, match="no problem set 'loss'; there are 01_data, 02_loss"):
        selfcheck.find(exercises, "loss")
    (exercises / "02_loss/02_loss.ipynb").rename(exercises / "02_loss/02_loss-Anna.ipynb")
    for asked in ("02_loss", None):
        with pytest.raises(
            CourseError, match=r"found 02_loss-Anna.ipynb: rename it to 02_loss.ipynb"
        ):
            selfcheck.find(exercises, asked)
    assert len(selfcheck.find(exercises, "../02_loss/02_loss-Anna.ipynb")) == 1
