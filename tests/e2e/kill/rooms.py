"""The other sides of the service in one place: a homeserver with a plain and an encrypted room, a stand-in for Discord.

Both break down, and come back with all that they had.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.discord_stand_in.server import StandIn
from tests.discord_stand_in.world import TOKEN
from tests.matrix_reader import Reader, Readers, matrix_readers
from tests.synapse import Synapse, User, running_synapse

KEY = base64.b64encode(b"of no account outside this test.").decode()
HOMESERVER_UP, DISCORD_UP, DOWN = (1.0, 4.0), (0.5, 3.0), (0.1, 0.8)
"""Seconds before a breakdown and before coming back, each drawn anew. A homeserver takes seconds more to start."""
LOOK_SECONDS = 0.1


@dataclass
class Rooms:
    """`reader` is Element Web's crypto stack, in both rooms, and takes signed devices only.

    `lives` is counted up by who kills the service: in none of them does the same side break down twice, so that each
    comes to its end on a slow machine as well.
    """

    synapse: Synapse
    alice: User
    bot: User
    reader: Reader
    plain: str
    sealed: str
    discord: StandIn
    channel: dict[str, Any]
    breakdowns: dict[str, int]
    lives: int = 0

    @property
    def team(self) -> str:
        """Sinks of one receiver, for a configuration: a file, the plain room and the channel."""
        bot = f'bot_token: "{TOKEN}", channel: "{self.channel["id"]}", api_base: "{self.discord.api_base}"'
        return f"file: {{path: alerts.jsonl}}, {self._matrix(self.plain)}, discord: {{{bot}}}"

    @property
    def vault(self) -> str:
        """Of another one: the encrypted room."""
        return self._matrix(self.sealed)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What stands in those and nowhere else."""
        return (TOKEN, KEY, self.bot.password)

    def _matrix(self, room: str) -> str:
        login = f'homeserver: "{self.synapse.url}", user: "{self.bot.id}", password: {self.bot.password}'
        return f'matrix: {{{login}, store: matrix, cross_signing_key: {KEY}, room: "{room}"}}'

    async def trouble(self, random: Random, over: asyncio.Event) -> None:
        """Kill the homeserver and restart the stand-in now and then, until it is over; then both are up.

        It begins when the reader has read the first message: a client that gets a message before it could ask whose
        device that is, holds it back, whoever wrote it.
        """
        await asyncio.to_thread(self.reader.read, self.sealed, 1)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._homeserver(Random(random.random()), over))
            group.create_task(self._stand_in(Random(random.random()), over))

    async def _homeserver(self, random: Random, over: asyncio.Event) -> None:
        while not await _is_over(over, random.uniform(*HOMESERVER_UP)):
            self.synapse.kill()
            await asyncio.sleep(random.uniform(*DOWN))
            await asyncio.to_thread(self.synapse.start)
            self.breakdowns["homeserver"] += 1
            await self._next_life(over)

    async def _stand_in(self, random: Random, over: asyncio.Event) -> None:
        while not await _is_over(over, random.uniform(*DISCORD_UP)):
            await self.discord.stop()
            await asyncio.sleep(random.uniform(*DOWN))
            await self.discord.start()
            self.breakdowns["Discord"] += 1
            await self._next_life(over)

    async def _next_life(self, over: asyncio.Event) -> None:
        before = self.lives
        while self.lives == before and not await _is_over(over, LOOK_SECONDS):
            pass


async def _is_over(over: asyncio.Event, seconds: float) -> bool:
    """Whether it is within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await over.wait()
    except TimeoutError:
        return False


@asynccontextmanager
async def furnished(folder: Path) -> AsyncIterator[Rooms]:
    """Everybody is in the rooms, and nothing is broken yet."""
    with running_synapse(folder / "synapse") as synapse, matrix_readers(folder / "reader.log") as readers:
        async with StandIn() as discord:
            discord.limits.sending = discord.limits.all_requests = (1000, 1.0)
            yield _furnish(synapse, readers, discord)


def _furnish(synapse: Synapse, readers: Readers, discord: StandIn) -> Rooms:
    alice, bot, eve = (synapse.register(name) for name in ("alice", "bot", "eve"))
    reader = readers.start(eve)
    plain, sealed = (alice.create_room(invite=[bot.id, eve.id], encrypted=encrypted) for encrypted in (False, True))
    for room in (plain, sealed):
        bot.join(room)
        reader.join(room)
    _fill_gaps(synapse)
    alice.send(plain, "Is everybody here?")  # a reader that is not yet would miss who the bot is, and its first key
    reader.read(plain, 1)
    channel = discord.world.add_channel("alerts")
    return Rooms(synapse, alice, bot, reader, plain, sealed, discord, channel, {"homeserver": 0, "Discord": 0})


def _fill_gaps(synapse: Synapse) -> None:
    """After a break a sync brings a room's last ten events, and a client asks for those between. The reader does not:
    its filter, which the homeserver keeps, is changed to bring all."""
    whole = {"room": {"timeline": {"limit": 10_000, "unread_thread_notifications": True}}}
    synapse.kill()
    synapse.query("UPDATE user_filters SET filter_json = ?", json.dumps(whole).encode())
    synapse.start()
