"""The classifier of lesson 05: a network with one hidden layer, and the texts around it.

`MLP` knows numbers only. `TextClassifier` adds what makes a row of numbers of a text, and a word of
a number, so that it can be used, explained, and kept in one file.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from torch import Tensor, nn

from course_lib import CourseError, classifier_file, text_checks, training
from course_lib import model_checks as rules
from course_lib.text_checks import TOKEN
from course_lib.validation import finite, floating, validated


class MLP(nn.Module):
    """A multilayer perceptron with one hidden layer of ReLUs (Eq. 5.3 to 5.5).

    The hidden weights start with variance 2/D (Eq. 5.14; He and others, 2015), from `seed` alone.

    Args:
        num_inputs: Number of features, D.
        num_hiddens: Number of hidden units, H.
        num_outputs: Number of classes, K.
        dropout: Share of the hidden units switched off at each training step (Eq. 5.17).
        seed: Where the random start begins.

    Raises:
        TypeError: If a size or the seed is no whole number, or `dropout` no number.
        ValueError: If a size is less than 1, or `dropout` not in [0, 1).

    >>> MLP(1000, 500, 2)(torch.zeros(3, 1000)).shape
    torch.Size([3, 2])
    """

    @validated(
        rules.whole("num_inputs", 1),
        rules.whole("num_hiddens", 1),
        rules.whole("num_outputs", 1),
        rules.number("dropout", below=1),
        rules.whole("seed", 0),
    )
    def __init__(
        self,
        num_inputs: int,
        num_hiddens: int,
        num_outputs: int,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.hidden = nn.Linear(num_inputs, num_hiddens)
            self.output = nn.Linear(num_hiddens, num_outputs)
            nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")
        self.dropout = nn.Dropout(dropout)

    @validated(rules.hidden_features)
    def forward(self, X: Tensor) -> Tensor:
        """Turn features X (B, D) into logits (B, K)."""
        R = torch.relu(self.hidden(X))  # (B, H)
        return self.output(self.dropout(R))  # (B, K)


class Verdict(NamedTuple):
    """What a classifier thinks of one text.

    Attributes:
        label: The most probable label's name.
        probability: Its probability.
        words: What each word of the vocabulary that the text has did to the log-odds of `label`,
            the strongest first; empty if the classifier knows no word of the text.
    """

    label: str
    probability: float
    words: dict[str, float]


class TextClassifier:
    """A vocabulary, a network and the names of its labels: from text to word.

    A text is described by how often it has each word of the vocabulary, as by scikit-learn's
    `CountVectorizer`.

    Args:
        vocabulary: Words, in the order of the network's inputs.
        model: Network with an input for each word and an output for each label.
        label_names: Names of the classes 0, 1, …

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the three do not fit together, a word or name stands twice, or the
            vocabulary has a word that no text is cut into.

    >>> classifier = TextClassifier(["bad", "good"], MLP(2, 3, 2), ["unhappy", "happy"])
    >>> classifier.counts(["Good, good, not BAD!"])
    tensor([[1., 2.]])
    """

    @validated(
        text_checks.different_texts("vocabulary", 1),
        text_checks.different_texts("label_names", 2),
        rules.instance("model", MLP),
        text_checks.fits,
    )
    def __init__(self, vocabulary: Sequence[str], model: MLP, label_names: Sequence[str]) -> None:
        self.vocabulary = [str(word) for word in vocabulary]
        self.model = model
        self.label_names = [str(name) for name in label_names]
        self.history: training.History | None = None
        self._vectorizer = CountVectorizer(
            vocabulary=self.vocabulary, token_pattern=TOKEN, dtype=np.float32
        )

    @classmethod
    @validated(
        text_checks.texts("texts"),
        text_checks.different_texts("label_names", 2),
        text_checks.held_out,
    )
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[int],
        *,
        label_names: Sequence[str],
        validation: tuple[Sequence[str], Sequence[int]] | None = None,
        num_words: int = 1000,
        num_hiddens: int = 500,
        dropout: float = 0.0,
        seed: int = 0,
        epochs: int = 3,
        lr: float = 3e-4,
        **options: Any,
    ) -> Self:
        """Choose the vocabulary from the training texts, and train a network on their counts.

        Args:
            texts: Training texts.
            labels: Their class numbers, 0 to K − 1.
            label_names: Names of the K classes.
            validation: Texts and labels for choosing the best epoch.
            num_words: Size of the vocabulary: the most frequent words of the training texts, or
                all if there are fewer.
            num_hiddens: Hidden units.
            dropout: Share of the hidden units switched off at each training step.
            seed: Where everything random begins.
            epochs: How often each text is seen, at most.
            lr: Learning rate.
            options: More for `training.fit`, such as `patience`, `device` or `progress`.

        Returns:
            The classifier; its attribute `history` says how training went.

        Raises:
            TypeError: If an argument is of the wrong kind, such as a text that is not a str.
            ValueError: If labels do not fit, there are no texts, or a number is out of range.
        """
        y = text_checks.class_numbers(labels, label_names, texts)
        rules.whole("num_words", 1)({"num_words": num_words})
        chosen = CountVectorizer(max_features=num_words, token_pattern=TOKEN).fit(texts)
        vocabulary = chosen.get_feature_names_out().tolist()
        model = MLP(len(vocabulary), num_hiddens, len(label_names), dropout, seed)
        classifier = cls(vocabulary, model, label_names)
        held_out = None
        if validation is not None:
            y_val = text_checks.class_numbers(validation[1], label_names, validation[0])
            held_out = (classifier.counts(validation[0]), y_val)
        classifier.history = training.fit(
            model,
            (classifier.counts(texts), y),
            held_out,
            epochs=epochs,
            lr=lr,
            seed=seed,
            **options,
        )
        return classifier

    @validated(text_checks.texts("texts"))
    def counts(self, texts: Sequence[str]) -> Tensor:
        """Count the words of the vocabulary in each text: features X (N, D), float32 (Eq. 1.6)."""
        return torch.from_numpy(self._vectorizer.transform(texts).toarray())

    @validated(text_checks.usable, floating("X", ndim=2), finite("X"))
    @torch.no_grad()
    def logits(self, X: Tensor) -> Tensor:
        """Ask the network about rows of counts (N, D); logits (N, K), on the CPU.

        Raises:
            TypeError: If X is no tensor of the weights' type.
            ValueError: If X has no rows, not one column a word, or NaN or infinity in it, or the
                model is in training mode.
        """
        return self.model(X.to(self.model.hidden.weight.device)).cpu()

    def predict_proba(self, texts: Sequence[str]) -> Tensor:
        """Give each text a probability for each label, shape (N, K).

        Raises:
            TypeError: If `texts` is not a list of texts.
            ValueError: If it is empty, or the model is in training mode.
        """
        return torch.softmax(self.logits(self.counts(texts)), dim=1)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give each text the name of its most probable label; raises as `predict_proba`."""
        return [self.label_names[k] for k in self.predict_proba(texts).argmax(dim=1)]

    @validated(text_checks.one_text, text_checks.known_label)
    def words_that_decide(self, text: str, label: str | None = None) -> dict[str, float]:
        """Say what each word of a text did to the log-odds of a label (Eq. 5.20).

        Each word is taken out in turn, at all its places, and the text is judged again. The change
        is true of this network and this text. It does not add up to the whole, because words act
        together, and it says nothing of causes.

        Args:
            text: The text.
            label: One of `label_names`; the most probable one if not given.

        Returns:
            For each word of the vocabulary that the text has, the log-odds with it minus the
            log-odds without it; the strongest first. Above 0 it spoke for `label`.

        Raises:
            TypeError: If `text` is no str.
            ValueError: If there is no such label, or the model is in training mode.
        """
        X = self.counts([text])  # (1, D)
        words = X[0].nonzero().flatten()  # (m,)
        without = X.repeat(len(words), 1)  # (m, D)
        without[torch.arange(len(words)), words] = 0
        z = self.logits(torch.cat([X, without]))  # (1 + m, K)
        k = self.label_names.index(label) if label else int(z[0].argmax())
        others = [i for i in range(len(self.label_names)) if i != k]
        log_odds = z[:, k] - z[:, others].logsumexp(dim=1)  # (1 + m,)
        changes = log_odds[0] - log_odds[1:]
        strongest = changes.abs().argsort(descending=True, stable=True)
        return {self.vocabulary[words[i]]: changes[i].item() for i in strongest}

    @validated(text_checks.one_text)
    def verdict(self, text: str) -> Verdict:
        """Judge one text: its label, the probability, and the words that decided.

        Raises:
            TypeError: If `text` is no str.
            ValueError: If the model is in training mode.
        """
        probability, k = self.predict_proba([text])[0].max(dim=0)
        return Verdict(self.label_names[k], probability.item(), self.words_that_decide(text))

    def save(self, path: str | Path) -> None:
        """Write the classifier to one file: weights, words, names and versions, no program.

        Raises:
            ValueError: If a weight is not finite.
            OSError: If the file cannot be written.
        """
        weights = self.model.state_dict()
        for name, weight in weights.items():
            if not weight.isfinite().all():
                raise ValueError(f"{name} holds NaN or infinity: this model is not worth keeping")
        facts = {
            "token": TOKEN,
            "vocabulary": self.vocabulary,
            "label_names": self.label_names,
            "dropout": self.model.dropout.p,
        }
        classifier_file.write(path, weights, facts)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a classifier that `save` wrote, ready to predict.

        Raises:
            CourseError: If there is no such file, or it is damaged, foreign or of a newer format.
        """
        weights, facts = classifier_file.read(path)
        try:
            if facts["token"] != TOKEN:
                raise ValueError(f"texts are cut by {facts['token']!r}, here by {TOKEN!r}")
            H, D = weights["hidden.weight"].shape
            model = MLP(D, H, len(weights["output.bias"]), facts["dropout"])
            model.load_state_dict(weights)
            return cls(facts["vocabulary"], model.eval(), facts["label_names"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CourseError(
                f"{path} holds no text classifier, or its parts do not fit together: {error}"
            ) from None
