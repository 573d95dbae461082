"""One file for tensors and the facts that belong to them: safetensors, and no code to run.

A pickle (`torch.save`) may run any program when it is read. A safetensors file holds numbers and
text only; a checksum over both says whether it is still what was written.
"""

import hashlib
import json
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from course_lib import CourseError, __version__

KEY = "loss-to-launch"
FORMAT = 1


def write(path: str | Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and facts to one file, whole or not at all.

    Args:
        path: Where to; a file that is there is replaced.
        tensors: By name, any shapes.
        facts: What JSON can hold.

    Raises:
        OSError: If the folder is missing, full or not to be written to.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    packages = ("torch", "scikit-learn", "safetensors")
    versions = {"course_lib": __version__, **{name: version(name) for name in packages}}
    record = {**facts, "format": FORMAT, "versions": versions}
    record["sha256"] = _checksum(tensors, record)
    content = save(tensors, metadata={KEY: json.dumps(record)})
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read back what `write` wrote.

    Args:
        path: The file.

    Returns:
        The tensors, on the CPU, and the facts.

    Raises:
        CourseError: If there is no such file, or it is damaged, foreign or of a newer format.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"there is no file {path}: save a classifier there first")
    try:
        with safe_open(path, framework="pt") as file:
            texts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise CourseError(
            f"{path} is no classifier, or a damaged one ({error}): save the classifier again"
        ) from None
    record = _record(path, texts)
    if record.get("sha256") != _checksum(tensors, record):
        raise CourseError(
            f"{path} is damaged: its checksum is not that of its content. Save the classifier "
            "again, or copy the file again"
        )
    return tensors, record


def _record(path: Path, texts: dict[str, str]) -> dict[str, Any]:
    """Parse the facts of a file that is ours."""
    try:
        record = json.loads(texts[KEY])
    except (KeyError, json.JSONDecodeError):
        record = None
    if not isinstance(record, dict):
        raise CourseError(
            f"{path} was not written by course_lib: it holds tensors, but no vocabulary"
        )
    if record.get("format") != FORMAT:
        written_by = (record.get("versions") or {}).get("course_lib", "another version")
        raise CourseError(
            f"{path} has format {record.get('format')}, written by course_lib {written_by}, but "
            f"course_lib {__version__} reads format {FORMAT}: install the version that wrote it"
        )
    return record


def _checksum(tensors: dict[str, Tensor], record: dict[str, Any]) -> str:
    """Digest names, types, shapes and bytes of the tensors, and the facts but for the checksum."""
    facts = {key: value for key, value in record.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
