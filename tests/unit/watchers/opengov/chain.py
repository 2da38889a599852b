"""A chain of referenda, block by block, and what one watcher tells of it.

Holes are blocks that are made and not shown: `heal` shows them late, with the state that they had.
"""

import ast
import json
from collections.abc import Sequence
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.watchers.opengov.watcher import OpenGovWatcher
from paseo_watch.watchers.watcher import NO_ANSWERS, Answers, ConditionObservation, EventObservation, Observation, Step
from tests.unit.watchers.opengov.doubles import (
    GENESIS_MS,
    PAS,
    RELAY_NUMBER,
    block,
    event,
    key,
    ongoing,
    runtime,
    watcher,
)


class Chain:
    """Referenda on a chain, and what one watcher tells of them. Block and clock go on by one, time by six seconds."""

    def __init__(self, of: Runtime | None = None, by: OpenGovWatcher | None = None) -> None:
        self.runtime, self.watcher = of or runtime(), by or watcher()
        self.state: dict[str, Any] = {}
        self.number, self.clock = 100, 1_000
        self.stored: dict[bytes, bytes] = {}
        self.asked: list[frozenset[bytes]] = []
        self.blind: tuple[str, ...] | None = None
        self.put("Balances", "TotalIssuance", value=150 * PAS)
        self.put("Balances", "InactiveIssuance", value=50 * PAS)

    def put(self, pallet: str, item: str, *keys: Any, value: Any) -> None:
        self.stored[key(pallet, item, *keys)] = value if value == b"damaged" else repr(value).encode()

    def set(self, index: int, info: Any, pallet: str = "Referenda") -> None:
        """A referendum as it stands from the next block on."""
        self.put(pallet, "ReferendumInfoFor", index, value=info)
        count = ast.literal_eval(self.stored.get(key(pallet, "ReferendumCount"), b"0").decode())
        self.put(pallet, "ReferendumCount", value=max(count, index + 1))

    def hole(self, *events: Event, blocks: int = 1) -> Block:
        """The next block (or the last of so many), which nobody sees."""
        self.number, self.clock = self.number + blocks, self.clock + blocks
        self.put(*RELAY_NUMBER, value=self.clock)
        time_ms = GENESIS_MS + self.number * 6_000
        storage = {**dict.fromkeys(self.watcher.needs(self.runtime).keys), **self.stored}
        return block(events, self.runtime, storage, self.number, time_ms=time_ms)

    def block(self, *events: Event, blocks: int = 1) -> list[str]:
        """What the next block (or the last of so many) tells: see `said`."""
        return said(self.see(self.hole(*events, blocks=blocks)).observations)

    def round(self) -> list[str]:
        """What is told ten minutes later."""
        return self.block(blocks=100)

    def heal(self, hole: Block) -> list[str]:
        late = block(hole.events, hole.runtime, hole.storage, hole.number, late=True, time_ms=hole.time_ms)
        return said(self.see(late).observations)

    def see(self, each: Block) -> Step:
        """One block as the pipeline has it: asked until nothing more is wanted, then decided and remembered."""
        self.asked, answers = [], NO_ANSWERS
        while (wanted := self.watcher.wants(self.state, each, answers)).keys - answers.storage.keys():
            self.asked.append(wanted.keys - answers.storage.keys())
            answers = Answers({**answers.storage, **{one: each.storage.get(one) for one in wanted.keys}})
        step = self.watcher.step(self.state, each, answers)
        merged = json.loads(json.dumps({**self.state, **step.changes}))
        self.state = {name: value for name, value in merged.items() if value is not None}
        self.blind = self.blind if step.blind is None else step.blind
        self.last = step
        return step

    def only(self) -> EventObservation:
        """The one event that the last block told of."""
        (found,) = self.last.observations
        assert isinstance(found, EventObservation)
        return found


def said(observations: Sequence[Observation]) -> list[str]:
    """`7 submitted` of an event, `7 approved (missed)` of one that a round found, `7 frozen` and `7 thawed`."""
    return [_said(each) for each in observations]


def _said(each: Observation) -> str:
    pallet, index = each.data["pallet"], each.data["referendum"]
    which = f"{index}" if pallet == "Referenda" else f"{pallet}/{index}"
    if isinstance(each, ConditionObservation):
        return f"{which} {'frozen' if each.active else 'thawed'}"
    return f"{which} {each.data['state']}" + (" (missed)" if each.data["missed"] else "")


def started(**settings: Any) -> Chain:
    """A chain whose first round is over; its first referendum will be 0."""
    chain = Chain(**settings)
    assert chain.block() == []
    return chain


def submitted(**status: Any) -> Chain:
    """The same, with referendum 0 submitted and told."""
    chain = started()
    chain.set(0, ongoing(**status))
    chain.block(event("Submitted", 0, track=30, proposal=ongoing(**status)[1]["proposal"]))
    return chain
