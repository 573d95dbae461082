"""Every known way to go wrong, in one class graded in one run beside honest students.

Each submission is a real notebook that goes through the real pipeline.
"""

import io
import json
import os
import tarfile
import zipfile
from copy import deepcopy

import pytest

from course_lib.grading import Options, grade
from tests.grading.classroom import ANSWERS, FULL, MAX_SCORE, NAME, find, insert, own_cell, place

EARLY = 2.0  # what `double` earns, whose test stands first

CASES = {}


def case(status, score, *flags, says=""):
    """Register a submission with its expected outcome."""

    def register(make):
        CASES[make.__name__] = (make, status, score, set(flags), says)
        return make

    return register


# Honest work.


@case("graded", 0)
def untouched_release(room):
    return room.release()


@case("graded", FULL)
def right(room):
    return room.solved()


@case("graded", FULL)
def right_in_another_way(room):
    notebook = room.solved(
        double="import operator\n\ndef double(x):\n    return operator.add(x, x)",
        mean="mean = lambda x: float(np.mean(x))",
    )
    return insert(notebook, "shift", "helper = 3")


@case("graded", FULL - 3)
def named_mistake(room):
    return room.solved(mean="def mean(x):\n    return sum(x)")


@case("graded", FULL - 3)
def mistake_only_hidden_tests_see(room):
    return room.solved(mean="def mean(x):\n    return 3.0 if len(x) == 3 and x[0] == 1 else x[1]")


@case("graded", FULL - 1)
def partial_credit(room):
    return room.solved(shift="def shift(x):\n    return x - x.mean() + (len(x) > 9)")


@case("graded", FULL - 2)
def syntax_error_in_one_cell(room):
    return room.solved(double="def double(x:\n    return 2 * x")


@case("graded", FULL - 4)
def one_function_unanswered(room):
    return room.solved(shift="def shift(x):\n    raise NotImplementedError")


@case("graded", FULL)
def warnings_logging_and_progress(room):
    noise = """import logging, sys, warnings
from tqdm import tqdm
def double(x):
    warnings.warn("careful")
    logging.warning("careful")
    print("careful", file=sys.stderr)
    for _ in tqdm(range(3)):
        pass
    return 2 * x"""
    return room.solved(double=noise)


@case("graded", FULL)
def foreign_kernelspec(room):
    notebook = room.solved()
    notebook["metadata"] = {"kernelspec": {"name": "julia-1.9", "display_name": "Julia"}}
    return notebook


@case("graded", FULL)
def byte_order_mark(room):
    return b"\xef\xbb\xbf" + json.dumps(room.solved()).encode()


@case("graded", FULL)
def sources_as_lists_of_lines(room):
    notebook = room.solved()
    for one in notebook["cells"]:
        one["source"] = one["source"].splitlines(keepends=True)
    return notebook


@case("graded", FULL)
def reads_the_given_file(room):
    return insert(room.solved(), "mean", "assert open('numbers.txt').read() == '1 2 3\\n'")


@case("graded", FULL)
def forged_outputs(room):
    notebook = room.solved()
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [{"output_type": "error", "ename": "X", "evalue": "", "traceback": []}]
    return notebook


@case("graded", 0)
def forged_outputs_without_answers(room):
    notebook = room.release()
    result = {"output_type": "execute_result", "data": {"text/plain": "4.0"}, "metadata": {}}
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [{**result, "execution_count": 1}]
    return notebook


# Code that does not end, or not well.


@case("flagged", FULL - 3, "cell-time")
def infinite_loop(room):
    return room.solved(mean="def mean(x):\n    while True:\n        pass")


@case("flagged", EARLY, "cell-time")
def loop_that_swallows_exceptions(room):
    loop = """def mean(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass"""
    return room.solved(mean=loop)


@case("flagged", EARLY, "cell-time")
def interrupts_ignored(room):
    return room.solved(
        mean="import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    )


@case("flagged", 0, "notebook-time")
def many_slow_cells(room):
    notebook = room.solved()
    for _ in range(9):
        notebook = insert(notebook, "double", "import time; time.sleep(1.7)")
    return notebook


@case("flagged", EARLY, "died")
def os_exit(room):
    return room.solved(mean="import os\ndef mean(x):\n    os._exit(0)")


@case("flagged", EARLY, "died")
def exit_in_a_cell(room):
    return insert(room.solved(), "mean", "exit()")


@case("graded", FULL - 3)
def sys_exit_in_a_function(room):
    return room.solved(mean="import sys\ndef mean(x):\n    sys.exit(0)")


@case("flagged", EARLY, "died")
def segmentation_fault(room):
    return room.solved(mean="import ctypes\ndef mean(x):\n    ctypes.string_at(0)")


@case("graded", FULL - 3)
def deep_recursion(room):
    return room.solved(mean="def mean(x):\n    return mean(x)")


@case("graded", FULL - 3)
def memory_bomb(room):
    return room.solved(mean="def mean(x):\n    return bytearray(10**10)")


@case("flagged", EARLY, "memory")
def memory_bomb_in_many_processes(room):
    bomb = """import os, time
def mean(x):
    for _ in range(8):
        if os.fork() == 0:
            held = bytearray(80 << 20)
            time.sleep(60)
            os._exit(0)
    time.sleep(60)"""
    return room.solved(mean=bomb)


@case("flagged", EARLY)  # at whichever limit comes first: the machine is slow meanwhile
def fork_bomb(room):
    return room.solved(mean="import os\ndef mean(x):\n    while True:\n        os.fork()")


@case("graded", FULL - 3)
def disk_filler(room):
    filler = """def mean(x):
    number = 0
    while True:
        number += 1
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(1 << 20))"""
    return room.solved(mean=filler)


@case("graded", FULL)
def leaves_a_daemon_and_files(room):
    daemon = """import os, time
for place in ("/tmp", ".", "/dev/shm"):
    open(f"{place}/left-behind", "w").write("x")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(0)"""
    return insert(room.solved(), "mean", daemon)


@case("graded", FULL)
def finds_nothing_left_behind(room):
    look = """import os
assert not os.path.exists("/tmp/left-behind") and not os.path.exists("/dev/shm/left-behind")
assert os.listdir(".") == ["numbers.txt"], os.listdir(".")
assert len([name for name in os.listdir("/proc") if name.isdigit()]) == 2
double_checked = True"""
    return insert(insert(room.solved(), "mean", look), "shift", "assert double_checked")


@case("flagged", FULL, "output")
def a_hundred_thousand_lines(room):
    return insert(room.solved(), "mean", "for i in range(100_000):\n    print(i, 'x' * 40)")


@case("flagged", FULL, "output")
def one_line_of_ten_megabytes(room):
    return insert(room.solved(), "mean", "print('x' * 10_000_000)")


@case("graded", FULL - 3)
def asks_for_input(room):
    return room.solved(mean="def mean(x):\n    return input('?')")


@case("flagged", FULL - 4, "partial-credit")
def partial_credit_not_a_number(room):
    return room.solved(shift="checks.Parts.score = lambda self: float('nan')")


@case("flagged", FULL - 4, "partial-credit")
def partial_credit_negative(room):
    return room.solved(shift="checks.Parts.score = lambda self: -3")


@case("flagged", FULL - 4, "partial-credit")
def partial_credit_text(room):
    return room.solved(shift="checks.Parts.score = lambda self: 'full'")


@case("flagged", FULL - 4, "partial-credit")
def partial_credit_too_much(room):
    return room.solved(shift="checks.Parts.score = lambda self: 400")


# Notebooks that were changed.


@case("flagged", FULL - 2, "restored")
def edited_test(room):
    notebook = room.solved(double="def double(x):\n    return 3 * x")
    find(notebook, "test_double")["source"] = "assert True"
    return notebook


@case("flagged", FULL, "restored")
def answer_below_its_test(room):
    notebook = room.solved()
    test = notebook["cells"].pop(place(notebook, "test_mean"))
    notebook["cells"].insert(0, test)
    return notebook


@case("flagged", FULL, "restored")
def deleted_test(room):
    notebook = room.solved()
    notebook["cells"].pop(place(notebook, "test_mean"))
    return notebook


@case("flagged", FULL, "restored")
def markdown_test(room):
    notebook = room.solved()
    test = find(notebook, "test_mean")
    test["cell_type"] = "markdown"
    del test["outputs"], test["execution_count"]
    return notebook


@case("flagged", FULL, "copied")
def cells_copied(room):
    notebook = room.solved()
    for name in ("mean", "test_mean"):
        notebook["cells"].append(deepcopy(find(notebook, name)))
    return notebook


@case("flagged", FULL - 3, "metadata")
def points_raised(room):
    notebook = room.solved(mean="def mean(x):\n    return 0")
    find(notebook, "test_double")["metadata"]["nbgrader"]["points"] = 200
    return notebook


@case("flagged", FULL, "metadata")
def grade_id_changed(room):
    notebook = room.solved()
    for name in ("mean", "test_mean"):
        find(notebook, name)["metadata"]["nbgrader"]["grade_id"] = f"my_{name}"
    return notebook


@case("flagged", FULL - 3, "metadata")
def flags_flipped(room):
    notebook = room.solved(mean="def mean(x):\n    return 0")
    find(notebook, "test_mean")["metadata"]["nbgrader"].update(grade=False, locked=False)
    find(notebook, "mean")["metadata"]["nbgrader"].update(solution=False, locked=True)
    return notebook


@case("flagged", FULL, "metadata")
def all_metadata_stripped(room):
    notebook = room.solved()
    for one in notebook["cells"]:
        one["metadata"] = {}
    return notebook


@case("flagged", FULL - 3, "answer-missing")
def answer_cell_deleted(room):
    notebook = room.solved()
    notebook["cells"].pop(place(notebook, "mean"))
    return notebook


@case("flagged", FULL, "metadata")
def old_metadata_version(room):
    notebook = room.solved()
    for one in notebook["cells"]:
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"]["schema_version"] = 1
    return notebook


@case("flagged", FULL, "metadata")
def unknown_metadata_version(room):
    notebook = room.solved()
    find(notebook, "mean")["metadata"]["nbgrader"]["schema_version"] = 99
    return notebook


@case("flagged", FULL, "metadata")
def metadata_of_wrong_types(room):
    notebook = room.solved()
    find(notebook, "test_double")["metadata"]["nbgrader"]["points"] = {"a": 1}
    find(notebook, "mean")["metadata"]["nbgrader"] = ["nonsense"]
    return notebook


# Files that are not what was asked for.


@case("refused", 0, "unreadable")
def truncated_file(room):
    return json.dumps(room.solved()).encode()[:700]


@case("refused", 0, "unreadable")
def empty_file(room):
    return b""


@case("refused", 0, "unreadable")
def json_that_is_no_notebook(room):
    return b'{"cells": 3}'


@case("refused", 0, "unreadable")
def json_nested_too_deeply(room):
    return b"[" * 200_000


@case("flagged", FULL, "renamed")
def renamed_file(room):
    room.hand_in("renamed_file", room.solved(), "my homework.ipynb")


@case("graded", FULL)
def file_numbered_by_the_browser(room):
    room.hand_in("file_numbered_by_the_browser", room.solved(), f"{NAME} (1).ipynb")


@case("refused", 0, "no-notebook", says=f"{NAME}.ipynb")
def no_notebook(room):
    room.hand_in("no_notebook", b"see my mail", "note.txt")


@case("refused", 0, "wrong-assignment", says=f"{NAME}.ipynb")
def wrong_assignment(room):
    notebook = room.release()
    notebook["cells"] = [own_cell("print('another problem set')")]
    return notebook


@case("refused", 0, "link")
def link_in_the_folder(room):
    folder = room.hand_in("link_in_the_folder", room.solved())
    os.symlink("/etc/passwd", folder / "data.txt")


@case("flagged", FULL, "archive")
def sent_as_an_archive(room):
    return zipped(room, f"work/{NAME}.ipynb", json.dumps(room.solved()).encode())


@case("refused", 0, "archive")
def archive_that_climbs_out(room):
    return zipped(room, f"../../{NAME}.ipynb", json.dumps(room.solved()).encode())


@case("refused", 0, "too-large")
def archive_bomb(room):
    return zipped(room, "zeros.ipynb", bytes(101 << 20))


@case("refused", 0, "link")
def link_in_an_archive(room):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(f"{NAME}.ipynb")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    room.hand_in("link_in_an_archive", stream.getvalue(), "work.tar")


def zipped(room, name, data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue(), "work.zip"


# Tampering: every answer is wrong, and something makes the tests pass.

WRONG = {name: f"def {name}(*a):\n    return 'wrong'" for name in ANSWERS}


def tamper(room, code, **answers):
    return insert(room.solved(**{**WRONG, **answers}), "double", code)


@case("flagged", 0, "tampered")
def asserts_dropped_by_a_hook(room):
    hook = """import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Drop())"""
    return tamper(room, hook)


@case("flagged", 0, "tampered")
def text_replaced_by_a_hook(room):
    return tamper(room, "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])")


@case("flagged", 0, "tampered")
def traceback_printer_replaced(room):
    return tamper(room, "get_ipython().showtraceback = lambda *a, **k: None")


@case("flagged", 0, "tampered")
def exception_handler_replaced(room):
    return tamper(room, "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)")


@case("flagged", 0, "tampered")
def run_cell_replaced(room):
    patch = """import types
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
async def run_cell_async(self, *a, **k):
    return ExecutionResult(None)
get_ipython().run_cell_async = types.MethodType(run_cell_async, get_ipython())
get_ipython().should_run_async = lambda *a, **k: True"""
    return tamper(room, patch)


@case("flagged", 0, "tampered")
def comparisons_patched(room):
    patch = """import numpy, torch
torch.allclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None"""
    return tamper(room, patch)


@case("flagged", 0, "tampered")
def checks_patched(room):
    return tamper(room, "from course_lib import checks\nchecks.compare = lambda *a, **k: None")


@case("graded", 0)
def object_that_equals_everything(room):
    equal = """class Any(float):
    def __eq__(self, other): return True
    def __hash__(self): return 1"""
    return tamper(room, equal, mean="def mean(x):\n    return Any(0)")


# Spying: each cell asserts that it was denied, so full points mean a closed door.

DOORS = {
    "gradebook": "open('{root}/gradebook.db', 'rb')",
    "gradebook_written": "open('{root}/gradebook.db', 'ab')",
    "solutions": "open('{root}/source/ps/ps.ipynb')",
    "another_submission": "open('{root}/submitted/right/ps/ps.ipynb')",
    "own_notebook": "open('ps.ipynb')",
    "passwords": "open('/etc/shadow')",
    "socket_to_the_world": "__import__('socket').create_connection(('1.1.1.1', 53), 1)",
    "socket_to_this_machine": "__import__('socket').create_connection(('127.0.0.1', 22), 1)",
    "python_environment": "open(__import__('torch').__file__, 'a')",
    "kernel_sockets": "open('/run/kernel/x', 'w')",
    "kernel_settings": "open('/proc/sys/kernel/core_pattern', 'w')",
    "warden": "__import__('os').kill(1, 9)",
    "wardens_memory": "open('/proc/1/mem', 'rb')",
    "execution_flag": "__import__('os').environ['NBGRADER_EXECUTION']",
    "real_environment": "__import__('os').environ['SECRET_OF_THE_GRADER']",
}


def door(name, attempt):
    def spy(room):
        code = f"""try:
    {attempt.format(root=room.root)}
except (OSError, KeyError):
    denied = True
assert denied"""
        return insert(insert(room.solved(), "mean", code), "shift", "if not denied: exit()")

    spy.__name__ = f"spies_on_{name}"
    case("graded", FULL)(spy)


for _name, _attempt in DOORS.items():
    door(_name, _attempt)


@pytest.fixture(scope="module")
def outcomes(classroom):
    os.environ["SECRET_OF_THE_GRADER"] = "x"
    for student, (make, *_) in CASES.items():
        made = make(classroom)
        if isinstance(made, tuple):
            classroom.hand_in(student, *made)
        elif made is not None:
            classroom.hand_in(student, made)
    return {o.student: o for o in grade(classroom.root, NAME, Options(workers=4))}


@pytest.mark.parametrize("student", CASES)
def test_fault_affects_its_student_alone(outcomes, student):
    _, status, score, flags, says = CASES[student]
    outcome = outcomes[student]
    assert (outcome.status, outcome.score) == (status, score), outcome
    assert flags <= set(outcome.flags), outcome
    assert says in outcome.message
    assert outcome.max_score == MAX_SCORE


def test_every_submission_has_an_outcome(outcomes):
    assert list(outcomes) == sorted(CASES)
