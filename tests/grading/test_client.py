"""The host's end of a conversation with a kernel."""

import asyncio

import pytest

from course_lib.grading.client import Client
from course_lib.grading.sandbox import Limits, layout


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
