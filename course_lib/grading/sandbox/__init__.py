"""Kernels for untrusted code: forked from a warm process, shut off from everything else.

`Sandbox` (host side) starts one *zygote* inside bubblewrap: a process that has imported what the
notebooks import. For each submission the zygote forks a *warden* in fresh namespaces, and the
warden forks the *kernel*, which gives up every privilege before it runs a line of a student's
code. The warden enforces the limits and ends with the kernel, and everything the kernel left
behind ends with the warden.
"""

from course_lib.grading.sandbox.bubblewrap import unavailable
from course_lib.grading.sandbox.host import Kernel, Sandbox, SandboxError
from course_lib.grading.sandbox.limits import Limits

__all__ = ["Kernel", "Limits", "Sandbox", "SandboxError", "unavailable"]
