"""`tests.relay_sessions` judged by @polkadot/api: it decodes every block, and a count made from that is the ledger."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scalecodec.utils.ss58 import ss58_decode

from tests.data import data_path
from tests.polkadot_api import Driver
from tests.relay_encoding import ITEM, PASEO_2025, POLKADOT_2026, Layout, stash
from tests.relay_sessions import SLOT_MS, Counts, RelaySessions
from tests.scripted_chain import EVENTS, TIMESTAMP, Written

RUNTIMES = {
    "paseo.v15.2025-08.scale": (15, ("paseo", 1_006_002), PASEO_2025),
    "polkadot.v16.scale": (16, ("polkadot", 2_000_000), POLKADOT_2026),
}
LATE, LATER = 14, 15


@dataclass
class Reader:
    """Reads written blocks with @polkadot/api and nothing else."""

    hands: Driver
    metadata: str

    def item(self, block: Written, name: str, *args: Any) -> Any:
        """The decoded value of a storage item in the state of a block, under the key that @polkadot/api makes."""
        pallet, item = name.split(".")
        key = self.hands.ask("storage_key", metadata=self.metadata, pallet=pallet, item=item, args=args)
        value = block.state.get(key)
        if value is None:
            return None
        return self.hands.ask("decode_storage", metadata=self.metadata, pallet=pallet, item=item, value=value)

    def events(self, block: Written) -> list[tuple[str, Any]]:
        """Pallet and name of each event, and its fields."""
        records = self.hands.ask("decode_events", metadata=self.metadata, events=block.state[EVENTS])
        return [(f"{record['pallet']}.{record['name']}", record["fields"]) for record in records]

    def author(self, block: Written) -> tuple[int, int]:
        """Authority index and slot from the digest."""
        logs = self.hands.ask("decode_header", metadata=self.metadata, header=dict(block.header))
        kinds = [(log["kind"], log["engine"]) for log in logs]
        assert kinds == [("PreRuntime", "BABE"), ("Consensus", "BEEF"), ("Seal", "BABE")]
        ((said),) = logs[0]["pre"].values()
        return said["authorityIndex"], said["slotNumber"]


def account(address: str) -> bytes:
    return bytes.fromhex(ss58_decode(address))


def backing(relay: RelaySessions) -> list[int]:
    """Four of those that back candidates in the first session, in as many groups as there are."""
    first = relay.sessions.get(0) or relay.planned
    assert first is not None
    return [first.account(index) for index in (0, 3, 6, 7)]


def told(relay: RelaySessions) -> list[Written]:
    """Three sessions with everything that can be planted."""
    lazy, offline, disabled, gone = backing(relay)
    relay.offline(offline, since=5)
    relay.slack(lazy)
    blocks = [relay.block() for _ in range(14)]
    relay.disable(disabled)
    relay.offend(timeslot=b"\1" * 12)
    blocks += [relay.block(), relay.block(skip=2)]
    relay.rotate(join=[LATE, LATER], leave=[gone])
    blocks += [relay.block(), relay.block(cores=()), relay.block(author=LATE, absent=[1, 2], cores=[0, 2])]
    blocks += [relay.block() for _ in range(12)]
    relay.rotate(shuffle=False)
    blocks += [relay.block() for _ in range(4)]
    return blocks


def recounted(reader: Reader, blocks: list[Written]) -> dict[tuple[int, bytes], Counts]:
    """The ledger from the decoded state: an author by its place in the set, votes by the session that they name."""
    authored, given, missed = Counter[Any](), Counter[Any](), Counter[Any]()
    everyone = set()
    for block in blocks:
        session = reader.item(block, "Session.CurrentIndex")
        validators = [account(address) for address in reader.item(block, "Session.Validators")]
        everyone |= {(session, who) for who in validators}
        authored[session, validators[reader.author(block)[0]]] += 1
        votes = reader.item(block, "ParaInherent.OnChainVotes")
        info = reader.item(block, "ParaSessionInfo.Sessions", votes["session"])
        keys = [account(address) for address in reader.item(block, "ParaSessionInfo.AccountKeys", votes["session"])]
        for _, backing in votes["backingValidatorsPerCandidate"]:
            voters = {index for index, _ in backing}
            (group,) = [set(group) for group in info["validatorGroups"] if voters & set(group)]
            assert voters <= group
            given.update((votes["session"], keys[index]) for index in voters)
            missed.update((votes["session"], keys[index]) for index in group - voters)
    return {who: Counts(authored[who], given[who], missed[who]) for who in everyone}


@pytest.fixture(name="runtime", params=RUNTIMES)
def runtime_file(request: pytest.FixtureRequest) -> Path:
    """A relay chain's metadata."""
    return data_path("metadata", request.param)


@pytest.fixture
def reader(hands: Driver, runtime: Path) -> Reader:
    """Eyes for that runtime."""
    return Reader(hands, str(runtime))


@pytest.fixture
def relay(runtime: Path) -> RelaySessions:
    """14 validators, 9 of them backing in 3 groups; groups move on every 5 blocks."""
    version, spec, layout = RUNTIMES[runtime.name]
    return RelaySessions(
        14, 3, 3, seed=4, metadata={version: runtime.read_bytes()}, spec=spec, layout=layout, rotation=5
    )


def test_the_ledger_is_what_the_blocks_say(reader: Reader, relay: RelaySessions) -> None:
    blocks = told(relay)
    assert recounted(reader, blocks) == relay.ledger
    assert relay.blocks == {0: (1, 16), 1: (17, 31), 2: (32, 35)}
    votes = sum(counts.given + counts.missed for counts in relay.ledger.values())
    assert votes == 3 * 3 * (35 - 1) - 3 * 3 - 3  # but the first block, an idle one, and one core
    lazy, offline, disabled, gone = backing(relay)
    assert relay.ledger[0, stash(lazy)][1:] == (11, 5)
    assert relay.ledger[0, stash(offline)][1:] == (3, 13)
    assert relay.ledger[0, stash(disabled)][1:] == (14, 2)
    assert (1, stash(gone)) not in relay.ledger
    assert relay.ledger[1, stash(LATE)].authored >= 1


def test_the_block_that_opens_a_session_names_the_old_one(reader: Reader, relay: RelaySessions) -> None:
    last, opening, following = told(relay)[15:18]
    for block, session, voting in ((last, 0, 0), (opening, 1, 0), (following, 1, 1)):
        assert reader.item(block, "Session.CurrentIndex") == session
        assert reader.item(block, "ParasShared.CurrentSessionIndex") == session
        assert reader.item(block, "ParaInherent.OnChainVotes")["session"] == voting
    assert ("Session.NewSession", [1]) in reader.events(opening)
    assert reader.events(last) == reader.events(following) == []
    assert reader.item(last, "Babe.EpochStart") == [0, 0]
    assert reader.item(opening, "Babe.EpochStart") == [0, 17]
    assert reader.item(relay.chain.tip, "Babe.EpochStart") == [17, 32]
    old, new = (reader.item(block, "ParaScheduler.ValidatorGroups") for block in (last, opening))
    assert old == new == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    old, new = (reader.item(block, "ParasShared.ActiveValidatorIndices") for block in (last, opening))
    assert old != new


def test_session_info_lists_the_active_ones_in_their_own_order(reader: Reader, relay: RelaySessions) -> None:
    block = relay.block()
    validators = reader.item(block, "Session.Validators")
    info, keys = (reader.item(block, f"ParaSessionInfo.{name}", 0) for name in ("Sessions", "AccountKeys"))
    active = info["activeValidatorIndices"]
    assert [validators[position] for position in active] == keys[:9]
    assert sorted(keys) == sorted(validators)
    assert active != list(range(9))
    assert [len(info[name]) for name in ("validators", "discoveryKeys", "assignmentKeys")] == [9, 14, 9]
    assert info["nCores"] == 3
    assert list(map(account, validators)) == [stash(who) for who in relay.session.validators]


def test_disabled_validators_offences_and_time(reader: Reader, relay: RelaySessions, runtime: Path) -> None:
    layout: Layout = RUNTIMES[runtime.name][2]
    blocks = told(relay)
    disabling, last, opening = blocks[14:17]
    place = relay.sessions[0].validators.index(backing(relay)[2])
    said = [[place, 0]] if layout.severities else [place]
    assert [reader.item(block, "Session.DisabledValidators") for block in (disabling, last, opening)] == [
        said,
        said,
        [],
    ]
    offence = ("Offences.Offence", ["0x" + b"grandpa:equivoca".hex(), "0x" + "01" * 12])
    events = reader.events(disabling)
    assert events[-1] == offence
    assert [name for name, _ in events[:-1]] == ["Session.ValidatorDisabled"] * layout.severities
    assert reader.item(last, "StakingAhClient.Mode") == "Active" if layout.severities else True
    slots = [reader.author(block)[1] for block in blocks]
    assert [later - slot for slot, later in pairwise(slots)] == [1] * 14 + [3] + [1] * 19
    assert reader.item(blocks[0], "Babe.GenesisSlot") == slots[0]
    for block, slot in zip(blocks, slots, strict=True):
        assert reader.item(block, "Babe.CurrentSlot") == slot
        assert block.state[TIMESTAMP] == "0x" + (slot * SLOT_MS).to_bytes(8, "little").hex()


def test_old_sessions_are_pruned(reader: Reader, relay: RelaySessions) -> None:
    for _ in range(9):
        relay.block()
        relay.rotate()
    tip = relay.chain.tip
    held = [reader.item(tip, "ParaSessionInfo.Sessions", session) is not None for session in range(10)]
    assert held == [False] * 2 + [True] * 7 + [False]
    assert reader.item(tip, "ParaSessionInfo.EarliestStoredSession") == 2
    assert reader.item(tip, "ParaSessionInfo.AccountKeys", 1) is None


def test_every_key_is_the_one_that_the_metadata_says(hands: Driver, relay: RelaySessions, runtime: Path) -> None:
    told(relay)
    for name, key in ITEM.items():
        pallet, item = name.split(".")
        if pallet == "StakingAhClient" and not RUNTIMES[runtime.name][2].severities:
            continue
        args = [0] if item in ("Sessions", "AccountKeys") else []
        suffix = "00" * 4 if args else ""
        assert hands.ask("storage_key", metadata=str(runtime), pallet=pallet, item=item, args=args) == key + suffix


def test_parts_add_up_and_a_fork_is_forgotten(relay: RelaySessions) -> None:
    told(relay)
    whole = relay.ledger
    halves = [relay.counted(range(1, 20)), relay.counted(range(20, 36))]
    summed = {who: Counts(*map(sum, zip(*(half.get(who, Counts()) for half in halves), strict=True))) for who in whole}
    assert summed == whole
    relay.fork(19)
    assert relay.ledger == halves[0]
    relay.block()
    relay.rotate()
    relay.block()
    assert relay.blocks == {0: (1, 16), 1: (17, 20), 2: (21, 21)}
