"""The host's end of a conversation with a kernel."""

import asyncio
import time

import pytest

from course_lib.grading.client import Client
from course_lib.grading.sandbox import Limits, Sandbox, layout


class SilentKernel:
    """A kernel that never answers and never ends."""

    def __init__(self, folder):
        self.connection = layout.connection(folder, "key")

    async def wait(self):
        await asyncio.Event().wait()


def test_client_that_is_cancelled_while_it_opens_leaves_nothing_open(tmp_path):
    async def open_and_cancel():
        client = Client(SilentKernel(tmp_path), Limits())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.__aenter__()
        return client

    client = asyncio.run(open_and_cancel())
    assert not client._client.channels_running
    assert client._end.cancelled()


@pytest.mark.usefixtures("_sandboxed")
def test_kernel_that_never_pauses_is_stopped_in_time_and_holds_up_nobody():
    clear = "from IPython.display import clear_output\nwhile True:\n    clear_output()"
    limits = Limits(cell_time=4)

    async def run(sandbox, code):
        async with sandbox.kernel(limits) as kernel, Client(kernel, limits) as client:
            started = time.monotonic()
            return await client.run(code), time.monotonic() - started

    async def both():
        with Sandbox() as sandbox:
            return await asyncio.gather(run(sandbox, clear), run(sandbox, "1 + 1"))

    (loud, seconds), (quiet, others) = asyncio.run(both())
    assert loud.flags == ["cell-time"]
    assert seconds < 8
    assert quiet.status == "ok"
    assert others < 3
