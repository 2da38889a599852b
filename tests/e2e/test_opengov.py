"""OpenGov on a real runtime: the relay of 2024 on Chopsticks, where referenda live and die by real extrinsics.

What is expected is what @polkadot/api saw in the same blocks (`chopsticks.referenda`); nothing of the package is asked.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.chopsticks import RELAY_2024, Chopsticks, spec_file
from tests.e2e.chopsticks.referenda import Referenda
from tests.e2e.chopsticks.referendum_steps import Milestone
from tests.e2e.chopsticks.service import Watch
from tests.polkadot_api import Driver

pytestmark = pytest.mark.usefixtures("only_our_decoder")

FAUCET = "5GyCxk6xuhpKY4KeZvWBwAVrvfn52Rwkmpi68RZk3zGpGF4L"
EVERY_STATE = {
    "submitted", "deposit_placed", "deciding", "confirming", "confirm_aborted", "approved", "rejected", "timed_out",
    "cancelled", "killed", "executed", "execution_failed", "call_unavailable",
}  # fmt: skip


@pytest.fixture(name="referenda")
def played_referenda(hands: Driver, specs: Path, tmp_path: Path) -> Iterator[Referenda]:
    """A chain on which everything has happened: ten lives, eight of them side by side."""
    with Chopsticks.start(spec_file(RELAY_2024, specs), hands, tmp_path / "chopsticks.log") as chain:
        referenda = Referenda(chain)
        referenda.begin()
        chain.new_block()
        referenda.executed_from_preimage()
        referenda.two_in_one_block()
        referenda.side_by_side()
        yield referenda


def milestone(alert: Mapping[str, Any]) -> Milestone:
    data = alert["data"]
    assert (alert["rule"], data["pallet"]) == ("referendum", "Referenda")
    return Milestone(alert["block"]["number"], data["referendum"], data["state"])


async def test_every_end_of_a_referendum_is_told_once_with_its_calls_its_tally_and_its_error(
    referenda: Referenda, tmp_path: Path
) -> None:
    """In the order of the chain, several in one block too; nothing else is told of votes, refunds and metadata."""
    chain = referenda.chain
    watch = Watch(tmp_path, chain.url, FAUCET, watch="{ opengov: {} }")
    first, last = referenda.said[0].block, await asyncio.to_thread(chain.height)
    summary = await watch.follow(first, last)
    assert not any(summary.holes.values())
    alerts = watch.alerts()
    assert [milestone(alert) for alert in alerts] == referenda.said
    assert {told.state for told in referenda.said} == EVERY_STATE
    for alert in alerts:
        data, told = alert["data"], milestone(alert)
        assert data["calls"] == referenda.calls[told.referendum], told
        assert data["error"] == (referenda.errors[told.referendum] if told.state == "execution_failed" else None)
        if data["tally"] is not None:
            seen = referenda.tallies[told.block, told.referendum]
            assert {name: int(data["tally"][name]) for name in seen} == seen, told
    ends = {told.state for told in map(milestone, alerts) if told.block == last}
    assert ends, "the story ends with something to tell"
