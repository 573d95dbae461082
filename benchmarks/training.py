"""Time `course_lib.training.fit` beside the loops that it could have been.

    python benchmarks/training.py [--rounds 5] [--epochs 2] [--json FILE]

Every contestant trains the same 1000-500-2 network on the same counts of `reviews`, with AdamW
without decay (which is Adam), batches of 32, one thread. Seconds are those of the processor, which
on one thread are those of the clock, but for what other programs take. A round is one seed for all
contestants, one after the other; ratios are the median over the rounds.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median, stdev

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

from course_lib import data
from course_lib.mlp import MLP
from course_lib.training import fit

BATCH, HIDDEN, LR = 32, 500, 3e-4
Rows = tuple[Tensor, Tensor]
Trainer = Callable[[Rows, int, int], Callable[[Tensor], np.ndarray]]


def reviews() -> tuple[Rows, Rows]:
    """Count the words, and label the rows, of the training and the test part."""
    table = data.load("reviews").drop_duplicates("text")
    table = table.assign(text=table["title"].fillna("") + " " + table["text"])
    parts = data.happy_or_unhappy(table)
    train, test = train_test_split(parts, test_size=0.2, stratify=parts["happy"], random_state=0)
    vectorizer = CountVectorizer(max_features=1000, dtype=np.float32).fit(train["text"])
    return tuple(
        (
            torch.from_numpy(vectorizer.transform(part["text"]).toarray()),
            torch.tensor(part["happy"].to_numpy()),
        )
        for part in (train, test)
    )


def answers(model: MLP) -> Callable[[Tensor], np.ndarray]:
    return lambda X: model.eval()(X).argmax(dim=1).numpy()


def library(train: Rows, epochs: int, seed: int):
    model = MLP(1000, HIDDEN, 2, seed=seed)
    fit(model, train, epochs=epochs, batch_size=BATCH, lr=LR, seed=seed, progress=False)
    return answers(model)


def bare_loop(train: Rows, epochs: int, seed: int, *, fused: bool = True):
    model, (X, y) = MLP(1000, HIDDEN, 2, seed=seed), train
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0, fused=fused)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=order).split(BATCH):
            optimizer.zero_grad()
            cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
    return answers(model)


def default_optimizer(train: Rows, epochs: int, seed: int):
    return bare_loop(train, epochs, seed, fused=False)


def data_loader(train: Rows, epochs: int, seed: int):
    model = MLP(1000, HIDDEN, 2, seed=seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0, fused=True)
    order = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(*train), batch_size=BATCH, shuffle=True, generator=order)
    for _ in range(epochs):
        for X, y in loader:
            optimizer.zero_grad()
            cross_entropy(model(X), y).backward()
            optimizer.step()
    return answers(model)


def scikit_learn(train: Rows, epochs: int, seed: int, *, form: Callable = np.asarray):
    model = MLPClassifier(
        (HIDDEN,),
        solver="adam",
        alpha=0,
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(form(train[0].numpy()), train[1].numpy())
    return lambda X: model.predict(form(X.numpy()))


def scikit_learn_sparse(train: Rows, epochs: int, seed: int):
    return scikit_learn(train, epochs, seed, form=csr_matrix)


def floor(train: Rows, epochs: int, seed: int):
    """Only what each step must do: fetch the rows, multiply, update; no graph, all in place."""
    X, y = train
    N, K = BATCH, 2
    model = MLP(1000, HIDDEN, K, seed=seed)
    W1, b1, W2, b2 = weights = [w.detach() for w in model.parameters()]
    grads = [torch.empty_like(w) for w in weights]
    m, s = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    steps = [torch.zeros(()) for _ in weights]
    batch, hidden = torch.empty(N, 1000), torch.empty(N, HIDDEN)
    delta, back = torch.empty(N, K), torch.empty(N, HIDDEN)
    one_hot = torch.eye(K)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=order).split(N):
            n = len(rows)
            Xb, R, dZ, dU = batch[:n], hidden[:n], delta[:n], back[:n]
            torch.index_select(X, 0, rows, out=Xb)
            torch.addmm(b1, Xb, W1.T, out=R).clamp_(min=0)
            torch.addmm(b2, R, W2.T, out=dZ)
            dZ.copy_(torch.softmax(dZ, 1)).sub_(one_hot[y[rows]]).div_(n)
            torch.mm(dZ, W2, out=dU).mul_(R > 0)
            torch.mm(dU.T, Xb, out=grads[0])
            torch.sum(dU, 0, out=grads[1])
            torch.mm(dZ.T, R, out=grads[2])
            torch.sum(dZ, 0, out=grads[3])
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(
                weights,
                grads,
                m,
                s,
                [],
                steps,
                lr=LR,
                beta1=0.9,
                beta2=0.999,
                weight_decay=0.0,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
            )
    return answers(model)


CONTESTANTS: dict[str, tuple[str, Trainer]] = {
    "floor": ("the steps' arithmetic and memory traffic alone", floor),
    "fit": ("course_lib.training.fit", library),
    "bare_loop": ("(a) bare torch loop over index batches", bare_loop),
    "default_optimizer": ("    the same with torch's default, unfused AdamW", default_optimizer),
    "data_loader": ("(b) plain DataLoader loop", data_loader),
    "sklearn": ("(c) scikit-learn's MLPClassifier", scikit_learn),
    "sklearn_sparse": ("    the same, given a sparse matrix", scikit_learn_sparse),
}


def measure(rounds: int, epochs: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds an epoch and test accuracy of each contestant, one number a round."""
    train, (X_test, y_test) = reviews()
    seconds = {name: [] for name in CONTESTANTS}
    accuracy = {name: [] for name in CONTESTANTS}
    runs = [(seed, name) for seed in range(rounds) for name in CONTESTANTS]
    for seed, name in tqdm(runs, desc="runs", unit="run"):
        start = time.process_time()
        predict = CONTESTANTS[name][1](train, epochs, seed)
        seconds[name].append((time.process_time() - start) / epochs)
        accuracy[name].append(float((predict(X_test) == y_test.numpy()).mean()))
    return seconds, accuracy


def ratio(seconds: dict[str, list[float]], this: str, that: str) -> float:
    """How many times `that` goes into `this`, as the median over the rounds."""
    return median(a / b for a, b in zip(seconds[this], seconds[that], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="seeds, at least 2")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        seconds, accuracy = measure(options.rounds, options.epochs)

    print(f"{'':52}{'s/epoch':>9}{'÷ fit':>8}   test accuracy")
    for name, (title, _) in CONTESTANTS.items():
        print(
            f"{title:52}{median(seconds[name]):9.3f}{ratio(seconds, name, 'fit'):8.2f}"
            f"   {mean(accuracy[name]):.2%} ± {stdev(accuracy[name]):.2%}"
        )
    results = {
        "fit_over_bare_loop": ratio(seconds, "fit", "bare_loop"),
        "fit_over_floor": ratio(seconds, "fit", "floor"),
        "data_loader_over_fit": ratio(seconds, "data_loader", "fit"),
        "sklearn_over_fit": ratio(seconds, "sklearn", "fit"),
        "sklearn_sparse_over_fit": ratio(seconds, "sklearn_sparse", "fit"),
        "test_accuracy": mean(accuracy["fit"]),
        "test_accuracy_of": {name: mean(values) for name, values in accuracy.items()},
        "test_accuracy_spread_of": {name: stdev(values) for name, values in accuracy.items()},
        "seconds_per_epoch": {name: median(values) for name, values in seconds.items()},
        "rounds": options.rounds,
        "epochs": options.epochs,
    }
    print(
        f"fit takes {results['fit_over_bare_loop']:.2f} × the bare loop's time; scikit-learn takes "
        f"{results['sklearn_over_fit']:.2f} × that of fit"
    )
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
