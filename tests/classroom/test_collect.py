"""`course collect`: every form is placed; nothing is lost, followed or silently overwritten."""

import shutil
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_lib import CourseError, environment
from course_lib.classroom.collect import collect
from course_lib.classroom.overlooked import overlooked
from tests.grading.classroom import CONFIG, NAME
from tests.test_cli import course as run_course

FILE = f"{NAME}.ipynb"
MOODLE = "assignsubmission_file_"


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """An empty gradebook: making one takes nbgrader seconds."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    environment.put_scripts_on_path()  # for `alembic`, which nbgrader starts by name
    Gradebook(f"sqlite:///{path}", "small").close()
    return path


@pytest.fixture
def course(tmp_path, gradebook):
    """An nbgrader course with one problem set, and room for downloads beside it."""
    root = tmp_path / "course"
    (root / "source" / NAME).mkdir(parents=True)
    shutil.copy(gradebook, root)
    (root / "nbgrader_config.py").write_text(CONFIG)
    (root / "source" / NAME / FILE).write_text("{}")
    return root


def pack(root: Path, members, name="class.zip") -> Path:
    """A zip beside the course: contents by name, or by `ZipInfo`."""
    path = root.parent / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, contents in members.items():
            archive.writestr(member, contents)
    return path


def member(name, when=(2026, 1, 10, 12, 0, 0), mode=stat.S_IFREG | 0o644):
    found = zipfile.ZipInfo(name, when)
    found.external_attr = mode << 16
    return found


def placed(root: Path) -> dict[str, str]:
    """Everything under submitted/, by student and file."""
    found = {}
    for path in filter(Path.is_file, (root / "submitted").rglob("*")):
        student, assignment, *file = path.relative_to(root / "submitted").parts
        assert assignment == NAME
        found["/".join([student, *file])] = path.read_text()
    return found


def unplaced(root: Path) -> dict[str, str]:
    return texts(root / "unplaced" / NAME)


def kept(root: Path) -> dict[str, str]:
    return texts(root / "replaced" / NAME)


def texts(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def only(lines: list[str]) -> str:
    assert len(lines) == 1, lines
    return lines[0]


FORMS = {
    "Canvas": (
        {f"lovelaceada_101_5001_{FILE}": "1", f"zoë_x_LATE_102_5002_{NAME}-1.ipynb": "2"},
        {f"101/{FILE}": "1", f"102/{FILE}": "2"},
    ),
    "Canvas, anonymous, with another file and a typed text": (
        {f"anon_aB3dE_7_{FILE}": "1", "anon_aB3dE_8_data-1.csv": "2", "bo_9_text.html": "3"},
        {f"anon_aB3dE/{FILE}": "1", "anon_aB3dE/data-1.csv": "2", "9/text.html": "3"},
    ),
    "Canvas, packed again in a folder": (
        {f"submissions/lovelaceada_101_5001_{FILE}": "1"},
        {f"101/{FILE}": "1"},
    ),
    "Moodle": (
        {
            f"Ada Lovelace_71_{MOODLE}/{FILE}": "1",
            f"Zoë Ångström_72_{MOODLE}/parts/b.ipynb": "2",
            "Zoë Ångström_72_assignsubmission_onlinetext_/onlinetext.html": "3",
        },
        {
            f"Ada Lovelace/{FILE}": "1",
            "Zoë Ångström/parts/b.ipynb": "2",
            "Zoë Ångström/onlinetext.html": "3",
        },
    ),
    "Moodle, without folders": (
        {f"Ada Lovelace_71_{MOODLE}{FILE}": "1", f"Bo_72_{MOODLE}my work.ipynb": "2"},
        {f"Ada Lovelace/{FILE}": "1", "Bo/my work.ipynb": "2"},
    ),
    "folders": (
        {f"ada/{FILE}": "1", "bo b/work.ipynb": "2", "bo b/data/x.csv": "3"},
        {f"ada/{FILE}": "1", "bo b/work.ipynb": "2", "bo b/data/x.csv": "3"},
    ),
    "one student's folder": ({f"ada/{FILE}": "1"}, {f"ada/{FILE}": "1"}),
    "folders in a folder": (
        {f"class/ada/{FILE}": "1", f"class/bo/{FILE}": "2", "__MACOSX/class/._x": "0"},
        {f"ada/{FILE}": "1", f"bo/{FILE}": "2"},
    ),
    "a course directory's": (
        {f"ada/{NAME}/{FILE}": "1", f"bo/{NAME}/{FILE}": "2"},
        {f"ada/{FILE}": "1", f"bo/{FILE}": "2"},
    ),
    "loose": (
        {f"ada_{FILE}": "1", f"bo b - {NAME} (1).ipynb": "2", ".DS_Store": "0"},
        {f"ada/{FILE}": "1", f"bo b/{FILE}": "2"},
    ),
}


@pytest.mark.parametrize(("members", "want"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_each_form_is_placed(course, members, want, packed):
    archive = pack(course, members)
    if not packed:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(course.parent / "downloads")
        archive = course.parent / "downloads"
    result = collect(course, NAME, [archive])
    assert result.problems == []
    assert placed(course) == want
    assert unplaced(course) == {}


def test_loose_notebooks_and_several_archives_at_once(course):
    loose = course.parent / f"cy_{FILE}"
    loose.write_text("3")
    zips = [
        pack(course, {f"ada_101_5001_{FILE}": "1"}, "one.zip"),
        pack(course, {f"bo_102_5002_{FILE}": "2"}, "two.zip"),
    ]
    assert collect(course, NAME, [*zips, loose]).problems == []
    assert placed(course) == {f"101/{FILE}": "1", f"102/{FILE}": "2", f"cy/{FILE}": "3"}


PATTERN = r".*sub-(?P<student_id>\w+)-(?P<timestamp>\d{8}T\d{4})-(?P<file_id>\w+)"


@pytest.mark.parametrize("place", ["option", "settings"])
def test_pattern_names_student_file_and_time(course, place):
    archive = pack(course, {"x/sub-007-20260110T1159-ps.ipynb": "1", "x/other.ipynb": "2"})
    if place == "settings":
        with open(course / "nbgrader_config.py", "a") as settings:
            settings.write(f"c.FileNameCollectorPlugin.named_regexp = {PATTERN!r}\n")
    result = collect(course, NAME, [archive], pattern=PATTERN if place == "option" else "")
    assert placed(course) == {f"007/{FILE}": "1", "007/timestamp.txt": "2026-01-10 11:59:00 UTC\n"}
    assert "other.ipynb: cannot tell whose" in only(result.problems)


@pytest.mark.parametrize(
    ("pattern", "remedy"), [("(", "no regular expression"), (r"(?P<student_id>\w+)", "<file_id>")]
)
def test_bad_pattern_is_explained(course, pattern, remedy):
    with pytest.raises(CourseError, match=remedy):
        collect(course, NAME, [pack(course, {})], pattern=pattern)


def test_unknown_problem_set_and_missing_archive_are_named(course):
    with pytest.raises(CourseError, match=f"no problem set is called none.*{NAME}"):
        collect(course, "none", [pack(course, {})])
    with pytest.raises(CourseError, match=r"there is no .*missing\.zip"):
        collect(course, NAME, [course / "missing.zip"])


# Times


def test_times_of_handing_in_are_kept_in_utc(course):
    archive = pack(
        course,
        {
            member(f"ada/{FILE}", (2026, 1, 10, 12, 0, 0)): "1",
            member(f"bo/{FILE}", (2026, 1, 12, 12, 0, 0)): "2",
        },
    )
    result = collect(course, NAME, [archive])
    assert len(result.dated) == 2
    found = CourseDirectory().get_existing_timestamp(str(course / "submitted/bo" / NAME))
    assert found == datetime(2026, 1, 12, 12).astimezone(UTC).replace(tzinfo=None)


def test_times_of_the_download_are_not_taken_for_those_of_handing_in(course):
    times = [(2026, 1, 20, 9, 0, 0), (2026, 1, 20, 9, 40, 0)]
    members = {
        member(f"{name}/{FILE}", when): name
        for name, when in zip(("ada", "bo"), times, strict=True)
    }
    result = collect(course, NAME, [pack(course, members)])
    assert result.dated == []
    assert placed(course) == {f"ada/{FILE}": "ada", f"bo/{FILE}": "bo"}


def test_canvas_says_late_and_no_more(course):
    far_apart = [(2026, 1, 20, 9, 0, 0), (2026, 1, 25, 9, 0, 0)]
    names = [f"ada_101_5001_{FILE}", f"bo_LATE_102_5002_{FILE}"]
    members = {member(n, when): "1" for n, when in zip(names, far_apart, strict=True)}
    result = collect(course, NAME, [pack(course, members)])
    assert result.late == ["102 (bo)"]
    assert result.dated == []


def test_timestamp_file_counts_from_a_course_directory_only(course):
    archive = pack(
        course,
        {
            f"ada/{FILE}": "1",
            "ada/timestamp.txt": "2026-01-10 12:00:00 UTC",
            f"Bo_7_{MOODLE}/{FILE}": "2",
            f"Bo_7_{MOODLE}/timestamp.txt": "2020-01-01 00:00:00 UTC",
        },
    )
    result = collect(course, NAME, [archive])
    assert placed(course)["ada/timestamp.txt"] == "2026-01-10 12:00:00 UTC\n"
    assert "Bo/timestamp.txt" not in placed(course)
    assert "the student's own" in only(result.notes)


def test_unreadable_time_is_a_problem_and_the_notebook_is_placed(course):
    archive = pack(course, {f"ada/{FILE}": "1", "ada/timestamp.txt": "yesterday"})
    assert "'yesterday' cannot be read" in only(collect(course, NAME, [archive]).problems)
    assert placed(course) == {f"ada/{FILE}": "1"}


# Twice


def test_second_hand_in_replaces_the_first_and_says_so(course):
    first, second = f"ada_101_5001_{FILE}", f"ada_101_5009_{NAME}-1.ipynb"
    result = collect(course, NAME, [pack(course, {second: "new", first: "old"})])
    assert placed(course) == {f"101/{FILE}": "new"}
    note = only(result.notes)
    assert note.index(second) < note.index("left out the older") < note.index(first)


def test_newest_of_two_archives_is_kept_whatever_the_order(course):
    old = pack(course, {f"ada_101_5001_{FILE}": "old", "ada_101_5002_x.csv": "1"}, "monday.zip")
    new = pack(course, {f"ada_101_5009_{NAME}-1.ipynb": "new"}, "tuesday.zip")
    result = collect(course, NAME, [new, old])
    assert placed(course) == {f"101/{FILE}": "new"}
    assert "kept tuesday.zip" in only(result.notes)


def test_undecidable_double_is_left_to_a_person(course):
    archives = [pack(course, {f"ada/{FILE}": name}, f"{name}.zip") for name in ("one", "two")]
    result = collect(course, NAME, archives)
    assert "nothing says which is the newest" in only(result.problems)
    assert placed(course) == {}
    assert sorted(unplaced(course).values()) == ["one", "two"]


def test_the_same_twice_is_no_double(course):
    archives = [pack(course, {f"ada/{FILE}": "1"}, f"{name}.zip") for name in ("one", "two")]
    result = collect(course, NAME, archives)
    assert result.problems == result.notes == []
    assert placed(course) == {f"ada/{FILE}": "1"}


def test_archives_of_one_name_are_told_apart(course):
    folders = [course.parent / name for name in ("a", "b")]
    archives = []
    for folder in folders:
        folder.mkdir()
        archives.append(pack(folder / "x", {f"what {folder.name}.ipynb": "1"}))
    result = collect(course, NAME, archives)
    assert len(result.problems) == 2
    assert set(unplaced(course)) == {"class.zip/what a.ipynb", "class.zip (2)/what b.ipynb"}


COLLISIONS = {
    "one name, two people": [f"Max Müller_1_{MOODLE}/{FILE}", f"Max Müller_2_{MOODLE}/{FILE}"],
    "one name, two people, two files": [
        f"Max Müller_1_{MOODLE}/{FILE}",
        f"Max Müller_2_{MOODLE}/other.ipynb",
    ],
    "only capitals differ": [f"ada/{FILE}", f"Ada/{FILE}"],
    "accent typed in two ways": [f"Zo\u00eb/{FILE}", f"Zoe\u0308/{FILE}"],
    "a space more": [f"ada/{FILE}", f"ada /{FILE}"],
}


@pytest.mark.parametrize("names", COLLISIONS.values(), ids=COLLISIONS)
def test_students_who_would_share_a_folder_are_left_to_a_person(course, names):
    archive = pack(course, {names[0]: "1", names[1]: "2", f"cy/{FILE}": "3"})
    result = collect(course, NAME, [archive])
    assert "nothing placed" in only(result.problems)
    assert placed(course) == {f"cy/{FILE}": "3"}
    assert sorted(unplaced(course).values()) == ["1", "2"]


def test_student_who_differs_by_a_capital_from_one_before_is_left_to_a_person(course):
    collect(course, NAME, [pack(course, {f"ada/{FILE}": "1"})])
    result = collect(course, NAME, [pack(course, {f"ADA/{FILE}": "2"})], update=True)
    assert "ada has handed in too" in only(result.problems)
    assert placed(course) == {f"ada/{FILE}": "1"}


# What is there already


def test_existing_submission_is_replaced_only_with_update(course):
    collect(course, NAME, [pack(course, {f"ada/{FILE}": "old", "ada/old.csv": "0"})])
    again = pack(course, {f"ada/{FILE}": "new"})
    result = collect(course, NAME, [again])
    assert "--update replaces it" in only(result.problems)
    assert placed(course) == {f"ada/{FILE}": "old", "ada/old.csv": "0"}
    result = collect(course, NAME, [again], update=True)
    assert f"replaced what was in submitted/ada/{NAME}; that is in replaced" in only(result.notes)
    assert placed(course) == {f"ada/{FILE}": "new"}
    assert kept(course) == {f"ada/{FILE}": "old", "ada/old.csv": "0"}
    collect(course, NAME, [pack(course, {f"ada/{FILE}": "newest"})], update=True)
    assert kept(course)[f"ada~2/{FILE}"] == "new"


def test_hand_in_without_a_notebook_replaces_none_with_one(course):
    collect(course, NAME, [pack(course, {f"finn_7_1_{FILE}": "work"})])
    result = collect(course, NAME, [pack(course, {"finn_LATE_7_2_x.pdf": "late"})], update=True)
    assert "stays, no notebook in class.zip: finn_LATE_7_2_x.pdf" in only(result.problems)
    assert result.notes == result.late == []
    assert placed(course) == {f"7/{FILE}": "work"}
    assert unplaced(course) == {"class.zip/finn_LATE_7_2_x.pdf": "late"}


def test_newer_archive_without_a_notebook_replaces_none_with_one(course):
    old = pack(course, {f"finn_7_1_{FILE}": "work"}, "monday.zip")
    new = pack(course, {"finn_7_2_x.pdf": "late"}, "tuesday.zip")
    result = collect(course, NAME, [new, old])
    assert "no notebook in the newer tuesday.zip: finn_7_2_x.pdf" in only(result.problems)
    assert placed(course) == {f"7/{FILE}": "work"}


@pytest.mark.parametrize(("name", "noted"), [("x.pdf", True), ("x.zip", False), (FILE, False)])
def test_hand_in_without_a_notebook_is_placed_and_noted(course, name, noted):
    result = collect(course, NAME, [pack(course, {f"finn/{name}": "1"})])
    assert result.notes == ["finn: no notebook in class.zip: finn/x.pdf"] * noted
    assert placed(course) == {f"finn/{name}": "1"}


# Another problem set


def notebook(*names: str) -> str:
    """A notebook with cells of these names."""
    cells = [new_code_cell("", metadata={"nbgrader": {"grade_id": name}}) for name in names]
    return nbformat.writes(new_notebook(cells=cells))


@pytest.fixture
def two_sets(course):
    """The course with a second problem set; both have a cell called imports."""
    (course / "source/other").mkdir()
    (course / "source" / NAME / FILE).write_text(notebook("imports", "mean", "double"))
    (course / "source/other/other.ipynb").write_text(notebook("imports", "split", "count"))
    return course


OTHERS = {
    "by its name": {"a_1_1_other.ipynb": "damaged", "b_2_1_other-1.ipynb": "damaged"},
    "by its cells": {"1/x.ipynb": notebook("imports", "split"), f"2/{FILE}": notebook("count")},
    "loose": {"1_other.ipynb": "1", "2_other (1).ipynb": "2"},
}


@pytest.mark.parametrize("members", OTHERS.values(), ids=OTHERS)
def test_another_problem_set_is_named_and_not_placed(two_sets, members):
    result = collect(two_sets, NAME, [pack(two_sets, members, "a class.zip")])
    problem = only(result.problems)
    assert problem.startswith(f"handed in other, not {NAME}: 1")
    assert problem.endswith("nothing placed, run: course collect other 'a class.zip'")
    assert result.placed == []
    assert not (two_sets / "submitted").exists()
    assert collect(two_sets, "other", [two_sets.parent / "a class.zip"]).placed


RIGHT = {
    "renamed": {"1/other.ipynb": notebook("imports", "mean")},
    "only a shared cell left": {"1/x.ipynb": notebook("imports")},
    "beside another": {f"1/{FILE}": notebook("mean"), "1/other.ipynb": notebook("split")},
    "unknown": {"1/x.ipynb": notebook("new")},
    "damaged and renamed": {"1/x.ipynb": "1"},
}


@pytest.mark.parametrize("members", RIGHT.values(), ids=RIGHT)
def test_the_right_problem_set_is_placed_whatever_it_is_called(two_sets, members):
    result = collect(two_sets, NAME, [pack(two_sets, members)])
    assert result.problems == []
    assert placed(two_sets) == members


def test_collecting_again_changes_nothing(course):
    archive = pack(course, {f"ada/{FILE}": "1", "what.ipynb": "2"})
    collect(course, NAME, [archive])
    before = {path: path.stat().st_mtime_ns for path in course.rglob("*") if path.is_file()}
    result = collect(course, NAME, [archive])
    assert (result.placed, result.unchanged) == ([], ["ada"])
    assert len(unplaced(course)) == 1
    same = {path: t for path, t in before.items() if "submitted" in path.parts}
    assert {path: path.stat().st_mtime_ns for path in same} == same


def test_older_hand_in_never_replaces_a_later_one(course):
    for day, text in (("12", "later"), ("10", "earlier")):
        members = {f"ada/{FILE}": text, "ada/timestamp.txt": f"2026-01-{day} 12:00:00 UTC"}
        result = collect(course, NAME, [pack(course, members)], update=True)
    assert "stays, it was handed in later" in only(result.notes)
    assert placed(course)[f"ada/{FILE}"] == "later"


# What is harmful or damaged


UNSAFE = {
    "parent folder": (f"../evil_1_2_{FILE}", "leads outside"),
    "parent folder in a student's": (f"ada/../../{FILE}", "leads outside"),
    "absolute": (f"/tmp/evil_1_2_{FILE}", "leads outside"),
    "Windows parent": (f"ada\\..\\..\\{FILE}", "leads outside"),
    "drive": (f"C:evil_1_2_{FILE}", "leads outside"),
    "link": (member(f"evil_1_2_{FILE}", mode=stat.S_IFLNK | 0o777), "a link"),
    "pipe": (member(f"evil_1_2_{FILE}", mode=stat.S_IFIFO | 0o644), "a link"),
    "escape sequence": (f"\x1b[2Jevil_1_2_{FILE}", "control characters"),
    "long": (f"{'e' * 300}_1_2_{FILE}", "longer than"),
}


@pytest.mark.parametrize(("name", "reason"), UNSAFE.values(), ids=UNSAFE)
def test_unsafe_entry_is_named_and_not_copied(course, name, reason):
    before = sorted(course.parent.rglob("*"))
    archive = pack(course, {name: "/etc/passwd", f"bo_3_4_{FILE}": "1"})
    result = collect(course, NAME, [archive])
    assert reason in only(result.problems)
    assert placed(course) == {f"3/{FILE}": "1"}
    assert unplaced(course) == {}
    new = [path for path in course.parent.rglob("*") if path not in before and path != archive]
    assert all((course / "submitted") in [path, *path.parents] for path in new)


def test_link_in_a_folder_is_named_and_not_followed(course):
    folder = course.parent / "downloads"
    (folder / "ada").mkdir(parents=True)
    (folder / "ada" / FILE).symlink_to("/etc/passwd")
    (folder / "bo").symlink_to("/etc")
    (folder / "cy").mkdir()
    (folder / "cy" / FILE).write_text("1")
    result = collect(course, NAME, [folder])
    assert len(result.problems) == 2
    assert all("a link" in problem for problem in result.problems)
    assert placed(course) == {f"cy/{FILE}": "1"}


STUDENTS = {
    "hidden": ".ada",
    "forbidden character": 'a"b',
    "too long": "x" * 129,
    "blank": " ",
}


@pytest.mark.parametrize("student", STUDENTS.values(), ids=STUDENTS)
def test_name_that_is_no_folder_is_set_aside(course, student):
    result = collect(course, NAME, [pack(course, {f"{student}/{FILE}": "1", f"bo/{FILE}": "2"})])
    assert "name" in only(result.problems) or "no student" in only(result.problems)
    assert placed(course) == {f"bo/{FILE}": "2"}
    assert list(unplaced(course).values()) == ["1"]


def test_pattern_cannot_lead_out_of_the_folder(course):
    archive = pack(course, {f"ada-x../{FILE}": "1"})
    pattern = r"(?P<student_id>\w+)-x(?P<file_id>.+)"
    result = collect(course, NAME, [archive], pattern=pattern)
    assert "leads out of the folder" in only(result.problems)
    assert not (course / "submitted").exists()


def test_file_that_is_also_a_folder_is_left_to_a_person(course):
    archive = pack(course, {"ada/draft": "1", "ada/draft/ps.ipynb": "2"})
    assert "both a file and a folder" in collect(course, NAME, [archive]).problems[0]
    assert placed(course) == {}


def test_damaged_zip_does_not_stop_the_others(course):
    good = pack(course, {f"ada/{FILE}": "1"}, "good.zip")
    broken = course.parent / "broken.zip"
    broken.write_bytes(good.read_bytes()[:-30])
    result = collect(course, NAME, [broken, good])
    assert "broken.zip: cannot be opened" in only(result.problems)
    assert placed(course) == {f"ada/{FILE}": "1"}


def test_damaged_member_costs_only_its_student(course):
    archive = pack(course, {f"ada/{FILE}": "11111", f"bo/{FILE}": "2"})
    data = bytearray(archive.read_bytes())
    data[data.index(f"ada/{FILE}".encode()) + len(f"ada/{FILE}")] ^= 0xFF
    archive.write_bytes(data)
    result = collect(course, NAME, [archive])
    assert any("ada: nothing placed" in problem for problem in result.problems)
    assert placed(course) == {f"bo/{FILE}": "2"}


def test_encrypted_member_is_named(course):
    archive = pack(course, {f"ada/{FILE}": "1"})
    data = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= 1
    archive.write_bytes(data)
    assert "password" in collect(course, NAME, [archive]).problems[0]
    assert placed(course) == {}


def test_archive_bomb_is_left_alone(course):
    zeros = b"\0" * (60 << 20)
    archive = pack(course, {f"{name}/{FILE}": zeros for name in "abcd"})
    assert archive.stat().st_size < 1 << 20
    result = collect(course, NAME, [archive])
    assert "would unpack to 240 MB" in only(result.problems)
    assert placed(course) == {}


def test_student_who_hands_in_too_much_is_not_placed(course):
    many = {f"ada/{number}.txt": "" for number in range(501)}
    result = collect(course, NAME, [pack(course, {**many, f"bo/{FILE}": "1"})])
    assert "more than 500 files" in only(result.problems)
    assert placed(course) == {f"bo/{FILE}": "1"}


def test_declared_size_that_lies_gives_nothing(course):
    archive = pack(course, {f"ada/{FILE}": "x" * 1000})
    data = bytearray(archive.read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    archive.write_bytes(data)
    assert "nothing placed" in collect(course, NAME, [archive]).problems[0]
    assert placed(course) == {}


# What grading would pass over


def hand_in(root, student, **files):
    folder = root / "submitted" / student / NAME
    folder.mkdir(parents=True)
    for name, text in {NAME: "{}", **files}.items():
        (folder / name).with_suffix(".txt" if name == "timestamp" else ".ipynb").write_text(text)
    return folder


@pytest.mark.parametrize("said", ["yesterday evening", "2026-13-01 10:00:00 UTC", "9" * 40])
def test_time_that_cannot_be_read_is_named(course, said):
    hand_in(course, "ada", timestamp="2026-01-10 12:00:00 UTC")
    hand_in(course, "bo")
    folder = hand_in(course, "cy", timestamp=said)
    assert overlooked(course, NAME) == [
        f"note: cy: submitted/cy/{NAME}/timestamp.txt is not understood and counts as no time; "
        "write it like 2026-01-31 23:59:00 UTC"
    ]
    collect(course, NAME, [pack(course, {f"cy/{FILE}": "1"})], update=True)
    assert not (folder / "timestamp.txt").exists()


def test_folder_that_is_no_students_is_named(course):
    hand_in(course, "..dotted\x1b")
    hand_in(course, "ada")
    (course / "submitted/.ipynb_checkpoints").mkdir()
    assert overlooked(course, NAME) == [
        f"note: submitted/..dotted�/{NAME}: not graded, no student can be called ..dotted�"
    ]


def test_nothing_handed_in_is_nothing_overlooked(course):
    assert overlooked(course, NAME) == []


# The gradebook and the command


def test_gradebook_learns_names_and_keeps_those_it_has(course):
    directory = CourseDirectory(root=str(course))
    with Gradebook(directory.db_url, "small") as gradebook:
        gradebook.add_student("101", last_name="Lovelace")
    archive = pack(course, {f"lovelaceada_101_1_{FILE}": "1", f"hopper_102_2_{FILE}": "2"})
    collect(course, NAME, [archive])
    with Gradebook(directory.db_url, "small") as gradebook:
        names = {student.id: student.last_name for student in gradebook.students}
    assert names == {"101": "Lovelace", "102": "hopper"}


def test_command_prints_a_line_a_problem_and_the_numbers(course):
    good = pack(course, {f"ada_101_5_{FILE}": "1", f"bo_LATE_102_6_{FILE}": "2"}, "good.zip")
    run = run_course("collect", NAME, str(good), cwd=course)
    assert run.returncode == 0, run.stderr
    note, numbers = run.stdout.splitlines()
    assert note.startswith("note: late, says Canvas, which gives no times: 102 (bo)")
    assert numbers == f"{NAME}: 2 placed (none with a time of handing in), 0 unchanged, 0 problems"
    bad = pack(course, {"notes.ipynb": "1", "\x1b[2J_1_2_x.ipynb": "2"}, "bad.zip")
    run = run_course("collect", NAME, str(bad), cwd=course)
    assert run.returncode == 2
    assert run.stderr == ""
    assert "\x1b" not in run.stdout
    assert [line.partition(":")[0] for line in run.stdout.splitlines()] == [
        "bad.zip",
        "bad.zip",
        f"copies of what could not be placed are in unplaced/{NAME}/",
        NAME,
    ]
    assert run.stdout.endswith("0 unchanged, 2 problems\n")


def test_time_zone_of_this_machine_is_that_of_zips(course):
    members = {
        member(f"ada/{FILE}", (2026, 7, 10, 12, 0, 0)): "1",
        member(f"bo/{FILE}", (2026, 7, 12, 12, 0, 0)): "2",
    }
    run = run_course("collect", NAME, str(pack(course, members)), cwd=course, TZ="UTC-8")
    assert run.returncode == 0, run.stderr
    assert placed(course)["ada/timestamp.txt"] == "2026-07-10 04:00:00 UTC\n"
