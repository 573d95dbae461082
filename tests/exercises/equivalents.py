"""Mutants that no test can kill, because they do the same as the solution; each with the reason.

By item: the damaged line as `mutants.py` writes it, and why it makes no difference.
"""

EQUIVALENT: dict[str, dict[str, str]] = {}
