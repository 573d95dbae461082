"""Talk to one kernel: run a piece of code under limits, and keep what it says within bounds."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient

from course_lib.grading.sandbox import Kernel, Limits

MEGABYTE = 1 << 20
GRACE = 2.0  # seconds that an interrupted cell has to stop
FLOOD = 30  # times the output limit at which a cell is stopped


class KernelEnded(Exception):  # noqa: N818 - an outcome of a submission
    """The kernel ended, by itself or at a limit; `reason` is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Answer:
    """What running one piece of code gave.

    Attributes:
        status: "ok" or "error".
        outputs: notebook outputs.
        flags: limits that it met ("cell-time", "output").
        ename: name of the exception, "" if none.
    """

    status: str = "error"
    outputs: list[dict[str, Any]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    ename: str = ""
    execution_count: int | None = None


class Client:
    """The host's end of one kernel's conversation."""

    def __init__(self, kernel: Kernel, limits: Limits) -> None:
        self._kernel, self._limits = kernel, limits
        self._client = AsyncKernelClient(context=zmq.asyncio.Context.instance())
        self._client.load_connection_info(kernel.connection)
        self._client.session.unpack = _without_date

    async def __aenter__(self) -> "Client":
        self._client.start_channels(stdin=False, hb=False, control=False)
        self._end = asyncio.ensure_future(self._kernel.wait())
        self.deadline = time.monotonic() + self._limits.notebook_time
        self._client.kernel_info()
        try:
            # The first news on iopub shows that later news will not be missed.
            await self._next(self._client.iopub_channel, self.deadline)
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._close()

    def _close(self) -> None:
        self._end.cancel()
        self._client.stop_channels()  # with a socket left open, ZeroMQ's end would wait for ever

    def new_budget(self) -> None:
        """Start a new total budget of time."""
        self.deadline = time.monotonic() + self._limits.notebook_time

    async def run(self, code: str) -> Answer:
        """Run a cell's code.

        Raises:
            KernelEnded: If the kernel ended or had to be ended: at the limit of the whole
                notebook, or of the cell when the code does not let itself be interrupted.
        """
        sent = self._client.execute(code, allow_stdin=False, stop_on_error=False)
        gathered = _Gathered(sent, self._limits.output * MEGABYTE)
        cell_end = time.monotonic() + self._limits.cell_time
        try:
            await self._gather(gathered, min(cell_end, self.deadline))
        except TimeoutError:
            await self._stop(gathered)
        answer = gathered.answer
        reply = await self._reply(sent)
        if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            raise KernelEnded("died")  # `exit()` ends it soon; when exactly, would be chance
        if reply.get("status") == "ok" and not {"cell-time", "flood"} & set(answer.flags):
            answer.status = "ok"
        answer.ename = str(reply.get("ename", ""))
        answer.execution_count = reply.get("execution_count")
        if answer.status == "error" and not any(
            output["output_type"] == "error" for output in answer.outputs
        ):
            answer.outputs.append(error_output(answer.ename or "Error", "the code did not finish"))
        return answer

    async def _gather(self, gathered: "_Gathered", deadline: float) -> None:
        while not gathered.complete:
            message = await self._next(self._client.iopub_channel, deadline)
            gathered.add(message)
            if gathered.size > FLOOD * gathered.most:
                gathered.answer.flags.append("flood")
                raise TimeoutError

    async def _stop(self, gathered: "_Gathered") -> None:
        """Interrupt the code; end the kernel if that does not help or all time is used up."""
        if time.monotonic() >= self.deadline:
            await self._kernel.kill()
            raise KernelEnded("notebook-time")
        flooded = "flood" in gathered.answer.flags
        gathered.answer.flags.append("output" if flooded else "cell-time")
        gathered.most = min(gathered.most, gathered.size)
        self._kernel.interrupt()
        try:
            end = time.monotonic() + GRACE
            while not gathered.complete:
                gathered.add(await self._next(self._client.iopub_channel, end))
        except TimeoutError:
            await self._kernel.kill()
            raise KernelEnded("output" if flooded else "cell-time") from None
        what = "printed too much" if flooded else f"ran longer than {self._limits.cell_time:g} s"
        kept = [o for o in gathered.answer.outputs if o["output_type"] != "error"]
        gathered.answer.outputs = [*kept, error_output("TimeLimit", f"this cell {what}")]

    async def _reply(self, sent: str) -> dict[str, Any]:
        deadline = time.monotonic() + FLOOD
        while True:
            try:
                message = await self._next(self._client.shell_channel, deadline)
            except TimeoutError:
                await self._kernel.kill()
                raise KernelEnded("died") from None
            if message.get("parent_header", {}).get("msg_id") == sent:
                return message["content"]

    async def _next(self, channel: Any, deadline: float) -> dict[str, Any]:
        """Return the next message; KernelEnded if there can be none, TimeoutError if it is late."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        receiving = channel.socket.recv_multipart()
        try:
            if receiving.done():
                await asyncio.sleep(0)  # who never has to wait, must let the others go on
            else:
                await asyncio.wait(
                    {receiving, self._end}, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
            if receiving.done():
                return self._read(receiving.result())
        except Exception:  # a message that breaks the protocol is none
            return {}
        finally:
            receiving.cancel()
        if self._end.done():
            raise KernelEnded(self._end.result()["reason"] or "died")
        raise TimeoutError

    def _read(self, frames: list[bytes]) -> dict[str, Any]:
        _, parts = self._client.session.feed_identities(frames)
        return self._client.session.deserialize(parts)


def _without_date(part: bytes) -> Any:
    """Read a part of a message; its date would only be parsed, which takes long, and not used."""
    data = json.loads(part)
    if isinstance(data, dict):
        data.pop("date", None)
    return data


class _Gathered:
    """The outputs of one piece of code, as they come in."""

    def __init__(self, sent: str, most: float) -> None:
        self.sent, self.most = sent, most
        self.size, self.complete = 0.0, False
        self.answer = Answer()

    def add(self, message: dict[str, Any]) -> None:
        """Take one message of the kernel; what is not one of ours is passed over."""
        if (message.get("parent_header") or {}).get("msg_id") != self.sent:
            return
        content, kind = message.get("content"), message.get("msg_type")
        if not isinstance(content, dict):
            return
        if kind == "status" and content.get("execution_state") == "idle":
            self.complete = True
        elif kind == "clear_output":
            self.answer.outputs.clear()
        elif output := _output(kind, content):
            self._keep(output)

    def _keep(self, output: dict[str, Any]) -> None:
        before, self.size = self.size, self.size + _weight(output)
        if before >= self.most:
            return
        if self.size > self.most:
            self.answer.flags.append("output")
            notice = {"output_type": "stream", "name": "stderr"}
            self.answer.outputs.append({**notice, "text": "\n[the output was cut here]\n"})
            if output["output_type"] != "stream":
                return
            output["text"] = output["text"][: int(self.most - before)]
            self.answer.outputs.insert(-1, output)
            return
        last = self.answer.outputs[-1] if self.answer.outputs else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            self.answer.outputs.append(output)


def error_output(name: str, message: str) -> dict[str, Any]:
    """Return a notebook output that says what went wrong."""
    traceback = [f"{name}: {message}"]
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": traceback}


def _output(kind: Any, content: dict[str, Any]) -> dict[str, Any] | None:
    """Make a notebook output of a message, or None if it has none or is malformed."""
    if kind == "stream":
        name, text = content.get("name"), content.get("text")
        if name in ("stdout", "stderr") and isinstance(text, str):
            return {"output_type": "stream", "name": name, "text": text}
    elif kind == "error":
        lines = content.get("traceback")
        lines = [str(line) for line in lines] if isinstance(lines, list) else []
        said = {key: str(content.get(key, "")) for key in ("ename", "evalue")}
        return {"output_type": "error", **said, "traceback": lines}
    elif kind in ("display_data", "execute_result") and isinstance(content.get("data"), dict):
        metadata = content.get("metadata")
        output = {
            "output_type": kind,
            "data": {str(key): value for key, value in content["data"].items()},
            "metadata": metadata if isinstance(metadata, dict) else {},
        }
        return {**output, "execution_count": None} if kind == "execute_result" else output
    return None


def _weight(output: dict[str, Any]) -> int:
    return len(output["text"]) if output["output_type"] == "stream" else len(repr(output))
