"""What a forked kernel is, seen from inside; test_faults.py tries what it must withstand."""

import asyncio
import warnings
from pathlib import Path

import pytest

from course_lib.grading.client import Client
from course_lib.grading.sandbox import Limits, Sandbox, layout
from course_lib.grading.sandbox.shell import PlainFirst

NUMBERS = "import random, numpy\nprint(random.random(), numpy.random.rand())"


def say(sandbox, *cells):
    """What a fresh kernel prints or raises for each cell."""

    async def talk():
        async with sandbox.kernel(Limits()) as kernel, Client(kernel, Limits()) as client:
            return [said for cell in cells for said in outputs(await client.run(cell))]

    def outputs(answer):
        return [out.get("text") or out.get("ename") for out in answer.outputs]

    return asyncio.run(talk())


@pytest.fixture(scope="module")
def sandbox(_sandboxed):
    with Sandbox(preload=["numpy"]) as made:
        yield made


def test_every_kernel_starts_from_the_same_random_numbers(sandbox):
    first = say(sandbox, NUMBERS, NUMBERS)
    assert say(sandbox, NUMBERS, NUMBERS) == first
    assert first[0] != first[1]


def test_every_kernel_is_in_a_world_of_its_own(sandbox):
    look = "import os\nprint(os.getpid(), [n for n in os.listdir('/proc') if n.isdigit()])"
    assert say(sandbox, look) == say(sandbox, look) == ["2 ['1', '2']\n"]


def test_ipython_syntax_is_understood(sandbox):
    assert say(
        sandbox, "%%capture told\nprint('hidden')", "told.show()", "x = !echo hi\nprint(x)"
    ) == [
        "hidden\n",
        "['hi']\n",
    ]


def test_cells_may_await(sandbox):
    assert say(sandbox, "import asyncio\nprint(await asyncio.sleep(0, 'waited'))") == ["waited\n"]
    assert say(sandbox, "async def f():\n    return 'f'", "print('await', await f())") == [
        "await f\n"
    ]


def test_output_stands_with_its_cell_and_in_its_order(sandbox):
    write = "import sys, subprocess\nprint('one')\nprint('two', end='', file=sys.stderr)\n1 / 0"
    child = "import time\nsubprocess.run(['echo', 'three'])\ntime.sleep(0.2)\nprint('four')"
    assert say(sandbox, write, child) == ["one\n", "two", "ZeroDivisionError", "three\nfour\n"]


def test_a_shell_made_before_the_fork_has_the_folders_of_its_own_user(sandbox):
    ask = "shell = get_ipython()\nprint(shell.ipython_dir, shell.profile_dir.location)"
    home = f"{layout.HOME}/.ipython"
    assert say(sandbox, ask) == [f"{home} {home}/profile_default\n"]
    before = set(Path("/tmp").glob(".ipython/*"))
    with Sandbox(isolated=False) as unprotected:
        assert say(unprotected, ask)[0].startswith(f"{unprotected.folder}/1/home/.ipython ")
    assert set(Path("/tmp").glob(".ipython/*")) == before


@pytest.mark.parametrize("cell", ["x = 1", "x = 1\n", "s = '%time'\n\n", "async def f(): ...", ""])
def test_plain_python_is_left_as_it_is(cell):
    assert PlainFirst().transform_cell(cell).rstrip("\n") == cell.rstrip("\n")


def test_a_doubtful_cell_is_warned_about_when_it_runs_and_not_before():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert PlainFirst().transform_cell("1 is 1\n'\\d'") == "1 is 1\n'\\d'\n"


def test_transformations_of_a_notebook_are_applied_to_plain_python_too():
    manager = PlainFirst()
    manager.cleanup_transforms.append(lambda lines: ["pass"])
    assert manager.transform_cell("x = 1") == "pass"
