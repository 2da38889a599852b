"""The service against Paseo's real relay runtimes, of today and of 2024; expectations come from storage, not events."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.chopsticks import PAS, RELAY_2024, RELAY_2026, Chopsticks, runtime_code, spec_file
from tests.e2e.chopsticks.service import Watch, said
from tests.e2e.chopsticks.truth import FAUCET, ROOT, Said, Truth
from tests.polkadot_api import Driver

pytestmark = pytest.mark.usefixtures("only_our_decoder")

START = {
    "//Whale": 100_000,
    "//Alice": 10,
    "//Bob": 100,
    "//Charlie": 10,
    "//Dave": 10,
    "//Ferdie": 10,
    "//Hoarder": 4_800,
    FAUCET: 1_500,
    ROOT: 1_000,
}
"""What each account begins with, in PAS."""
ALL_THERE_IS = 10**9


def call(pallet: str, name: str, *args: Any) -> dict[str, Any]:
    """A call inside another."""
    return {"pallet": pallet, "call": name, "args": list(args)}


def pay(to: str, amount: float) -> dict[str, Any]:
    """A transfer of some PAS to a dev account."""
    return call("Balances", "transfer_keep_alive", to, round(amount * PAS))


@dataclass(frozen=True)
class Happening:
    """One block: who signs which call, and whether it moves enough for an alert."""

    name: str
    signer: str
    call: dict[str, Any]
    alerts: bool = False


def batch(kind: str, *calls: dict[str, Any]) -> dict[str, Any]:
    return call("Utility", kind, list(calls))


def sudo(inner: dict[str, Any]) -> dict[str, Any]:
    return call("Sudo", "sudo", inner)


def take(source: str, to: str, amount: float) -> dict[str, Any]:
    return sudo(call("Balances", "force_transfer", source, to, round(amount * PAS)))


STORY = (
    Happening("a transfer above the threshold", "//Whale", pay("//Alice", 12_000), alerts=True),
    Happening("one a planck below it", "//Whale", call("Balances", "transfer_keep_alive", "//Bob", 10_000 * PAS - 1)),
    Happening("one exactly at it", "//Whale", pay("//Charlie", 10_000), alerts=True),
    Happening(
        "a batch of small parts with a large sum",
        "//Whale",
        batch("batch_all", pay("//Alice", 4_000), pay("//Bob", 4_000), pay("//Dave", 4_000)),
        alerts=True,
    ),
    Happening("a transfer that fails", "//Ferdie", pay("//Bob", 20_000)),
    Happening(
        "a batch that is rolled back",
        "//Whale",
        batch("batch_all", pay("//Alice", 12_000), pay("//Dave", ALL_THERE_IS)),
    ),
    Happening(
        "a batch that stops half-way, and what was done stays done",
        "//Whale",
        batch("batch", pay("//Alice", 11_000), pay("//Dave", ALL_THERE_IS)),
        alerts=True,
    ),
    Happening("root takes a balance", ROOT, take("//Alice", "//Bob", 11_000), alerts=True),
    Happening("root tries to take what is not there", ROOT, take("//Ferdie", "//Bob", 50_000)),
    Happening(
        "root sets a balance",
        ROOT,
        sudo(call("Balances", "force_set_balance", "//Dave", 40_000 * PAS)),
        alerts=True,
    ),
    Happening("a hoarder goes over the cap", "//Whale", pay("//Hoarder", 300)),
    Happening("and back under it", "//Hoarder", pay("//Ferdie", 500)),
    Happening("the faucet runs low", FAUCET, pay("//Ferdie", 600)),
    Happening("and is filled", "//Whale", pay(FAUCET, 2_000)),
)


class Stage:
    """A running chain with its accounts funded, and the truth about it."""

    def __init__(self, chain: Chopsticks) -> None:
        self.chain = chain
        self.addresses = {name: chain.driver.address(name) for name in START}
        for name, amount in START.items():
            chain.fund(self.addresses[name], amount * PAS)
        chain.set_storage({"Sudo": {"Key": self.addresses[ROOT]}})
        self.truth = Truth(chain, list(START))

    def play(self, happening: Happening) -> None:
        """Build one block, and hold the happening to what it says of itself."""
        wish = self._addressed(happening.call)
        extrinsic = self.chain.sign(wish["pallet"], wish["call"], wish["args"], signer=happening.signer)
        before = len(self.truth.said)
        self.truth.block(self.chain.new_block([extrinsic]), happening.signer, extrinsic)
        moved = [told for told in self.truth.said[before:] if told.rule == "large-move"]
        assert bool(moved) == happening.alerts, happening.name

    def _addressed(self, value: Any) -> Any:
        """Names of dev accounts as addresses, however deep."""
        if isinstance(value, dict):
            return {key: self._addressed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._addressed(item) for item in value]
        return self.addresses.get(value, value) if isinstance(value, str) else value


Stages = Callable[[str], Stage]


@pytest.fixture
def stage(hands: Driver, specs: Path, tmp_path: Path) -> Iterator[Stages]:
    """Starts a chain from the name of its spec."""
    running: list[Chopsticks] = []

    def start(spec: str) -> Stage:
        running.append(Chopsticks.start(spec_file(spec, specs), hands, tmp_path / "chopsticks.log"))
        return Stage(running[-1])

    yield start
    for chain in running:
        chain.stop()


async def watched(stage: Stage, folder: Path, story: Sequence[Callable[[], None]]) -> list[Any]:
    """Follow live while the story is played, one block each; every alert, once the last block is through."""
    watch = Watch(folder, stage.chain.url, stage.addresses[FAUCET])
    head = await asyncio.to_thread(stage.chain.height)
    following = asyncio.create_task(watch.follow(head, head + len(story)))
    for happening in story:
        await asyncio.to_thread(happening)
    summary = await following
    assert not any(summary.holes.values())
    alerts = watch.alerts()
    assert len({alert["id"] for alert in alerts}) == len(alerts)
    return alerts


def without_the_set_amount(stage: Stage) -> list[Said]:
    """The 2024 runtime has no event that says by how much root changed a balance; the alert has to say that."""
    set_there = "0x" + stage.chain.driver.public_key("//Dave").hex()
    return [
        told._replace(direction=None, amount=None)
        if (told.account, told.rule, told.direction) == (set_there, "large-move", "in")
        else told
        for told in stage.truth.said
    ]


@pytest.mark.parametrize("spec", [RELAY_2026, RELAY_2024])
async def test_what_storage_says_happened_is_told_and_nothing_else(spec: str, stage: Stages, tmp_path: Path) -> None:
    """Above, below and at the threshold, batches, failures, root, the cap, a low balance: each alert to the planck."""
    there = await asyncio.to_thread(stage, spec)
    alerts = await watched(there, tmp_path, [lambda happening=one: there.play(happening) for one in STORY])
    expected = there.truth.said if spec == RELAY_2026 else without_the_set_amount(there)
    assert sorted(map(said, alerts), key=str) == sorted(expected, key=str)
    rules = {(told.rule, told.status) for told in there.truth.said}
    assert rules == {
        ("large-move", "event"),
        ("policy-cap", "firing"),
        ("policy-cap", "resolved"),
        ("faucet-low", "firing"),
        ("faucet-low", "resolved"),
    }


async def test_a_runtime_upgrade_from_2024_to_today_is_followed_through(
    stage: Stages, specs: Path, tmp_path: Path
) -> None:
    """Moves in the block that sets the code, in the one that migrates, and after: events of two runtimes."""
    there = await asyncio.to_thread(stage, RELAY_2024)
    chain = there.chain
    new_code = await asyncio.to_thread(lambda: runtime_code(spec_file(RELAY_2026, specs)))
    versions = [chain.rpc("state_getRuntimeVersion")["specVersion"]]

    def upgrade() -> None:
        inner = call("System", "set_code", new_code)
        wish = call("Sudo", "sudo_unchecked_weight", inner, {"refTime": 0, "proofSize": 0})
        there.play(Happening("root sets the code", ROOT, wish))
        versions.append(chain.rpc("state_getRuntimeVersion")["specVersion"])

    large = Happening("a large transfer", "//Whale", pay("//Alice", 12_000), alerts=True)
    small = Happening("a small one", "//Whale", pay("//Bob", 9_000))
    play = there.play
    story = [lambda: play(large), upgrade, lambda: play(large), lambda: play(small), lambda: play(large)]
    alerts = await watched(there, tmp_path, story)
    assert versions == [1_001_002, 2_003_001]
    assert sorted(map(said, alerts), key=str) == sorted(there.truth.said, key=str)
    assert [told.rule for told in there.truth.said].count("large-move") == 3
