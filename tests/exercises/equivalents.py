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
    "repaired_training": {
        "says_malignant = model(X_test).squeeze(1) > 0  →  "
        "says_malignant = model(X_test).squeeze(1) >= 0": (
            "At a logit of exactly 0 both labels are as probable: the task leaves the choice."
        ),
    },
    "find_spam": {
        "three_letters = CountVectorizer(analyzer='char_wb', ngram_range=(3, 3))  →  "
        "three_letters = CountVectorizer(analyzer='char_wb', ngram_range=(3, 4))": (
            "The bands leave the method to the student; pieces of four letters do as well."
        ),
    },
}
