"""Plain data (numbers, texts, tensors, arrays, lists, tuples, dicts): compared, and put in words.

Types are compared exactly and values as Python's own numbers, so that an object with methods of its
own (one that claims to equal everything, say) has no part in a comparison.
"""

from collections.abc import Iterator
from types import FunctionType

import numpy as np
import torch
from torch import Tensor

_NUMPY_NUMBERS = tuple(np.dtype(code).type for code in "?bhilqBHILQefd")


def difference(got: object, want: object, *, rtol: float, atol: float) -> str | None:
    """Say how `got` differs from `want`, or return None if it does not.

    Numbers may be Python's, numpy's or tensors without dimensions; floats are right within the
    tolerance in any precision, integers and texts exactly. Shapes must agree; lists and tuples may
    stand for each other; a truth value is no number. A `...` in `want` accepts anything.

    Args:
        got: Any object.
        want: Plain data.
        rtol: Largest error allowed relative to `want`.
        atol: Largest error allowed beside that.

    Raises:
        TypeError: If `want` is not plain data.

    >>> difference([1, 0.3], (1, 0.1), rtol=1e-4, atol=1e-6)
    'entry 1: 0.3 came where 0.1 is asked'
    """
    if want is ...:
        return None
    if as_number(want) is not None:
        return _number_difference(got, want, rtol, atol)
    if type(want) in (Tensor, np.ndarray):
        return _array_difference(got, want, rtol, atol)
    if type(want) in (str, type(None)):
        if type(got) is not type(want):
            return _came(got, want)
        return None if got == want else f"{show(got)} came where {show(want)} is asked"
    if type(want) not in (list, tuple, dict):
        raise TypeError(f"only plain data can be compared with, not {kind(want)}")
    sequences = (list, tuple)
    if type(got) is not type(want) and not (type(got) in sequences and type(want) in sequences):
        return _came(got, want)
    if len(got) != len(want):
        return f"{len(got)} entries came where {len(want)} are asked"
    if type(want) is dict:
        if any(type(key) not in (str, int, tuple) for key in got) or got.keys() != want.keys():
            return f"the keys {show(list(got))} came where {show(list(want))} are asked"
        places = list(want)
    else:
        places = range(len(want))
    for place in places:
        if words := difference(got[place], want[place], rtol=rtol, atol=atol):
            return f"entry {place!r}: {words}"
    return None


def is_container(value: object) -> bool:
    """Tell whether `value` is plain data that could be changed in place."""
    return type(value) in (Tensor, np.ndarray, list, tuple, dict)


def is_finite(value: object) -> bool:
    """Tell whether no number in `value`, however deep, is infinite or not a number."""
    return all(type(x) is not float or abs(x) < float("inf") for x in _leaves(value, depth=0))


def as_number(value: object) -> int | float | bool | None:
    """Return a number of a plain type as Python's own, and None for anything else."""
    if type(value) in (Tensor, np.ndarray) and len(value.shape) == 0:
        value = _nested(value)
    elif type(value) in _NUMPY_NUMBERS:
        value = value.item()
    return value if type(value) in (bool, int, float) else None


def kind(value: object) -> str:
    """Name what `value` is, for a sentence."""
    if type(value) in (Tensor, np.ndarray):
        name = "a tensor" if type(value) is Tensor else "an array"
        return f"{name} of shape {tuple(value.shape)}" + " (one number)" * (value.shape == ())
    names = {bool: "a truth value", int: "a number", float: "a number", str: "a text"}
    names |= {list: "a list", tuple: "a tuple", dict: "a dict", type(None): "None"}
    names |= {FunctionType: "a function", type: "a class"}
    return names.get(type(value)) or f"an object of type {type(value).__name__}"


def show(value: object, *, depth: int = 0) -> str:
    """Write plain data briefly and alike on every machine; other objects by their type alone."""
    number = as_number(value)
    if type(number) is float:
        text = f"{number:.6g}"
        return text + ".0" if text.lstrip("-").isdigit() else text
    if number is not None:
        return str(number)
    if value is ...:
        return "..."
    if type(value) is str:
        return repr(shorten(value, 60))
    if type(value) in (Tensor, np.ndarray) and 0 < np.prod(value.shape) <= 8:
        return f"{'tensor' if type(value) is Tensor else 'array'}({show(_nested(value))})"
    if type(value) not in (list, tuple, dict) or depth == 4:
        return kind(value)
    items = value.items() if type(value) is dict else enumerate(value)
    shown = [
        f"{show(key)}: {show(entry, depth=depth + 1)}"
        if type(value) is dict
        else show(entry, depth=depth + 1)
        for key, entry in list(items)[:8]
    ]
    shown += ["…"] * (len(value) > 8)
    left, right = {list: "[]", tuple: "()", dict: "{}"}[type(value)]
    return left + ", ".join(shown) + ("," if len(shown) == 1 and left == "(" else "") + right


def shorten(text: str, length: int) -> str:
    """Cut a text to `length` characters on one line."""
    text = " ".join(text[: 10 * length].split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _number_difference(got: object, want: object, rtol: float, atol: float) -> str | None:
    ours, theirs = as_number(got), as_number(want)
    if ours is None or (type(ours) is bool) != (type(theirs) is bool):
        return _came(got, want)
    exact = type(theirs) is not float or abs(theirs) == float("inf")
    close = not exact and abs(ours - theirs) <= atol + rtol * abs(theirs)
    if close or ours == theirs or (ours != ours and theirs != theirs):
        return None
    return f"{show(ours)} came where {show(theirs)} is asked"


def _array_difference(
    got: object, want: Tensor | np.ndarray, rtol: float, atol: float
) -> str | None:
    if type(got) is not type(want) or tuple(got.shape) != tuple(want.shape):
        return _came(got, want)
    pairs = zip(_leaves(got, depth=0), _leaves(want, depth=0), strict=True)
    words = [_number_difference(ours, theirs, rtol, atol) for ours, theirs in pairs]
    off = [i for i, word in enumerate(words) if word]
    if not off:
        return None
    place = [int(i) for i in np.unravel_index(off[0], tuple(want.shape))]
    return f"{len(off)} of {len(words)} entries differ, the first at {place}: {words[off[0]]}"


def _came(got: object, want: object) -> str:
    return f"{kind(got)} came where {kind(want)} is asked"


def _nested(array: Tensor | np.ndarray) -> object:
    """Return the entries as Python numbers in nested lists."""
    if type(array) is np.ndarray:
        return array.tolist()
    # Through the class, and detached: a tensor can carry attributes that shadow its methods.
    plain = Tensor.detach(array).cpu()
    return (plain if plain.layout is torch.strided else plain.to_dense()).tolist()


def _leaves(value: object, depth: int) -> Iterator[object]:
    if type(value) in (Tensor, np.ndarray):
        value = _nested(value)
    if type(value) in (list, tuple, dict) and depth < 8:
        for entry in value.values() if type(value) is dict else value:
            yield from _leaves(entry, depth + 1)
    else:
        yield as_number(value)
