"""The Fellowship's referenda, encoded by @polkadot/api against the Collectives chain's metadata: ranked votes, two
instances beside each other, a clock of their own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.data import data_path
from tests.e2e.chopsticks.service import Watch
from tests.polkadot_api import Driver
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import ScriptedNode

pytestmark = pytest.mark.usefixtures("only_our_decoder")

FAUCET = "5GyCxk6xuhpKY4KeZvWBwAVrvfn52Rwkmpi68RZk3zGpGF4L"
FELLOWSHIP, AMBASSADORS = "FellowshipReferenda", "AmbassadorReferenda"
PROPOSAL = {"Inline": "0x00000400"}  # System.remark of one byte
TALLY = {"bareAyes": 3, "ayes": 9, "nays": 1}


class Collectives:
    """Blocks with events of both instances, and the counts and referenda that stand behind them."""

    def __init__(self, hands: Driver) -> None:
        metadata = data_path("metadata", "collectives-polkadot.v15.2025-08.scale")
        self._hands, self._metadata = hands, str(metadata)
        self.chain = ScriptedChain(metadata={15: metadata.read_bytes()}, spec=("collectives", 1_006_000))
        self._store: dict[str, str] = {}
        for pallet in (FELLOWSHIP, AMBASSADORS):
            self._set(pallet, "ReferendumCount", value=0)
        self.chain.append(storage=self._store)

    def submit(self, pallet: str, track: int) -> None:
        """Referendum 0 of an instance."""
        now = self.chain.tip.number + 1
        status = {
            "track": track, "origin": {"system": "Root"}, "proposal": PROPOSAL, "enactment": {"After": 1},
            "submitted": now, "submissionDeposit": {"who": "0x" + "01" * 32, "amount": 1}, "decisionDeposit": None,
            "deciding": None, "tally": TALLY, "inQueue": False, "alarm": None,
        }  # fmt: skip
        self._set(pallet, "ReferendumCount", value=1)
        self._set(pallet, "ReferendumInfoFor", 0, value={"Ongoing": status})
        self._block([(pallet, "Submitted", [0, track, PROPOSAL])])

    def confirm(self, pallet: str) -> None:
        """It is approved."""
        approved = {"Approved": [self.chain.tip.number + 1, None, None]}
        self._set(pallet, "ReferendumInfoFor", 0, value=approved)
        self._block([(pallet, "Confirmed", [0, TALLY])])

    def _set(self, pallet: str, item: str, *args: Any, value: Any) -> None:
        where = {"metadata": self._metadata, "pallet": pallet, "item": item}
        key = self._hands.ask("storage_key", args=list(args), **where)
        self._store[key] = self._hands.ask("encode_storage", value=value, **where)

    def _block(self, events: Sequence[tuple[str, str, list[Any]]]) -> None:
        records = [
            {"phase": {"ApplyExtrinsic": 1}, "pallet": pallet, "name": name, "fields": fields}
            for pallet, name, fields in events
        ]
        raw = self._hands.ask("encode_events", metadata=self._metadata, events=records)
        self.chain.append(bytes.fromhex(raw[2:]), storage=self._store)


async def test_both_instances_are_told_each_under_its_own_name_with_its_ranked_votes(
    hands: Driver, tmp_path: Path
) -> None:
    """Index 0 of the one is not index 0 of the other."""
    collectives = Collectives(hands)
    collectives.submit(FELLOWSHIP, 1)
    collectives.submit(AMBASSADORS, 1)
    collectives.confirm(FELLOWSHIP)
    async with ScriptedNode(collectives.chain) as node:
        watch = Watch(tmp_path, node.url, FAUCET, chain="collectives", watch="{ opengov: {} }")
        await watch.follow(1, collectives.chain.tip.number)
    alerts = watch.alerts()
    told = [(alert["data"]["pallet"], alert["data"]["referendum"], alert["data"]["state"]) for alert in alerts]
    assert told == [(FELLOWSHIP, 0, "submitted"), (AMBASSADORS, 0, "submitted"), (FELLOWSHIP, 0, "approved")]
    assert [alert["data"]["track"] for alert in alerts] == ["members", "ambassador", "members"]
    approved = alerts[-1]
    assert approved["data"]["calls"] == ["System.remark"]
    assert approved["data"]["tally"]["approval_percent"] == "90"
    assert "90 % aye" in approved["text"]
    assert "UTC" not in alerts[0]["text"]  # how long this chain's blocks take, nobody can say
