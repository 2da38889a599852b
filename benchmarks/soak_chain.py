"""A long relay chain in a process of its own, for the soak: written as it is read, and forgotten behind the reader.

python -m benchmarks.soak_chain      prints the node's URL and a webhook's as JSON, serves until its standard input ends

A block holds the events of a real one (58 or 81), transfers between accounts that come back and ones that never do,
and the votes of 100 validators. Now and then a large amount moves, the faucet runs low, an account is over the cap, and
a referendum takes a step. All is encoded by hand against Polkadot's metadata V14 of spec 1002000.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from hashlib import blake2b
from random import Random
from typing import Any

from aiohttp import web

from paseo_watch.recording.node import NodeServer, Peer
from tests.data import data_path
from tests.e2e.kill.chain import CAP, FAUCET, LIMIT, PLANCK, RICH, THRESHOLD, account, account_key, transfer
from tests.relay_encoding import INITIALIZATION, hexadecimal, u32
from tests.relay_sessions import RelaySessions
from tests.scripted_chain import ScriptedChain, Written, compact, storage_key

SEED = 20260704
SPEC = ("polkadot", 1_002_000)
EVENTS = ("polkadot-18468942.v14.1002000.events", "polkadot-19772575.v14.1002000.events")
VALIDATORS, CORES, PER_GROUP = 100, 20, 5
SESSION = 600
"""Blocks: an hour, as on Paseo."""
HOLDERS = 2_000
"""Accounts that come back; each block also has one that was never seen."""
LARGE, LOW, OVER = 1 / 20, 1 / 200, 1 / 200
"""How often a block has a large move, moves the faucet below its limit or back, an account over the cap or back."""
REFERENDUM, STEP = 1_200, 100
"""Blocks between two referenda, and between the steps of one."""
AHEAD, KEPT, AT_ONCE = 400, 1_000, 16
"""Blocks written ahead of the reader, kept behind it, and made final together."""


def u128(value: int) -> bytes:
    return value.to_bytes(16, "little")


class Referenda:
    """Referenda of the relay chain: submitted, deposit, deciding, then confirmed and dispatched, or rejected."""

    COUNT = storage_key("Referenda", "ReferendumCount")
    INFO = storage_key("Referenda", "ReferendumInfoFor")
    PROPOSAL = b"\x01" + compact(3) + b"\x00\x00\x00"  # Inline: System.remark of nothing
    TRACK = (30).to_bytes(2, "little")
    DEPOSIT = RICH + u128(100 * PLANCK)
    TALLY = u128(9 * PLANCK) + u128(PLANCK) + u128(9 * PLANCK)

    def __init__(self) -> None:
        self.infos: dict[str, list[tuple[int, str]]] = {}
        """By storage key, from which block on which value."""

    def count(self, number: int) -> int:
        return number // REFERENDUM

    def events(self, number: int) -> list[bytes]:
        """What happens in this block: at most one step of one referendum."""
        index, since = number // REFERENDUM - 1, number % REFERENDUM
        if index < 0 or since % STEP or since // STEP >= 6:
            return []
        step, which, passes = since // STEP, u32(index), index % 2 == 0
        submitted = b"\x15\x00" + which + self.TRACK + self.PROPOSAL
        placed = b"\x15\x01" + which + self.DEPOSIT
        started = b"\x15\x04" + which + self.TRACK + self.PROPOSAL + self.TALLY
        confirming = b"\x15\x05" + which
        ended = (b"\x15\x07" if passes else b"\x15\x09") + which + self.TALLY
        id_ = blake2b(b"assembly" + compact(9) + b"enactment" + which, digest_size=32).digest()
        dispatched = b"\x01\x02" + u32(number) + u32(0) + b"\x01" + id_ + b"\x00"
        if step == 5 and not passes:
            return []
        self._changed(index, number, step, passes)
        event = (submitted, placed, started, confirming, ended, dispatched)[step]
        return [INITIALIZATION + event + b"\0"]

    def value(self, key: str, number: int) -> str | None:
        """ReferendumInfoFor at a block."""
        return next((value for since, value in reversed(self.infos.get(key, [])) if since <= number), None)

    def _changed(self, index: int, number: int, step: int, passes: bool) -> None:
        key = self.INFO + blake2b(u32(index), digest_size=16).hexdigest() + u32(index).hex()
        ended = (b"\x01" if passes else b"\x02") + u32(number) + b"\x01" + self.DEPOSIT + b"\x01" + self.DEPOSIT
        info = ended if step >= 4 else self._ongoing(number, step)
        self.infos.setdefault(key, []).append((number, hexadecimal(info)))

    def _ongoing(self, number: int, step: int) -> bytes:
        head = b"\x00" + self.TRACK + b"\x00\x00" + self.PROPOSAL + b"\x01" + u32(100)  # root, enacted after 100 blocks
        deposits = u32(number - step * STEP) + self.DEPOSIT + (b"\x01" + self.DEPOSIT if step >= 1 else b"\x00")
        confirming = b"\x01" + u32(number + STEP) if step >= 3 else b"\x00"
        deciding = b"\x01" + u32(number) + confirming if step >= 2 else b"\x00"
        return head + deposits + deciding + self.TALLY + b"\x00\x00"


class LongChain(ScriptedChain):
    """Keeps its last blocks only; adds a real block's events to each; answers for accounts and referenda."""

    def __init__(self, metadata: bytes, events: Sequence[bytes]) -> None:
        super().__init__(metadata={14: metadata}, spec=SPEC)
        self.referenda = Referenda()
        self.balances: dict[str, str] = {}
        self.floor = 0
        self._real = [_split(each) for each in events]

    def append(self, events: bytes = b"\0", **more: Any) -> Written:
        count, records = _split(events)
        real, others = self._real[len(self.best_chain) % len(self._real)]
        return super().append(compact(count + real) + others + records, **more)

    def forget(self, below: int) -> None:
        """Drop the blocks below this one but for the genesis."""
        for number in range(max(self.floor, 1), below):
            del self.written[self.best_chain[number].hash]
            self.best_chain[number] = self.best_chain[0]
        self.floor = max(self.floor, below)

    def block_hash(self, number: int) -> str | None:
        return None if 0 < number < self.floor else super().block_hash(number)

    def storage(self, hash: str, key_hex: str) -> str | None:
        if key_hex.startswith(Referenda.INFO):
            return self.referenda.value(key_hex, self.written[hash].number)
        return super().storage(hash, key_hex) or self.balances.get(key_hex)


class SoakRelay(RelaySessions):
    """Writes the chain."""

    chain: LongChain

    def __init__(self, seed: int) -> None:
        metadata = data_path("metadata", "polkadot.v14.1002000.scale").read_bytes()
        events = [data_path("events", name).read_bytes() for name in EVENTS]
        super().__init__(VALIDATORS, CORES, PER_GROUP, seed=seed, metadata={14: metadata}, spec=SPEC)
        self.chain = LongChain(metadata, events)
        self._luck = Random(seed)
        self._holders = [blake2b(b"holder %d" % n, digest_size=32).digest() for n in range(HOLDERS)]
        self.chain.balances = {account_key(who): account(CAP // 2) for who in self._holders}
        self._low = self._over = False
        self._outside = VALIDATORS

    def next_block(self) -> None:
        """One more, in a new session where it is time for one: one validator leaves, another joins."""
        if self.next > 1 and self.next % SESSION == 1:
            leaves = self._luck.choice(self.session.validators)
            self.rotate(join=[self._outside], leave=[leaves])
            self._outside = leaves
        self._low ^= self._luck.random() < LOW
        self._over ^= self._luck.random() < OVER
        self.block(events=[*self._transfers(), *self.chain.referenda.events(self.next)])

    def forget(self, below: int) -> None:
        """What is far behind the reader."""
        for number in range(self.chain.floor, below):
            self.records.pop(number, None)
        self.sessions = {n: one for n, one in self.sessions.items() if n + 2 >= self.session.number}
        self.chain.forget(below)

    def _transfers(self) -> Iterator[bytes]:
        sender, receiver = self._luck.sample(self._holders, 2)
        yield transfer(2, sender, receiver, 5)
        yield transfer(3, receiver, blake2b(b"once %d" % self.next, digest_size=32).digest(), 1)
        yield transfer(4, RICH, FAUCET, 1)
        if self._luck.random() < LARGE:
            yield transfer(5, sender, receiver, THRESHOLD + self._luck.randrange(1000))

    def _every_block(self, session: Any) -> dict[str, str | None]:
        faucet, rich = LIMIT - 1 if self._low else 2 * LIMIT, CAP + 1 if self._over else CAP - 1
        return {
            **super()._every_block(session),
            account_key(FAUCET): account(faucet),
            account_key(RICH): account(rich),
            Referenda.COUNT: hexadecimal(u32(self.chain.referenda.count(self.next))),
        }


class SoakNode(NodeServer):
    """Serves the chain, and knows how far its reader is."""

    def __init__(self, chain: LongChain) -> None:
        super().__init__(chain)
        self._chain = chain
        self.asked = 0

    def result(self, method: str, params: list[Any], peer: Peer | None) -> Any:
        if method == "state_queryStorageAt" and params[1] in self._chain.written:
            self.asked = max(self.asked, self._chain.written[params[1]].number)
        return super().result(method, params, peer)


def _split(events: bytes) -> tuple[int, bytes]:
    """How many records, and the records, of a SCALE vector of fewer than 2^14."""
    if events[0] & 3 == 0:
        return events[0] >> 2, events[1:]
    return int.from_bytes(events[:2], "little") >> 2, events[2:]


async def _write(relay: SoakRelay, node: SoakNode) -> None:
    """Stay ahead of the reader."""
    while True:
        if relay.chain.tip.number - node.asked > AHEAD:
            await asyncio.sleep(0.002)
            continue
        for _ in range(AT_ONCE):
            relay.next_block()
        relay.forget(node.asked - KEPT)
        node.announce()
        await asyncio.sleep(0)


async def _took(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


@asynccontextmanager
async def _hook() -> AsyncIterator[str]:
    """A webhook that takes everything."""
    application = web.Application()
    application.router.add_post("/hook", _took)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def _serve() -> None:
    relay = SoakRelay(SEED)
    async with SoakNode(relay.chain) as node, _hook() as hook, asyncio.TaskGroup() as group:
        writing = group.create_task(_write(relay, node))
        print(json.dumps({"node": node.url, "hook": hook}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        writing.cancel()


if __name__ == "__main__":
    asyncio.run(_serve())
