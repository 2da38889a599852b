"""OpenGov on Asset Hub, from encoded blocks: referenda that count relay blocks, on today's shape of the chain.

`hub_referenda` writes what the runtime would and notes what happened; nothing of the package is asked.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chopsticks import PAS
from tests.data import data_path
from tests.e2e.chopsticks.service import Watch
from tests.e2e.hub_referenda import HubReferenda
from tests.polkadot_api import Driver
from tests.scripted_node import FOREVER, ScriptedNode, discarded

pytestmark = pytest.mark.usefixtures("only_our_decoder")

FAUCET = "5GyCxk6xuhpKY4KeZvWBwAVrvfn52Rwkmpi68RZk3zGpGF4L"
STATE = "state_queryStorageAt"
SMALL_TIPPER, MEDIUM_SPENDER = 30, 33
TEN_MINUTES = 100
"""Blocks of the scripted chain, six seconds each."""
STATES = {
    "deposit": "deposit_placed",
    "aborted": "confirm_aborted",
    "confirmed": "approved",
    "timed out": "timed_out",
    "failed": "execution_failed",
    "unavailable": "call_unavailable",
}
"""The words of the hub for states of the contract, where they differ."""


@pytest.fixture
def hub(hands: Driver) -> HubReferenda:
    """Before the first referendum. A tenth of what is issued is inactive."""
    metadata = data_path("metadata", "asset-hub-paseo.v16.2026-02.scale")
    issued = 1_000_000 * PAS
    return HubReferenda(
        hands, metadata, clock=1_000, velocity=1, count=0, total_issuance=issued, inactive_issuance=issued // 10
    )


async def watched(hub: HubReferenda, folder: Path, start: int = 1) -> list[Mapping[str, Any]]:
    """Follow everything that was written; blocks that the hub calls unreadable are to be had nowhere."""
    async with ScriptedNode(hub.chain) as node:
        node.script(*(discarded(STATE, height=number, times=FOREVER) for number in hub.unreadable))
        watch = Watch(folder, node.url, FAUCET, chain="asset-hub", watch="{ opengov: {} }")
        await watch.follow(start, hub.chain.tip.number)
    return watch.alerts()


def told(alerts: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, str]]:
    """Block, referendum and state of each milestone."""
    return [
        (alert["block"]["number"], alert["data"]["referendum"], alert["data"]["state"])
        for alert in alerts
        if alert["rule"] == "referendum"
    ]


def expected(hub: HubReferenda) -> list[tuple[int, int, str]]:
    return [(block, index, STATES.get(state, state)) for block, index, state in hub.said]


async def test_lives_on_the_relay_clock_are_told_with_tally_track_and_calls(hub: HubReferenda, tmp_path: Path) -> None:
    """Inline and by preimage, nested, two in one block; the calendar follows the relay chain's six seconds."""
    remark = hub.call("System", "remark", "0x00")
    batch = hub.call("Utility", "batch_all", [])[:2] + b"\x08" + 2 * remark  # a list of two
    tip = hub.submit(SMALL_TIPPER, remark, inline=True)
    with hub.together():
        hub.place_deposit(tip, 100 * PAS)
        spend = hub.submit(MEDIUM_SPENDER, batch)
    hub.vote(tip, ayes=900 * PAS, nays=100 * PAS, support=9_000 * PAS)
    hub.advance(300)
    hub.start_deciding(tip)
    hub.confirm(tip, period=600)
    hub.approve(tip, after=100)
    hub.dispatched(tip, error={"BadOrigin": None})
    hub.time_out(spend)
    hub.idle(2)
    alerts = await watched(hub, tmp_path)
    assert told(alerts) == expected(hub)
    by_state = {(alert["data"]["referendum"], alert["data"]["state"]): alert for alert in alerts}
    deciding = by_state[tip, "deciding"]["data"]
    assert deciding["track"] == "small_tipper"
    assert (deciding["tally"]["approval_percent"], deciding["tally"]["support_percent"]) == ("90", "1")
    assert by_state[spend, "submitted"]["data"]["calls"] == ["System.remark"]
    assert by_state[spend, "submitted"]["data"]["call"] == "Utility.batch_all(2× System.remark)"
    assert by_state[tip, "execution_failed"]["data"]["error"] == "BadOrigin"

    assert "relay block #" in by_state[tip, "confirming"]["text"]


async def test_what_holes_hid_is_told_once_by_the_next_look_at_all_of_them(hub: HubReferenda, tmp_path: Path) -> None:
    """A submission and a decision in blocks that nobody can give; what follows in good blocks is not told twice."""
    first = hub.submit(SMALL_TIPPER, hub.call("System", "remark", "0x01"), inline=True)
    hub.place_deposit(first, 100 * PAS)
    hub.advance(300)
    hub.start_deciding(first, silently=True)
    hub.idle(2)
    second = hub.submit(SMALL_TIPPER, hub.call("System", "remark", "0x02"), silently=True)
    hub.idle(TEN_MINUTES + 5)
    hub.place_deposit(second, 100 * PAS)
    hub.idle(TEN_MINUTES + 5)
    alerts = await watched(hub, tmp_path)
    hidden = [(index, state) for block, index, state in expected(hub) if block in hub.unreadable]
    assert sorted(hidden) == [(first, "deciding"), (second, "submitted")]
    seen = told(alerts)
    assert sorted((index, state) for _, index, state in seen) == sorted(
        (index, state) for _, index, state in expected(hub)
    )
    missed = {
        (alert["data"]["referendum"], alert["data"]["state"])
        for alert in alerts
        if alert["rule"] == "referendum" and alert["data"]["missed"]
    }
    assert missed == set(hidden)
    calls = {alert["data"]["referendum"]: alert["data"]["calls"] for alert in alerts if alert["rule"] == "referendum"}
    assert calls[second] == ["System.remark"]


async def test_a_referendum_from_before_the_relaunch_is_frozen_and_has_no_date(
    hub: HubReferenda, tmp_path: Path
) -> None:
    """Its submission lies twelve million relay blocks ahead. It began before us: only that it is frozen is told."""
    old = hub.plant(
        SMALL_TIPPER, hub.call("System", "remark", "0x00"), submitted=12_360_000, deciding={"since": 12_360_100}
    )
    start = hub.chain.tip.number + 1
    hub.idle(2 * TEN_MINUTES)
    alerts = await watched(hub, tmp_path, start)
    (frozen,) = alerts
    assert (frozen["rule"], frozen["status"], frozen["data"]["referendum"]) == ("referendum-frozen", "firing", old)
    assert "12,360,100" in frozen["text"]
    assert "UTC" not in frozen["text"]
    assert frozen["data"]["frozen_until"] == 12_360_100


async def test_a_block_without_referenda_costs_no_request_more(hub: HubReferenda, tmp_path: Path) -> None:
    """The count and the clock ride in the block's own request; a look at all of them is one in ten minutes."""
    index = hub.submit(SMALL_TIPPER, hub.call("System", "remark", "0x01"), inline=True)
    hub.idle(TEN_MINUTES // 2)
    async with ScriptedNode(hub.chain) as node:
        watch = Watch(tmp_path, node.url, FAUCET, chain="asset-hub", watch="{ opengov: {} }")
        head = hub.chain.tip.number
        following = asyncio.create_task(watch.follow(head, head + 20))
        while node.count(STATE) < 3:  # its own metadata and the first block are read
            await asyncio.sleep(0.01)
        before = node.count(STATE)
        for _ in range(20):
            hub.idle(1)
            node.announce()
        await following
        assert node.count(STATE) - before <= 20
    assert index == 0
