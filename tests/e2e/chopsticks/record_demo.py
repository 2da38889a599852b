"""Makes the recordings that the demo plays, on Chopsticks: a minute of work, half an hour of chain.

    python -m tests.e2e.chopsticks.record_demo [FOLDER]

Today's relay, for balances and validators (`relay-2026`), in blocks of six seconds: ordinary traffic; a transfer just
below 10,000 PAS and one above; a batch whose parts are small and whose sum is not; a transfer that fails; a hoarder
over the cap of 5,000 PAS and back under it; root taking a stranger's hoard, as Paseo's policy has it; a faucet that
runs low and is filled again. Meanwhile sessions pass, by moving the clock: of four validators one makes no blocks and
backs nothing, is offline after two of them, and comes back; another leaves the active set.

The relay of 2024, for OpenGov (`relay-2024`): the lives of eight referenda side by side (`referenda.side_by_side`).
"""

import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from paseo_watch.app.rehearsal import Rehearsal
from paseo_watch.app.watchers import chain_watchers
from paseo_watch.chain.patience import patient_rounds
from paseo_watch.chain.scale.hashers import blake2_128_concat, twox128
from paseo_watch.clock import SystemClock
from paseo_watch.config.load import load
from paseo_watch.recording.recorder import Wish, record
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool
from paseo_watch.rpc.transport import WebSocketTransport
from paseo_watch.telemetry import Metrics
from tests.chopsticks import PAS, RELAY_2024, RELAY_2026, Chopsticks, spec_file
from tests.data import REPOSITORY
from tests.e2e.chopsticks.referenda import Referenda
from tests.e2e.chopsticks.sessions import Sessions
from tests.polkadot_api import Driver, driver

TARGET = REPOSITORY / "paseo_watch" / "recording" / "data"
DEMO = TARGET / "demo.yaml"
BEGINS_MS = 1_795_867_200_000
"""The chains' clock at the beginning, 2026-11-28 12:00 UTC: hours pass in the story, and all of it lies in the past."""
AUTHORS = (0, 1, 2)
"""Places in the set of those who make blocks: of four validators the last one makes none."""
TREASURY_KEY = b"modlpy/trsry".ljust(32, b"\0")
TREASURY = "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z"
START = {
    "//Alice": 900,
    "//Bob": 1_200,
    "//Charlie": 310,
    "//Dave": 420,
    "//Eve": 55,
    "//Faucet": 1_250,
    "//Whale": 60_000,
    "//Exchange": 20_000,
    "//Hoarder": 4_800,
    "//Stranger": 40,
    "//Root": 100,
}
"""What each account begins with, in PAS."""


class Story:
    """Says what happens in each block; one call, one block."""

    def __init__(self, chain: Chopsticks) -> None:
        self.chain = chain
        self.addresses = {name: chain.driver.address(name) for name in START} | {"treasury": TREASURY}
        self.sessions = Sessions(chain)
        self.lazy = self.sessions.validators()[3]
        self.awake = False
        self._session = 0
        self._opens = False

    def begin(self) -> None:
        """Write the starting balances, and who is root."""
        for name, amount in START.items():
            self.chain.fund(self.addresses[name], amount * PAS)
        self.chain.fund(TREASURY, 150_000 * PAS)
        self.chain.set_storage({"Sudo": {"Key": self.addresses["//Root"]}})

    def block(self, *extrinsics: str) -> None:
        """One block with these extrinsics, and with the backing votes of its session; of session 0 the chain keeps no
        accounts to resolve votes with."""
        self.chain.new_block(extrinsics)
        named = self._session - 1 if self._opens else self._session
        self._opens = False
        if named > 0:
            self.sessions.back(named, silent=() if self.awake else (self.lazy,))

    def open_session(self, without: int | None = None) -> None:
        """One block, which opens a session; the validator at that place leaves."""
        now = self.sessions.validators()
        self.sessions.next(None if without is None else now[:without] + now[without + 1 :])
        self._session, self._opens = self._session + 1, True
        self.block()

    def pay(self, sender: str, to: str, amount: float) -> str:
        """A signed transfer of some PAS; `to` is a name of START or a further dev account."""
        return self.chain.sign("Balances", "transfer_keep_alive", self._payment(to, amount), signer=sender)

    def pay_all(self, sender: str, payments: Sequence[tuple[str, float]]) -> str:
        """A signed batch of transfers."""
        calls = [
            {"pallet": "Balances", "call": "transfer_keep_alive", "args": self._payment(*payment)}
            for payment in payments
        ]
        return self.chain.sign("Utility", "batch_all", [calls], signer=sender)

    def take(self, source: str, to: str, amount: float) -> str:
        """Root moves some PAS of somebody else."""
        args = [self.addresses[source], *self._payment(to, amount)]
        call = {"pallet": "Balances", "call": "force_transfer", "args": args}
        return self.chain.sign("Sudo", "sudo", [call], signer="//Root")

    def _payment(self, to: str, amount: float) -> list[str | int]:
        address = self.addresses.get(to) or self.chain.driver.address(to)
        return [address, round(amount * PAS)]


def tell(story: Story) -> None:
    """About thirty blocks, in five sessions. The block that opens one has no room for extrinsics: pallet-session takes
    the whole block's weight for it.
    """
    pay, block = story.pay, story.block
    block(pay("//Alice", "//Bob", 25), pay("//Dave", "//Eve", 3.5))
    block()
    block(pay("//Faucet", "//user/1", 100))
    block(pay("//Whale", "//Exchange", 9_999.99))  # below the threshold: no alert
    block(pay("//Bob", "//Charlie", 12))
    block(pay("//Whale", "//Stranger", 12_345.678), pay("//Eve", "//Alice", 1.25))
    story.open_session()
    block(pay("//Faucet", "//user/2", 100))
    block(story.pay_all("//Whale", [("//Charlie", 4_000), ("//Dave", 4_000), ("//Eve", 4_000)]))
    block(pay("//Alice", "//Dave", 7))
    block(pay("//Bob", "//Eve", 50_000))  # Bob has no such sum: the extrinsic fails, and only its fee is paid
    story.open_session()  # the lazy one was silent for two sessions: offline
    block(pay("//Charlie", "//Hoarder", 400), pay("//Dave", "//Bob", 2))
    block(pay("//Faucet", "//user/3", 100))
    block(pay("//Eve", "//Charlie", 9.75))
    block(story.take("//Stranger", "treasury", 11_500))
    story.open_session()
    block(pay("//Faucet", "//user/4", 100))
    block(pay("//Alice", "//Bob", 31))
    story.awake = True
    block(pay("//Hoarder", "//Bob", 900))
    block(pay("//Dave", "//Alice", 40), pay("//Bob", "//Alice", 20))
    block()
    block(pay("//Exchange", "//Faucet", 2_500))
    block(pay("//user/1", "//user/2", 42))
    story.open_session(without=1)
    block(pay("//Exchange", "//Bob", 10_000))  # exactly the threshold: an alert
    block(pay("//Charlie", "//Eve", 5))
    block(pay("//Bob", "//Exchange", 9_000))
    block(pay("//Alice", "//Dave", 6), pay("//Dave", "//Charlie", 6), pay("//Charlie", "//Alice", 6))
    block()


def account_key(account: bytes) -> bytes:
    """The storage key of `System.Account` for one account."""
    return twox128(b"System") + twox128(b"Account") + blake2_128_concat(account)


async def write(chain: Chopsticks, wish: Wish, path: Path) -> None:
    """Record from the running chain."""
    clock, transport = SystemClock(), WebSocketTransport()
    pool = Pool(
        wish.chain,
        [EndpointOptions(chain.url, requests_per_second=1000, burst=1000)],
        genesis=None,
        transport=transport,
        clock=clock,
        random=random.Random(),
        metrics=Metrics(CollectorRegistry()),
        on_head=lambda head: None,
        on_quarantine=lambda endpoint, reason: None,
        options=PoolOptions(),
    )
    try:
        await record(partial(patient_rounds, pool, clock), wish, path)
    finally:
        await pool.close()
        await transport.close()


def set_clock(chain: Chopsticks) -> None:
    """The next block comes a slot after BEGINS_MS, and the first epoch began there."""
    slot = BEGINS_MS // chain.constant("Babe", "ExpectedBlockTime")
    chain.set_storage({"Timestamp": {"Now": BEGINS_MS}, "Babe": {"CurrentSlot": slot, "GenesisSlot": slot}})


def companion(chain: str) -> Rehearsal:
    """The watchers of the demo on a chain, so that the recording holds what they ask for."""
    places = {"DEMO_FOLDER": ".", "DEMO_LISTEN": "127.0.0.1:0", "DEMO_RELAY": "ws://x", "DEMO_RELAY_2024": "ws://x"}
    config = load([DEMO], places)
    return Rehearsal(chain_watchers(config, chain)(42), config.network)


def keep(chain: Chopsticks, name: str, first: int, path: Path, keys: tuple[bytes, ...] = ()) -> None:
    """Record everything from a block on, and these keys of each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wish = Wish("paseo", name, first, chain.height(), keys, companion(name))
    asyncio.run(write(chain, wish, path))
    print(f"{path}: {path.stat().st_size} bytes, from #{first} on")


def record_today(hands: Driver, scratch: Path, path: Path) -> None:
    """Balances and validators."""
    log = scratch / "today.log"
    with Chopsticks.start(spec_file(RELAY_2026, scratch), hands, log, authors=AUTHORS) as chain:
        set_clock(chain)
        story = Story(chain)
        story.begin()
        first = chain.height() + 1
        tell(story)
        print(f"lazy is {story.lazy}; active at last {story.sessions.validators()}")
        accounts = [*(hands.public_key(name) for name in START), TREASURY_KEY]
        keep(chain, "relay", first, path, tuple(account_key(account) for account in accounts))


def record_opengov(hands: Driver, scratch: Path, path: Path) -> None:
    """Referenda, on a chain whose height was moved ahead, so that their periods fit below it."""
    with Chopsticks.start(spec_file(RELAY_2024, scratch), hands, scratch / "2024.log", authors=AUTHORS) as chain:
        set_clock(chain)
        referenda = Referenda(chain)
        referenda.begin()
        chain.new_block()
        first = chain.height()
        referenda.side_by_side()
        keep(chain, "relay-2024", first, path)


def main(folder: Path) -> None:
    """Play both stories and record them."""
    with tempfile.TemporaryDirectory() as scratch, driver(Path(scratch) / "driver.log") as hands:
        record_today(hands, Path(scratch), folder / "relay-2026.rec.xz")
        record_opengov(hands, Path(scratch), folder / "relay-2024.rec.xz")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
