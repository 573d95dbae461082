"""What students write in problem set 02, wrong and right. `variants.py` says how to add to it."""

import math
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from tests.exercises.variants import mistake, other_way

# bernoulli_log_likelihood


@mistake(of="bernoulli_log_likelihood", loses=2, named="mean_not_sum")
def log_likelihood_mean(p, y):
    return torch.where(y == 1, p, 1 - p).log().mean()


@mistake(of="bernoulli_log_likelihood", loses=2, named="sign")
def log_likelihood_negative(p, y):
    return -torch.where(y == 1, p, 1 - p).log().sum()


@mistake(of="bernoulli_log_likelihood", loses=2, named="log_base")
def log_likelihood_in_bits(p, y):
    return torch.log2(torch.where(y == 1, p, 1 - p)).sum()


@mistake(of="bernoulli_log_likelihood", loses=2, named="product_underflows")
def log_likelihood_of_the_product(p, y):
    return torch.where(y == 1, p, 1 - p).prod().log()


@mistake(of="bernoulli_log_likelihood", loses=2, named="zero_times_log_zero")
def log_likelihood_zero_times_log_zero(p, y):
    return (y * p.log() + (1 - y) * (1 - p).log()).sum()


@mistake(of="bernoulli_log_likelihood", loses=2, named="only_ones")
def log_likelihood_only_ones(p, y):
    return p[y == 1].log().sum()


@mistake(of="bernoulli_log_likelihood", loses=2, named="changes_argument")
def log_likelihood_in_place(p, y):
    p[y == 0] = 1 - p[y == 0]
    return p.log().sum()


@mistake(of="bernoulli_log_likelihood", loses=2)
def log_likelihood_of_the_visible_values(p, y):
    return -1.0217 if p[0] < 1 else -1.3863


@mistake(of="bernoulli_log_likelihood", loses=2)
def log_likelihood_of_three_rows(p, y):
    return sum(torch.log(p[i] if y[i] == 1 else 1 - p[i]) for i in range(3))


@other_way(of="bernoulli_log_likelihood")
def log_likelihood_loop(p, y):
    total = 0.0
    for p_i, y_i in zip(p.tolist(), y.tolist(), strict=True):
        total += math.log(p_i if y_i == 1 else 1 - p_i)
    return total


@other_way(of="bernoulli_log_likelihood")
def log_likelihood_xlogy(p, y):
    return (torch.xlogy(y, p) + torch.xlogy(1 - y, 1 - p)).sum()


@other_way(of="bernoulli_log_likelihood")
def log_likelihood_ready_made(p, y):
    return -F.binary_cross_entropy(p, y, reduction="sum")


@other_way(of="bernoulli_log_likelihood")
def log_likelihood_numpy(p, y):
    right = np.abs(y.numpy() - 1 + p.double().numpy())
    print("probabilities of what happened:", right)
    return np.log(right).sum()


# margin_cross_entropy


@mistake(of="margin_cross_entropy", loses=3, named="sum_not_mean")
def margin_sum(z, s):
    return F.softplus(-s * z).sum()


@mistake(of="margin_cross_entropy", loses=3, named="margin_sign")
def margin_wrong_sign(z, s):
    return F.softplus(s * z).mean()


@mistake(of="margin_cross_entropy", loses=3, named="labels_as_0_and_1")
def margin_formula_for_0_and_1(z, s):
    return (z.clamp(min=0) - z * s + torch.log1p(torch.exp(-z.abs()))).mean()


@mistake(of="margin_cross_entropy", loses=3, named="overflow")
def margin_exp_overflows(z, s):
    return torch.log(1 + torch.exp(-s * z)).mean()


@mistake(of="margin_cross_entropy", loses=3, named="overflow")
def margin_log_of_sigmoid(z, s):
    return -torch.log(torch.sigmoid(s * z)).mean()


@mistake(of="margin_cross_entropy", loses=3, named="clamped")
def margin_clamped(z, s):
    return F.softplus(-(s * z).clamp(-100, 100)).mean()


@mistake(of="margin_cross_entropy", loses=3, named="clamped")
def margin_by_probabilities(z, s):
    return F.binary_cross_entropy(torch.sigmoid(z), (s + 1) / 2)


@mistake(of="margin_cross_entropy", loses=3, named="changes_argument")
def margin_in_place(z, s):
    z *= s
    return F.softplus(-z).mean()


@mistake(of="margin_cross_entropy", loses=3)
def margin_of_the_visible_values(z, s):
    return torch.tensor(0.97142) if z[0] == 0.5 else torch.tensor(333.33333)


@other_way(of="margin_cross_entropy")
def margin_loop(z, s):
    losses = []
    for z_i, s_i in zip(z.tolist(), s.tolist(), strict=True):
        m = z_i * s_i
        losses.append(math.log1p(math.exp(-m)) if m > 0 else -m + math.log1p(math.exp(m)))
    return sum(losses) / len(losses)


@other_way(of="margin_cross_entropy")
def margin_two_logits(z, s):
    both = torch.stack([torch.zeros_like(z), -s * z])  # (2, N)
    return torch.logsumexp(both, dim=0).mean()


@other_way(of="margin_cross_entropy")
def margin_ready_made(z, s):
    return F.binary_cross_entropy_with_logits(z, (s + 1) / 2)


@other_way(of="margin_cross_entropy")
def margin_noisy_double(z, s):
    warnings.warn("computed in double precision", stacklevel=2)
    losses = torch.logaddexp(torch.tensor(0.0).double(), -(s * z).double())
    plt.plot(losses)
    plt.show()
    return losses.mean()


# margin_cross_entropy_grad


@mistake(of="margin_cross_entropy_grad", loses=2, named="not_divided_by_rows")
def margin_grad_of_the_sum(z, s):
    return -s * torch.sigmoid(-s * z)


@mistake(of="margin_cross_entropy_grad", loses=2, named="sign")
def margin_grad_wrong_sign(z, s):
    return s * torch.sigmoid(-s * z) / len(z)


@mistake(of="margin_cross_entropy_grad", loses=2, named="margin_sign")
def margin_grad_of_the_right_rows(z, s):
    return -s * torch.sigmoid(s * z) / len(z)


@mistake(of="margin_cross_entropy_grad", loses=2, named="chain_rule")
def margin_grad_by_the_margin(z, s):
    return -torch.sigmoid(-s * z) / len(z)


@mistake(of="margin_cross_entropy_grad", loses=2, named="labels_as_0_and_1")
def margin_grad_formula_for_0_and_1(z, s):
    return (torch.sigmoid(z) - s) / len(z)


@mistake(of="margin_cross_entropy_grad", loses=2, named="not_finite")
def margin_grad_exp_overflows(z, s):
    e = torch.exp(-s * z)
    return -s * e / (1 + e) / len(z)


@mistake(of="margin_cross_entropy_grad", loses=2)
def margin_grad_averaged(z, s):
    return (-s * torch.sigmoid(-s * z)).mean()


@mistake(of="margin_cross_entropy_grad", loses=2)
def margin_grad_of_three_rows(z, s):
    return -s * torch.sigmoid(-s * z) / 3


@mistake(of="margin_cross_entropy_grad", loses=2)
def margin_grad_as_a_column(z, s):
    return (-s * torch.sigmoid(-s * z) / len(z))[:, None]


@other_way(of="margin_cross_entropy_grad")
def margin_grad_loop(z, s):
    slopes = []
    for z_i, s_i in zip(z.tolist(), s.tolist(), strict=True):
        e = math.exp(-abs(z_i))
        sigma = 1 / (1 + e) if z_i >= 0 else e / (1 + e)
        slopes.append((sigma - (s_i == 1)) / len(z))
    return torch.tensor(slopes)


@other_way(of="margin_cross_entropy_grad")
def margin_grad_tanh(z, s):
    return (torch.tanh(z / 2) - s) / (2 * z.numel())


@other_way(of="margin_cross_entropy_grad")
def margin_grad_autograd(z, s):
    z = z.clone().requires_grad_()
    F.softplus(-s * z).mean().backward()
    return z.grad


@other_way(of="margin_cross_entropy_grad")
def margin_grad_with_labels_0_and_1(z, s):
    print("first slope:", z[0])
    return (torch.sigmoid(z.double()) - (s > 0).double()) / z.shape[0]


# balanced_cross_entropy


@mistake(of="balanced_cross_entropy", loses=2, named="not_balanced")
def balanced_plain_mean(z, y):
    return F.cross_entropy(z, y)


@mistake(of="balanced_cross_entropy", loses=2, named="sum_of_classes")
def balanced_sum_of_classes(z, y):
    each = F.cross_entropy(z, y, reduction="none")
    return sum(each[y == k].mean() for k in y.unique())


@mistake(of="balanced_cross_entropy", loses=2, named="divided_by_rows")
def balanced_divided_by_rows(z, y):
    each = F.cross_entropy(z, y, reduction="none")
    return (each / torch.bincount(y)[y]).mean()


@mistake(of="balanced_cross_entropy", loses=2, named="weights_upside_down")
def balanced_weights_upside_down(z, y):
    weight = torch.bincount(y, minlength=z.shape[1]) / len(y)
    return F.cross_entropy(z, y, weight=weight.to(z))


@mistake(of="balanced_cross_entropy", loses=2, named="axis")
def balanced_softmax_down_the_rows(z, y):
    each = -torch.log_softmax(z, dim=0)[torch.arange(len(y)), y]
    return torch.stack([each[y == k].mean() for k in y.unique()]).mean()


@mistake(of="balanced_cross_entropy", loses=2, named="broadcast")
def balanced_every_row_meets_every_other(z, y):
    each = torch.logsumexp(z, dim=1) - z.gather(1, y[:, None])  # (N,) − (N, 1)
    return torch.stack([each[y == k].mean() for k in y.unique()]).mean()


@mistake(of="balanced_cross_entropy", loses=2, named="broadcast")
def balanced_every_row_meets_every_other_weighted(z, y):
    each = torch.logsumexp(z, dim=1) - z.gather(1, y[:, None])
    sizes = torch.bincount(y)
    return (each / sizes[y]).sum() / (sizes > 0).sum()


@mistake(of="balanced_cross_entropy", loses=2, named="absent_class")
def balanced_absent_class_is_nan(z, y):
    each = F.cross_entropy(z, y, reduction="none")
    return torch.stack([each[y == k].mean() for k in range(z.shape[1])]).mean()


@mistake(of="balanced_cross_entropy", loses=2, named="absent_class")
def balanced_absent_class_counts(z, y):
    each = F.cross_entropy(z, y, reduction="none")
    return sum(each[y == k].mean() for k in y.unique()) / z.shape[1]


@mistake(of="balanced_cross_entropy", loses=2, named="not_finite")
def balanced_log_of_softmax(z, y):
    p = torch.exp(z) / torch.exp(z).sum(dim=1, keepdim=True)
    each = -torch.log(p[torch.arange(len(y)), y])
    return torch.stack([each[y == k].mean() for k in y.unique()]).mean()


@mistake(of="balanced_cross_entropy", loses=2)
def balanced_of_two_classes(z, y):
    each = F.cross_entropy(z, y, reduction="none")
    return torch.stack([each[y == y.min()].mean(), each[y == y.max()].mean()]).mean()


@other_way(of="balanced_cross_entropy")
def balanced_loop(z, y):
    losses: dict[int, list[float]] = {}
    for z_i, k in zip(z.tolist(), y.tolist(), strict=True):
        largest = max(z_i)
        log_sum = largest + math.log(sum(math.exp(value - largest) for value in z_i))
        losses.setdefault(k, []).append(log_sum - z_i[k])
    return sum(sum(each) / len(each) for each in losses.values()) / len(losses)


@other_way(of="balanced_cross_entropy")
def balanced_ready_made(z, y):
    sizes = torch.bincount(y, minlength=z.shape[1])
    return F.cross_entropy(z, y, weight=1 / sizes.clamp(min=1).to(z))


@other_way(of="balanced_cross_entropy")
def balanced_by_a_matrix(z, y):
    member = F.one_hot(y, z.shape[1]).to(z)  # (N, K)
    sizes = member.sum(dim=0)
    row_losses = -(member * torch.log_softmax(z, dim=1)).sum(dim=1)
    per_class = (row_losses @ member)[sizes > 0] / sizes[sizes > 0]
    return per_class.mean()


@other_way(of="balanced_cross_entropy")
def balanced_numpy(z, y):
    logits, labels = z.double().numpy(), y.numpy()
    shifted = logits - logits.max(axis=1, keepdims=True)
    each = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    return torch.tensor(np.mean([each[labels == k].mean() for k in np.unique(labels)]))


# smoothed_cross_entropy: value 2, gradient 1


@mistake(of="smoothed_cross_entropy", loses=3, named="not_smoothed")
def smoothed_not_at_all(z, y, epsilon):
    one_hot = F.one_hot(y, z.shape[1])
    return F.cross_entropy(z, y), (torch.softmax(z, dim=1) - one_hot) / len(y)


@mistake(of="smoothed_cross_entropy", loses=1, named="not_smoothed")
def smoothed_value_alone(z, y, epsilon):
    one_hot = F.one_hot(y, z.shape[1])
    loss = F.cross_entropy(z, y, label_smoothing=epsilon)
    return loss, (torch.softmax(z, dim=1) - one_hot) / len(y)


@mistake(of="smoothed_cross_entropy", loses=3, named="only_wrong_classes")
def smoothed_over_the_wrong_classes(z, y, epsilon):
    target = torch.full_like(z, epsilon / (z.shape[1] - 1))
    target[torch.arange(len(y)), y] = 1 - epsilon
    log_p = torch.log_softmax(z, dim=1)
    return -(target * log_p).sum(dim=1).mean(), (log_p.exp() - target) / len(y)


@mistake(of="smoothed_cross_entropy", loses=1, named="not_divided_by_rows")
def smoothed_gradient_of_the_sum(z, y, epsilon):
    target = (1 - epsilon) * F.one_hot(y, z.shape[1]) + epsilon / z.shape[1]
    log_p = torch.log_softmax(z, dim=1)
    return -(target * log_p).sum(dim=1).mean(), log_p.exp() - target


@mistake(of="smoothed_cross_entropy", loses=2, named="sum_not_mean")
def smoothed_value_summed(z, y, epsilon):
    target = (1 - epsilon) * F.one_hot(y, z.shape[1]) + epsilon / z.shape[1]
    log_p = torch.log_softmax(z, dim=1)
    return -(target * log_p).sum(), (log_p.exp() - target) / len(y)


@mistake(of="smoothed_cross_entropy", loses=2, named="mean_over_classes")
def smoothed_mean_of_everything(z, y, epsilon):
    target = (1 - epsilon) * F.one_hot(y, z.shape[1]) + epsilon / z.shape[1]
    log_p = torch.log_softmax(z, dim=1)
    return -(target * log_p).mean(), (log_p.exp() - target) / len(y)


@mistake(of="smoothed_cross_entropy", loses=2, named="not_finite")
def smoothed_log_of_softmax(z, y, epsilon):
    target = (1 - epsilon) * F.one_hot(y, z.shape[1]) + epsilon / z.shape[1]
    p = torch.softmax(z, dim=1)
    return -(target * torch.log(p)).sum(dim=1).mean(), (p - target) / len(y)


@mistake(of="smoothed_cross_entropy", loses=3, named="axis")
def smoothed_softmax_down_the_rows(z, y, epsilon):
    target = (1 - epsilon) * F.one_hot(y, z.shape[1]) + epsilon / z.shape[1]
    log_p = torch.log_softmax(z, dim=0)
    return -(target * log_p).sum(dim=1).mean(), (log_p.exp() - target) / len(y)


@mistake(of="smoothed_cross_entropy", loses=3)
def smoothed_three_classes(z, y, epsilon):
    target = (1 - epsilon) * F.one_hot(y, z.shape[1]) + epsilon / 3
    log_p = torch.log_softmax(z, dim=1)
    return -(target * log_p).sum(dim=1).mean(), (log_p.exp() - target) / len(y)


@other_way(of="smoothed_cross_entropy")
def smoothed_mixture(z, y, epsilon):
    right = F.nll_loss(torch.log_softmax(z, 1), y)
    uniform = (torch.logsumexp(z, dim=1) - z.mean(dim=1)).mean()
    gradient = torch.softmax(z, dim=1) - epsilon / z.shape[1]
    gradient[range(len(y)), y] -= 1 - epsilon
    return (1 - epsilon) * right + epsilon * uniform, gradient / len(y)


@other_way(of="smoothed_cross_entropy")
def smoothed_ready_made(z, y, epsilon):
    leaf = z.double().requires_grad_()
    loss = F.cross_entropy(leaf, y, label_smoothing=epsilon)
    loss.backward()
    return loss, leaf.grad


@other_way(of="smoothed_cross_entropy")
def smoothed_loop(z, y, epsilon):
    rows, classes = z.shape
    loss, gradient = 0.0, torch.empty(rows, classes)
    for i in range(rows):
        log_sum = torch.logsumexp(z[i], dim=0)
        for k in range(classes):
            q = epsilon / classes + (1 - epsilon) * (k == y[i]).item()
            loss -= q * (z[i, k] - log_sum).item() / rows
            gradient[i, k] = (torch.exp(z[i, k] - log_sum) - q) / rows
    return [loss, gradient]


# focal_loss: value 2, gamma = 0 1, stability 1, gradient 1


@mistake(of="focal_loss", loses=4, named="sum_not_mean")
def focal_sum(z, y, gamma):
    s = 2 * y - 1
    m = s * z
    q, log_p = torch.sigmoid(-m), F.logsigmoid(m)
    return -(q**gamma * log_p).sum(), s * q**gamma * (gamma * log_p.exp() * log_p - q) / len(z)


@mistake(of="focal_loss", loses=3, named="fades_hard_rows")
def focal_fades_hard_rows(z, y, gamma):
    s = 2 * y - 1
    m = s * z
    q, log_p = torch.sigmoid(-m), F.logsigmoid(m)
    gradient = s * q**gamma * (gamma * log_p.exp() * log_p - q) / len(z)
    return -(log_p.exp() ** gamma * log_p).mean(), gradient


@mistake(of="focal_loss", loses=5, named="p_of_one")
def focal_p_of_one_for_every_label(z, y, gamma):
    p = torch.sigmoid(z)
    return -((1 - p) ** gamma * F.logsigmoid(z)).mean(), None


@mistake(of="focal_loss", loses=1, named="overflow")
def focal_log_of_sigmoid(z, y, gamma):
    s = 2 * y - 1
    p = torch.sigmoid(s * z)
    slope = (1 - p) ** gamma * (gamma * p * p.log() - (1 - p))
    return -((1 - p) ** gamma * p.log()).mean(), s * slope / len(z)


@mistake(of="focal_loss", loses=1, named="factor_held_fixed")
def focal_factor_held_fixed(z, y, gamma):
    s = 2 * y - 1
    m = s * z
    q, log_p = torch.sigmoid(-m), F.logsigmoid(m)
    return -(q**gamma * log_p).mean(), s * q**gamma * -q / len(z)


@mistake(of="focal_loss", loses=1)
def focal_without_gradient(z, y, gamma):
    m = (2 * y - 1) * z
    return (torch.sigmoid(-m) ** gamma * F.softplus(-m)).mean(), None


@mistake(of="focal_loss", loses=3, named="not_faded")
def focal_gamma_ignored(z, y, gamma):
    return F.binary_cross_entropy_with_logits(z, y), (torch.sigmoid(z) - y) / len(z)


@mistake(of="focal_loss", loses=5, named="changes_argument")
def focal_in_place(z, y, gamma):
    y.mul_(2).sub_(1)
    m = y * z
    q, log_p = torch.sigmoid(-m), F.logsigmoid(m)
    return -(q**gamma * log_p).mean(), y * q**gamma * (gamma * log_p.exp() * log_p - q) / len(z)


@mistake(of="focal_loss", loses=5)
def focal_of_the_visible_values(z, y, gamma):
    if gamma == 0:
        return 1.1381, None
    return (0.68338 if z[0] == 1 else 500.0), torch.tensor([-0.017527, -0.35890, 0.17538])


@other_way(of="focal_loss")
def focal_autograd(z, y, gamma):
    leaf = z.clone().requires_grad_()
    each = F.binary_cross_entropy_with_logits(leaf, y, reduction="none")
    loss = (torch.sigmoid((1 - 2 * y) * leaf) ** gamma * each).mean()
    loss.backward()
    return loss.item(), leaf.grad


@other_way(of="focal_loss")
def focal_both_labels_apart(z, y, gamma):
    p, q = torch.sigmoid(z), torch.sigmoid(-z)
    if_one = q**gamma * F.softplus(-z)
    if_zero = p**gamma * F.softplus(z)
    slope_if_one = -(q**gamma) * (gamma * p * F.softplus(-z) + q)
    slope_if_zero = p**gamma * (gamma * q * F.softplus(z) + p)
    loss = (y * if_one + (1 - y) * if_zero).mean()
    return loss, (y * slope_if_one + (1 - y) * slope_if_zero) / len(y)


@other_way(of="focal_loss")
def focal_loop(z, y, gamma):
    total, slopes = 0.0, []
    for z_i, y_i in zip(z.double().tolist(), y.tolist(), strict=True):
        s = 1 if y_i else -1
        m = s * z_i
        e = math.exp(-abs(m))
        p, q = (1 / (1 + e), e / (1 + e)) if m > 0 else (e / (1 + e), 1 / (1 + e))
        log_p = min(m, 0) - math.log1p(e)
        total -= q**gamma * log_p
        slopes.append(s * q**gamma * (gamma * p * log_p - q) / len(z))
    warnings.warn("slow, but right", stacklevel=2)
    return torch.tensor(total / len(z)), torch.tensor(slopes)
