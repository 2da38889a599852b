"""discord.js in a Node process: `second.mjs`, driven over its stdin and stdout."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from tests.discord_stand_in.server import StandIn
from tests.node_packages import node, packages


class Refused(Exception):
    """What discord.js raised: its name, Discord's code and the status."""


class Second:
    """`await second("send", channel=…)` calls; `await second.event("ready")` waits for an event of the gateway."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = count()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._arrived = asyncio.Condition()
        self.events: list[dict[str, Any]] = []

    async def __call__(self, call: str, **given: Any) -> Any:
        """The answer; Refused."""
        assert self._process.stdin is not None
        id = next(self._ids)
        answer = self._answers[id] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": id, "call": call, **given}).encode() + b"\n")
        await self._process.stdin.drain()
        try:
            return await answer
        finally:
            del self._answers[id]

    async def event(self, name: str, number: int = 1) -> dict[str, Any]:
        """The event of that name, the `number`th."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: sum(each["event"] == name for each in self.events) >= number)
        return [each for each in self.events if each["event"] == name][number - 1]

    async def listen(self) -> None:
        """Until the process ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if "id" in told and "event" not in told:
                self._answer(told)
            else:
                async with self._arrived:
                    self.events.append(told)
                    self._arrived.notify_all()
        for waiting in self._answers.values():
            waiting.set_exception(AssertionError("discord.js ended"))

    def _answer(self, told: dict[str, Any]) -> None:
        if "error" in told:
            self._answers[told["id"]].set_exception(Refused(told["error"]))
        else:
            self._answers[told["id"]].set_result(told["answer"])


@asynccontextmanager
async def second_client(discord: StandIn, token: str | None = None) -> AsyncIterator[Second]:
    """Not logged in yet."""
    base = discord.api_base.removesuffix("/v10")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node(),
        "second.mjs",
        base,
        token or str(discord.world.token),
        cwd=packages("e2e/discord"),
        stdin=pipe,
        stdout=pipe,
    )
    second = Second(process)
    listening = asyncio.create_task(second.listen())
    try:
        yield second
    finally:
        process.terminate()
        await process.wait()
        await listening
