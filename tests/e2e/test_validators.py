"""Today's relay chain from encoded blocks: sessions and votes with planted faults, against a ledger of the truth.

The metadata is that of the shipped recording, made on today's runtime. The ledger (`tests.relay_sessions`) counts what
it writes; nothing of the package is asked.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.rpc.transport import WebSocketTransport
from paseo_watch.store import facts, holes
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.watcher import build
from tests.e2e.chopsticks.service import Watch
from tests.e2e.command_stage import recording
from tests.house import House
from tests.relay_encoding import Layout, stash
from tests.relay_sessions import RelaySessions
from tests.scripted_node import FOREVER, ScriptedNode, discarded

pytestmark = pytest.mark.usefixtures("only_our_decoder")

FAUCET = "5GyCxk6xuhpKY4KeZvWBwAVrvfn52Rwkmpi68RZk3zGpGF4L"
STATE = "state_queryStorageAt"
TODAY = ("paseo", 2_003_001)
LENGTH = 20
"""Blocks of a session."""


def relay_of_today(validators: int = 12, cores: int = 3, per_group: int = 3) -> RelaySessions:
    metadata = bytes.fromhex(recording().runtimes[0].metadata["16"][2:])
    layout = Layout(severities=True, mode=2)
    return RelaySessions(validators, cores, per_group, seed=7, metadata={16: metadata}, spec=TODAY, layout=layout)


def run_sessions(relay: RelaySessions, count: int, **rotation: Any) -> None:
    """So many whole sessions, each re-shuffled, and the first block of another."""
    for _ in range(count):
        for _ in range(LENGTH):
            relay.block()
        relay.rotate(**rotation)
    relay.block()


async def watched(relay: RelaySessions, folder: Path, *unreadable: int) -> list[Mapping[str, Any]]:
    """Follow everything that was written; the state of these blocks is to be had nowhere."""
    async with ScriptedNode(relay.chain) as node:
        watch = Watch(folder, node.url, FAUCET, watch="{ validators: {} }")
        node.script(*(discarded(STATE, height=number, times=FOREVER) for number in unreadable))
        await watch.follow(1, relay.chain.tip.number)
    return watch.alerts()


@asynccontextmanager
async def at_work(relay: RelaySessions) -> AsyncIterator[tuple[ScriptedNode, House]]:
    """A node that serves what is written from now on, and the service on it."""
    options, setting = ValidatorsOptions(), WatcherSetting("relay", "paseo", 42)
    transport = WebSocketTransport()
    async with (
        ScriptedNode(relay.chain) as node,
        House([node.url], transport, watchers=lambda prefix: [build(options, setting)], speed=1) as house,
    ):
        yield node, house
    await transport.close()


async def rows(folder: Path) -> dict[tuple[int, bytes], tuple[int, int, int]]:
    """What was stored of each validator and session: blocks, votes given, votes missed."""
    async with await Database.open(f"sqlite:///{folder / 'watch.db'}", Access.READER) as database:
        found = await database.run(lambda conn: facts.read(conn, 1, "validators", "validator-session", limit=10_000))
    return {
        (row["session"], bytes.fromhex(row["validator_key"][2:])): (row["authored"], row["votes"], row["missed_votes"])
        for _, row in found
    }


def closed(ledger: Mapping[tuple[int, bytes], Any], relay: RelaySessions) -> dict[tuple[int, bytes], Any]:
    """The ledger of the sessions that are over."""
    return {which: tuple(counts) for which, counts in ledger.items() if which[0] < max(relay.blocks)}


def offline(alerts: list[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
    return [
        (alert["block"]["number"], alert["status"], alert["data"]["validator_key"])
        for alert in alerts
        if alert["rule"] == "validator-offline"
    ]


async def test_every_row_is_the_ledgers_with_one_offline_and_one_that_misses_a_third(tmp_path: Path) -> None:
    """Sessions are re-shuffled, so that an index means another validator in each; one goes dark in the middle of one.

    It is told at the third whole session in the dark, and at the first block or vote that ends it.
    """
    relay = relay_of_today()
    dark, lazy = relay.planned.account(1), relay.planned.account(5)
    relay.slack(lazy, every=3)
    back = 5 * LENGTH + 8
    relay.offline(dark, since=LENGTH // 2, until=back)
    run_sessions(relay, 7)
    alerts = await watched(relay, tmp_path)
    assert await rows(tmp_path) == closed(relay.ledger, relay)
    missed = [relay.ledger[session, stash(lazy)] for session in range(7)]
    assert all(3 * counts.missed >= counts.given + counts.missed - 3 for counts in missed)
    (fired, ended) = offline(alerts)
    assert fired == (4 * LENGTH + 1, "firing", "0x" + stash(dark).hex())  # sessions 1, 2 and 3 were dark
    records = relay.records
    sign = next(
        number
        for number in sorted(records)
        if number >= back and (records[number].author == dark or dark in records[number].given)
    )
    assert ended == (sign, "resolved", "0x" + stash(dark).hex())


async def test_who_is_disabled_is_not_told_as_offline_and_its_rows_say_why(tmp_path: Path) -> None:
    """It may not work in three whole sessions, one behind another, and does nothing in them."""
    relay = relay_of_today()
    who = relay.planned.account(1)
    relay.offline(who)
    for _ in range(3):
        relay.block()
        relay.disable(who)
        for _ in range(LENGTH - 1):
            relay.block()
        relay.rotate()
    relay.block()
    alerts = await watched(relay, tmp_path)
    key = "0x" + stash(who).hex()
    assert offline(alerts) == []
    states = [alert["labels"]["state"] for alert in alerts if alert["rule"] == "validator-disabled"]
    assert states == ["disabled", "enabled"] * 3
    async with await Database.open(f"sqlite:///{tmp_path / 'watch.db'}", Access.READER) as database:
        found = await database.run(lambda conn: facts.read(conn, 1, "validators", "validator-session", limit=10_000))
    assert {(row["session"], row["validator_key"]) for _, row in found if row["disabled"]} == {
        (session, key) for session in range(3)
    }


async def test_who_joins_and_leaves_is_told_with_the_session_that_it_begins(tmp_path: Path) -> None:
    """And their rows are those of the sessions that they were in."""
    relay = relay_of_today()
    run_sessions(relay, 2, join=[20, 21], leave=[3])
    alerts = await watched(relay, tmp_path)
    assert await rows(tmp_path) == closed(relay.ledger, relay)
    (first, *_) = (alert for alert in alerts if alert["rule"] == "active-set")
    assert first["block"]["number"] == LENGTH + 1
    assert {each["account_key"] for each in first["data"]["joined"]} == {"0x" + stash(n).hex() for n in (20, 21)}
    assert {each["account_key"] for each in first["data"]["left"]} == {"0x" + stash(3).hex()}


async def test_a_gap_in_observation_accuses_nobody_and_is_said(tmp_path: Path) -> None:
    """Much of three sessions is to be had nowhere: one who is dark in all of them is not called offline. What was seen
    is counted, and how much that is stands beside it."""
    relay = relay_of_today()
    relay.offline(relay.planned.account(1))
    run_sessions(relay, 5)
    gap = {n for session in (1, 2, 3) for n in range(session * LENGTH + 5, session * LENGTH + 15)}
    alerts = await watched(relay, tmp_path, *gap)
    async with await Database.open(f"sqlite:///{tmp_path / 'watch.db'}", Access.READER) as database:
        unread = {hole.number for hole in await database.run(lambda conn: holes.list(conn, 1000))}
        found = await database.run(lambda conn: facts.read(conn, 1, "validators", "session"))
    assert unread >= gap  # a node that has discarded a state is taken to have discarded those before it
    seen = set(range(1, relay.chain.tip.number + 1)) - unread
    counted = {which: counts for which, counts in (await rows(tmp_path)).items() if any(counts)}
    assert counted == {which: counts for which, counts in closed(relay.counted(seen), relay).items() if any(counts)}
    assert offline(alerts) == []
    for _, row in found:
        there = len([n for n in seen if (n - 1) // LENGTH == row["session"]])
        assert row["observed"] == there
        if row.get("last") is not None:  # else nothing was read of the session behind it, and its end is not known
            assert row["coverage_per_mille"] == 1000 * there // LENGTH
    assert {row["observed"] == LENGTH for _, row in found} == {True, False}


async def test_a_relay_block_costs_one_request_and_a_session_two_more() -> None:
    """Votes, session and who is disabled ride in the block's own; who is in the set and in its groups is read once."""
    relay = relay_of_today()
    async with at_work(relay) as (node, house):
        await house.settled(house.service.ready.is_set)
        asked: list[int] = []
        for _ in range(3):
            for _ in range(LENGTH):
                relay.block()
                node.announce()
                await house.reached(relay.chain.tip.number)
                asked.append(node.count(STATE))
            relay.rotate()
    each = [after - before for before, after in zip([0, *asked], asked, strict=False)]
    assert each[2 * LENGTH :] == [2, 2, *[1] * (LENGTH - 2)]  # the set at the first block, the groups at the second
    assert each[LENGTH : 2 * LENGTH] == each[2 * LENGTH :]


async def test_finality_that_lags_and_then_stands_still_is_told_and_ends_when_it_goes_on() -> None:
    """Best blocks go on, the finalized one does not: after a minute of lag, after three of standstill."""
    relay = relay_of_today()
    async with at_work(relay) as (node, house):
        relay.block()
        node.announce()
        await house.reached(1)
        for _ in range(12):
            relay.block(finalize=False)
        node.announce()
        await house.settled(lambda: house.service.seen.best_number == 13)
        house.clock.jump(11)  # an endpoint that is new may not have told all its heads
        await house.tick()  # too far behind since now
        assert house.statuses("finality-lag") == []
        house.clock.jump(61)
        await house.tick()
        assert (house.statuses("finality-lag"), house.statuses("finality-stalled")) == (["firing"], [])
        house.clock.jump(110)
        await house.tick()
        assert house.statuses("finality-stalled") == ["firing"]
        relay.chain.finalize(13)
        node.announce()
        await house.reached(13)
        await house.tick()
        assert house.statuses("finality-lag") == house.statuses("finality-stalled") == ["firing", "resolved"]
