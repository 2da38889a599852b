"""Asset Hub, whose chain spec is not to be had: blocks encoded by @polkadot/api against its own metadata of 2026.

A ledger here keeps the balances and writes them into the scripted chain's storage; what should be told follows from it.
The events beside it are those that this runtime deposits for such acts, in its spelling and order.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from tests.chopsticks import PAS
from tests.data import data_path
from tests.e2e.chopsticks.service import Watch, said
from tests.e2e.chopsticks.truth import CAP, THRESHOLD, Said
from tests.polkadot_api import Driver
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import ScriptedNode

pytestmark = pytest.mark.usefixtures("only_our_decoder")

SPEC = ("asset-hub-paseo", 2_000_005)
ACCOUNT_PREFIX = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
"""twox128 of System, twox128 of Account."""
TIMESTAMP_SET = "0x280403000bd0c04b528101"
"""The bare inherent that stands first in every block: pallet 3, call 0, a compact moment."""
AUTHOR = "//Author"
FEE = PAS // 50
REFUND = 777
TETHER, DOLLAR = 1984, 10**6
START = {"//Whale": 90_000, "//Alice": 2_000, "//Bob": 300, "//Hoarder": 4_900, AUTHOR: 50}
"""What each account begins with, in PAS."""
RULES = """
    - { name: large-move, threshold: 10000 PAS }
    - { name: policy-cap, cap: 5000 PAS, chains: [asset-hub] }
    - { name: tether-move, threshold: 5000 USDT }
"""
DISPATCH_INFO = {"weight": {"refTime": 1000, "proofSize": 10}, "class": "Normal", "paysFee": "Yes"}

Event = tuple[str, str, Sequence[Any]]
"""Pallet, name, and the fields in order; a dev account's name stands for its key."""


@dataclass(frozen=True)
class Act:
    """One block: what it does to the ledger, fees aside, and what it deposits. `signer` None is a hook."""

    name: str
    events: Sequence[Event]
    signer: str | None = "//Whale"
    call: Event | None = None
    changes: Mapping[str, int] = field(default_factory=dict)
    reserves: Mapping[str, int] = field(default_factory=dict)
    fails: bool = False
    apart: bool = False
    """The changes add up those of several messages, none of which is large."""
    alerts: Sequence[tuple[str, str]] = ()


def transfer(signer: str, to: str, amount: int, *alerts: tuple[str, str]) -> Act:
    """A signed transfer of so many planck."""
    return Act(
        f"{signer} pays {to} {amount}",
        [("Balances", "Transfer", [signer, to, amount])],
        signer,
        ("Balances", "transfer_keep_alive", [{"Id": to}, amount]),
        {signer: -amount, to: amount},
        alerts=alerts,
    )


def message(to: str, amount: int) -> list[Event]:
    """PAS teleported from the relay: minted in the queue's hook, just before the message counts as processed."""
    processed = ["0x" + "ab" * 32, {"Parent": None}, {"refTime": 9, "proofSize": 9}, True]
    return [
        ("Balances", "Minted", [to, amount]),
        ("Balances", "Issued", [amount]),
        ("MessageQueue", "Processed", processed),
    ]


LARGE = ("large-move", "event")
STORY = (
    transfer("//Whale", "//Alice", 12_000 * PAS, LARGE, ("policy-cap", "firing"), ("policy-cap", "firing")),
    transfer("//Whale", "//Alice", 10_000 * PAS - 1),
    transfer("//Whale", "//Hoarder", 300 * PAS, ("policy-cap", "firing")),
    transfer("//Hoarder", "//Bob", 400 * PAS, ("policy-cap", "resolved")),
    Act(
        "a teleport arrives, after a small one",
        [*message("//Author", 7), *message("//Bob", 11_000 * PAS)],
        signer=None,
        changes={"//Author": 7, "//Bob": 11_000 * PAS},
        alerts=[LARGE, ("policy-cap", "firing")],
    ),
    Act(
        "two teleports arrive in one hook, large only together",
        [*message("//Bob", 9_000 * PAS), *message("//Bob", 9_000 * PAS)],
        signer=None,
        changes={"//Bob": 18_000 * PAS},
        apart=True,
    ),
    Act(
        "a transfer that fails",
        [("System", "ExtrinsicFailed", [{"Token": "FundsUnavailable"}, DISPATCH_INFO])],
        "//Hoarder",
        ("Balances", "transfer_keep_alive", [{"Id": "//Bob"}, 50_000 * PAS]),
        fails=True,
    ),
    Act(
        "a deposit is reserved, which is no move",
        [
            ("Balances", "Reserved", ["//Whale", 20_000 * PAS]),
            ("Referenda", "DecisionDepositPlaced", [7, "//Whale", 20_000 * PAS]),
        ],
        call=("Referenda", "place_decision_deposit", [7]),
        reserves={"//Whale": 20_000 * PAS},
    ),
    Act(
        "tether above its threshold",
        [("Assets", "Transferred", [TETHER, "//Alice", "//Bob", 5_000 * DOLLAR])],
        "//Alice",
        ("Assets", "transfer", [TETHER, {"Id": "//Bob"}, 5_000 * DOLLAR]),
        alerts=[("tether-move", "event")],
    ),
    Act(
        "another asset, as much of it",
        [("Assets", "Transferred", [TETHER + 1, "//Alice", "//Bob", 5_000 * DOLLAR])],
        "//Alice",
        ("Assets", "transfer", [TETHER + 1, {"Id": "//Bob"}, 5_000 * DOLLAR]),
    ),
    Act(
        "a batch that pays two, and takes nothing else",
        [
            ("Balances", "Transfer", ["//Whale", "//Alice", 6_000 * PAS]),
            ("Utility", "ItemCompleted", []),
            ("Balances", "Transfer", ["//Whale", "//Bob", 6_000 * PAS]),
            ("Utility", "ItemCompleted", []),
            ("Utility", "BatchCompleted", []),
        ],
        call=("System", "remark", ["0x00"]),
        changes={"//Whale": -12_000 * PAS, "//Alice": 6_000 * PAS, "//Bob": 6_000 * PAS},
        alerts=[LARGE],
    ),
)


class Hub:
    """The chain being written, its ledger, and what the service should say about it."""

    def __init__(self, hands: Driver, metadata: Path) -> None:
        self.hands = hands
        self.metadata = str(metadata)
        self.keys = {name: "0x" + hands.public_key(name).hex() for name in START}
        self.free = {name: amount * PAS for name, amount in START.items()}
        self.reserved = dict.fromkeys(START, 0)
        self.over: set[str] = set()
        self.said: list[Said] = []
        self.chain = ScriptedChain(spec=SPEC, metadata={16: metadata.read_bytes()})
        self.chain.append(storage=self.state())

    def play(self, act: Act) -> None:
        """Write the act's block, and note what should be said about it."""
        before = self.state()
        self._enter(act)
        extrinsics = [TIMESTAMP_SET]
        if act.signer:
            pallet, name, fields = self._keyed(act.call)
            call = {"pallet": pallet, "name": name, "fields": fields}
            signed = self.hands.ask("encode_signed", metadata=self.metadata, signer=self.keys[act.signer], **call)
            extrinsics.append(signed)
        events = self.hands.ask("encode_events", metadata=self.metadata, events=self._records(act))
        block = self.chain.append(bytes.fromhex(events[2:]), storage=self.state(), extrinsics=extrinsics)
        told = [*self._moves(act, block.number), *self._conditions(block.number, before)]
        assert sorted((one.rule, one.status) for one in told) == sorted(act.alerts), act.name
        self.said += told

    def state(self) -> dict[str, str | None]:
        """`System.Account` of all accounts."""
        return {self._storage_key(name): account_value(self.free[name], self.reserved[name]) for name in self.keys}

    def _storage_key(self, name: str) -> str:
        raw = bytes.fromhex(self.keys[name][2:])
        return ACCOUNT_PREFIX + blake2b(raw, digest_size=16).hexdigest() + raw.hex()

    def _enter(self, act: Act) -> None:
        for name, amount in act.changes.items():
            self.free[name] += amount
        for name, amount in act.reserves.items():
            self.free[name] -= amount
            self.reserved[name] += amount
        if act.signer:
            self.free[act.signer] -= FEE
            self.free[AUTHOR] += FEE

    def _records(self, act: Act) -> list[dict[str, Any]]:
        events: list[Event] = list(act.events)
        if act.signer:
            done: list[Event] = [] if act.fails else [("System", "ExtrinsicSuccess", [DISPATCH_INFO])]
            outcome = [event for event in events if event[1] == "ExtrinsicFailed"] or done
            events = [
                ("Balances", "Withdraw", [act.signer, FEE + REFUND]),
                *(event for event in events if event not in outcome),
                ("Balances", "Deposit", [act.signer, REFUND]),
                ("Balances", "Deposit", [AUTHOR, FEE]),
                ("TransactionPayment", "TransactionFeePaid", [act.signer, FEE, 0]),
                *outcome,
            ]
        phase = {"ApplyExtrinsic": 1} if act.signer else "Initialization"
        return [
            {"phase": phase, "pallet": pallet, "name": name, "fields": fields}
            for pallet, name, fields in map(self._keyed, events)
        ]

    def _keyed(self, value: Any) -> Any:
        """Names of dev accounts as keys, however deep."""
        if isinstance(value, dict):
            return {key: self._keyed(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._keyed(item) for item in value]
        return self.keys.get(value, value) if isinstance(value, str) else value

    def _moves(self, act: Act, number: int) -> list[Said]:
        place = f"{number}-1" if act.signer else None
        told = []
        name, amount = max(act.changes.items(), key=lambda item: (abs(item[1]), item[1] < 0), default=("", 0))
        if abs(amount) >= THRESHOLD and not act.apart:
            direction = "in" if amount > 0 else "out"
            told.append(Said(number, "large-move", "event", place, self.keys[name], direction, abs(amount)))
        for _, event, fields in act.events:
            if event == "Transferred" and fields[0] == TETHER and fields[3] >= 5_000 * DOLLAR:
                told.append(Said(number, "tether-move", "event", place, self.keys[fields[1]], "out", fields[3]))
        return told

    def _conditions(self, number: int, before: Mapping[str, str | None]) -> list[Said]:
        """Of accounts whose stored value this block changed."""
        told = []
        for name, key in self.keys.items():
            total = self.free[name] + self.reserved[name]
            changed = before[self._storage_key(name)] != self.state()[self._storage_key(name)]
            if changed and (total > CAP) != (name in self.over):
                self.over ^= {name}
                status = "firing" if total > CAP else "resolved"
                told.append(Said(number, "policy-cap", status, None, key, None, total))
        return told


def account_value(free: int, reserved: int) -> str:
    """nonce, consumers, providers, sufficients (u32 each), then free, reserved, frozen, flags (u128 each)."""
    counters = b"".join(n.to_bytes(4, "little") for n in (0, 0, 1, 0))
    return "0x" + (counters + b"".join(n.to_bytes(16, "little") for n in (free, reserved, 0, 1 << 127))).hex()


@pytest.fixture
def hub(hands: Driver) -> Hub:
    """The chain before the story."""
    return Hub(hands, data_path("metadata", "asset-hub-paseo.v16.2026-02.scale"))


async def test_what_the_ledger_says_happened_is_told_and_nothing_else(hub: Hub, tmp_path: Path) -> None:
    """Transfers, teleports in hooks, a failure, a reserve, an asset of a pallet, a batch, and the cap."""
    async with ScriptedNode(hub.chain) as node:
        watch = Watch(tmp_path, node.url, hub.hands.address("//Eve"), RULES, chain="asset-hub")
        watch.unit("USDT", f"{{ decimals: 6, pallet: Assets, id: {TETHER} }}")
        head = hub.chain.tip.number
        following = asyncio.create_task(watch.follow(head, head + len(STORY)))
        for act in STORY:
            hub.play(act)
            node.announce()
            await asyncio.sleep(0)
        summary = await following
    assert not any(summary.holes.values())
    alerts = watch.alerts()
    assert sorted(map(said, alerts), key=str) == sorted(hub.said, key=str)
    calls = {alert["block"]["number"]: alert["data"]["call"] for alert in alerts if alert["extrinsic"]}
    assert calls[head + 1] == "Balances.transfer_keep_alive"
    assert calls[head + 9] == "Assets.transfer"
