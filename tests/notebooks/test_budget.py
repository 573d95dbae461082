"""Every lesson fits a small machine; `benchmarks/notebooks.py` prints the same as a table."""

import importlib.util

import nbformat
import pytest

from tests.notebooks.gates import LESSONS, ROOT

spec = importlib.util.spec_from_file_location("notebooks", ROOT / "benchmarks" / "notebooks.py")
benchmark = importlib.util.module_from_spec(spec)
spec.loader.exec_module(benchmark)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_fits_in_memory(path, record_property):
    seconds, megabytes = benchmark.measure(path)
    record_property("to print", f"{path.stem}: {seconds:.1f} s, {megabytes:.0f} MB at its peak")
    assert megabytes <= benchmark.MOST_MEGABYTES


def test_the_measurement_sees_what_a_lesson_uses_and_no_more(tmp_path):
    ours = bytearray(1_000_000_000)
    path = tmp_path / "hungry.ipynb"
    cell = nbformat.v4.new_code_cell("import time\nx = bytearray(300_000_000)\ntime.sleep(0.5)")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), path)
    seconds, megabytes = benchmark.measure(path)
    del ours
    assert 300 < megabytes < 1000
    assert seconds > 0.5
