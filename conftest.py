"""Settings of every test run: reproducible examples, and one thread a process.

Two test processes run side by side, and notebooks promise the same digits on every machine.
"""

import os

from hypothesis import settings

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("course")
