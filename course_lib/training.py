"""The training loop of lesson 05: any classifier, any device, stopped in time, never in vain.

Rows are looked up by number, a batch of numbers at a time, in tensors that stay on the device: no
loader, no worker processes, nothing between the steps but the steps.
"""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from tqdm.auto import tqdm

from course_lib import model_checks as rules
from course_lib.validation import validated

Rows = tuple[Tensor, Tensor]


@dataclass
class History:
    """What happened in `fit`, one number an epoch.

    Attributes:
        train_loss: Mean loss over the epoch's rows, each counted before the step it led to.
        validation_loss: Mean loss on the validation rows after the epoch.
        validation_accuracy: Share of the validation rows that were right after the epoch.
        best_epoch: The epoch, counted from 1, with the lowest validation loss, whose weights the
            model has now; without validation rows the last whole one. 0 if there was none.
        ending: "finished" (all epochs), "stopped early" or "interrupted".
    """

    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0
    ending: str = "finished"


@validated(
    rules.module,
    rules.rows,
    rules.optimizer,
    rules.whole("batch_size", 1),
    rules.instance("generator", Generator),
)
def train_epoch(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: Optimizer,
    batch_size: int,
    generator: Generator,
) -> float:
    """Step once for each batch of a new random order, so that each row is seen once.

    Args:
        model: Classifier with logits (B, K) for features (B, …). Its weights are changed, and it
            is left in training mode.
        X: Features, shape (N, …), where the model is.
        y: Class numbers 0 to K − 1, `torch.int64`, shape (N,), where the model is.
        optimizer: Holds the model's weights; of `torch.optim` or `course_lib.optim`.
        batch_size: Rows a step; the last batch may be shorter, and counts as what it is.
        generator: Source of the random order, on the CPU.

    Returns:
        The mean over rows of the losses that led to the steps (Eq. 5.15).

    Raises:
        TypeError: If an argument is of the wrong kind, such as labels that are not `torch.int64`.
        ValueError: If the shapes do not fit, there are no rows, a number is out of range, or the
            optimiser holds other weights than the model's.
    """
    model.train()
    total = torch.zeros((), device=X.device)
    for rows in torch.randperm(len(X), generator=generator).to(X.device).split(batch_size):
        optimizer.zero_grad()
        loss = cross_entropy(model(X[rows]), y[rows])
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
    return total.item() / len(X)


@validated(rules.module, rules.evaluation_mode, rules.rows)
@torch.no_grad()
def evaluate(model: nn.Module, X: Tensor, y: Tensor) -> tuple[float, float]:
    """Measure the mean loss and the accuracy of a model that is not being trained.

    Args:
        model: Classifier in evaluation mode, with logits (N, K) for features (N, …).
        X: Features, finite, shape (N, …), where the model is.
        y: Class numbers 0 to K − 1, `torch.int64`, shape (N,), where the model is.

    Returns:
        Mean cross-entropy in nats, and the share of rows whose largest logit is the right one.

    Raises:
        TypeError: If the model is no module, X not floating-point or y not `torch.int64`.
        ValueError: If the model is in training mode, the shapes do not fit, there are no rows, or
            a number is not finite or out of range.
    """
    logits = model(X)
    right = logits.argmax(dim=1) == y
    return cross_entropy(logits, y).item(), right.double().mean().item()


@validated(
    rules.module,
    rules.trainable,
    rules.pair_of_rows("train"),
    rules.pair_of_rows("validation", optional=True),
    rules.whole("epochs", 1),
    rules.whole("batch_size", 1),
    rules.number("lr", zero=False),
    rules.number("weight_decay"),
    rules.whole("patience", 1, optional=True),
    rules.patience,
    rules.whole("seed", 0),
    rules.device,
)
def fit(
    model: nn.Module,
    train: Rows,
    validation: Rows | None = None,
    *,
    epochs: int,
    batch_size: int = 32,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    patience: int | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> History:
    """Train a classifier by minibatches with AdamW, and keep its best weights.

    Best are the weights with the lowest validation loss; without validation rows, the last ones.
    Interrupted (by the stop button, or Ctrl-C), `fit` returns as if it had been asked for fewer
    epochs: what was learned is kept. Random numbers come from `seed` alone, also those of dropout,
    and no global random state is changed on the CPU or on `device`.

    Args:
        model: Classifier with logits (B, K) for features (B, …). It is moved to `device`, trained
            in place, and left in evaluation mode.
        train: Features (N, …), finite, and class numbers 0 to K − 1 in `torch.int64`, shape (N,).
        validation: The same for rows that choose the best epoch and are not trained on.
        epochs: How often each row is seen, at most.
        batch_size: Rows a step.
        lr: Learning rate.
        weight_decay: Share of its value, times `lr`, that each weight loses in a step (Eq. 5.16).
        patience: Stop after so many epochs without a better validation loss; None: never.
        seed: Where the order of rows, and dropout, begin.
        device: Where to compute, such as "cpu" or "cuda".
        progress: Show a progress bar.

    Returns:
        What happened, epoch by epoch.

    Raises:
        TypeError: If an argument is of the wrong kind, such as labels that are not `torch.int64`.
        ValueError: If a value does not fit: shapes, labels without an output, no rows, NaN; or if
            the loss becomes infinite or NaN, because `lr` is too large.
    """
    device = torch.device(device)
    X, y = (tensor.to(device) for tensor in train)
    held_out = [tensor.to(device) for tensor in validation or ()]
    optimizer = _adamw(model.to(device), device, lr=lr, weight_decay=weight_decay)
    order = Generator().manual_seed(seed)
    history, best = History(), None
    try:
        with _own_randomness(seed, device), _bar(epochs, progress) as bar:
            for epoch in bar:
                history.train_loss.append(train_epoch(model, X, y, optimizer, batch_size, order))
                _refuse_divergence(history.train_loss, lr)
                if validation is None:
                    history.best_epoch = epoch
                    continue
                loss, accuracy = evaluate(model.eval(), *held_out)
                if loss < min(history.validation_loss, default=math.inf):
                    history.best_epoch, best = epoch, copy.deepcopy(model.state_dict())
                history.validation_loss.append(loss)
                history.validation_accuracy.append(accuracy)
                bar.set_postfix_str(f"validation loss {loss:.3f}, accuracy {accuracy:.1%}")
                if patience is not None and epoch - history.best_epoch >= patience:
                    history.ending = "stopped early"
                    break
    except KeyboardInterrupt:
        history.ending = "interrupted"
    finally:
        if best is not None:
            model.load_state_dict(best)
        model.eval()
    return history


def _adamw(model: nn.Module, device: torch.device, **options: float) -> Optimizer:
    """Make the optimiser; `fused` is one pass over the weights, and halves the time of an epoch."""
    return torch.optim.AdamW(model.parameters(), fused=device.type in ("cpu", "cuda"), **options)


def _bar(epochs: int, progress: bool) -> tqdm:
    """Count epochs from 1, with a progress bar on stderr or as a widget."""
    return tqdm(range(1, epochs + 1), desc="training", unit="epoch", disable=not progress)


@contextmanager
def _own_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Let dropout draw from `seed` inside, and put the global generators back afterwards."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            torch.cuda.manual_seed(seed)
        yield


def _refuse_divergence(losses: list[float], lr: float) -> None:
    if not math.isfinite(losses[-1]):
        raise ValueError(
            f"the loss is {losses[-1]} after epoch {len(losses)}: lr={lr:g} is too large for this "
            f"model and data, try lr={lr / 10:g}"
        )
