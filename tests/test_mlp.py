"""The classifier learns, explains itself, and comes back from its file exactly or not at all."""

import json
import math
import os
import struct
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from sklearn.feature_extraction.text import CountVectorizer
from torch import nn

from course_lib import CourseError, classifier_file, data, demo
from course_lib.mlp import MLP, TextClassifier

PRAISE = ["lovely soft dress", "soft and warm, love it", "love the lovely colour", "warm soft wool"]
BLAME = [
    "scratchy cheap wool",
    "cheap and thin, returned it",
    "returned the thin dress",
    "scratchy",
]
TEXTS = PRAISE * 5 + BLAME * 5
LABELS = [1] * 20 + [0] * 20
NAMES = ("unhappy", "happy")


def small(**options):
    options = {"num_hiddens": 16, "epochs": 20, "lr": 1e-2, "progress": False} | options
    return TextClassifier.fit(TEXTS, LABELS, label_names=NAMES, **options)


@pytest.fixture(scope="module")
def classifier():
    return small()


@pytest.fixture
def saved(classifier, tmp_path):
    path = tmp_path / "classifier.safetensors"
    classifier.save(path)
    return path


def test_network_is_two_linear_maps_and_a_relu_between():
    model = MLP(5, 7, 3).double()
    X = torch.randn(4, 5, dtype=torch.float64)
    R = (X @ model.hidden.weight.T + model.hidden.bias).clamp(min=0)
    torch.testing.assert_close(model(X), R @ model.output.weight.T + model.output.bias)


def test_hidden_weights_start_with_the_variance_that_keeps_the_scale():
    model = MLP(1000, 500, 2)
    assert model.hidden.weight.var().item() == pytest.approx(2 / 1000, rel=0.02)
    assert sum(w.numel() for w in model.parameters()) == 501_502


def test_start_follows_the_seed_and_no_global_state_is_touched():
    state = torch.get_rng_state()
    first = MLP(5, 7, 3, seed=4)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first.hidden.weight, MLP(5, 7, 3, seed=4).hidden.weight)
    assert not torch.equal(first.hidden.weight, MLP(5, 7, 3, seed=5).hidden.weight)


def test_dropout_is_off_in_evaluation_mode():
    model, X = MLP(5, 50, 2, dropout=0.5), torch.ones(1, 5)
    assert not torch.equal(model(X), model(X))
    model.eval()
    assert torch.equal(model(X), model(X))


def test_classifier_learns_what_it_is_shown(classifier):
    assert classifier.predict(["lovely and soft", "cheap, thin, scratchy"]) == ["happy", "unhappy"]
    assert classifier.history.train_loss[-1] < 0.1 < classifier.history.train_loss[0]
    p = classifier.predict_proba(TEXTS)
    assert p.shape == (40, 2)
    torch.testing.assert_close(p.sum(dim=1), torch.ones(40))


def test_counts_are_those_of_scikit_learn():
    reference = CountVectorizer(max_features=9)
    wanted = reference.fit_transform(TEXTS).toarray()
    classifier = small(num_words=9, epochs=1)
    assert classifier.vocabulary == reference.get_feature_names_out().tolist()
    assert classifier.counts(TEXTS).tolist() == wanted.tolist()


def test_columns_of_a_table_serve_as_lists():
    table = pd.DataFrame({"text": TEXTS, "happy": LABELS}).sample(frac=1, random_state=0)
    classifier = TextClassifier.fit(
        table["text"], table["happy"], label_names=NAMES, num_hiddens=4, epochs=1, progress=False
    )
    assert classifier.counts(table["text"][:3]).shape[0] == 3


def test_vocabulary_comes_from_the_training_texts_alone():
    classifier = small(epochs=1, validation=(["unheard velvet"], [1]))
    assert not {"unheard", "velvet"} & set(classifier.vocabulary)
    assert len(classifier.history.validation_loss) == 1


def test_same_seed_same_classifier():
    first, second, other = small(), small(), small(seed=1)
    assert torch.equal(first.predict_proba(TEXTS), second.predict_proba(TEXTS))
    assert not torch.equal(first.predict_proba(TEXTS), other.predict_proba(TEXTS))


def log_odds(classifier, text, k):
    p = classifier.predict_proba([text]).double()[0, k]
    return torch.log(p / (1 - p)).item()


def test_words_that_decide_are_what_leaving_them_out_changes(classifier):
    text = "lovely soft but cheap"
    words = classifier.words_that_decide(text, "happy")
    assert list(words) == sorted(words, key=lambda word: -abs(words[word]))
    assert set(words) == {"lovely", "soft", "cheap"}
    assert words["cheap"] < 0 < words["lovely"]
    for word, change in words.items():
        without = " ".join(w for w in text.split() if w != word)
        wanted = log_odds(classifier, text, 1) - log_odds(classifier, without, 1)
        assert change == pytest.approx(wanted, abs=1e-3)


def test_a_word_said_twice_is_left_out_twice(classifier):
    once = classifier.words_that_decide("cheap lovely", "unhappy")["cheap"]
    assert classifier.words_that_decide("cheap cheap lovely", "unhappy")["cheap"] > once


def test_words_speak_for_the_predicted_label_unless_told_otherwise(classifier):
    words = classifier.words_that_decide("cheap")
    assert words["cheap"] > 0
    assert classifier.words_that_decide("cheap", "happy")["cheap"] == pytest.approx(-words["cheap"])


def test_three_classes_are_explained_too():
    texts, y = ["red red", "green", "blue sky"] * 5, [0, 1, 2] * 5
    names = ("r", "g", "b")
    three = TextClassifier.fit(
        texts, y, label_names=names, num_hiddens=8, epochs=60, lr=1e-2, progress=False
    )
    assert three.predict(["red", "green", "blue"]) == ["r", "g", "b"]
    assert three.words_that_decide("blue green", "b")["blue"] > 0


def test_verdict_says_label_probability_and_words(classifier):
    verdict = classifier.verdict("cheap and scratchy")
    assert verdict.label == "unhappy"
    assert verdict.probability == pytest.approx(
        classifier.predict_proba(["cheap and scratchy"]).max().item()
    )
    assert set(verdict.words) == {"cheap", "scratchy", "and"}
    assert classifier.verdict("xyzzy").words == {}


def test_a_saved_classifier_comes_back_the_same(classifier, saved):
    again = TextClassifier.load(saved)
    assert torch.equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    assert (again.vocabulary, again.label_names) == (classifier.vocabulary, classifier.label_names)
    assert os.listdir(saved.parent) == [saved.name]


def test_dropout_survives_the_file(tmp_path):
    small(dropout=0.25, epochs=1).save(tmp_path / "c")
    again = TextClassifier.load(tmp_path / "c")
    assert again.model.dropout.p == 0.25
    assert not again.model.training


def test_a_file_says_which_versions_wrote_it(saved):
    _, facts = classifier_file.read(saved)
    assert facts["versions"]["torch"] == torch.__version__
    assert set(facts["versions"]) == {"course_lib", "torch", "scikit-learn", "safetensors"}


def test_saving_again_replaces_the_file_and_failing_keeps_it(classifier, saved, monkeypatch):
    before = saved.read_bytes()
    classifier.save(saved)
    assert saved.read_bytes() == before

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space"):
        small(epochs=1).save(saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def header(content):
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_facts(content, **changes):
    """Change the facts in a file, with or without a right checksum (`sha256=None`)."""
    top, tensors = header(content)
    facts = json.loads(top["__metadata__"]["loss-to-launch"]) | changes
    top["__metadata__"]["loss-to-launch"] = json.dumps(facts)
    new = json.dumps(top).encode()
    return struct.pack("<Q", len(new)) + new + tensors


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: b"", "damaged"),
        (lambda content: content[:100], "damaged"),
        (lambda content: content[:-1], "damaged"),
        (lambda content: content + b"\0", "damaged"),
        (lambda content: b"PK\x03\x04" + content, "no classifier"),
        (lambda content: content[:-9] + b"\xff" + content[-8:], "checksum"),
        (lambda content: content.replace(b"scratchy", b"scratchi"), "checksum"),
        (lambda content: with_facts(content, format=2), "format 2.*install the version"),
        (lambda content: with_facts(content, label_names=["a", "b"]), "checksum"),
        (lambda content: with_facts(content, sha256=None), "checksum"),
    ],
)
def test_a_damaged_file_is_refused_in_words(saved, damage, said):
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(CourseError, match=said):
        TextClassifier.load(saved)


def test_a_foreign_or_missing_file_is_refused_in_words(tmp_path):
    path = tmp_path / "other"
    with pytest.raises(CourseError, match=r"no file.*save"):
        TextClassifier.load(path)
    save_file({"weight": torch.ones(3)}, path)
    with pytest.raises(CourseError, match="not written by course_lib"):
        TextClassifier.load(path)
    classifier_file.write(path, {"weight": torch.ones(3)}, {"kind": "a recommender"})
    with pytest.raises(CourseError, match="no text classifier"):
        TextClassifier.load(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(CourseError, match="no file"):
        TextClassifier.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary": ["only", "two"]},
        {"label_names": ["one", "two", "three"]},
        {"token": r"\w+"},
        {"dropout": 3},
        {"vocabulary": None},
    ],
)
def test_parts_that_do_not_fit_are_refused_though_the_checksum_is_right(classifier, saved, change):
    weights, facts = classifier_file.read(saved)
    classifier_file.write(saved, weights, facts | change)
    with pytest.raises(CourseError, match="do not fit together"):
        TextClassifier.load(saved)


def test_a_pickle_is_refused_and_not_run(tmp_path):
    path = tmp_path / "trap"

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save(Trap(), path)
    with pytest.raises(CourseError, match="no classifier"):
        TextClassifier.load(path)
    assert not (tmp_path / "sprung").exists()


def test_a_model_with_a_nan_is_not_saved(tmp_path):
    broken = small(epochs=1)
    with torch.no_grad():
        broken.model.hidden.weight[0, 0] = math.nan
    with pytest.raises(ValueError, match=r"hidden\.weight holds NaN"):
        broken.save(tmp_path / "c")
    assert not os.listdir(tmp_path)


MODEL = MLP(2, 3, 2).eval()


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda c: TextClassifier(["a1", "b1", "c1"], MODEL, NAMES),
            ValueError,
            "2 inputs.*3 words",
        ),
        (
            lambda c: TextClassifier(["a1", "b1"], MODEL, ["a", "b", "c"]),
            ValueError,
            "3 label names",
        ),
        (lambda c: TextClassifier(["a1", "a1"], MODEL, NAMES), ValueError, "'a1' twice"),
        (lambda c: TextClassifier(["a1", "B1"], MODEL, NAMES), ValueError, "'B1'.*lower"),
        (lambda c: TextClassifier(["a1", "b"], MODEL, NAMES), ValueError, "'b'.*two or more"),
        (lambda c: TextClassifier("ab", MODEL, NAMES), TypeError, "list of texts"),
        (lambda c: TextClassifier(["a1", 3], MODEL, NAMES), TypeError, r"vocabulary\[1\] is 3"),
        (lambda c: TextClassifier(["a1", "b1"], nn.Linear(2, 2), NAMES), TypeError, "MLP"),
        (lambda c: TextClassifier(["a1", "b1"], MODEL, ["one"]), ValueError, "2 or more"),
        (lambda c: c.predict("one text"), TypeError, r"\[text\]"),
        (lambda c: c.predict([]), ValueError, "empty"),
        (lambda c: c.predict(pd.DataFrame({"text": TEXTS})), TypeError, r"table\['text'\]"),
        (lambda c: c.predict({"one": 1}), TypeError, "dict"),
        (lambda c: c.predict(["a", math.nan]), TypeError, r"texts\[1\] is nan"),
        (lambda c: c.predict_proba([None]), TypeError, "NoneType"),
        (lambda c: c.words_that_decide(["text"]), TypeError, "list"),
        (lambda c: c.words_that_decide("text", "angry"), ValueError, "'angry'.*unhappy"),
        (lambda c: c.verdict(3), TypeError, "int"),
        (lambda c: c.logits(torch.ones(2, 3)), ValueError, r"\(2, 3\)"),
        (lambda c: c.logits(torch.ones(2, 3).long()), TypeError, "int64.*float32"),
        (lambda c: c.logits(c.counts(["soft"]) * math.nan), ValueError, "nan.*finite"),
        (lambda c: c.logits(c.counts(["soft"])[:0]), ValueError, "empty"),
        (lambda c: MODEL(torch.ones(0, 2)), ValueError, r"\(0, 2\).*B > 0"),
        (lambda c: MLP(0, 3, 2), ValueError, "num_inputs is 0"),
        (lambda c: MLP(2, 3.0, 2), TypeError, "num_hiddens is 3.0"),
        (lambda c: MLP(2, 3, 2, dropout=1), ValueError, "dropout is 1"),
        (lambda c: MLP(2, 3, 2, dropout="half"), TypeError, "'half'"),
        (lambda c: MODEL(np.ones((2, 2))), TypeError, "ndarray"),
        (lambda c: MODEL(torch.ones(2)), ValueError, r"\(B, 2\)"),
        (lambda c: fit_with(labels=[0.0, 1.0]), TypeError, "float64"),
        (lambda c: fit_with(labels=["no", "yes"]), TypeError, "class numbers"),
        (lambda c: fit_with(labels=[0]), ValueError, "2 texts"),
        (lambda c: fit_with(labels=[1, 2]), ValueError, "from 1 to 2.*0 to 1"),
        (lambda c: fit_with(texts=["a", "?"]), ValueError, "empty vocabulary"),
        (lambda c: fit_with(num_words=0), ValueError, "num_words is 0"),
        (lambda c: fit_with(patience=2), ValueError, "without validation"),
        (lambda c: fit_with(validation=(["text"], [3])), ValueError, "from 3"),
        (lambda c: fit_with(validation=(["text"],)), TypeError, "1 things.*pair"),
        (lambda c: fit_with(validation=("text", [1])), TypeError, "texts of validation is a str"),
        (lambda c: fit_with(validation=([], [])), ValueError, "texts of validation is empty"),
        (lambda c: c.save("no/such/folder/c"), FileNotFoundError, "no folder.*make it first"),
    ],
)
def test_bad_input_is_refused_in_words(classifier, call, error, said):
    with pytest.raises(error, match=said):
        call(classifier)


def fit_with(texts=("some text", "other text"), labels=(0, 1), **options):
    TextClassifier.fit(texts, labels, label_names=NAMES, progress=False, **options)


def test_a_model_put_back_to_training_mode_is_noticed():
    classifier = small(epochs=1, dropout=0.5)
    classifier.model.train()
    for ask in (classifier.predict, classifier.predict_proba):
        with pytest.raises(ValueError, match=r"training mode.*eval\(\)"):
            ask(["some text"])


@pytest.fixture
def few_reviews(monkeypatch):
    table = pd.DataFrame(
        {
            "text": [f"{text} {i}{i}" for i, text in enumerate((PRAISE[:2] + BLAME[:2]) * 6)],
            "rating": [5, 5, 1, 2] * 6,
        }
    )
    monkeypatch.setattr(data, "load", lambda name, cache=None: table)


def test_demo_is_trained_once_and_kept(few_reviews, tmp_path, monkeypatch):
    first = demo.reviews_classifier(cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr(TextClassifier, "fit", None)
    again = demo.reviews_classifier(cache=tmp_path)
    assert torch.equal(first.predict_proba(TEXTS), again.predict_proba(TEXTS))
    assert {"lovely", "scratchy"} < set(again.vocabulary)
    assert kept.suffix == ".safetensors"


def test_demo_makes_a_damaged_file_anew(few_reviews, tmp_path):
    first = demo.reviews_classifier(cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-5])
    again = demo.reviews_classifier(cache=tmp_path)
    assert torch.equal(first.predict_proba(TEXTS), again.predict_proba(TEXTS))
    assert kept.read_bytes() == whole


def test_demo_works_where_it_cannot_be_kept(few_reviews, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("in the way")
    assert demo.reviews_classifier(cache=nowhere).predict(["lovely soft"]) == ["happy"]


def test_importing_the_package_stays_free():
    code = "import sys, course_lib; print({'torch', 'sklearn', 'pandas'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
