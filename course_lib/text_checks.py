"""Check texts, words and labels at the border: the rules of `TextClassifier`.

As in `validation`, a rule takes a call's arguments by name and raises when it is broken.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from torch import Tensor

from course_lib.model_checks import evaluation_mode
from course_lib.validation import Rule

# The rule of scikit-learn's CountVectorizer, stored with every classifier: lower case, then runs
# of two and more letters, digits and underscores.
TOKEN = r"(?u)\b\w\w+\b"


def texts(name: str) -> Rule:
    """Want a list of texts, or another sequence of them such as a pandas column."""

    def rule(arguments: dict[str, Any]) -> None:
        given = arguments[name]
        if isinstance(given, str) or not hasattr(given, "__len__"):
            got = type(given).__name__
            raise TypeError(f"{name} is a {got}, but a list of texts is wanted: [text]")
        if isinstance(given, Mapping | Set) or getattr(given, "ndim", 1) != 1:
            got = type(given).__name__
            raise TypeError(
                f"{name} is a {got}, but a list of texts is wanted, or one column: table['text']"
            )
        if not len(given):
            raise ValueError(f"{name} is empty, but at least one text is wanted")
        for i, text in enumerate(given):
            if not isinstance(text, str):
                raise TypeError(
                    f"{name}[{i}] is {text!r}, a {type(text).__name__}, but a str is wanted: drop "
                    "rows without a text first"
                )

    return rule


def different_texts(name: str, least: int) -> Rule:
    """Want a list of at least `least` texts, none of them twice."""

    def rule(arguments: dict[str, Any]) -> None:
        texts(name)(arguments)
        given = list(arguments[name])
        if len(given) < least:
            raise ValueError(f"{name} is {given}, but {least} or more are wanted")
        if len(set(given)) < len(given):
            twice = next(text for i, text in enumerate(given) if text in given[:i])
            raise ValueError(f"{name} holds {twice!r} twice, but each must be another")

    return rule


def held_out(arguments: dict[str, Any]) -> None:
    """Want `validation` to be a pair of texts and labels, or None."""
    pair = arguments["validation"]
    if pair is None:
        return
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        got = f"{len(pair)} things" if isinstance(pair, tuple | list) else type(pair).__name__
        raise TypeError(f"validation is {got}, but a pair (texts, labels) is wanted")
    texts("texts of validation")({"texts of validation": pair[0]})


def one_text(arguments: dict[str, Any]) -> None:
    """Want `text` to be one text."""
    if not isinstance(arguments["text"], str):
        raise TypeError(f"text is a {type(arguments['text']).__name__}, but one str is wanted")


def fits(arguments: dict[str, Any]) -> None:
    """Want words that a text is cut into, an input for each, and an output for each label."""
    model, words, names = (arguments[name] for name in ("model", "vocabulary", "label_names"))
    tokens = CountVectorizer(token_pattern=TOKEN).build_analyzer()
    for word in words:
        if tokens(word) != [word]:
            raise ValueError(
                f"vocabulary holds {word!r}, which no text is cut into: words are wanted in lower "
                "case, of two or more letters, digits and underscores"
            )
    D, K = model.hidden.in_features, model.output.out_features
    if (len(words), len(names)) != (D, K):
        raise ValueError(
            f"the model has {D} inputs and {K} outputs, but there are {len(words)} words in the "
            f"vocabulary and {len(names)} label names: they must be equal"
        )


def known_label(arguments: dict[str, Any]) -> None:
    """Want `label` to be one of the classifier's, or None."""
    label, names = arguments["label"], arguments["self"].label_names
    if label is not None and label not in names:
        raise ValueError(f"label is {label!r}, but one of {names} is wanted")


def class_numbers(labels: Sequence[int], names: Sequence[str], texts: Sequence[str]) -> Tensor:
    """Make a tensor of a list, array or column of class numbers, if there is one for each text."""
    numbers = np.asarray(labels)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"labels are {numbers.dtype}, but whole class numbers are wanted")
    y = torch.from_numpy(numbers.astype(np.int64))
    if y.shape != (len(texts),):
        raise ValueError(f"labels have shape {tuple(y.shape)}, but there are {len(texts)} texts")
    if y.min() < 0 or y.max() >= len(names):
        raise ValueError(
            f"labels run from {y.min()} to {y.max()}, but the {len(names)} label_names are for "
            f"class numbers 0 to {len(names) - 1}"
        )
    return y


def usable(arguments: dict[str, Any]) -> None:
    """Want a classifier whose model is not in training mode."""
    evaluation_mode({"model": arguments["self"].model})
