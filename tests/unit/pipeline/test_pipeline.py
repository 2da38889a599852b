"""The loop around the pure middle: one queue, one writer, and nothing twice whatever the store does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from paseo_watch.alerts.alert import Firing
from paseo_watch.alerts.route import Route
from paseo_watch.chain.answers import Read
from paseo_watch.chain.block import Block, Hole
from paseo_watch.pipeline import pipeline as pipeline_module
from paseo_watch.pipeline.decide import Memory
from paseo_watch.pipeline.heal import HEALS
from paseo_watch.pipeline.pipeline import BATCH, ChainRow, Heal, Pipeline, PipelineInput, Ports
from paseo_watch.store import chains, conditions, cursors, deliveries, holes, watcher_state
from paseo_watch.store.database import Database
from paseo_watch.store.errors import CursorConflict, StoreUnavailable
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.watcher import Loaded, Tick, Vitals, Wants, Watcher
from tests.unit.chain.conftest import HastyClock
from tests.unit.pipeline.samples import CHAIN, DESTINATIONS, Counting, block, hash_of, hole, ref

T = TypeVar("T")
START = 10
"""Where the stored cursor stands at first."""


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    async with await fresh_store() as database:
        yield database


async def fresh_store() -> Database:
    """In memory, with the chain registered as 1 and its cursor at START."""
    database = await Database.open("sqlite://")
    await database.run(lambda conn: chains.register(conn, CHAIN.name, CHAIN.genesis, 0))
    await database.run(lambda conn: cursors.advance(conn, 1, None, *ref(START), 0))
    return database


class World:
    """The ports: what is read for watchers, and what was called."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.asked: list[tuple[int, list[bytes], bool]] = []
        self.late: dict[int, Block | None] = {}
        self.unreadable: set[int] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.late_gate = asyncio.Event()
        self.late_gate.set()
        self.wakes = 0
        self.blocks: list[int] = []

    async def read_answers(self, seen: Block, keys: Sequence[bytes], extrinsics: bool) -> Read | Hole:
        self.asked.append((seen.number, list(keys), extrinsics))
        await self.gate.wait()
        if seen.number in self.unreadable:
            return hole(seen.number)
        return Read(dict.fromkeys(keys, b"value"), [b"extrinsic"] if extrinsics else None)

    async def read_late(self, missed: Hole) -> Block | None:
        assert missed.hash == hash_of(missed.number)
        await self.late_gate.wait()
        return self.late.get(missed.number)

    def wake(self) -> None:
        self.wakes += 1


def vitals(pipeline: Pipeline, now_ms: int) -> Vitals:
    """Of no endpoint."""
    return Vitals(
        now_ms, (), pipeline.open_holes, None, None, pipeline.cursor.number, pipeline.progress_ms, pipeline.progressed
    )


async def make(database: Any, world: World, *watchers: Watcher, metrics: Metrics | None = None) -> Pipeline:
    """A pipeline that goes on from what the store holds, as after a start."""
    names = [watcher.name for watcher in watchers] + ["gone"]

    def recall(conn: Connection) -> tuple[Any, Memory, int]:
        held = {
            c.fingerprint: Firing(c.fingerprint, c.rule, c.severity, c.labels, c.since_ms, c.notification)
            for c in conditions.load(conn, 1)
        }
        states = {name: watcher_state.load(conn, 1, name) for name in names}
        return cursors.read(conn, 1), Memory(states, held), holes.open_count(conn, 1)

    stored, memory, open_holes = await Database.run(getattr(database, "real", database), recall)
    return Pipeline(
        ChainRow(1, CHAIN, "paseo"),
        watchers,
        Route("team"),
        DESTINATIONS,
        database,
        HastyClock(),
        metrics or Metrics(CollectorRegistry()),
        Ports(world.read_answers, world.read_late, vitals, world.wake, world.blocks.append, world.steps.append),
        cursor=ref(stored.number),
        memory=memory,
        open_holes=open_holes,
    )


@asynccontextmanager
async def running(pipeline: Pipeline) -> AsyncIterator[None]:
    """The loop at work; what it dies of is raised."""
    task = asyncio.create_task(pipeline.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.result()


async def through(pipeline: Pipeline, *inputs: PipelineInput) -> None:
    """Put these in and wait until all of it is committed."""
    async with running(pipeline):
        for input in inputs:
            await pipeline.put(input)
        await pipeline.drained()


async def told(database: Database, rule: str = "counting-block") -> list[int]:
    """The blocks of which the outbox holds an alert, in order, from one receiver's queue."""
    rows = await database.run(lambda conn: deliveries.list(conn, None, 10_000))
    mine = [row.content for row in reversed(rows) if row.sink == "memory" and row.content["rule"] == rule]
    return [content["data"]["number"] for content in mine]


async def cursor(database: Database) -> int:
    stored = await database.run(lambda conn: cursors.read(conn, 1))
    assert stored is not None
    return stored.number


async def test_blocks_become_alerts_state_and_a_cursor(database: Database) -> None:
    """And what they came to is counted."""
    world, metrics = World(), Metrics(CollectorRegistry())
    pipeline = await make(database, world, Counting(), metrics=metrics)
    await through(pipeline, block(11))
    await through(pipeline, block(12))
    assert (await told(database), await cursor(database)) == ([11, 12], 12)
    assert await database.run(lambda conn: watcher_state.load(conn, 1, "counting")) == {"count": 2, "sum": 23}
    assert (pipeline.cursor, pipeline.blocks, sum(world.blocks)) == (ref(12), 2, 2)
    assert world.wakes >= 1
    value = metrics.registry.get_sample_value
    assert value("paseo_watch_blocks_processed_total", {"chain": "relay"}) == 2
    assert value("paseo_watch_block_height", {"chain": "relay", "view": "processed"}) == 12
    assert value("paseo_watch_block_commit_seconds_count", {"chain": "relay"}) == 2
    labels = {"chain": "relay", "rule": "counting-odd", "severity": "warning"}
    assert value("paseo_watch_alerts_total", {**labels, "status": "resolved"}) == 1
    assert value("paseo_watch_conditions_firing", labels) == 0


async def test_inputs_that_wait_are_committed_together(database: Database) -> None:
    """At most so many in one transaction."""
    world = World()
    pipeline = await make(database, world, Counting())
    for number in range(START + 1, START + BATCH + 9):
        await pipeline.put(block(number))
    async with running(pipeline):
        await pipeline.drained()
    assert world.steps == ["commit.before", "commit.after"] * 2
    assert await told(database) == list(range(START + 1, START + BATCH + 9))
    assert world.blocks == [BATCH, 8]


async def test_a_hole_is_passed_only_as_a_stored_row(database: Database) -> None:
    """With its raw events; the cursor stands behind it, and it counts as no block."""
    pipeline = await make(database, World(), Counting())
    await through(pipeline, block(11), hole(12), block(13))
    (stored,) = await database.run(lambda conn: holes.due(conn, 1, 2**62))
    assert (stored.number, stored.hash, stored.reason, stored.events_raw) == (12, hash_of(12), "undecodable", b"\xff")
    assert (await told(database), await cursor(database)) == ([11, 13], 13)
    assert (pipeline.open_holes, pipeline.blocks) == (1, 2)


async def test_what_watchers_want_is_asked_once_for_all_of_them(database: Database) -> None:
    """And reaches each of them."""
    world = World()
    watchers = Counting("counting", Wants(frozenset({b"b"}))), Counting("other", Wants(frozenset({b"a"}), True))
    await through(await make(database, world, *watchers), block(11))
    assert world.asked == [(11, [b"a", b"b"], True)]
    for watcher in watchers:
        (answers,) = watcher.answers
        assert (answers.storage, answers.extrinsics) == ({b"a": b"value", b"b": b"value"}, [b"extrinsic"])


async def test_a_block_whose_answers_nobody_has_is_a_hole(database: Database) -> None:
    """It is not told, and what comes after it is."""
    world = World()
    world.unreadable = {12}
    await through(
        await make(database, world, Counting("counting", Wants(frozenset({b"a"})))), *map(block, (11, 12, 13))
    )
    assert await told(database) == [11, 13]
    assert [row.number for row in await database.run(lambda conn: holes.due(conn, 1, 2**62))] == [12]


async def test_answers_that_keep_us_waiting_do_not_hold_up_the_blocks_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those are committed meanwhile."""
    monkeypatch.setattr(pipeline_module, "PATIENT", 0.0)
    world, watcher = World(), Counting()
    pipeline = await make(database, world, watcher)
    for number in (11, 12):
        await pipeline.put(block(number))
    asks = Wants(frozenset({b"a"}))
    watcher.wants = lambda state, seen, answers: asks if seen.number == 12 else Wants()  # type: ignore[method-assign]
    world.gate.clear()
    async with running(pipeline):
        while await cursor(database) != 11:
            await asyncio.sleep(0)
        assert await told(database) == [11]
        world.gate.set()
        await pipeline.drained()
    assert await told(database) == [11, 12]


async def test_while_an_answer_keeps_a_block_waiting_the_time_goes_on(database: Database) -> None:
    """No endpoint may answer for hours: that can be told only if ticks are decided and committed meanwhile."""
    world = World()
    pipeline = await make(database, world, Counting("counting", Wants(frozenset({b"a"}))))
    world.gate.clear()
    async with running(pipeline):
        await pipeline.put(block(11))
        await pipeline.put(Tick(1))
        await pipeline.put(Loaded("whitelist", ["x"], 2))
        while await ticks(database) == 0:
            await asyncio.sleep(0)
        assert await cursor(database) == START
        world.gate.set()
        await pipeline.drained()
    assert await told(database) == [11]
    assert (await database.run(lambda conn: watcher_state.load(conn, 1, "counting")))["loaded"] == ["x"]


async def test_what_a_document_makes_watchers_want_while_a_block_waits_is_asked_as_well(database: Database) -> None:
    """Else the block would be judged by answers that lack what the new list names."""
    world, watcher = World(), Counting()
    watcher.wants = lambda state, seen, answers: Wants(  # type: ignore[method-assign]
        frozenset({b"a", *map(str.encode, state.get("loaded", []))})
    )
    pipeline = await make(database, world, watcher)
    world.gate.clear()
    async with running(pipeline):
        await pipeline.put(block(11))
        while not world.asked:
            await asyncio.sleep(0)
        await pipeline.put(Loaded("whitelist", ["b"], 2))
        while len(watcher.seen) < 1:
            await asyncio.sleep(0)
        world.gate.set()
        await pipeline.drained()
    assert world.asked == [(11, [b"a"], False), (11, [b"b"], False)]
    assert set(watcher.answers[-1].storage) == {b"a", b"b"}


async def test_what_an_answer_leads_to_is_asked_as_well_and_nothing_twice(database: Database) -> None:
    """A value that names another: one more request, and the watcher has both, and the extrinsics of the first."""
    world, watcher = World(), Counting()
    watcher.wants = lambda state, seen, answers: Wants(  # type: ignore[method-assign]
        frozenset({b"a", *(b"b" for key in answers.storage if key == b"a")}), extrinsics=True
    )
    await through(await make(database, world, watcher), block(11))
    assert world.asked == [(11, [b"a"], True), (11, [b"b"], False)]
    assert set(watcher.answers[-1].storage) == {b"a", b"b"}
    assert watcher.answers[-1].extrinsics is not None


async def test_ticks_and_documents_reach_the_watchers_and_move_no_cursor(database: Database) -> None:
    """A tick brings how the watching itself is; what a watcher says it is blind to is kept for the page."""
    watcher = Counting()
    pipeline = await make(database, World(), watcher)
    await through(pipeline, Tick(5), Loaded("whitelist", ["x"], 6))
    assert [type(input) for input in watcher.seen] == [Tick, Vitals, Loaded]
    assert await database.run(lambda conn: watcher_state.load(conn, 1, "counting")) == {"ticks": 1, "loaded": ["x"]}
    assert await cursor(database) == START
    assert pipeline.blind == {"counting": ("it cannot see in the dark",)}
    assert not pipeline.progressed


# --- healing


async def open_holes(database: Database) -> dict[int, tuple[int, int]]:
    """Number to (attempts, next attempt) of each open hole."""
    rows = await database.run(lambda conn: holes.due(conn, 1, 2**62, 100))
    return {row.number: (row.attempts, row.next_attempt_ms) for row in rows}


async def dig(database: Database, *numbers: int) -> None:
    """Holes that are due, the first one longest."""
    for number in numbers:
        await database.run(
            lambda conn, n=number: holes.put(conn, 1, n, hash_of(n), "undecodable", "", None, 0, n)  # type: ignore[misc]
        )


async def test_a_healed_hole_is_told_late_and_closed_and_the_cursor_stays(database: Database) -> None:
    """The next round finds nothing more to do."""
    await dig(database, 5)
    world = World()
    world.late = {5: block(5, late=True)}
    pipeline = await make(database, world, Counting())
    await through(pipeline, block(11), Heal(), Heal(), block(12))
    assert sorted(await told(database)) == [5, 11, 12]
    rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    assert {row.content["data"]["number"] for row in rows if row.content["late"]} == {5}
    assert (await open_holes(database), pipeline.open_holes, await cursor(database)) == ({}, 0, 12)


async def test_a_hole_that_cannot_be_healed_is_tried_later_and_later(database: Database) -> None:
    """A minute, two, four; six hours at most."""
    await dig(database, 5)
    pauses = []
    for attempt in range(1, 13):
        pipeline = await make(database, World(), Counting())
        now_ms = pipeline.progress_ms
        await through(pipeline, Heal())
        attempts, next_ms = (await open_holes(database))[5]
        assert attempts == attempt
        pauses.append((next_ms - now_ms) // 60_000)
        await database.run(lambda conn: holes.attempted(conn, 1, 5, "undecodable", "", 0))
        await database.run(lambda conn: holes.put(conn, 1, 5, hash_of(5), "undecodable", "", None, 0, 0))
        await set_attempts(database, attempt)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]


async def set_attempts(database: Database, attempts: int) -> None:
    """As if only the pipeline had tried."""
    await database.run(lambda conn: conn.exec_driver_sql(f"update holes set attempts = {attempts}"))


async def test_one_round_goes_on_while_anything_heals(database: Database) -> None:
    """Past a stubborn one, which goes to the end; a backlog does not wait for a timer every few holes."""
    stubborn, many = 1, range(2, 4 * HEALS)
    await dig(database, stubborn, *many)
    world = World()
    world.late = {number: block(number, late=True) for number in many}
    await through(await make(database, world, Counting()), Heal())
    assert await told(database) == list(many)
    assert list(await open_holes(database)) == [stubborn]


async def test_where_nothing_heals_no_more_than_a_handful_is_tried(database: Database) -> None:
    """The endpoints have better things to do; the next round takes the next ones."""
    await dig(database, *range(1, 2 * HEALS + 1))
    for tried in (HEALS, 2 * HEALS):
        await through(await make(database, World(), Counting()), Heal())
        assert sum(attempts for attempts, _ in (await open_holes(database)).values()) == tried


async def test_a_hole_that_takes_long_to_read_holds_up_neither_blocks_nor_ticks(database: Database) -> None:
    """It is read beside them, and so are the answers that its watchers want."""
    await dig(database, 5)
    world, watcher = World(), Counting()
    world.late = {5: block(5, late=True)}
    watcher.wants = lambda state, seen, answers: Wants(frozenset({b"a"})) if seen.late else Wants()  # type: ignore[method-assign]
    world.late_gate.clear()
    pipeline = await make(database, world, watcher)
    async with running(pipeline):
        await pipeline.put(Heal())
        await settled(database, pipeline, block(11), Tick(1))
        world.gate.clear()
        world.late_gate.set()
        await settled(database, pipeline, block(12), Tick(2))
        assert [seen for seen, _, _ in world.asked] == [5]
        world.gate.set()
        await pipeline.drained()
    assert await told(database) == [11, 12, 5]


async def test_a_round_that_takes_long_keeps_its_timer_not_waiting(database: Database) -> None:
    """Asked for again and again, one more round follows it."""
    await dig(database, 5)
    world = World()
    world.late_gate.clear()
    pipeline = await make(database, world, Counting())
    async with running(pipeline):
        for _ in range(5):
            await pipeline.put(Heal())
        world.late_gate.set()
        await pipeline.drained()
    assert [attempts for attempts, _ in (await open_holes(database)).values()] == [1]


async def settled(database: Database, pipeline: Pipeline, seen: Block, tick: Tick) -> None:
    """Put these in and wait until they are committed."""
    before = await ticks(database)
    await pipeline.put(seen)
    await pipeline.put(tick)
    while (await cursor(database), await ticks(database)) != (seen.number, before + 1):
        await asyncio.sleep(0)


async def ticks(database: Database) -> int:
    """How many the watcher has seen, as the store has it."""
    state = await database.run(lambda conn: watcher_state.load(conn, 1, "counting"))
    return int(state.get("ticks", 0))


async def test_a_hole_whose_answers_are_still_not_to_be_had_stays_open(database: Database) -> None:
    """Half a block is not healed."""
    await dig(database, 5)
    world = World()
    world.late, world.unreadable = {5: block(5, late=True)}, {5}
    await through(await make(database, world, Counting("counting", Wants(frozenset({b"a"})))), Heal())
    assert (await told(database), list(await open_holes(database))) == ([], [5])


# --- a store that is away, or that lost its answer


class Unreliable:
    """A database that fails as scripted: `before` nothing was committed, `after` it was and the answer was lost."""

    def __init__(self, real: Database, script: Sequence[str]) -> None:
        self.real = real
        self.script = list(script)

    async def run(self, work: Callable[[Connection], T]) -> T:
        how = self.script.pop(0) if self.script else "fine"
        if how == "before":
            raise StoreUnavailable("the connection was refused")
        result = await self.real.run(work)
        if how == "after":
            raise StoreUnavailable("the connection was lost during the commit")
        return result


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    script=st.lists(st.sampled_from(["fine", "before", "after"]), max_size=20),
    cuts=st.lists(st.integers(1, 6), min_size=1, max_size=8),
)
def test_whatever_answers_the_store_loses_everything_is_committed_once(script: list[str], cuts: list[int]) -> None:
    """Blocks, holes, ticks and heals, in batches of any size."""

    async def run() -> None:
        async with await fresh_store() as database:
            await dig(database, 5)
            world = World()
            world.late = {5: block(5, late=True)}
            unreliable = Unreliable(database, script)
            pipeline = await make(unreliable, world, Counting())
            number = START
            async with running(pipeline):
                for cut in cuts:
                    for _ in range(cut):
                        number += 1
                        await pipeline.put(hole(number) if number % 7 == 0 else block(number))
                    await pipeline.put(Heal())
                    await pipeline.put(Tick(number))
                    await asyncio.sleep(0)
                await pipeline.drained()
            expected = [n for n in range(START + 1, number + 1) if n % 7]
            seen = await told(database)
            assert sorted(seen) == sorted([5, *expected])
            assert [n for n in seen if n != 5] == expected
            assert await cursor(database) == number
            state = await database.run(lambda conn: watcher_state.load(conn, 1, "counting"))
            assert (state["count"], state["ticks"]) == (len(expected) + 1, len(cuts))
            assert list(await open_holes(database)) == [n for n in range(START + 1, number + 1) if n % 7 == 0]
            assert pipeline.memory.states["counting"] == state

    asyncio.run(run())


@settings(max_examples=25, deadline=None)
@given(stops=st.lists(st.integers(0, 120), max_size=6), last=st.integers(START, START + 60))
def test_stopped_at_any_point_it_goes_on_at_the_stored_cursor(stops: list[int], last: int) -> None:
    """After any number of turns of the event loop, again and again: nothing lost, nothing twice."""

    async def run() -> None:
        async with await fresh_store() as database:
            for turns in [*stops, None]:
                pipeline = await make(database, World(), Counting())
                async with running(pipeline):
                    feeder = asyncio.create_task(feed(pipeline, last))
                    if turns is None:
                        await feeder
                        await pipeline.drained()
                    for _ in range(turns or 0):
                        await asyncio.sleep(0)
                    feeder.cancel()
                await database.run(lambda conn: None)  # what was under way when it was stopped has ended
            assert await told(database) == list(range(START + 1, last + 1))
            state = await database.run(lambda conn: watcher_state.load(conn, 1, "counting"))
            assert state.get("count", 0) == last - START
            odd = await told(database, "counting-odd")
            assert odd == list(range(START + 1, last + 1)), "a condition fired or resolved twice, or was forgotten"

    asyncio.run(run())


async def feed(pipeline: Pipeline, last: int) -> None:
    """The follower: from the cursor on."""
    for number in range(pipeline.cursor.number + 1, last + 1):
        await pipeline.put(block(number))


async def test_a_cursor_that_somebody_else_moved_ends_the_pipeline(database: Database) -> None:
    """Two writers must not go on side by side."""
    pipeline = await make(database, World(), Counting())
    await database.run(lambda conn: cursors.advance(conn, 1, ref(START), *ref(START + 5), 0))
    await pipeline.put(block(11))
    with pytest.raises(ExceptionGroup) as caught:
        await pipeline.run()
    assert isinstance(caught.value.exceptions[0], CursorConflict)
    assert await told(database) == []


# --- conditions over a restart


async def test_a_condition_that_holds_is_not_told_again_after_a_restart(database: Database) -> None:
    """And its end is told by the next process."""
    await through(await make(database, World(), Counting()), block(11))
    await through(await make(database, World(), Counting()), block(13))
    assert await told(database, "counting-odd") == [11]
    await through(await make(database, World(), Counting()), block(14))
    assert await told(database, "counting-odd") == [11, 14]
    assert await database.run(lambda conn: conditions.load(conn, 1)) == ()


async def test_a_condition_whose_rule_was_removed_is_ended_at_the_start_and_fires_anew_if_the_rule_comes_back(
    database: Database,
) -> None:
    """Told once, with the reason; before any block."""
    await through(await make(database, World(), Counting("gone")), block(11))
    for _ in range(2):
        await through(await make(database, World(), Counting("stays")), Tick(1))
    rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    ended = [row.content for row in rows if row.content["rule"] == "gone-odd" and row.sink == "memory"]
    assert [content["status"] for content in reversed(ended)] == ["firing", "resolved"]
    assert ended[0]["title"] == "No longer watched: Odd"
    assert await database.run(lambda conn: conditions.load(conn, 1)) == ()
    assert await database.run(lambda conn: watcher_state.load(conn, 1, "gone")) == {}
    await through(await make(database, World(), Counting("gone")), block(13))
    assert await told(database, "gone-odd") == [11, 11, 13]
