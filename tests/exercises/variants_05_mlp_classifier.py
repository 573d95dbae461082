"""What students write in problem set 05, wrong and right. `variants.py` says how to add to it."""

import copy
import itertools
import math
import random
import re
import warnings
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC
from torch import nn

from course_lib import autodiff, losses, training
from course_lib.mlp import TextClassifier
from tests.exercises.variants import mistake, other_way, slip

# wide_and_deep_loss


@mistake(of="wide_and_deep_loss", loses=1, named="sum_not_mean")
def loss_summed(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return (F.softplus(z) - y * z).sum()


@mistake(of="wide_and_deep_loss", loses=1, named="relu")
def loss_with_relu(X, y, weights):
    R = torch.relu(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return F.binary_cross_entropy_with_logits(z, y)


@mistake(of="wide_and_deep_loss", loses=1, named="sigmoid_units")
def loss_with_sigmoid_units(X, y, weights):
    R = torch.sigmoid(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return F.binary_cross_entropy_with_logits(z, y)


@mistake(of="wide_and_deep_loss", loses=1, named="no_bend")
def loss_without_a_bend(X, y, weights):
    U = X @ weights["W1"] + weights["b1"]
    z = U @ weights["w2"] + X @ weights["v"] + weights["b"]
    return F.binary_cross_entropy_with_logits(z, y)


@mistake(of="wide_and_deep_loss", loses=1, named="wide_path_missing")
def loss_without_the_wide_path(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    return F.binary_cross_entropy_with_logits(R @ weights["w2"] + weights["b"], y)


@mistake(of="wide_and_deep_loss", loses=1, named="hidden_bias_missing")
def loss_without_b1(X, y, weights):
    z = torch.tanh(X @ weights["W1"]) @ weights["w2"] + X @ weights["v"] + weights["b"]
    return F.binary_cross_entropy_with_logits(z, y)


@mistake(of="wide_and_deep_loss", loses=1, named="output_bias_missing")
def loss_without_b(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    return F.binary_cross_entropy_with_logits(R @ weights["w2"] + X @ weights["v"], y)


@mistake(of="wide_and_deep_loss", loses=1, named="every_row_with_every_row")
def loss_of_a_column_and_a_row(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = (R @ weights["w2"] + X @ weights["v"] + weights["b"])[:, None]
    return (F.softplus(z) - y * z).mean()


@mistake(of="wide_and_deep_loss", loses=1, named="sign")
def loss_negative(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return (y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()


@mistake(of="wide_and_deep_loss", loses=1, named="labels_swapped")
def loss_labels_swapped(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return F.binary_cross_entropy_with_logits(-z, y)


@mistake(of="wide_and_deep_loss", loses=1, named="overflow")
def loss_log_of_sigmoid(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    p = torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"])
    return -torch.log(torch.where(y == 1, p, 1 - p)).mean()


@mistake(of="wide_and_deep_loss", loses=1, named="overflow")
def loss_log_of_exp(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return (torch.log(1 + torch.exp(z)) - y * z).mean()


@mistake(of="wide_and_deep_loss", loses=1, named="clamped")
def loss_of_probabilities(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    p = torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"])
    return F.binary_cross_entropy(p, y)


@mistake(of="wide_and_deep_loss", loses=1, named="sigmoid_twice")
def loss_sigmoid_twice(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"])
    return F.binary_cross_entropy_with_logits(z, y)


@mistake(of="wide_and_deep_loss", loses=1, named="changes_argument")
def loss_in_place(X, y, weights):
    weights["W1"] = torch.cat([weights["W1"], weights["b1"][None]])
    R = torch.tanh(torch.cat([X, torch.ones(len(X), 1).to(X)], dim=1) @ weights["W1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return F.binary_cross_entropy_with_logits(z, y)


@mistake(of="wide_and_deep_loss", loses=1)
def loss_of_the_visible_values(X, y, weights):
    return 0.98589 if X.abs().max() < 100 else 334.28


@other_way(of="wide_and_deep_loss")
def loss_loop(X, y, weights):
    W1, b1, w2, v = (weights[name].tolist() for name in ("W1", "b1", "w2", "v"))
    total = 0.0
    for x, label in zip(X.tolist(), y.tolist(), strict=True):
        z = weights["b"].item() + sum(a * b for a, b in zip(x, v, strict=True))
        for j in range(len(b1)):
            z += w2[j] * math.tanh(b1[j] + sum(x[i] * W1[i][j] for i in range(len(x))))
        m = z if label == 1 else -z
        total += max(-m, 0) + math.log1p(math.exp(-abs(m)))
    return total / len(y)


@other_way(of="wide_and_deep_loss")
def loss_two_logits(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    return losses.cross_entropy(torch.stack([torch.zeros_like(z), z], dim=1), y.long())


@other_way(of="wide_and_deep_loss")
def loss_numpy(X, y, weights):
    w = {name: weight.double().numpy() for name, weight in weights.items()}
    z = np.tanh(X.double().numpy() @ w["W1"] + w["b1"]) @ w["w2"]
    z = z + X.double().numpy() @ w["v"] + w["b"]
    print("logits:", z)
    return np.mean(np.logaddexp(0, z) - y.numpy() * z)


@other_way(of="wide_and_deep_loss")
def loss_one_wide_layer(X, y, weights):
    features = torch.cat([torch.tanh(X @ weights["W1"] + weights["b1"]), X], dim=1)
    z = features.double() @ torch.cat([weights["w2"], weights["v"]]).double() + weights["b"]
    plt.hist(z)
    plt.show()
    return torch.logaddexp(torch.zeros_like(z), (1 - 2 * y) * z).mean()


# wide_and_deep_gradients: output 1, hidden 2


@mistake(of="wide_and_deep_gradients", loses=3, named="not_divided_by_rows")
def gradients_of_the_sum(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=3, named="sign")
def gradients_wrong_sign(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (y - torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"])) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=3, named="sigmoid_slope")
def gradients_with_the_slope_of_sigma(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    p = torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"])
    z_bar = (p - y) * p * (1 - p) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=1, named="bias_averaged")
def gradients_bias_averaged(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.mean()}


@mistake(of="wide_and_deep_gradients", loses=1, named="hidden_before_tanh")
def gradients_of_w2_before_tanh(X, y, weights):
    U = X @ weights["W1"] + weights["b1"]
    R = torch.tanh(U)
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": U.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="tanh_slope_missing")
def gradients_without_the_slope_of_tanh(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"]
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="tanh_slope_of_a")
def gradients_with_the_slope_at_the_wrong_place(X, y, weights):
    U = X @ weights["W1"] + weights["b1"]
    R = torch.tanh(U)
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - U**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="slope_of_relu")
def gradients_with_the_slope_of_relu(X, y, weights):
    U = X @ weights["W1"] + weights["b1"]
    R = torch.tanh(U)
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (U > 0)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="w2_missing")
def gradients_without_w2(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="hidden_bias_averaged")
def gradients_hidden_bias_averaged(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.mean(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="transposed")
def gradients_transposed(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": U_bar.T @ X, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2, named="divided_twice")
def gradients_hidden_divided_twice(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2) / len(y)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=2)
def gradients_of_the_output_alone(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    return {"W1": None, "b1": None, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=3)
def gradients_without_names(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    return X.T @ U_bar, U_bar.sum(dim=0), R.T @ z_bar, X.T @ z_bar, z_bar.sum()


@mistake(of="wide_and_deep_gradients", loses=3, named="changes_argument")
def gradients_in_place(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z = R @ weights["w2"] + X @ weights["v"] + weights["b"]
    z_bar = y.neg_().add_(torch.sigmoid(z)).div_(len(y))
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum()}


@mistake(of="wide_and_deep_gradients", loses=1, named="shape_of_b")
def gradients_b_as_a_vector(X, y, weights):
    R = torch.tanh(X @ weights["W1"] + weights["b1"])
    z_bar = (torch.sigmoid(R @ weights["w2"] + X @ weights["v"] + weights["b"]) - y) / len(y)
    U_bar = z_bar[:, None] * weights["w2"] * (1 - R**2)
    above = {"W1": X.T @ U_bar, "b1": U_bar.sum(dim=0)}
    return {**above, "w2": R.T @ z_bar, "v": X.T @ z_bar, "b": z_bar.sum(dim=0, keepdim=True)}


@other_way(of="wide_and_deep_gradients")
def gradients_autograd(X, y, weights):
    w = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    z = torch.tanh(X @ w["W1"] + w["b1"]) @ w["w2"] + X @ w["v"] + w["b"]
    F.binary_cross_entropy_with_logits(z, y).backward()
    return {name: weight.grad for name, weight in w.items()}


@other_way(of="wide_and_deep_gradients")
def gradients_row_by_row(X, y, weights):
    total = {name: torch.zeros_like(weight).double() for name, weight in weights.items()}
    w = {name: weight.double() for name, weight in weights.items()}
    for x, label in zip(X.double(), y, strict=True):
        r = torch.tanh(x @ w["W1"] + w["b1"])
        miss = torch.sigmoid(r @ w["w2"] + x @ w["v"] + w["b"]) - label
        inner = miss * w["w2"] * (1 - r * r)
        for name, slope in (
            ("W1", torch.outer(x, inner)),
            ("b1", inner),
            ("w2", miss * r),
            ("v", miss * x),
            ("b", miss),
        ):
            total[name] += slope / len(y)
    return total


@other_way(of="wide_and_deep_gradients")
def gradients_with_a_column_of_ones(X, y, weights):
    ones = torch.ones(len(X), 1).to(X)
    X1 = torch.cat([X, ones], dim=1)  # (N, D + 1)
    R = torch.tanh(X1 @ torch.cat([weights["W1"], weights["b1"][None]]))
    features = torch.cat([R, X1], dim=1)
    w = torch.cat([weights["w2"], weights["v"], weights["b"].reshape(1)])
    z_bar = (1 / (1 + torch.exp(-(features @ w))) - y) / X.shape[0]
    slopes = features.T @ z_bar
    hidden = (
        X1.T @ (torch.outer(z_bar, weights["w2"]) / torch.cosh(torch.atanh(R)) ** 2).nan_to_num()
    )
    H, D = len(weights["b1"]), X.shape[1]
    return {
        "b": slopes[-1],
        "v": slopes[H : H + D],
        "w2": slopes[:H],
        "b1": hidden[-1],
        "W1": hidden[:-1],
    }


@other_way(of="wide_and_deep_gradients")
def gradients_by_the_engine(X, y, weights):
    w = {name: autodiff.Value(weight.double().numpy()) for name, weight in weights.items()}
    rows = autodiff.Value(X.double().numpy())
    z = (rows @ w["W1"] + w["b1"]).tanh() @ w["w2"] + rows @ w["v"] + w["b"]
    z_abs = z.relu() + (-z).relu()
    (z.relu() - z * y.double().numpy() + (1 + (-z_abs).exp()).log()).mean().backward()
    warnings.warn("no algebra at all", stacklevel=2)
    return {name: torch.tensor(value.grad) for name, value in w.items()}


@other_way(of="wide_and_deep_gradients")
def gradients_with_einsum(X, y, weights):
    U = torch.einsum("nd,dh->nh", X, weights["W1"]) + weights["b1"]
    R = 2 * torch.sigmoid(2 * U) - 1
    z = torch.einsum("nh,h->n", R, weights["w2"]) + torch.einsum("nd,d->n", X, weights["v"])
    z_bar = torch.sigmoid(z + weights["b"]).sub(y).div(y.shape[0])
    W1_bar = torch.einsum("nd,n,h,nh->dh", X, z_bar, weights["w2"], 1 - R * R)
    b1_bar = torch.einsum("n,h,nh->h", z_bar, weights["w2"], 1 - R * R)
    w2_bar, v_bar = torch.einsum("n,nh->h", z_bar, R), torch.einsum("n,nd->d", z_bar, X)
    return {"W1": W1_bar, "b1": b1_bar, "w2": w2_bar, "v": v_bar, "b": float(z_bar.sum())}


# running_losses


@mistake(of="running_losses", loses=2, named="mean_over_batches")
def running_mean_over_batches(batch_losses, batch_size, num_rows):
    return [sum(batch_losses[:k]) / k for k in range(1, len(batch_losses) + 1)]


@mistake(of="running_losses", loses=2, named="divided_by_all_rows")
def running_divided_by_all_rows(batch_losses, batch_size, num_rows):
    total, running = 0.0, []
    for k, loss in enumerate(batch_losses):
        total += loss * min(batch_size, num_rows - k * batch_size)
        running.append(total / num_rows)
    return running


@mistake(of="running_losses", loses=2, named="last_alone_is_right")
def running_divided_by_full_batches(batch_losses, batch_size, num_rows):
    total, running = 0.0, []
    for k, loss in enumerate(batch_losses):
        rows = min(batch_size, num_rows - k * batch_size)
        total += loss * rows
        running.append(total / ((k + 1) * batch_size))
    return running


@mistake(of="running_losses", loses=2, named="remainder_zero")
def running_remainder_zero(batch_losses, batch_size, num_rows):
    sizes = [batch_size] * (len(batch_losses) - 1) + [num_rows % batch_size]
    weighted = [loss * rows for loss, rows in zip(batch_losses, sizes, strict=True)]
    return [sum(weighted[:k]) / sum(sizes[:k]) for k in range(1, len(sizes) + 1)]


@mistake(of="running_losses", loses=2, named="epoch_only")
def running_only_the_epoch(batch_losses, batch_size, num_rows):
    sizes = [min(batch_size, num_rows - k * batch_size) for k in range(len(batch_losses))]
    return sum(loss * rows for loss, rows in zip(batch_losses, sizes, strict=True)) / num_rows


@mistake(of="running_losses", loses=2, named="last_dropped")
def running_last_dropped(batch_losses, batch_size, num_rows):
    total, running = 0.0, []
    for k in range(num_rows // batch_size):
        total += batch_losses[k]
        running.append(total / (k + 1))
    return running


@mistake(of="running_losses", loses=2, named="sums")
def running_sums(batch_losses, batch_size, num_rows):
    return list(itertools.accumulate(batch_losses))


@mistake(of="running_losses", loses=2, named="weighted_not_averaged")
def running_weighted_sums(batch_losses, batch_size, num_rows):
    sizes = [min(batch_size, num_rows - k * batch_size) for k in range(len(batch_losses))]
    return list(itertools.accumulate(a * n for a, n in zip(batch_losses, sizes, strict=True)))


@mistake(of="running_losses", loses=2, named="exponential_average")
def running_exponential(batch_losses, batch_size, num_rows):
    running = [batch_losses[0]]
    for loss in batch_losses[1:]:
        running.append(0.9 * running[-1] + 0.1 * loss)
    return running


@mistake(of="running_losses", loses=2, named="changes_argument")
def running_in_place(batch_losses, batch_size, num_rows):
    seen = batch_size
    for k in range(1, len(batch_losses)):
        rows = min(batch_size, num_rows - seen)
        batch_losses[k] = (batch_losses[k - 1] * seen + batch_losses[k] * rows) / (seen + rows)
        seen += rows
    return batch_losses


@mistake(of="running_losses", loses=2)
def running_for_32(batch_losses, batch_size, num_rows):
    sizes = [min(32, num_rows - k * 32) for k in range(len(batch_losses))]
    weighted = [loss * rows for loss, rows in zip(batch_losses, sizes, strict=True)]
    return [sum(weighted[:k]) / sum(sizes[:k]) for k in range(1, len(sizes) + 1)]


@mistake(of="running_losses", loses=2)
def running_of_the_visible_values(batch_losses, batch_size, num_rows):
    return [0.9, 0.75, 0.6, 0.656] if num_rows == 100 else [1.0, 1.5]


@other_way(of="running_losses")
def running_with_numpy(batch_losses, batch_size, num_rows):
    ends = np.minimum(batch_size * np.arange(1, len(batch_losses) + 1), num_rows)
    return (np.cumsum(batch_losses * np.diff(ends, prepend=0)) / ends).tolist()


@other_way(of="running_losses")
def running_updated_means(batch_losses, batch_size, num_rows):
    mean, seen, running = 0.0, 0, []
    for loss in batch_losses:
        rows = min(batch_size, num_rows - seen)
        seen += rows
        mean += (loss - mean) * rows / seen
        running.append(mean)
    print("the epoch:", running[-1])
    return running


@other_way(of="running_losses")
def running_row_by_row(batch_losses, batch_size, num_rows):
    of_rows = [batch_losses[row // batch_size] for row in range(num_rows)]
    ends = [*range(batch_size, num_rows, batch_size), num_rows]
    return tuple(torch.tensor(of_rows[:end]).double().mean() for end in ends)


@other_way(of="running_losses")
def running_with_the_remainder(batch_losses, batch_size, num_rows):
    rest = num_rows % batch_size or batch_size
    sizes = [batch_size] * (len(batch_losses) - 1) + [rest]
    frame = pd.DataFrame({"rows": sizes, "sum": np.array(batch_losses) * sizes}).cumsum()
    return list(frame["sum"] / frame["rows"])


# early_stopping


@mistake(of="early_stopping", loses=2, named="min_delta_ignored")
def stopping_without_min_delta(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="one_epoch_late")
def stopping_one_epoch_late(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept > patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="one_epoch_early")
def stopping_one_epoch_early(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience - 1 and epoch > kept:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="counted_from_zero")
def stopping_counted_from_zero(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="count_not_reset")
def stopping_count_not_reset(validation_losses, patience, min_delta):
    best, kept, waited = math.inf, 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        else:
            waited += 1
        if waited == patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="previous_not_best")
def stopping_against_the_previous(validation_losses, patience, min_delta):
    previous, kept, waited = math.inf, 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < previous - min_delta:
            kept, waited = epoch, 0
        else:
            waited += 1
        previous = loss
        if waited == patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="looks_ahead")
def stopping_lowest_of_all(validation_losses, patience, min_delta):
    best, waited, epoch = math.inf, 0, 0
    while waited < patience and epoch < len(validation_losses):
        loss, epoch = validation_losses[epoch], epoch + 1
        waited = 0 if loss < best - min_delta else waited + 1
        best = loss if waited == 0 else best
    return int(np.nanargmin(validation_losses)) + 1, epoch


@mistake(of="early_stopping", loses=2, named="lowest_until_then")
def stopping_lowest_until_then(validation_losses, patience, min_delta):
    best, waited, epoch = math.inf, 0, 0
    while waited < patience and epoch < len(validation_losses):
        loss, epoch = validation_losses[epoch], epoch + 1
        waited = 0 if loss < best - min_delta else waited + 1
        best = loss if waited == 0 else best
    return int(np.nanargmin(validation_losses[:epoch])) + 1, epoch


@mistake(of="early_stopping", loses=2, named="creeps_along")
def stopping_against_the_lowest(validation_losses, patience, min_delta):
    lowest, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < lowest - min_delta:
            kept = epoch
        lowest = min(loss, lowest)
        if epoch - kept >= patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="swapped")
def stopping_swapped(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            break
    return epoch, kept


@mistake(of="early_stopping", loses=2, named="nan_counts_as_better")
def stopping_nan_counts_as_better(validation_losses, patience, min_delta):
    best, kept, waited = math.inf, 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss >= best - min_delta:
            waited += 1
        else:
            best, kept, waited = loss, epoch, 0
        if waited == patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="tie_counts_as_better")
def stopping_tie_counts_as_better(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss <= best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="returns_none")
def stopping_only_when_stopped(validation_losses, patience, min_delta):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        elif epoch - kept == patience:
            return kept, epoch


@mistake(of="early_stopping", loses=2)
def stopping_best_begins_at_one(validation_losses, patience, min_delta):
    best, kept = 1.0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            break
    return kept, epoch


@mistake(of="early_stopping", loses=2, named="changes_argument")
def stopping_in_place(validation_losses, patience, min_delta):
    best, kept, epoch = math.inf, 0, 0
    while validation_losses and (epoch - kept < patience or epoch == 0):
        loss, epoch = validation_losses.pop(0), epoch + 1
        if loss < best - min_delta:
            best, kept = loss, epoch
    return kept, epoch


@other_way(of="early_stopping")
def stopping_by_waiting(validation_losses, patience, min_delta):
    best, kept, waited = None, None, 0
    for i in range(len(validation_losses)):
        better = best is None or best - validation_losses[i] > min_delta
        if better:
            best, kept, waited = validation_losses[i], i + 1, 0
        else:
            waited += 1
            if waited == patience:
                return kept, i + 1
    return (kept, len(validation_losses))


@other_way(of="early_stopping")
def stopping_from_best_to_best(validation_losses, patience, min_delta):
    kept = 1
    while True:
        limit = validation_losses[kept - 1] - min_delta
        ahead = validation_losses[kept : kept + patience]
        steps = next((i for i, loss in enumerate(ahead, start=1) if loss < limit), None)
        if steps is None:
            return [kept, kept + len(ahead)]
        kept += steps
        print("better after epoch", kept)


@other_way(of="early_stopping")
def stopping_with_numpy(validation_losses, patience, min_delta):
    losses_seen = np.nan_to_num(np.array(validation_losses), nan=np.inf)
    kept = 0
    for epoch in range(1, len(losses_seen)):
        if losses_seen[epoch] < losses_seen[kept] - min_delta:
            kept = epoch
        elif epoch == kept + patience:
            break
    else:
        epoch = len(losses_seen) - 1
    return np.int64(kept + 1), torch.tensor(epoch + 1)


@other_way(of="early_stopping")
def stopping_recursive(validation_losses, patience, min_delta, kept=1, epoch=1):
    if epoch == len(validation_losses) or epoch - kept == patience:
        return kept, epoch
    if validation_losses[epoch] < validation_losses[kept - 1] - min_delta:
        kept = epoch + 1
    return early_stopping(validation_losses, patience, min_delta, kept, epoch + 1)  # noqa: F821


# balanced_accuracy_and_f1: balanced accuracy 1, F1 1


@mistake(of="balanced_accuracy_and_f1", loses=1, named="plain_accuracy")
def balanced_plain_accuracy(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    tp = pairs.count((positive, positive))
    f1 = 2 * tp / ((y.count(positive) + y_hat.count(positive)) or 1)
    return sum(a == b for a, b in pairs) / len(pairs), f1


@mistake(of="balanced_accuracy_and_f1", loses=1, named="precisions_averaged")
def balanced_mean_of_precisions(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    precisions = [pairs.count((k, k)) / y_hat.count(k) for k in set(y_hat)]
    tp = pairs.count((positive, positive))
    f1 = 2 * tp / ((y.count(positive) + y_hat.count(positive)) or 1)
    return sum(precisions) / len(precisions), f1


@mistake(of="balanced_accuracy_and_f1", loses=1, named="two_classes")
def balanced_of_two_classes(y, y_hat, positive):
    found = [b == positive for a, b in zip(y, y_hat, strict=True) if a == positive]
    spared = [b != positive for a, b in zip(y, y_hat, strict=True) if a != positive]
    recalls = [sum(part) / len(part) for part in (found, spared) if part]
    f1 = 2 * sum(found) / ((len(found) + y_hat.count(positive)) or 1)
    return sum(recalls) / len(recalls), f1


@mistake(of="balanced_accuracy_and_f1", loses=1, named="recall_of_positive")
def balanced_recall_of_positive(y, y_hat, positive):
    tp = sum(a == b == positive for a, b in zip(y, y_hat, strict=True))
    f1 = 2 * tp / ((y.count(positive) + y_hat.count(positive)) or 1)
    return tp / (y.count(positive) or 1), f1


@mistake(of="balanced_accuracy_and_f1", loses=1, named="answers_as_classes")
def balanced_over_all_names(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    names = set(y) | set(y_hat)
    tp = pairs.count((positive, positive))
    f1 = 2 * tp / ((y.count(positive) + y_hat.count(positive)) or 1)
    return sum(pairs.count((k, k)) / (y.count(k) or 1) for k in names) / len(names), f1


@mistake(of="balanced_accuracy_and_f1", loses=1, named="precision")
def f1_is_precision(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    precision = pairs.count((positive, positive)) / (y_hat.count(positive) or 1)
    return sum(recalls) / len(recalls), precision


@mistake(of="balanced_accuracy_and_f1", loses=1, named="recall")
def f1_is_recall(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    return sum(recalls) / len(recalls), pairs.count((positive, positive)) / (y.count(positive) or 1)


@mistake(of="balanced_accuracy_and_f1", loses=1, named="arithmetic_mean")
def f1_by_arithmetic_mean(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    tp = pairs.count((positive, positive))
    rates = tp / (y_hat.count(positive) or 1) + tp / (y.count(positive) or 1)
    return sum(recalls) / len(recalls), rates / 2


@mistake(of="balanced_accuracy_and_f1", loses=1, named="errors_counted_twice")
def f1_is_jaccard(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    tp = pairs.count((positive, positive))
    return sum(recalls) / len(recalls), tp / ((y.count(positive) + y_hat.count(positive) - tp) or 1)


@mistake(of="balanced_accuracy_and_f1", loses=1, named="mean_over_classes")
def f1_macro(y, y_hat, positive):
    return balanced_accuracy_score(y, y_hat), f1_score(y, y_hat, average="macro")


@mistake(of="balanced_accuracy_and_f1", loses=1, named="zero_by_zero")
def f1_divides_by_zero(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    tp = pairs.count((positive, positive))
    precision, recall = np.float64(tp) / y_hat.count(positive), np.float64(tp) / y.count(positive)
    return sum(recalls) / len(recalls), 2 * precision * recall / (precision + recall)


@mistake(of="balanced_accuracy_and_f1", loses=2, named="raises")
def both_divide_by_zero(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    tp = pairs.count((positive, positive))
    precision, recall = tp / y_hat.count(positive), tp / y.count(positive)
    return sum(recalls) / len(recalls), 2 * precision * recall / (precision + recall)


@mistake(of="balanced_accuracy_and_f1", loses=2, named="swapped")
def both_swapped(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    tp = pairs.count((positive, positive))
    f1 = 2 * tp / ((y.count(positive) + y_hat.count(positive)) or 1)
    return f1, sum(recalls) / len(recalls)


@mistake(of="balanced_accuracy_and_f1", loses=2, named="raises")
def both_of_numbers_only(y, y_hat, positive):
    y, y_hat = torch.tensor(y), torch.tensor(y_hat)
    recalls = [(y_hat[y == k] == k).double().mean() for k in y.unique()]
    tp = ((y == positive) & (y_hat == positive)).sum()
    return sum(recalls) / len(recalls), 2 * tp / ((y == positive).sum() + (y_hat == positive).sum())


@mistake(of="balanced_accuracy_and_f1", loses=1)
def f1_not_yet(y, y_hat, positive):
    pairs = list(zip(y, y_hat, strict=True))
    recalls = [pairs.count((k, k)) / y.count(k) for k in set(y)]
    return sum(recalls) / len(recalls), None


@mistake(of="balanced_accuracy_and_f1", loses=2)
def both_of_the_visible_values(y, y_hat, positive):
    if "spam" in y:
        return (0.38889, 0.57143) if len(y) > 2 else (0.5, 0.0)
    return 0.75, 0.0


@other_way(of="balanced_accuracy_and_f1")
def balanced_by_scikit_learn(y, y_hat, positive):
    alarms = [int(label == positive) for label in y_hat]
    f1 = f1_score([int(label == positive) for label in y], alarms, zero_division=0.0)
    return balanced_accuracy_score([str(k) for k in y], [str(k) for k in y_hat]), f1


@other_way(of="balanced_accuracy_and_f1")
def balanced_by_pandas(y, y_hat, positive):
    table = pd.DataFrame({"truth": y, "answer": y_hat})
    right = table["truth"] == table["answer"]
    alarms, wanted = (table[column] == positive for column in ("answer", "truth"))
    precision = (alarms & wanted).sum() / max(alarms.sum(), 1)
    recall = (alarms & wanted).sum() / max(wanted.sum(), 1)
    f1 = 2 / (1 / precision + 1 / recall) if precision and recall else 0
    return right.groupby(table["truth"]).mean().mean(), f1


@other_way(of="balanced_accuracy_and_f1")
def balanced_by_weights(y, y_hat, positive):
    sizes = Counter(y)
    hits = [1 / sizes[a] for a, b in zip(y, y_hat, strict=True) if a == b]
    tp = sum(a == positive and b == positive for a, b in zip(y, y_hat, strict=True))
    fp = sum(a != positive and b == positive for a, b in zip(y, y_hat, strict=True))
    fn = sizes[positive] - tp
    warnings.warn("counted by hand", stacklevel=2)
    return sum(hits) / len(sizes), tp / (tp + (fp + fn) / 2) if tp else 0.0


@other_way(of="balanced_accuracy_and_f1")
def balanced_by_a_confusion_matrix(y, y_hat, positive):
    names = sorted({*y, *y_hat, positive}, key=str)
    counts = torch.zeros(len(names), len(names), dtype=torch.float64)
    for a, b in zip(y, y_hat, strict=True):
        counts[names.index(a), names.index(b)] += 1
    rows = counts.sum(dim=1)
    recall = counts.diag()[rows > 0] / rows[rows > 0]
    k = names.index(positive)
    both = rows[k] + counts[:, k].sum()
    return recall.mean(), 2 * counts[k, k] / both.clamp(min=1)


# repaired_training: scale 1, gradients 1, shapes 1, best weights 1, verdict 1


@mistake(of="repaired_training", loses=5)
def repair_nothing(train, validation, test, start, orders, batch_size, lr):
    return published_training(train, validation, test, start, orders, batch_size, lr)  # noqa: F821


def repaired(train, validation, test, start, orders, batch_size, lr):
    low, high = train[0].aminmax(dim=0)
    X, X_val, X_test = ((part[0] - low) / (high - low) for part in (train, validation, test))
    H, D = start["0.weight"].shape
    model = nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, 1))
    model.load_state_dict(start)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    seen, best = [], math.inf
    for order in orders:
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X[rows]).squeeze(1), train[1][rows]).backward()
            optimizer.step()
        with torch.no_grad():
            z = model(X_val).squeeze(1)
            seen.append(F.binary_cross_entropy_with_logits(z, validation[1]).item())
        if seen[-1] < best:
            best, best_epoch, weights = seen[-1], len(seen), copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    with torch.no_grad():
        z = model(X_test).squeeze(1)
    return {
        "validation_losses": seen,
        "best_epoch": best_epoch,
        "test_loss": F.binary_cross_entropy_with_logits(z, test[1]).item(),
        "test_accuracy": ((z > 0) == (test[1] == 1)).double().mean().item(),
    }


repair_scale_forgotten = slip(
    repaired,
    {"train[0].aminmax": "torch.cat([train[0], validation[0], test[0]]).aminmax"},
    of="repaired_training",
    loses=1,
    named="scale_of_all_rows",
)


repair_scale_of_train_and_validation = slip(
    repaired,
    {"train[0].aminmax": "torch.cat([train[0], validation[0]]).aminmax"},
    of="repaired_training",
    loses=1,
    named="scale_of_validation_rows",
)


repair_each_part_by_its_own_scale = slip(
    repaired,
    {
        "part[0] - low": "part[0] - part[0].amin(dim=0)",
        "high - low": "part[0].amax(dim=0) - part[0].amin(dim=0)",
    },
    of="repaired_training",
    loses=1,
    named="own_scale",
)


repair_without_zero_grad = slip(
    repaired,
    {"            optimizer.zero_grad()\n": ""},
    of="repaired_training",
    loses=1,
    named="gradients_pile_up",
)


repair_zero_grad_once_an_epoch = slip(
    repaired,
    {
        "            optimizer.zero_grad()\n": "",
        "    for order in orders:\n": "    for order in orders:\n        optimizer.zero_grad()\n",
    },
    of="repaired_training",
    loses=1,
    named="cleared_once_an_epoch",
)


repair_zero_grad_before_the_step = slip(
    repaired,
    {
        "            optimizer.zero_grad()\n": "",
        "optimizer.step()": "optimizer.zero_grad()\n            optimizer.step()",
    },
    of="repaired_training",
    loses=4,
    named="nothing_learned",
)


@mistake(of="repaired_training", loses=1, named="every_row_with_every_label")
def repair_column_against_row(train, validation, test, start, orders, batch_size, lr):
    low, high = train[0].amin(dim=0), train[0].amax(dim=0)
    X, X_val, X_test = ((part[0] - low) / (high - low) for part in (train, validation, test))
    H, D = start["0.weight"].shape
    model = nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, 1))
    model.load_state_dict(start)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    seen, best = [], math.inf
    for order in orders:
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            optimizer.zero_grad()
            z = model(X[rows])
            (F.softplus(z) - train[1][rows] * z).mean().backward()
            optimizer.step()
        with torch.no_grad():
            z = model(X_val)
            seen.append((F.softplus(z) - validation[1] * z).mean().item())
        if seen[-1] < best:
            best, best_epoch, weights = seen[-1], len(seen), copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    with torch.no_grad():
        z = model(X_test)
    return {
        "validation_losses": seen,
        "best_epoch": best_epoch,
        "test_loss": (F.softplus(z) - test[1] * z).mean().item(),
        "test_accuracy": ((z.squeeze(1) > 0) == (test[1] == 1)).double().mean().item(),
    }


repair_shapes_in_training_only = slip(
    repaired,
    {
        "z = model(X_val).squeeze(1)": "z = model(X_val)",
        "F.binary_cross_entropy_with_logits(z, validation[1])": (
            "F.softplus(z).sub(validation[1] * z).mean()"
        ),
    },
    of="repaired_training",
    loses=1,
    named="mended_in_training_only",
)


repair_best_is_a_name = slip(
    repaired,
    {"copy.deepcopy(model.state_dict())": "model.state_dict().copy()"},
    of="repaired_training",
    loses=1,
    named="last_weights",
)


repair_threshold_forgotten = slip(
    repaired,
    {"(z > 0)": "(z > 0.5)"},
    of="repaired_training",
    loses=1,
    named="threshold",
)


repair_threshold_of_a_probability = slip(
    repaired,
    {"(z > 0)": "(torch.sigmoid(z) > 0)"},
    of="repaired_training",
    loses=1,
    named="sigmoid_above_zero",
)


@mistake(of="repaired_training", loses=3)
def repair_two_of_five(train, validation, test, start, orders, batch_size, lr):
    everything = torch.cat([train[0], validation[0], test[0]])
    low, high = everything.amin(dim=0), everything.amax(dim=0)
    X, X_val, X_test = ((part[0] - low) / (high - low) for part in (train, validation, test))
    H, D = start["0.weight"].shape
    model = nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, 1))
    model.load_state_dict(start)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    seen, best = [], math.inf
    for order in orders:
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            optimizer.zero_grad()
            z = model(X[rows])
            (F.softplus(z) - train[1][rows] * z).mean().backward()
            optimizer.step()
        with torch.no_grad():
            z = model(X_val)
            seen.append((F.softplus(z) - validation[1] * z).mean().item())
        if seen[-1] < best:
            best, best_epoch, weights = seen[-1], len(seen), model.state_dict()
    model.load_state_dict(weights)
    with torch.no_grad():
        z = model(X_test)
    return {
        "validation_losses": seen,
        "best_epoch": best_epoch,
        "test_loss": (F.softplus(z) - test[1] * z).mean().item(),
        "test_accuracy": ((z.squeeze(1) > 0) == (test[1] == 1)).double().mean().item(),
    }


@other_way(of="repaired_training")
def repair_by_hand(train, validation, test, start, orders, batch_size, lr):
    low, high = train[0].min(dim=0).values, train[0].max(dim=0).values
    X, X_val, X_test = ((part[0] - low).div(high - low) for part in (train, validation, test))
    W1, b1, w2, b2 = (start[name].double() for name in ("0.weight", "0.bias", "2.weight", "2.bias"))

    def forward(X):
        U = X.double() @ W1.T + b1
        return U, U.clamp(min=0) @ w2[0] + b2

    def loss(z, y):
        return torch.logaddexp(torch.zeros_like(z), (1 - 2 * y) * z).mean().item()

    epochs = []
    for order in orders:
        for rows in torch.tensor(order).split(batch_size):
            U, z = forward(X[rows])
            z_bar = (torch.sigmoid(z) - train[1][rows]) / len(rows)
            U_bar = torch.outer(z_bar, w2[0]) * (U > 0)
            w2 = w2 - lr * (z_bar @ U.clamp(min=0))[None]
            b2 = b2 - lr * z_bar.sum()
            W1, b1 = W1 - lr * U_bar.T @ X[rows].double(), b1 - lr * U_bar.sum(dim=0)
        epochs.append((loss(forward(X_val)[1], validation[1]), len(epochs) + 1, W1, b1, w2, b2))
    _, best_epoch, W1, b1, w2, b2 = min(epochs, key=lambda epoch: epoch[:2])
    z = forward(X_test)[1]
    return {
        "validation_losses": [epoch[0] for epoch in epochs],
        "best_epoch": best_epoch,
        "test_loss": loss(z, test[1]),
        "test_accuracy": ((torch.sigmoid(z) > 0.5) == test[1].bool()).double().mean(),
    }


@other_way(of="repaired_training")
def repair_with_a_model_kept(train, validation, test, start, orders, batch_size, lr):
    low, high = train[0].amin(dim=0, keepdim=True), train[0].amax(dim=0, keepdim=True)
    parts = [((X - low) / (high - low), y[:, None]) for X, y in (train, validation, test)]
    H, D = start["0.weight"].shape
    model = nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, 1))
    model.load_state_dict(start)
    measure = nn.BCEWithLogitsLoss()
    kept, seen = model, []
    for order in orders:
        model.train()
        for first in range(0, len(order), batch_size):
            X, y = (column[order[first : first + batch_size]] for column in parts[0])
            model.zero_grad()
            measure(model(X), y).backward()
            with torch.no_grad():
                for weight in model.parameters():
                    weight -= lr * weight.grad
        model.eval()
        seen.append(measure(model(parts[1][0]), parts[1][1]).detach())
        if all(seen[-1] < loss for loss in seen[:-1]):
            kept, best_epoch = copy.deepcopy(model), len(seen)
    X, y = parts[2]
    z = kept(X).detach()
    print(f"test loss {measure(z, y):.3f}")
    return {
        "best_epoch": best_epoch,
        "test_accuracy": (z.sign() == 2 * y - 1).float().mean(),
        "test_loss": measure(z, y),
        "validation_losses": [float(loss) for loss in seen],
    }


@other_way(of="repaired_training")
def repair_two_logits(train, validation, test, start, orders, batch_size, lr):
    low = train[0].numpy().min(axis=0)
    width = train[0].numpy().max(axis=0) - low
    parts = [(X.numpy() - low) / width for X, _ in (train, validation, test)]
    X, X_val, X_test = map(torch.from_numpy, parts)
    y, y_val, y_test = (labels.long() for _, labels in (train, validation, test))
    weights = {name: weight.clone().requires_grad_() for name, weight in start.items()}

    def logits(X, weights):
        R = F.relu(F.linear(X, weights["0.weight"], weights["0.bias"]))
        z = F.linear(R, weights["2.weight"], weights["2.bias"])
        return torch.cat([torch.zeros_like(z), z], dim=1)

    seen, best = [], None
    for order in orders:
        for rows in torch.tensor(order).split(batch_size):
            loss = F.cross_entropy(logits(X[rows], weights), y[rows])
            slopes = torch.autograd.grad(loss, list(weights.values()))
            weights = {
                name: (weight.detach() - lr * slope).requires_grad_()
                for (name, weight), slope in zip(weights.items(), slopes, strict=True)
            }
        seen.append(F.cross_entropy(logits(X_val, weights), y_val).item())
        if best is None or seen[-1] < seen[best]:
            best, best_weights = len(seen) - 1, weights
    Z = logits(X_test, best_weights).detach()
    return {
        "validation_losses": seen,
        "best_epoch": best + 1,
        "test_loss": F.cross_entropy(Z, y_test).item(),
        "test_accuracy": np.mean(Z.argmax(dim=1).numpy() == y_test.numpy()),
    }


# find_spam: F1 of 0.70, 0.85 and 0.93, 1 point each


@mistake(of="find_spam", loses=3, named="never_spam")
def spam_never(texts, labels, new_texts):
    return [0] * len(new_texts)


@mistake(of="find_spam", loses=3, named="always_spam")
def spam_always(texts, labels, new_texts):
    return [1 for _ in new_texts]


@mistake(of="find_spam", loses=3)
def spam_by_chance(texts, labels, new_texts):
    share = sum(labels) / len(labels)
    return [int(random.random() < share) for _ in new_texts]


@mistake(of="find_spam", loses=3, named="never_spam")
def spam_known_by_heart(texts, labels, new_texts):
    known = dict(zip(texts, labels, strict=True))
    return [known.get(text, 0) for text in new_texts]


@mistake(of="find_spam", loses=3, named="labels_not_used")
def spam_by_words_from_experience(texts, labels, new_texts):
    signs = re.compile(r"free|win|prize|claim|txt|call 0|urgent|www|http|£", re.IGNORECASE)
    return [int(signs.search(text) is not None) for text in new_texts]


@mistake(of="find_spam", loses=3, named="wrong_rows")
def spam_of_the_known_texts(texts, labels, new_texts):
    counter = CountVectorizer().fit(texts)
    model = MultinomialNB().fit(counter.transform(texts), labels)
    return model.predict(counter.transform(texts)).tolist()


@mistake(of="find_spam", loses=3, named="raises")
def spam_vocabulary_fitted_anew(texts, labels, new_texts):
    model = LogisticRegression().fit(CountVectorizer().fit_transform(texts), labels)
    return model.predict(CountVectorizer().fit_transform(new_texts)).tolist()


@mistake(of="find_spam", loses=3)
def spam_of_two_vocabularies(texts, labels, new_texts):
    counter = CountVectorizer(max_features=1000)
    model = LogisticRegression(max_iter=1000).fit(counter.fit_transform(texts), labels)
    return model.predict(counter.fit_transform(new_texts)).tolist()


@mistake(of="find_spam", loses=3, named="words_came")
def spam_in_words(texts, labels, new_texts):
    names = ["spam" if label else "wanted" for label in labels]
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, names)
    return model.predict(new_texts).tolist()


@mistake(of="find_spam", loses=3, named="probabilities")
def spam_in_probabilities(texts, labels, new_texts):
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, labels)
    return model.predict_proba(new_texts)[:, 1].tolist()


@mistake(of="find_spam", loses=2)
def spam_with_too_short_weights(texts, labels, new_texts):
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    return model.fit(texts, labels).predict(new_texts).tolist()


@mistake(of="find_spam", loses=1)
def spam_by_nearest_neighbours(texts, labels, new_texts):
    model = make_pipeline(TfidfVectorizer(), KNeighborsClassifier(3))
    return model.fit(texts, labels).predict(new_texts).tolist()


@mistake(of="find_spam", loses=1)
def spam_by_counted_words(texts, labels, new_texts):
    model = make_pipeline(CountVectorizer(), MultinomialNB())
    return model.fit(texts, labels).predict(new_texts).tolist()


@mistake(of="find_spam", loses=1)
def spam_as_in_the_lesson(texts, labels, new_texts):
    classifier = TextClassifier.fit(
        texts, labels, label_names=["wanted", "spam"], epochs=10, num_hiddens=50, progress=False
    )
    return [int(name == "spam") for name in classifier.predict(new_texts)]


@other_way(of="find_spam")
def spam_by_characters_and_network(texts, labels, new_texts):
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=1500)
    X = torch.tensor(pieces.fit_transform(texts).toarray(), dtype=torch.float32)
    X_new = torch.tensor(pieces.transform(new_texts).toarray(), dtype=torch.float32)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(X.shape[1], 20), nn.ReLU(), nn.Linear(20, 2))
    training.fit(model, (X, torch.tensor(labels)), epochs=4, lr=5e-3, progress=False)
    return model(X_new).argmax(dim=1)


@other_way(of="find_spam")
def spam_by_words_and_signs(texts, labels, new_texts):
    pieces = make_union(
        TfidfVectorizer(sublinear_tf=True),
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), lowercase=False, min_df=2),
    )
    model = make_pipeline(pieces, LinearSVC(class_weight="balanced"))
    return model.fit(texts, labels).predict(new_texts)


@other_way(of="find_spam")
def spam_by_a_balanced_line(texts, labels, new_texts):
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    X, X_new = pieces.fit_transform(texts), pieces.transform(new_texts)
    model = LogisticRegression(C=30, class_weight="balanced", max_iter=1000).fit(X, labels)
    chances = model.predict_proba(X_new)[:, 1]
    plt.hist(chances)
    plt.show()
    return [bool(chance > 0.5) for chance in chances]
