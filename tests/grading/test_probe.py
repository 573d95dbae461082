"""The look for tampering, without a kernel; tests/grading/test_faults.py tries it on notebooks."""

import numpy as np
import pytest
import torch

from course_lib.grading import probe


def test_honest_comparisons_deceive_nobody():
    assert probe.deceived() == []


@pytest.mark.parametrize(
    ("module", "name", "answer"),
    [
        (torch, "allclose", True),
        (torch, "isclose", torch.tensor(True)),
        (np, "array_equal", True),
        (np.testing, "assert_allclose", None),
    ],
)
def test_each_patched_comparison_is_named(monkeypatch, module, name, answer):
    monkeypatch.setattr(module, name, lambda *args, **kwargs: answer)
    assert probe.deceived() == [f"{module.__name__}.{name}"]
