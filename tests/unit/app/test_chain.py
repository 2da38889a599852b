"""One chain at work, its nodes in memory: put together, stopped at any point, started again."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from paseo_watch.app.chain import NOT_REACHED, ss58_prefix
from paseo_watch.app.seen import Seen
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.rpc.errors import ConnectFailed
from paseo_watch.rpc.fake import FakeTransport
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.store import chains, conditions, deliveries, holes, watcher_state
from paseo_watch.store.conditions import Condition
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.service import ServiceWatcher
from paseo_watch.watchers.watcher import Needs, Tick, Wants, Watcher
from tests.clock import FakeClock
from tests.house import BlockWatcher, CodedNode, House, TellingChain, every_block
from tests.scripted_node import drop
from tests.tiny_runtime import metadata

URL = "ws://node.test"
LAST = 12


@pytest.fixture(name="transport")
async def _transport() -> AsyncIterator[FakeTransport]:
    transport = FakeTransport()
    yield transport
    await transport.close()


@pytest.fixture(name="chain")
def _chain() -> TellingChain:
    chain = TellingChain()
    chain.moves(LAST)
    return chain


@pytest.fixture(name="node")
def _node(chain: TellingChain, transport: FakeTransport) -> CodedNode:
    node = CodedNode(chain)
    transport.serve(URL, node.in_memory)
    return node


@pytest.mark.parametrize(
    ("start", "first"), [("latest", LAST), (1, 1), (0, 1), (5, 5), (LAST, LAST)], ids=["latest", "1", "0", "5", "last"]
)
async def test_the_first_run_begins_where_it_is_told(
    start: Any, first: int, node: CodedNode, transport: FakeTransport
) -> None:
    """`latest` is the finalized block of now, and it is told too; the genesis has nothing to tell."""
    async with House([URL], transport, start=start) as house:
        await house.reached(LAST)
        assert house.told() == every_block(first, LAST)


@pytest.mark.parametrize("until", [1, 7, LAST])
async def test_a_run_that_ends_ends_at_its_block_with_everything_committed(
    until: int, node: CodedNode, transport: FakeTransport
) -> None:
    """Not one block later; starting it again has nothing to do."""
    async with await Database.open("sqlite://") as database:
        sink = MemorySink()
        for _ in range(2):
            async with House([URL], transport, until=until, database=database, sink=sink) as house:
                await house.finished()
                assert house.told() == every_block(1, until)
                assert await house.cursor() == until


@settings(max_examples=12, deadline=None)
@given(stops=st.lists(st.integers(0, 600), min_size=1, max_size=5), begin=st.sampled_from(["latest", 1, 4]))
def test_stopped_at_any_point_a_run_goes_on_at_the_cursor_whatever_it_is_told_to_start_at(
    stops: list[int], begin: Any
) -> None:
    """After any number of turns of the event loop: while connecting, reading, committing, delivering."""

    async def run() -> None:
        transport, chain = FakeTransport(), TellingChain()
        chain.moves(LAST)
        node = CodedNode(chain)
        transport.serve(URL, node.in_memory)
        sink = MemorySink()
        async with await Database.open("sqlite://") as database:
            for turns in stops:
                async with House([URL], transport, database=database, sink=sink, start=begin):
                    for _ in range(turns):
                        await asyncio.sleep(0)
            async with House([URL], transport, database=database, sink=sink, start=begin) as house:
                await house.reached(LAST)
                chain.moves(2)
                node.announce()
                await house.reached(LAST + 2)
                first = LAST if begin == "latest" else begin
                assert house.told() == every_block(first, LAST + 2)
                assert house.pipeline.memory.states["blocks"] == {"count": LAST + 3 - first}
        await transport.close()

    asyncio.run(run())


async def test_a_watcher_that_was_taken_out_for_a_while_begins_anew(
    chain: TellingChain, node: CodedNode, transport: FakeTransport
) -> None:
    """What it remembered is old by then: with it, everything since would pass for missed."""
    counted: list[Any] = []
    async with await Database.open("sqlite://") as database:
        for until, watchers in ((5, [BlockWatcher()]), (8, []), (LAST, [BlockWatcher()])):
            made = [ServiceWatcher(), *watchers]
            async with House([URL], transport, database=database, watchers=lambda _, m=made: m, until=until) as house:
                await house.finished()
            counted.append(await database.run(lambda conn: watcher_state.load(conn, 1, "blocks")))
    first, between, last = counted
    assert between == {}
    assert first.keys() == last.keys()
    assert [set(state.values()) for state in (first, last)] == [{5}, {LAST - 8}]


async def test_what_watchers_want_at_every_block_rides_in_its_one_request(
    chain: TellingChain, node: CodedNode, transport: FakeTransport
) -> None:
    """Keys that are known only after decoding, and extrinsics, are asked for where they are wanted."""
    kept, asked = b"\x0a" * 32, b"\x0b" * 32

    def steady(prefix: int) -> tuple[Watcher, ...]:
        return (ServiceWatcher(), BlockWatcher(frozenset({kept})))

    def asking(prefix: int) -> tuple[Watcher, ...]:
        return (BlockWatcher(frozenset({kept}), Wants(frozenset({asked}), True)),)

    methods = {}
    for watchers in (steady, asking):
        async with House([URL], transport, watchers=watchers, start=LAST, speed=1) as house:
            await house.reached(chain.tip.number)
            node.calls.clear()
            chain.move(storage={"0x" + kept.hex(): "0x01", "0x" + asked.hex(): "0x02"})
            node.announce()
            await house.reached(chain.tip.number)
            methods[watchers] = [call.method for call in node.calls]
            data = house.alerts("block")[-1]["data"]
            assert data["kept"] == {kept.hex(): "01"}
    assert methods == {
        steady: ["state_queryStorageAt"],
        asking: ["state_queryStorageAt", "state_queryStorageAt", "chain_getBlock"],
    }
    assert (data["asked"], data["extrinsics"]) == ({asked.hex(): "02"}, [])


@pytest.mark.parametrize(("configured", "expected"), [(7, 7), (None, 2)])
async def test_addresses_have_the_configured_prefix_else_the_metadatas(
    configured: int | None, expected: int, chain: TellingChain, node: CodedNode, transport: FakeTransport
) -> None:
    """The watchers are built with it."""
    chain.swap("0x02", {14: metadata(ss58_prefix=2)})
    seen: list[int] = []

    def watchers(prefix: int) -> tuple[Watcher, ...]:
        seen.append(prefix)
        return (BlockWatcher(),)

    async with House([URL], transport, watchers=watchers, ss58_prefix=configured) as house:
        await house.reached(LAST)
    assert seen == [expected]


def test_metadata_without_a_prefix_gives_the_generic_one() -> None:
    """A chain may not have the constant, or the pallet."""
    whole = metadata(ss58_prefix=2)
    assert ss58_prefix(Runtime.from_metadata(whole)) == 2
    nameless = whole.replace(b"\x28SS58Prefix", b"\x28SS58Prefiy")
    assert nameless != whole
    assert ss58_prefix(Runtime.from_metadata(nameless)) == 42


@pytest.mark.parametrize("prefix", [46, 47, 16_384, 65_535])
def test_a_prefix_that_no_address_can_have_gives_the_generic_one(prefix: int) -> None:
    """A chain may say any u16; what cannot be written must not end the service at the first message."""
    assert ss58_prefix(Runtime.from_metadata(metadata(ss58_prefix=prefix))) == 42


async def test_metadata_is_cached_by_genesis(
    tmp_path: Path, chain: TellingChain, node: CodedNode, transport: FakeTransport
) -> None:
    """In a folder of its own, so that two chains of one name do not mix."""
    async with House([URL], transport, cache=tmp_path) as house:
        await house.reached(LAST)
    assert [folder.name for folder in folders(tmp_path)] == [chain.genesis.hex()]


def folders(path: Path) -> list[Path]:
    return list(path.iterdir())


async def test_a_secret_in_an_endpoints_url_shows_nowhere(
    node: CodedNode, transport: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in metrics, statuses, alerts or logs."""
    url = "wss://user:hunter2@other.test/hunter3?key=hunter4"
    transport.refuse(url, ConnectFailed("cannot connect to other.test: nobody serves it"))
    async with House([url, URL], transport) as house:
        await house.reached(LAST)
        await house.tick()
        shown = [str(house.service.pool.statuses()), str(house.sink.sent), caplog.text]  # type: ignore[union-attr]
        shown += [str(family) for family in house.metrics.registry.collect()]
    assert "other.test" in "".join(shown)
    assert "hunter" not in "".join(shown)


class Shaky:
    """A store that is away at every second call, now before the transaction and now only for its answer."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.calls = 0

    async def run(self, work: Callable[[Connection], Any]) -> Any:
        self.calls += 1
        if self.calls % 4 == 1:
            raise StoreUnavailable("the connection was refused")
        result = await self.real.run(work)
        if self.calls % 4 == 3:
            raise StoreUnavailable("the connection was lost during the commit")
        return result


async def test_a_store_that_is_away_while_the_chain_is_put_together_is_waited_for(
    node: CodedNode, transport: FakeTransport
) -> None:
    """From the first question on; whatever answers it loses, nothing is missing and nothing is twice."""
    async with await Database.open("sqlite://") as database:
        shaky: Any = Shaky(database)
        async with House([URL], transport, database=shaky) as house:
            await house.settled(lambda: house.service.pipeline is not None and house.pipeline.cursor.number == LAST)
            while await database.run(lambda conn: any(depth.pending for depth in deliveries.depths(conn))):
                await asyncio.sleep(0.002)
            assert {alert["block"]["number"] for alert in house.alerts("block")} == set(range(1, LAST + 1))


async def test_what_holds_on_another_history_under_this_name_is_ended(
    node: CodedNode, transport: FakeTransport
) -> None:
    """Nobody would see its end: that chain is gone."""
    async with await Database.open("sqlite://") as database:
        told = {"watcher": "balances", "title": "Low", "data": {}, "labels": {}, "chain": "relay"}

        def fire(conn: Connection) -> None:
            row = chains.register(conn, "relay", b"\x01" * 32, 0)
            conditions.put(conn, [Condition("f" * 32, row.id, "low", "warning", {}, told, 0)])

        await database.run(fire)
        async with House([URL], transport, database=database, genesis=node.chain.genesis) as house:
            await house.reached(LAST)
            assert house.statuses("low") == ["resolved"]
        assert await database.run(conditions.by_chain) == ()


async def test_a_chain_says_what_keeps_it_from_being_watched(node: CodedNode, transport: FakeTransport) -> None:
    """Nothing while it starts and while it follows; then that nobody answers, or that nothing comes."""
    transport.refuse(URL, ConnectFailed("nobody serves it"))
    async with House([URL], transport) as house:
        began_ms = house.clock.now_ms()
        assert house.service.troubles(began_ms + 100_000) == ()
        assert house.service.troubles(began_ms + 130_000) == (NOT_REACHED,)
        transport.serve(URL, node.in_memory)
        await house.reached(LAST)
        at_ms = house.pipeline.progress_ms
        assert house.service.troubles(at_ms + 290_000) == ()
        assert house.service.troubles(at_ms + 301_000) == ("No block processed for 5 min",)
        house.service.seen.halted("a fork")
        assert len(house.service.troubles(at_ms)) == 1


async def test_that_nobody_answers_is_told_while_a_block_waits_for_its_second_answer(
    chain: TellingChain, node: CodedNode, transport: FakeTransport
) -> None:
    """The block cannot go on, and neither would the time if it stood behind it; afterwards the block is told once."""

    def watchers(prefix: int) -> tuple[Watcher, ...]:
        return (ServiceWatcher(), BlockWatcher(asks=Wants(extrinsics=True)))

    async with House([URL], transport, watchers=watchers) as house:
        await house.reached(LAST)
        node.script(drop("chain_getBlock"))
        chain.move()
        calls = node.count("chain_getBlock")
        node.announce()
        transport.refuse(URL, ConnectFailed("nobody serves it"))
        await house.settled(lambda: node.count("chain_getBlock") > calls)
        house.clock.jump(150)
        while house.statuses("chain-unreachable") != ["firing"]:
            await house.pipeline.put(Tick(house.clock.now_ms()))
            await asyncio.sleep(0.01)
        assert house.pipeline.cursor.number == LAST
        transport.serve(URL, node.in_memory)
        await house.reached(LAST + 1)
        assert house.told() == every_block(1, LAST + 1)


async def test_what_may_go_wrong_shows_as_zero_before_anything_does(node: CodedNode, transport: FakeTransport) -> None:
    """An alert over a metric that is not there does not fire."""
    async with House([URL], transport) as house:
        assert house.metric("chain_halted") == 0
        node.muted = True
        await house.settled(house.service.ready.is_set)
        assert house.metric("holes") == 0
        assert house.metric("block_height", chain="relay", view="processed") is not None
        assert house.metric("watcher_blind", chain="relay", watcher="service") == 0


async def test_what_is_seen_beside_blocks_is_counted() -> None:
    """Heads by view, and when they rose; a halt as 1 and its end as 0."""
    metrics = Metrics(CollectorRegistry())
    clock = FakeClock()
    seen = Seen("relay", metrics, clock)
    seen.best(9)
    seen.finalized(7)
    rose_ms = clock.now_ms()
    await clock.advance(5)
    seen.best(9)
    seen.finalized(6)
    seen.finalized(7)
    assert (seen.best_ms, seen.finalized_ms) == (rose_ms, clock.now_ms())  # of the finalized one the last word counts
    seen.halted("a fork")
    value = metrics.registry.get_sample_value
    assert value("paseo_watch_block_height", {"chain": "relay", "view": "best"}) == 9
    assert value("paseo_watch_block_height", {"chain": "relay", "view": "finalized"}) == 7
    assert value("paseo_watch_chain_halted", {"chain": "relay"}) == 1
    seen.halted(None)
    assert value("paseo_watch_chain_halted", {"chain": "relay"}) == 0
    assert (seen.best_number, seen.finalized_number, seen.halted_reason) == (9, 7, None)


class Dependent(BlockWatcher):
    """Sees nothing of Balances where a runtime has another SS58 prefix."""

    def needs(self, runtime: Runtime) -> Needs:
        lacking = () if ss58_prefix(runtime) == 42 else (f"there is no prefix {ss58_prefix(runtime)}",)
        return replace(super().needs(runtime), blind=lacking)


async def test_blindness_is_that_on_the_newest_blocks_runtime_whatever_else_is_loaded(
    node: CodedNode, chain: TellingChain, transport: FakeTransport
) -> None:
    """An old runtime, loaded to heal a hole, says nothing about what is seen now; neither did the new one before."""
    chain.swap("0x02", {14: metadata(ss58_prefix=7)}, version=2)
    chain.moves(2)
    blind = {"blocks": ("there is no prefix 7",)}
    async with House([URL], transport, watchers=lambda _: (Dependent(),), start=LAST + 1) as house:
        await house.reached(LAST + 2)
        assert house.service.blindness() == blind
        assert house.metric("watcher_blind", chain="relay", watcher="blocks") == 1
        await house.database.run(
            lambda conn: holes.put(
                conn, 1, 3, bytes.fromhex(chain.best_chain[3].hash[2:]), "undecodable", "", None, 0, 0
            )
        )
        await house.heal()
        assert house.told()[3] == [3]
        assert house.service.blindness() == blind


async def test_the_lag_is_what_is_finalized_and_not_processed(node: CodedNode, transport: FakeTransport) -> None:
    """Nothing is known before the chain was reached; a head that falls makes no lag below zero."""

    def lag(house: House) -> float:
        value = house.metrics.registry.get_sample_value("paseo_watch_chain_lag_blocks", {"chain": "relay"})
        assert value is not None
        return value

    async with House([URL], transport) as house:
        assert math.isnan(lag(house))
        await house.reached(LAST)
        assert lag(house) == 0
        house.service.seen.finalized(LAST + 30)
        assert lag(house) == 30
        house.service.seen.finalized(LAST - 2)
        assert lag(house) == 0
        assert house.service.pool is not None
        await house.service.pool.close()
        assert math.isnan(lag(house))
