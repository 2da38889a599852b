"""Conditions of chains that nobody follows any more are ended, and nobody else's."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from paseo_watch.alerts.route import Route
from paseo_watch.chain.block import ChainId
from paseo_watch.pipeline.commit import Commit, write
from paseo_watch.pipeline.decide import Memory, decide, place
from paseo_watch.pipeline.former import end_former
from paseo_watch.store import chains, conditions, deliveries, watcher_state
from paseo_watch.store.database import Database
from paseo_watch.watchers.watcher import Answers
from tests.unit.pipeline.samples import CHAIN, DESTINATIONS, Counting, block, ref

OTHERS = (ChainId("relay", b"\x99" * 32), ChainId("hub", b"\x37" * 32))


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    """One condition holds on each of three chains."""
    async with await Database.open("sqlite://") as database:
        for chain in (CHAIN, *OTHERS):
            row = await database.run(lambda conn, c=chain: chains.register(conn, c.name, c.genesis, 0))  # type: ignore[misc]
            seen = replace(block(11), chain=chain)
            where = place("paseo", chain, seen, 1)
            memory = Memory({"counting": {}}, {})
            commit = Commit(row.id, ref(10), ref(10))
            commit.add(decide([Counting()], Route("team"), memory, seen, Answers(), where))
            await database.run(lambda conn, c=commit: write(conn, c, DESTINATIONS, 1))  # type: ignore[misc]
        yield database


async def test_they_are_told_as_resolved_under_the_name_that_they_had(database: Database) -> None:
    """A second start finds nothing left; the followed chain's condition holds on."""
    for _ in range(2):
        await database.run(
            lambda conn: end_former(conn, lambda chain: chain != CHAIN, "paseo", Route("team"), DESTINATIONS, 2)
        )
    left = await database.run(conditions.by_chain)
    assert [(name, genesis) for name, genesis, _ in left] == [CHAIN]
    states = [await database.run(lambda conn, i=i: watcher_state.load(conn, i, "counting")) for i in (1, 2, 3)]  # type: ignore[misc]
    assert [bool(state) for state in states] == [True, False, False], "what still holds would not fire anew"
    rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    told = [row.content for row in rows if row.content["rule"] == "counting-odd" and row.sink == "memory"]
    began = {(c["chain"], c["fingerprint"]) for c in told if c["status"] == "firing"}
    ended = [content for content in told if content["status"] == "resolved"]
    assert {content["title"] for content in ended} == {"No longer watched: Odd"}
    assert {(content["chain"], content["fingerprint"]) for content in ended} < began
    assert len(ended) == len({content["id"] for content in ended}) == len(OTHERS)
