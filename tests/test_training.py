"""Training learns, stops in time, keeps what was learned, and repeats itself exactly."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_lib import optim, training
from course_lib.mlp import MLP


def xor_like(rows=240, seed=0):
    X = torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed))
    return X, (X[:, 0] * X[:, 1] > 0).long()


X, Y = xor_like()
TRAIN, HELD_OUT = (X[:160], Y[:160]), (X[160:], Y[160:])


def train(model=None, **options):
    model = model or MLP(4, 32, 2)
    options = {"epochs": 3, "lr": 1e-2, "progress": False} | options
    return model, training.fit(model, TRAIN, options.pop("validation", HELD_OUT), **options)


def weights(model):
    return torch.cat([w.detach().flatten() for w in model.parameters()])


def test_loss_falls_and_the_network_solves_what_a_line_cannot():
    _, history = train(epochs=60)
    assert history.train_loss[-1] < 0.2 < 0.5 < history.train_loss[0]
    assert round(history.validation_accuracy[history.best_epoch - 1], 1) == 1.0
    line, _ = train(nn.Linear(4, 2), epochs=60)
    assert training.evaluate(line, *HELD_OUT)[1] < 0.65


def test_same_seed_same_weights_and_other_seed_other_weights():
    same, other = train()[0], train()[0]
    assert torch.equal(weights(same), weights(other))
    assert not torch.equal(weights(same), weights(train(seed=1)[0]))


def test_dropout_too_follows_the_seed_and_no_global_state_is_touched():
    state = torch.get_rng_state()
    first = train(MLP(4, 32, 2, dropout=0.5))[0]
    assert torch.equal(state, torch.get_rng_state())
    torch.rand(7)
    assert torch.equal(weights(first), weights(train(MLP(4, 32, 2, dropout=0.5))[0]))


def test_fit_is_the_plain_loop():
    model, history = train(validation=None, epochs=2, batch_size=48)
    mine = MLP(4, 32, 2)
    optimizer = torch.optim.AdamW(mine.parameters(), lr=1e-2, weight_decay=0)
    order = torch.Generator().manual_seed(0)
    means = []
    for _ in range(2):
        total = 0.0
        for rows in torch.randperm(160, generator=order).split(48):
            optimizer.zero_grad()
            loss = cross_entropy(mine(TRAIN[0][rows]), TRAIN[1][rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        means.append(total / 160)
    torch.testing.assert_close(weights(model), weights(mine))
    assert history.train_loss == pytest.approx(means, rel=1e-5)


def test_weight_decay_shrinks_the_weights():
    plain = weights(train(epochs=20)[0]).norm()
    decayed = weights(train(epochs=20, weight_decay=1.0)[0]).norm()
    assert decayed < 0.9 * plain


def test_epoch_loss_weighs_the_short_last_batch_by_its_rows():
    model = MLP(4, 8, 2)
    frozen = torch.optim.SGD(model.parameters(), lr=0.0)
    got = training.train_epoch(model, *TRAIN, frozen, 150, torch.Generator().manual_seed(0))
    assert got == pytest.approx(cross_entropy(model(TRAIN[0]), TRAIN[1]).item(), rel=1e-5)


def test_an_epoch_with_the_courses_optimiser_is_one_with_torchs():
    ours, torchs = MLP(4, 8, 2), MLP(4, 8, 2)
    for model, library in ((ours, optim), (torchs, torch.optim)):
        optimizer = library.AdamW(model.parameters(), lr=1e-2)
        training.train_epoch(model, *TRAIN, optimizer, 32, torch.Generator().manual_seed(0))
    torch.testing.assert_close(weights(ours), weights(torchs))


def test_early_stopping_waits_for_its_patience_and_restores_the_best_weights():
    model, history = train(epochs=300, patience=5, lr=3e-2)
    best = min(history.validation_loss)
    assert history.ending == "stopped early"
    assert history.validation_loss.index(best) + 1 == history.best_epoch
    assert len(history.train_loss) == history.best_epoch + 5 < 300
    assert training.evaluate(model, *HELD_OUT)[0] == pytest.approx(best, rel=1e-5)


def test_without_patience_all_epochs_run_and_the_best_weights_still_come_back():
    model, history = train(epochs=40, lr=5e-2)
    assert (history.ending, len(history.train_loss)) == ("finished", 40)
    assert training.evaluate(model, *HELD_OUT)[0] == pytest.approx(min(history.validation_loss))


def test_without_validation_the_last_weights_are_kept():
    _, history = train(validation=None, epochs=4)
    assert (history.best_epoch, history.validation_loss) == (4, [])


class Interrupted(MLP):
    """Presses the stop button itself, at its n-th training batch."""

    def __init__(self, at):
        super().__init__(4, 32, 2)
        self.left = at

    def forward(self, X):
        if self.training:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        return super().forward(X)


def test_interruption_keeps_the_best_epoch_so_far():
    model, history = train(Interrupted(at=5 * 3 + 2), epochs=100)  # in the fourth epoch of 5 steps
    assert (history.ending, len(history.train_loss)) == ("interrupted", 3)
    three_epochs, _ = train(epochs=3)
    torch.testing.assert_close(weights(model), weights(three_epochs))
    assert not model.training


def test_interruption_in_the_first_epoch_keeps_its_steps():
    model, history = train(Interrupted(at=2), epochs=100)
    assert (history.ending, history.best_epoch, history.train_loss) == ("interrupted", 0, [])
    assert not torch.equal(weights(model), weights(MLP(4, 32, 2)))


def test_model_is_left_in_evaluation_mode_whatever_it_was():
    for mode in (True, False):
        model, _ = train(MLP(4, 8, 2, dropout=0.5).train(mode), epochs=1)
        assert not any(part.training for part in model.modules())


def test_best_weights_come_back_also_after_divergence():
    def explode(module, inputs, output):
        calls.append(1)
        return output * (math.nan if len(calls) > 40 else 1)

    calls, model = [], MLP(4, 32, 2)
    model.register_forward_hook(explode)
    with pytest.raises(ValueError, match=r"lr=0\.01 is too large.*try lr=0\.001"):
        train(model, epochs=100)
    assert weights(model).isfinite().all()
    assert not model.training


def test_progress_bar_shows_the_validation_and_can_be_left_out(capfd):
    train(progress=True)
    assert "validation loss" in capfd.readouterr().err
    train(progress=False)
    assert capfd.readouterr() == ("", "")


def test_evaluate_equals_torch_and_leaves_no_trace():
    model = MLP(4, 8, 2).eval()
    loss, share = training.evaluate(model, *HELD_OUT)
    z = model(HELD_OUT[0])
    assert loss == pytest.approx(cross_entropy(z, HELD_OUT[1]).item())
    assert share == (z.argmax(1) == HELD_OUT[1]).double().mean()
    assert all(w.grad is None for w in model.parameters())


def fit_with(X=X, Y=Y, model=None, **options):
    training.fit(model or MLP(4, 8, 2), (X, Y), epochs=1, progress=False, **options)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: fit_with(Y=Y.float()), TypeError, "float32.*int64"),
        (lambda: fit_with(Y=nn.functional.one_hot(Y)), ValueError, r"\(240, 2\).*\(240,\)"),
        (lambda: fit_with(Y=Y[:-1]), ValueError, r"\(239,\).*240 rows"),
        (lambda: fit_with(Y=Y + 1), ValueError, "0 to 1"),
        (lambda: fit_with(Y=Y - 1), ValueError, "-1"),
        (lambda: fit_with(Y=Y.tolist()), TypeError, "list"),
        (lambda: fit_with(X=X.tolist()), TypeError, "list"),
        (lambda: fit_with(X=X[:0], Y=Y[:0]), ValueError, r"\(0, 4\)"),
        (lambda: fit_with(X=X[:, :3]), ValueError, r"\(240, 3\)|\(1, 3\)"),
        (lambda: fit_with(X=X[:, 0]), ValueError, r"\(240,\)"),
        (lambda: fit_with(X=X.double()), TypeError, "float64.*float32"),
        (lambda: fit_with(X=X.long()), TypeError, "int64.*float32"),
        (lambda: fit_with(X=X * math.nan), ValueError, "nan.*finite"),
        (lambda: fit_with(model=nn.Flatten()), ValueError, "no weight to train"),
        (lambda: fit_with(model=nn.Linear(9, 2)), ValueError, "cannot take X of train"),
        (lambda: fit_with(model=nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))), ValueError, "K"),
        (lambda: fit_with(model=nn.Linear(4, 1)), ValueError, "1 columns"),
        (lambda: fit_with(model=len), TypeError, "torch.nn.Module"),
        (lambda: fit_with(lr=0), ValueError, "lr is 0"),
        (lambda: fit_with(lr="fast"), TypeError, "'fast'"),
        (lambda: fit_with(lr=math.nan), ValueError, "nan"),
        (lambda: fit_with(weight_decay=-1), ValueError, "weight_decay is -1"),
        (lambda: fit_with(batch_size=0), ValueError, "batch_size is 0"),
        (lambda: fit_with(batch_size=32.0), TypeError, "32.0"),
        (lambda: fit_with(seed=None), TypeError, "seed is None"),
        (lambda: fit_with(patience=2), ValueError, "without validation rows"),
        (lambda: fit_with(patience=0, validation=HELD_OUT), ValueError, "patience is 0"),
        (lambda: fit_with(validation=(X, Y, Y)), TypeError, "3 things.*pair"),
        (lambda: fit_with(validation=(X, Y.float())), TypeError, "int64"),
        (lambda: fit_with(device="abacus"), ValueError, "abacus"),
        (lambda: fit_with(lr=1e30), ValueError, "too large"),
        (lambda: training.fit(MLP(4, 8, 2), X, epochs=1), TypeError, "pair"),
        (lambda: training.fit(MLP(4, 8, 2), TRAIN, epochs=0), ValueError, "epochs is 0"),
        (lambda: training.evaluate(MLP(4, 8, 2), X, Y), ValueError, r"training mode.*eval\(\)"),
        (lambda: training.evaluate(MLP(4, 8, 2).eval(), X, Y[:3]), ValueError, "240 rows"),
        (
            lambda: training.train_epoch(MLP(4, 8, 2), X, Y, "adam", 32, torch.Generator()),
            TypeError,
            "optimizer is a str",
        ),
        (
            lambda: training.train_epoch(
                MLP(4, 8, 2),
                X,
                Y,
                torch.optim.SGD(MLP(4, 8, 2).parameters(), lr=0.1),
                32,
                torch.Generator(),
            ),
            ValueError,
            "no weight of this model",
        ),
        (lambda: fit_with(batch_size=np.int64(32)), TypeError, r"int64\(32\).*\(int\)"),
        (
            lambda: training.evaluate(MLP(4, 8, 2).eval(), X.to("meta"), Y),
            ValueError,
            "X is on meta, but the model is on cpu",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_one_module_left_in_training_mode_is_noticed():
    model = MLP(4, 8, 2, dropout=0.5).eval()
    model.dropout.train()
    with pytest.raises(ValueError, match="training mode"):
        training.evaluate(model, *HELD_OUT)


def test_refused_input_changes_nothing():
    model = MLP(4, 8, 2)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match="nan"):
        fit_with(X=X * math.nan, model=model)
    assert model.training
    torch.testing.assert_close(model.state_dict(), before)
