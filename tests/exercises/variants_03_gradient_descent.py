"""What students write in problem set 03, wrong and right. `variants.py` says how to add to it."""

import math
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

from tests.exercises.variants import mistake, other_way

# descent_step


@mistake(of="descent_step", loses=2, named="uphill")
def step_uphill(weights, gradients, lr):
    return {name: w + lr * gradients.get(name, 0) for name, w in weights.items()}


@mistake(of="descent_step", loses=2, named="lr_ignored")
def step_without_lr(weights, gradients, lr):
    return {name: w - gradients.get(name, 0) for name, w in weights.items()}


@mistake(of="descent_step", loses=2, named="paired_by_order")
def step_paired_by_order(weights, gradients, lr):
    new = dict(weights)
    for name, g in zip(weights, gradients.values(), strict=False):
        new[name] = weights[name] - lr * g
    return new


@mistake(of="descent_step", loses=2, named="paired_by_order")
def step_zipped(weights, gradients, lr):
    pairs = zip(weights.items(), gradients.values(), strict=False)
    return {name: w - lr * g for (name, w), g in pairs}


@mistake(of="descent_step", loses=2, named="frozen_dropped")
def step_only_what_has_a_gradient(weights, gradients, lr):
    return {name: weights[name] - lr * g for name, g in gradients.items()}


@mistake(of="descent_step", loses=2, named="raises")
def step_wants_every_gradient(weights, gradients, lr):
    return {name: w - lr * gradients[name] for name, w in weights.items()}


@mistake(of="descent_step", loses=2, named="step_not_weights")
def step_alone(weights, gradients, lr):
    return {name: -lr * gradients.get(name, torch.zeros_like(w)) for name, w in weights.items()}


@mistake(of="descent_step", loses=2, named="first_only")
def step_returns_inside_the_loop(weights, gradients, lr):
    new = dict(weights)
    for name in weights:
        if name in gradients:
            new[name] = weights[name] - lr * gradients[name]
        return new


@mistake(of="descent_step", loses=2, named="normalised")
def step_of_unit_length(weights, gradients, lr):
    new = dict(weights)
    for name, g in gradients.items():
        new[name] = weights[name] - lr * g / g.norm()
    return new


@mistake(of="descent_step", loses=2, named="changes_argument")
def step_in_place(weights, gradients, lr):
    for name, g in gradients.items():
        weights[name] -= lr * g
    return weights


@mistake(of="descent_step", loses=2, named="changes_argument")
def step_into_the_same_dict(weights, gradients, lr):
    new = weights
    for name, g in gradients.items():
        new[name] = weights[name] - lr * g
    return new


@mistake(of="descent_step", loses=2)
def step_of_the_visible_names(weights, gradients, lr):
    w, v = weights["w"] - lr * gradients["w"], weights["v"] - lr * gradients["v"]
    return {"w": w, "v": v, "frozen": weights["frozen"]}


@other_way(of="descent_step")
def step_loop(weights, gradients, lr):
    new = {}
    for name in weights:
        new[name] = weights[name].clone()
        if name in gradients:
            new[name].sub_(gradients[name], alpha=lr)
    return new


@other_way(of="descent_step")
def step_merged(weights, gradients, lr):
    return weights | {name: weights[name] - lr * g for name, g in gradients.items()}


@other_way(of="descent_step")
def step_ready_made(weights, gradients, lr):
    new = {name: w.clone().requires_grad_() for name, w in weights.items()}
    for name, g in gradients.items():
        new[name].grad = g.clone()
    torch.optim.SGD(new.values(), lr=lr).step()
    return {name: w.detach() for name, w in new.items()}


@other_way(of="descent_step")
def step_double_and_noisy(weights, gradients, lr):
    warnings.warn("computed in double precision", stacklevel=2)
    zero = torch.zeros((), dtype=torch.float64)
    return {name: w.double() - lr * gradients.get(name, zero) for name, w in weights.items()}


# largest_stable_step


@mistake(of="largest_stable_step", loses=2, named="factor_2")
def stable_half_the_hessian(X, penalty):
    hessian = X.T @ X / len(X) + penalty * torch.eye(X.shape[1])
    return 2 / torch.linalg.eigvalsh(hessian)[-1]


@mistake(of="largest_stable_step", loses=2, named="penalty_everywhere")
def limit_with_penalty_in_every_entry(X, penalty):
    return 2 / torch.linalg.eigvalsh(2 * X.T @ X / len(X) + 2 * penalty)[-1]


@mistake(of="largest_stable_step", loses=2, named="another_loss")
def limit_of_the_logistic_loss(X, penalty):
    return 2 / (torch.linalg.eigvalsh(X.T @ X / (4 * len(X)))[-1] + 2 * penalty)


@mistake(of="largest_stable_step", loses=2, named="half_as_large")
def stable_one_over_lambda(X, penalty):
    hessian = 2 * X.T @ X / len(X) + 2 * penalty * torch.eye(X.shape[1])
    return 1 / torch.linalg.eigvalsh(hessian)[-1]


@mistake(of="largest_stable_step", loses=2, named="sum_not_mean")
def stable_for_the_sum(X, penalty):
    hessian = 2 * X.T @ X + 2 * penalty * torch.eye(X.shape[1])
    return 2 / torch.linalg.eigvalsh(hessian)[-1]


@mistake(of="largest_stable_step", loses=2, named="penalty_forgotten")
def stable_without_penalty(X, penalty):
    return 2 / torch.linalg.eigvalsh(2 * X.T @ X / len(X))[-1]


@mistake(of="largest_stable_step", loses=2, named="penalty_halved")
def stable_penalty_halved(X, penalty):
    hessian = 2 * X.T @ X / len(X) + penalty * torch.eye(X.shape[1])
    return 2 / torch.linalg.eigvalsh(hessian)[-1]


@mistake(of="largest_stable_step", loses=2, named="smallest_eigenvalue")
def stable_by_the_flattest_direction(X, penalty):
    hessian = 2 * X.T @ X / len(X) + 2 * penalty * torch.eye(X.shape[1])
    return 2 / torch.linalg.eigvalsh(hessian)[0]


@mistake(of="largest_stable_step", loses=2, named="trace")
def stable_by_the_trace(X, penalty):
    hessian = 2 * X.T @ X / len(X) + 2 * penalty * torch.eye(X.shape[1])
    return 2 / torch.trace(hessian)


@mistake(of="largest_stable_step", loses=2, named="singular_value")
def stable_singular_value_not_squared(X, penalty):
    return 1 / (torch.linalg.svdvals(X)[0] / len(X) + penalty)


@mistake(of="largest_stable_step", loses=2, named="divided_by_columns")
def stable_divided_by_columns(X, penalty):
    return 1 / (torch.linalg.svdvals(X)[0] ** 2 / X.shape[1] + penalty)


@mistake(of="largest_stable_step", loses=2, named="best_step")
def stable_fastest_step(X, penalty):
    hessian = 2 * X.T @ X / len(X) + 2 * penalty * torch.eye(X.shape[1])
    eigenvalues = torch.linalg.eigvalsh(hessian)
    return 2 / (eigenvalues[0] + eigenvalues[-1])


@mistake(of="largest_stable_step", loses=2)
def stable_of_four_rows(X, penalty):
    return 1 / (torch.linalg.svdvals(X)[0] ** 2 / 4 + penalty)


@mistake(of="largest_stable_step", loses=2)
def stable_of_the_visible_values(X, penalty):
    if len(X) == 1:
        return 0.11111
    return 0.28668 if penalty else 0.33465


@other_way(of="largest_stable_step")
def stable_singular_value(X, penalty):
    return 1 / (torch.linalg.matrix_norm(X, ord=2) ** 2 / len(X) + penalty)


@other_way(of="largest_stable_step")
def stable_power_iteration(X, penalty):
    v = torch.ones(X.shape[1], dtype=torch.float64)
    for _ in range(1000):
        Hv = 2 * X.double().T @ (X.double() @ v) / len(X) + 2 * penalty * v
        v = Hv / Hv.norm()
    return 2 / Hv.norm().item()


@other_way(of="largest_stable_step")
def stable_gram_numpy(X, penalty):
    rows = X.numpy()
    eigenvalues = np.linalg.eigvalsh(rows @ rows.T)
    print("eigenvalues of the Gram matrix:", eigenvalues)
    return 1 / (eigenvalues.max() / rows.shape[0] + penalty)


@other_way(of="largest_stable_step")
def stable_hessian_by_autograd(X, penalty):
    def loss(w):
        return ((X @ w) ** 2).mean() + penalty * (w**2).sum()

    hessian = torch.autograd.functional.hessian(loss, torch.zeros(X.shape[1], dtype=X.dtype))
    return 2 / torch.linalg.eigvals(hessian).real.max()


# epoch_minibatches: each row once 2, shuffled 1


@mistake(of="epoch_minibatches", loses=2, named="last_dropped")
def batches_last_dropped(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    whole = [order[i * batch_size : (i + 1) * batch_size] for i in range(len(y) // batch_size)]
    return [(X[rows], y[rows]) for rows in whole]


@mistake(of="epoch_minibatches", loses=2, named="last_filled_up")
def batches_last_filled_up(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    order = torch.cat([order, order[: -len(y) % batch_size]])
    return [(X[rows], y[rows]) for rows in order.split(batch_size)]


@mistake(of="epoch_minibatches", loses=2, named="even_sizes")
def batches_of_even_sizes(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    number = math.ceil(len(y) / batch_size)
    return [(X[rows], y[rows]) for rows in order.tensor_split(number)]


@mistake(of="epoch_minibatches", loses=2, named="empty_batch")
def batches_with_an_empty_one(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    batches = []
    for k in range(len(y) // batch_size + 1):
        rows = order[k * batch_size : (k + 1) * batch_size]
        batches.append((X[rows], y[rows]))
    return batches


@mistake(of="epoch_minibatches", loses=2, named="number_of_batches")
def batches_size_taken_for_number(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return [(X[rows], y[rows]) for rows in order.chunk(batch_size)]


@mistake(of="epoch_minibatches", loses=2, named="replacement")
def batches_with_replacement(X, y, batch_size, seed):
    order = torch.randint(len(y), (len(y),), generator=torch.Generator().manual_seed(seed))
    return [(X[rows], y[rows]) for rows in order.split(batch_size)]


@mistake(of="epoch_minibatches", loses=2, named="labels_apart")
def batches_labels_shuffled_apart(X, y, batch_size, seed):
    random = torch.Generator().manual_seed(seed)
    X = X[torch.randperm(len(y), generator=random)]
    y = y[torch.randperm(len(y), generator=random)]
    return list(zip(X.split(batch_size), y.split(batch_size), strict=True))


@mistake(of="epoch_minibatches", loses=2, named="labels_apart")
def batches_labels_not_shuffled(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return list(zip(X[order].split(batch_size), y.split(batch_size), strict=True))


@mistake(of="epoch_minibatches", loses=1, named="not_shuffled")
def batches_in_the_order_of_the_data(X, y, batch_size, seed):
    return list(zip(X.split(batch_size), y.split(batch_size), strict=True))


@mistake(of="epoch_minibatches", loses=1, named="seed_ignored")
def batches_always_alike(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    return [(X[rows], y[rows]) for rows in order.split(batch_size)]


@mistake(of="epoch_minibatches", loses=1, named="not_repeatable")
def batches_never_alike(X, y, batch_size, seed):
    order = torch.randperm(len(y))
    return [(X[rows], y[rows]) for rows in order.split(batch_size)]


@mistake(of="epoch_minibatches", loses=1, named="blocks")
def batches_shuffled_as_blocks(X, y, batch_size, seed):
    blocks = list(zip(X.split(batch_size), y.split(batch_size), strict=True))
    short = blocks.pop() if len(y) % batch_size else None
    order = torch.randperm(len(blocks), generator=torch.Generator().manual_seed(seed)).tolist()
    return [blocks[i] for i in order] + ([short] if short else [])


@mistake(of="epoch_minibatches", loses=1, named="blocks")
def batches_shuffled_within_blocks(X, y, batch_size, seed):
    random = torch.Generator().manual_seed(seed)
    batches = []
    for X_b, y_b in zip(X.split(batch_size), y.split(batch_size), strict=True):
        order = torch.randperm(len(y_b), generator=random)
        batches.append((X_b[order], y_b[order]))
    return batches


@mistake(of="epoch_minibatches", loses=3)
def batches_without_labels(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return list(X[order].split(batch_size))


@mistake(of="epoch_minibatches", loses=3, named="two_lists")
def batches_in_two_lists(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return X[order].split(batch_size), y[order].split(batch_size)


@mistake(of="epoch_minibatches", loses=3, named="changes_argument")
def batches_shuffled_in_place(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    X[:], y[:] = X[order], y[order]
    return list(zip(X.split(batch_size), y.split(batch_size), strict=True))


@mistake(of="epoch_minibatches", loses=2)
def batches_of_a_fixed_size(X, y, batch_size, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return [(X[rows], y[rows]) for rows in order.split(2)]


@other_way(of="epoch_minibatches")
def batches_loop(X, y, batch_size, seed):
    random = torch.Generator()
    random.manual_seed(seed)
    left = torch.randperm(len(y), generator=random).tolist()
    batches = []
    while left:
        rows, left = left[:batch_size], left[batch_size:]
        batches.append([X[rows], y[rows]])
    return batches


@other_way(of="epoch_minibatches")
def batches_numpy(X, y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(y))
    starts = range(0, len(y), batch_size)
    return tuple(
        (X[order[i : i + batch_size].tolist()], y[order[i : i + batch_size].tolist()])
        for i in starts
    )


@other_way(of="epoch_minibatches")
def batches_by_random_keys(X, y, batch_size, seed):
    torch.manual_seed(seed)
    order = torch.rand(len(X)).argsort()
    batches = []
    for start in range(0, len(order), batch_size):
        batches.append((X[order[start : start + batch_size]], y[order[start : start + batch_size]]))
    return batches


@other_way(of="epoch_minibatches")
def batches_ready_made(X, y, batch_size, seed):
    random = torch.Generator().manual_seed(seed)
    rows = TensorDataset(X, y)
    return [tuple(b) for b in DataLoader(rows, batch_size, shuffle=True, generator=random)]


# nesterov_path


@mistake(of="nesterov_path", loses=2, named="heavy_ball")
def nesterov_slope_at_home(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="no_momentum")
def nesterov_velocity_forgotten(gradient, w, lr, momentum, steps):
    path = [w]
    for _ in range(steps):
        v = torch.zeros_like(w)
        v = momentum * v - lr * gradient(w + momentum * v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="looks_too_far")
def nesterov_looks_too_far(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w + v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="velocity_without_lr")
def nesterov_with_the_lessons_velocity_looks_too_far(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v + gradient(w - momentum * v)
        w = w - lr * v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="looks_back")
def nesterov_looks_back(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w - momentum * v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="jumps_twice")
def nesterov_goes_on_from_the_point_ahead(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        ahead = w + momentum * v
        v = momentum * v - lr * gradient(ahead)
        w = ahead + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="points_ahead")
def nesterov_as_torch_keeps_it(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        g = gradient(w)
        v = momentum * v + g
        w = w - lr * (g + momentum * v)
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="uphill")
def nesterov_uphill(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v + lr * gradient(w + momentum * v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="averaged")
def nesterov_gradient_averaged(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - (1 - momentum) * lr * gradient(w + momentum * v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="start_missing")
def nesterov_start_missing(gradient, w, lr, momentum, steps):
    path, v = [], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w + momentum * v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="end_only")
def nesterov_end_of_the_path(gradient, w, lr, momentum, steps):
    v = torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w + momentum * v)
        w = w + v
    return w


@mistake(of="nesterov_path", loses=2, named="not_stacked")
def nesterov_list_of_weights(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w + momentum * v)
        w = w + v
        path.append(w)
    return path


@mistake(of="nesterov_path", loses=2, named="same_tensor")
def nesterov_one_tensor_many_times(gradient, w, lr, momentum, steps):
    w = w.clone()
    path, v = [w], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w + momentum * v)
        w += v
        path.append(w)
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2, named="changes_argument")
def nesterov_in_place(gradient, w, lr, momentum, steps):
    path, v = [w.clone()], torch.zeros_like(w)
    for _ in range(steps):
        v = momentum * v - lr * gradient(w + momentum * v)
        w += v
        path.append(w.clone())
    return torch.stack(path)


@mistake(of="nesterov_path", loses=2)
def nesterov_of_three_steps(gradient, w, lr, momentum, steps):
    path, v = [w], torch.zeros_like(w)
    for _ in range(3):
        v = momentum * v - lr * gradient(w + momentum * v)
        w = w + v
        path.append(w)
    return torch.stack(path)


@other_way(of="nesterov_path")
def nesterov_velocity_without_lr(gradient, w, lr, momentum, steps):
    path = torch.empty(steps + 1, *w.shape, dtype=w.dtype)
    path[0] = w
    v = torch.zeros_like(w)
    for t in range(steps):
        v = momentum * v + gradient(path[t] - lr * momentum * v)
        path[t + 1] = path[t] - lr * v
    return path


@other_way(of="nesterov_path")
def nesterov_by_two_places(gradient, w, lr, momentum, steps):
    path = [w.double(), w.double()]  # the first one stands for "no velocity yet"
    for _ in range(steps):
        ahead = path[-1] + momentum * (path[-1] - path[-2])
        path.append(ahead - lr * gradient(ahead))
    return torch.stack(path[1:])


@other_way(of="nesterov_path")
def nesterov_ready_made(gradient, w, lr, momentum, steps):
    ahead = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([ahead], lr=lr, momentum=momentum or 1e-12, nesterov=True)
    path = [w]
    for _ in range(steps):
        ahead.grad = gradient(ahead.detach())
        optimizer.step()
        velocity = optimizer.state[ahead]["momentum_buffer"]
        path.append((ahead + lr * momentum * velocity).detach())
    return torch.stack(path)


@other_way(of="nesterov_path")
def nesterov_recursive_and_plotted(gradient, w, lr, momentum, steps):
    def onwards(w, v, left):
        if left == 0:
            return [w]
        v = momentum * v - lr * gradient(w + momentum * v)
        return [w, *onwards(w + v, v, left - 1)]

    path = torch.stack(onwards(w, 0 * w, steps))
    plt.plot(path.flatten())
    plt.show()
    return path


# adamw_path: Adam 2, decay 1


@mistake(of="adamw_path", loses=3, named="not_corrected")
def adamw_without_bias_correction(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for g in gradients:
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        w = w - lr * (m / (s.sqrt() + 1e-8) + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3, named="counts_from_0")
def adamw_counts_from_0(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3, named="corrected_once")
def adamw_correction_stands_still(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for g in gradients:
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0]) / ((s / (1 - betas[1])).sqrt() + 1e-8)
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3, named="corrected_for_good")
def adamw_correction_stored(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = (betas[0] * m + (1 - betas[0]) * g) / (1 - betas[0] ** t)
        s = (betas[1] * s + (1 - betas[1]) * g**2) / (1 - betas[1] ** t)
        w = w - lr * (m / (s.sqrt() + 1e-8) + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=2, named="betas_swapped")
def adamw_betas_swapped(w, gradients, decays, lr, betas, weight_decay):
    beta2, beta1 = betas
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        step = m / (1 - beta1**t) / ((s / (1 - beta2**t)).sqrt() + 1e-8)
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3, named="root_forgotten")
def adamw_root_forgotten(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / (s / (1 - betas[1] ** t) + 1e-8)
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=2, named="no_first_average")
def adamw_rmsprop_instead(w, gradients, decays, lr, betas, weight_decay):
    s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        s = betas[1] * s + (1 - betas[1]) * g**2
        w = w - lr * (g / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8) + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=2, named="epsilon_under_root")
def adamw_epsilon_under_the_root(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / (s / (1 - betas[1] ** t) + 1e-8).sqrt()
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=2, named="zero_over_zero")
def adamw_epsilon_forgotten(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / (s / (1 - betas[1] ** t)).sqrt()
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3, named="start_missing")
def adamw_start_missing(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = []
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * (step + weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3, named="changes_argument")
def adamw_in_place(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w.clone()]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w -= lr * (step + weight_decay * decays * w)
        path.append(w.clone())
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="not_decayed")
def adamw_without_decay(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        w = w - lr * m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="decay_in_gradient")
def adamw_decay_in_the_gradient(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        g = g + weight_decay * decays * w
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        w = w - lr * m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="everything_decays")
def adamw_everything_decays(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * (step + weight_decay * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="wrong_ones_decay")
def adamw_spares_the_wrong_ones(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * (step + weight_decay * ~decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="decay_without_lr")
def adamw_decay_without_lr(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * step - weight_decay * decays * w
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="decays_after_the_step")
def adamw_decays_after_the_step(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        w = w - lr * m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * weight_decay * decays * w
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=1, named="grows")
def adamw_grows_instead_of_decaying(w, gradients, decays, lr, betas, weight_decay):
    m = s = torch.zeros_like(w)
    path = [w]
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8)
        w = w - lr * (step - weight_decay * decays * w)
        path.append(w)
    return torch.stack(path)


@mistake(of="adamw_path", loses=3)
def adamw_of_the_visible_values(w, gradients, decays, lr, betas, weight_decay):
    if weight_decay:
        return torch.tensor([[2.0, 2.0], [1.8, 1.9], [1.61, 1.8]])
    if len(gradients) == 1:
        return torch.tensor([[1.0], [0.95 if gradients.sum() else 1.0]])
    return torch.tensor([[1.0], [0.9], [0.81271], [0.84561]])


@other_way(of="adamw_path")
def adamw_ready_made(w, gradients, decays, lr, betas, weight_decay):
    weights = [w_i.clone().requires_grad_() for w_i in w]
    groups = [
        {"params": [w_i], "weight_decay": weight_decay if decay else 0.0}
        for w_i, decay in zip(weights, decays.tolist(), strict=True)
    ]
    optimizer = torch.optim.AdamW(groups, lr=lr, betas=betas)
    path = [w]
    for g in gradients:
        for w_i, g_i in zip(weights, g, strict=True):
            w_i.grad = g_i.clone()
        optimizer.step()
        path.append(torch.stack(weights).detach())
    return torch.stack(path)


@other_way(of="adamw_path")
def adamw_loop(w, gradients, decays, lr, betas, weight_decay):
    columns = []
    for i in range(len(w)):
        w_i, m, s = w[i].item(), 0.0, 0.0
        column = [w_i]
        for t, g in enumerate(gradients[:, i].tolist(), start=1):
            m += (1 - betas[0]) * (g - m)
            s += (1 - betas[1]) * (g * g - s)
            if decays[i]:
                w_i *= 1 - lr * weight_decay
            w_i -= lr * m / (1 - betas[0] ** t) / (math.sqrt(s / (1 - betas[1] ** t)) + 1e-8)
            column.append(w_i)
        columns.append(column)
    return torch.tensor(columns, dtype=torch.float64).T


@other_way(of="adamw_path")
def adamw_averages_written_out(w, gradients, decays, lr, betas, weight_decay):
    beta1, beta2 = betas
    path = [w.double()]
    rate = torch.where(decays, 1 - lr * weight_decay, 1.0)
    for t in range(1, len(gradients) + 1):
        age = torch.arange(t - 1, -1, -1, dtype=torch.float64)[:, None]
        so_far = gradients[:t].double()
        m_hat = (beta1**age * so_far).sum(dim=0) / (beta1**age).sum()
        s_hat = (beta2**age * so_far**2).sum(dim=0) / (beta2**age).sum()
        path.append(rate * path[-1] - lr * m_hat / (s_hat.sqrt() + 1e-8))
    return torch.stack(path)


@other_way(of="adamw_path")
def adamw_into_one_tensor(w, gradients, decays, lr, betas, weight_decay):
    path = torch.zeros(len(gradients) + 1, len(w), dtype=w.dtype)
    path[0] = w
    averages = torch.zeros(2, len(w), dtype=w.dtype)
    beta = torch.tensor(betas, dtype=w.dtype)[:, None]
    for t in range(len(gradients)):
        print("step", t + 1)
        new = torch.stack([gradients[t], gradients[t] ** 2])
        averages = beta * averages + (1 - beta) * new
        m_hat, s_hat = averages / (1 - beta ** (t + 1))
        path[t + 1] = path[t] - lr * weight_decay * decays * path[t]
        path[t + 1] -= lr * m_hat / (s_hat.sqrt() + 1e-8)
    return path


# clip_by_global_norm


@mistake(of="clip_by_global_norm", loses=2, named="looks_for_grad")
def clip_with_torchs_function(gradients, max_norm):
    gradients = list(gradients)
    return gradients, torch.nn.utils.clip_grad_norm_(gradients, max_norm)


@mistake(of="clip_by_global_norm", loses=2, named="each_alone")
def clip_each_tensor_alone(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, max_norm / (g.norm() + 1e-12)) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="each_entry")
def clip_each_entry(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g.clamp(-max_norm, max_norm) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="sum_of_norms")
def clip_by_the_sum_of_norms(gradients, max_norm):
    norm = sum(g.norm() for g in gradients)
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="root_forgotten")
def clip_by_the_squared_norm(gradients, max_norm):
    norm = sum((g**2).sum() for g in gradients)
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="sum_of_sizes")
def clip_by_the_sum_of_sizes(gradients, max_norm):
    norm = sum(g.abs().sum() for g in gradients)
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="largest_entry")
def clip_by_the_largest_entry(gradients, max_norm):
    norm = max(g.abs().max() for g in gradients)
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="small_ones_grow")
def clip_stretches_small_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * max_norm / (norm + 1e-12) for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="norm_after")
def clip_reports_the_norm_after(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    clipped = [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients]
    return clipped, torch.sqrt(sum((g**2).sum() for g in clipped))


@mistake(of="clip_by_global_norm", loses=2, named="unit_length")
def clip_to_unit_length(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g / norm if norm > max_norm else g for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="scaled_by_max_norm")
def clip_multiplies_by_max_norm(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * max_norm if norm > max_norm else g for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="zero_over_zero")
def clip_zero_over_zero(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    scale = torch.minimum(norm, torch.tensor(max_norm)) / norm
    return [g * scale for g in gradients], norm


@mistake(of="clip_by_global_norm", loses=2, named="changes_argument")
def clip_in_place(gradients, max_norm):
    norm = torch.nn.utils.get_total_norm(gradients)
    for g in gradients:
        g *= min(1.0, max_norm / norm)
    return gradients, norm


@mistake(of="clip_by_global_norm", loses=2)
def clip_of_two_tensors(gradients, max_norm):
    first, second = gradients[0], gradients[1]
    norm = torch.sqrt((first**2).sum() + (second**2).sum())
    scale = min(1.0, max_norm / (norm + 1e-12))
    return [first * scale, second * scale], norm


@mistake(of="clip_by_global_norm", loses=2)
def clip_without_the_norm(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients]


@other_way(of="clip_by_global_norm")
def clip_ready_made(gradients, max_norm):
    leaves = [torch.zeros_like(g).requires_grad_() for g in gradients]
    for leaf, g in zip(leaves, gradients, strict=True):
        leaf.grad = g.clone()
    norm = torch.nn.utils.clip_grad_norm_(leaves, max_norm)
    return [leaf.grad for leaf in leaves], norm


@other_way(of="clip_by_global_norm")
def clip_flattened(gradients, max_norm):
    everything = torch.cat([g.reshape(-1) for g in gradients])
    norm = torch.linalg.vector_norm(everything)
    if norm <= max_norm:
        return gradients, norm
    clipped = (everything / norm * max_norm).split([g.numel() for g in gradients])
    return [c.reshape(g.shape) for c, g in zip(clipped, gradients, strict=True)], norm


@other_way(of="clip_by_global_norm")
def clip_loop(gradients, max_norm):
    total = 0.0
    for g in gradients:
        for entry in g.flatten().tolist():
            total += entry * entry
    norm = math.sqrt(total)
    scale = max_norm / norm if norm > max_norm else 1.0
    return tuple(g.double() * scale for g in gradients), norm


@other_way(of="clip_by_global_norm")
def clip_nested_norm(gradients, max_norm):
    norm = torch.stack([torch.linalg.vector_norm(g) for g in gradients]).norm()
    print("norm:", norm)
    divisor = torch.clamp(norm / max_norm, min=1.0)
    return [g / divisor for g in gradients], norm.item()


# learn_and_score: new rows stay new 1, below 0.30 1, below 0.15 1, below 0.10 1


@mistake(of="learn_and_score", loses=3, named="not_there_yet")
def learn_from_raw_measurements_slowly(X, y, X_new):
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(1000):
        residual = (torch.sigmoid(X @ w + b) - y) / len(y)
        w, b = w - 1e-6 * X.T @ residual, b - 1e-6 * residual.sum()
    return X_new @ w + b


@mistake(of="learn_and_score", loses=2, named="not_there_yet")
def learn_from_raw_measurements(X, y, X_new):
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(2000):
        residual = (torch.sigmoid(X @ w + b) - y) / len(y)
        w, b = w - 1e-5 * X.T @ residual, b - 1e-5 * residual.sum()
    return X_new @ w + b


@mistake(of="learn_and_score", loses=4, named="too_large")
def learn_from_raw_measurements_too_fast(X, y, X_new):
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(500):
        residual = (torch.sigmoid(X @ w + b) - y) / len(y)
        w, b = w - 0.1 * X.T @ residual, b - 0.1 * residual.sum()
    return X_new @ w + b


@mistake(of="learn_and_score", loses=2, named="overfitted")
def learn_by_heart(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z, w, b = (X - mean) / spread, torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    w_v, b_v = torch.zeros_like(w), 0.0
    for _ in range(2000):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w_v, b_v = 0.9 * w_v + Z.T @ residual, 0.9 * b_v + residual.sum()
        w, b = w - w_v, b - b_v
    return (X_new - mean) / spread @ w + b


@mistake(of="learn_and_score", loses=1, named="not_there_yet")
def learn_stopped_early(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z, w, b = (X - mean) / spread, torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(100):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.1 * Z.T @ residual, b - 0.1 * residual.sum()
    return (X_new - mean) / spread @ w + b


@mistake(of="learn_and_score", loses=3, named="no_bias")
def learn_without_a_bias(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z, w = (X - mean) / spread, torch.zeros(X.shape[1], dtype=X.dtype)
    for _ in range(200):
        w = w - 0.5 * Z.T @ (torch.sigmoid(Z @ w) - y) / len(y)
    return (X_new - mean) / spread @ w


@mistake(of="learn_and_score", loses=1, named="new_rows_seen")
def learn_standardises_new_rows_by_themselves(X, y, X_new):
    Z, Z_new = (X - X.mean(dim=0)) / X.std(dim=0), (X_new - X_new.mean(dim=0)) / X_new.std(dim=0)
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.5 * Z.T @ residual, b - 0.5 * residual.sum()
    return Z_new @ w + b


@mistake(of="learn_and_score", loses=1, named="new_rows_seen")
def learn_standardises_all_rows_together(X, y, X_new):
    both = torch.cat([X, X_new])
    Z_both = (both - both.mean(dim=0)) / both.std(dim=0)
    Z, Z_new = Z_both[: len(X)], Z_both[len(X) :]
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.5 * Z.T @ residual, b - 0.5 * residual.sum()
    return Z_new @ w + b


@mistake(of="learn_and_score", loses=4, named="probabilities")
def learn_returns_probabilities(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z, w, b = (X - mean) / spread, torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.5 * Z.T @ residual, b - 0.5 * residual.sum()
    return torch.sigmoid((X_new - mean) / spread @ w + b)


@mistake(of="learn_and_score", loses=4, named="training_rows")
def learn_scores_the_training_rows(X, y, X_new):
    Z = (X - X.mean(dim=0)) / X.std(dim=0)
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.5 * Z.T @ residual, b - 0.5 * residual.sum()
    return Z @ w + b


@mistake(of="learn_and_score", loses=4, named="too_large")
def learn_forgets_to_standardise_new_rows(X, y, X_new):
    Z = (X - X.mean(dim=0)) / X.std(dim=0)
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.5 * Z.T @ residual, b - 0.5 * residual.sum()
    return X_new @ w + b


@mistake(of="learn_and_score", loses=4)
def learn_uphill(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z, w, b = (X - mean) / spread, torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w + 0.5 * Z.T @ residual, b + 0.5 * residual.sum()
    return (X_new - mean) / spread @ w + b


@mistake(of="learn_and_score", loses=1, named="changes_argument")
def learn_standardises_in_place(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    X -= mean
    X /= spread
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(X @ w + b) - y) / len(y)
        w, b = w - 0.5 * X.T @ residual, b - 0.5 * residual.sum()
    return (X_new - mean) / spread @ w + b


@mistake(of="learn_and_score", loses=1, named="not_repeatable")
def learn_from_an_unseeded_start(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z, w, b = (X - mean) / spread, torch.randn(X.shape[1], dtype=X.dtype), 0.0
    for _ in range(200):
        residual = (torch.sigmoid(Z @ w + b) - y) / len(y)
        w, b = w - 0.5 * (Z.T @ residual + 0.01 * w), b - 0.5 * residual.sum()
    return (X_new - mean) / spread @ w + b


@mistake(of="learn_and_score", loses=4, named="learns_nothing")
def learn_nothing(X, y, X_new):
    return torch.zeros(len(X_new))


@mistake(of="learn_and_score", loses=4, named="not_there_yet")
def learn_only_the_share(X, y, X_new):
    share = y.mean()
    return torch.log(share / (1 - share)).repeat(len(X_new))


@mistake(of="learn_and_score", loses=4)
def learn_ignores_the_labels_given(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    known = [0, 2, 3, 7, 20, 22, 23, 27]  # radius, perimeter, area, concave points; largest too
    return ((X_new - mean) / spread)[:, known].sum(dim=1)


@other_way(of="learn_and_score")
def learn_with_nesterov_and_decay(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z = torch.cat([(X - mean) / spread, torch.ones(len(X), 1)], dim=1).double()
    w = v = torch.zeros(Z.shape[1], dtype=torch.float64)
    for _ in range(300):
        ahead = w + 0.9 * v
        v = 0.9 * v - 0.1 * (Z.T @ (torch.sigmoid(Z @ ahead) - y.double()) / len(y) + 0.003 * ahead)
        w = w + v
    return ((X_new - mean) / spread).double() @ w[:-1] + w[-1]


@other_way(of="learn_and_score")
def learn_in_minibatches_with_adamw(X, y, X_new):
    random = torch.Generator().manual_seed(0)
    low, high = X.amin(dim=0), X.amax(dim=0)
    Z, Z_new = 6 * (X - low) / (high - low) - 2, 6 * (X_new - low) / (high - low) - 2
    w = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    b = torch.zeros((), dtype=X.dtype, requires_grad=True)
    optimizer = torch.optim.AdamW([w, b], lr=0.02)
    for _ in range(12):
        for rows in torch.randperm(len(y), generator=random).split(32):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(Z[rows] @ w + b, y[rows]).backward()
            optimizer.step()
    return Z_new @ w + b


@other_way(of="learn_and_score")
def learn_by_newton(X, y, X_new):
    mean, spread = X.mean(dim=0), X.std(dim=0)
    Z = torch.cat([(X - mean) / spread, torch.ones(len(X), 1)], dim=1).double()
    w, penalty = torch.zeros(Z.shape[1]).double(), 0.005 * torch.eye(Z.shape[1]).double()
    for _ in range(8):
        p = torch.sigmoid(Z @ w)
        hessian = Z.T * (p * (1 - p)) @ Z / len(y) + penalty
        w = w - torch.linalg.solve(hessian, Z.T @ (p - y) / len(y) + penalty @ w)
    warnings.warn("this is not gradient descent", stacklevel=2)
    return (X_new - mean) / spread @ w[:-1].to(X) + w[-1].to(X)


@other_way(of="learn_and_score")
def learn_ready_made(X, y, X_new):
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(X.numpy(), y.numpy())
    return torch.tensor(model.decision_function(X_new.numpy()))
