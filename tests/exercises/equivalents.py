"""Mutants that no test can kill, because they do the same as the solution; each with the reason.

By item: the damaged line as `mutants.py` writes it, and why it makes no difference.
"""

EQUIVALENT: dict[str, dict[str, str]] = {
    "learn_and_score": {
        "w, b, lr = (torch.zeros_like(mean), 0.0, 0.5)  →  "
        "w, b, lr = (torch.ones_like(mean), 0.0, 0.5)": (
            "The loss is convex: the training reaches the goals from any start nearby."
        ),
        "w, b, lr = (torch.zeros_like(mean), 0.0, 0.5)  →  "
        "w, b, lr = (torch.zeros_like(mean), 1.0, 0.5)": (
            "The loss is convex: the training reaches the goals from any start nearby."
        ),
        "w, b, lr = (torch.zeros_like(mean), 0.0, 0.5)  →  "
        "w, b, lr = (torch.zeros_like(mean), 0.0, 1.5)": (
            "The goals leave the learning rate to the student; this one is stable, too."
        ),
        "for _ in range(200):  →  for _ in range(201):": (
            "The goals leave the number of steps to the student."
        ),
    },
}
