"""Several endpoints, some of them bad: who leads, who is asked, who is set apart."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from paseo_watch.errors import PermanentError, TransientError
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import (
    BackingOff,
    BadAnswer,
    ConnectFailed,
    ConnectionLost,
    Exhausted,
    Quarantined,
    RateLimited,
    StateDiscarded,
    WrongIdentity,
)
from paseo_watch.rpc.fake import FakeTransport
from paseo_watch.rpc.heads import Head
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool, unique_names
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import FOREVER, ScriptedNode, discarded, drop, error, null, rate_limited, swallow
from tests.unit.rpc.conftest import Sample

NAMES = ("a.test", "b.test", "c.test")


class House:
    """Three nodes of one chain, a pool over them, and what came out of it."""

    def __init__(self, clock: FakeClock, transport: FakeTransport, metrics: Metrics, chain: ScriptedChain) -> None:
        self.clock, self.transport, self.chain = clock, transport, chain
        self.nodes = {name: ScriptedNode(chain) for name in NAMES}
        for name, node in self.nodes.items():
            transport.serve(f"ws://{name}", node.in_memory)
        self.heads: list[Head] = []
        self.quarantines: list[tuple[str, str]] = []
        self.metrics = metrics
        self.task: asyncio.Task[None] | None = None
        self.pool = self.pool_with(chain.genesis)

    def pool_with(self, genesis: bytes | None, on_head: Callable[[Head], None] | None = None) -> Pool:
        """A pool over the three; not running yet."""
        self.pool = Pool(
            "relay",
            [EndpointOptions(f"ws://{name}", requests_per_second=1e6, burst=10**6) for name in NAMES],
            genesis=genesis,
            transport=self.transport,
            clock=self.clock,
            random=random.Random(7),
            metrics=self.metrics,
            on_head=on_head or self.heads.append,
            on_quarantine=lambda endpoint, reason: self.quarantines.append((endpoint, reason)),
            options=PoolOptions(quiet_after=60.0),
        )
        return self.pool

    async def start(self) -> None:
        """Run the pool until it has come to rest."""
        self.task = asyncio.create_task(self.pool.run())
        await self.clock.advance(0)

    async def stop(self) -> None:
        """Cancel the pool, as the composition root does."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def pass_time(self, seconds: int, blocks: bool = True) -> None:
        """Let time pass; with a new final block, announced by every node, every six seconds."""
        for _ in range(0, seconds, 6):
            if blocks:
                self.chain.append()
                for node in self.nodes.values():
                    node.announce()
            await self.clock.advance(6)

    @property
    def primary(self) -> str | None:
        """The name of the endpoint that leads."""
        return next((status.endpoint for status in self.pool.statuses() if status.primary), None)

    def states(self) -> list[str]:
        """The state of each endpoint."""
        return [status.state for status in self.pool.statuses()]


@pytest.fixture(name="house")
async def _house(
    clock: FakeClock, transport: FakeTransport, metrics: Metrics, chain: ScriptedChain
) -> AsyncIterator[House]:
    house = House(clock, transport, metrics, chain)
    yield house
    await house.stop()
    await house.pool.close()


async def chain_name(connection: Connection) -> Any:
    """Some work: one call."""
    return await connection.request("system_chain")


async def who(connection: Connection) -> str:
    """Some work: tells who was asked."""
    await connection.request("system_chain")
    return connection.endpoint


class TestLead:
    """Which endpoint's heads are followed."""

    async def test_the_first_endpoint_leads(self, house: House, sample: Sample) -> None:
        """In the configured order; the others are not even connected to."""
        await house.start()

        assert house.primary == "a.test"
        assert house.transport.attempts == ["ws://a.test"]
        assert {head.endpoint for head in house.heads} == {"a.test"}
        assert house.states() == ["connected", "idle", "idle"]
        assert sample("endpoint_state", chain="relay", endpoint="a.test", state="connected") == 1
        assert sample("endpoint_state", chain="relay", endpoint="a.test", state="idle") == 0

    async def test_counters_of_every_endpoint_start_at_zero(self, house: House, sample: Sample) -> None:
        """A first event that makes the series would be invisible to increase()."""
        for name in NAMES:
            assert sample("endpoint_identity_mismatches_total", chain="relay", endpoint=name) == 0
            assert sample("endpoint_reconnects_total", chain="relay", endpoint=name) == 0

    async def test_identity_is_asked_before_anything_else(self, house: House) -> None:
        """The first call on every connection is for block 0."""
        await house.start()
        house.nodes["a.test"].disconnect()
        await house.pass_time(12)

        for name in ("a.test", "b.test"):
            assert house.nodes[name].calls[0].params == [0]

    async def test_a_lost_primary_is_followed_by_the_next(self, house: House, sample: Sample) -> None:
        """At once, not after the back-off; a head of the new one wakes the follower even before a new block."""
        await house.start()
        house.heads.clear()
        house.nodes["a.test"].disconnect()
        await house.clock.advance(0)

        assert house.primary == "b.test"
        assert [(h.view, h.endpoint) for h in house.heads][:1] == [("finalized", "b.test")]
        assert sample("endpoint_rotations_total", chain="relay") == 1
        assert sample("endpoint_errors_total", chain="relay", endpoint="a.test", kind="lost") == 1

    async def test_a_working_primary_stays_when_a_preferred_one_comes_back(self, house: House) -> None:
        """No flapping between two good endpoints."""
        await house.start()
        house.nodes["a.test"].disconnect()
        await house.pass_time(600)

        assert house.primary == "b.test"
        assert await house.pool.each(who) == "b.test"

    async def test_an_endpoint_that_cannot_be_reached_is_passed_over(self, house: House, sample: Sample) -> None:
        """And tried again later, with growing pauses."""
        house.transport.refuse("ws://a.test", ConnectFailed("no route"))
        await house.start()

        assert house.primary == "b.test"
        assert house.states()[0] == "backing_off"
        assert sample("endpoint_errors_total", chain="relay", endpoint="a.test", kind="connect") == 1

    async def test_with_every_endpoint_down_the_pool_keeps_trying_with_growing_pauses(self, house: House) -> None:
        """Not in a busy loop: at most one attempt a second and endpoint at first, later one a minute."""
        for name in NAMES:
            house.transport.refuse(f"ws://{name}", ConnectFailed("no route"))
        await house.start()
        await house.clock.advance(600)
        early = len(house.transport.attempts)
        await house.clock.advance(600)
        late = len(house.transport.attempts) - early

        assert 3 * 10 <= late <= 3 * 20 + 3
        assert early <= 3 * 26
        house.transport.serve("ws://c.test", house.nodes["c.test"].in_memory)
        await house.clock.advance(61)
        assert house.primary == "c.test"

    async def test_an_endpoint_that_cannot_show_its_heads_is_left(self, house: House) -> None:
        """It answers, and not with what a head is: it is left alone for a while, its socket is closed."""
        house.nodes["a.test"].script(null("chain_getHeader", times=FOREVER))
        await house.start()

        assert house.primary == "b.test"
        assert house.states()[0] == "backing_off"
        assert len(house.nodes["a.test"].peers) == 0

    async def test_an_endpoint_whose_heads_are_refused_is_left_for_longer_each_time(self, house: House) -> None:
        """Its heads look like heads and are not: that is no sign of life, so the pauses between attempts grow."""

        def refuse(head: Head) -> None:
            raise BadAnswer("not a header")

        house.pool_with(house.chain.genesis, refuse)
        await house.start()
        await house.clock.advance(600)

        assert len(house.transport.attempts) <= 3 * 20

    async def test_a_silent_primary_is_left(self, house: House, sample: Sample) -> None:
        """It answers nothing and pushes nothing, while the socket stands."""
        await house.start()
        house.nodes["a.test"].muted = True
        await house.pass_time(90)

        assert house.primary == "b.test"
        assert sample("endpoint_errors_total", chain="relay", endpoint="a.test", kind="quiet") == 1

    async def test_a_primary_that_stays_behind_is_left(self, house: House) -> None:
        """The floor was shown by another endpoint; the primary's heads do not reach it for longer than a while."""
        await house.start()
        house.pool.floor = 1000
        await house.pass_time(30)
        assert house.primary == "a.test"
        assert [s.lagging for s in house.pool.statuses()] == [True, False, False]
        await house.pass_time(48)

        assert house.primary == "b.test"

    async def test_a_primary_that_catches_up_stays(self, house: House) -> None:
        """A moment's lag is normal between nodes."""
        await house.start()
        house.pool.floor = house.chain.tip.number + 4
        await house.pass_time(180)

        assert house.primary == "a.test"

    async def test_lag_is_counted_from_its_last_beginning(self, house: House) -> None:
        """Twice behind for less than the limit is not once behind for longer."""
        await house.start()
        for _ in range(4):
            house.pool.floor = 1000
            await house.pass_time(48)
            house.pool.floor = 0
            await house.pass_time(12)

        assert house.primary == "a.test"
        assert house.transport.attempts == ["ws://a.test"]

    async def test_a_lagging_primary_stays_where_nobody_else_could_lead(self, house: House) -> None:
        """Leaving it would only lose time."""
        await house.start()
        for name in ("b.test", "c.test"):
            house.pool.quarantine(name, "for a test", 10**6)
        house.pool.floor = 1000
        await house.pass_time(300)

        assert house.primary == "a.test"
        assert house.transport.attempts == ["ws://a.test"]

    async def test_with_everybody_behind_the_first_leads(self, house: House) -> None:
        """Better an old head than none."""
        await house.start()
        house.pool.floor = 10**6
        await house.pass_time(1200)

        assert house.primary in NAMES
        assert house.heads[-1].number == house.chain.tip.number

    async def test_heads_go_on_after_any_number_of_lost_connections(self, house: House, sample: Sample) -> None:
        """Each node in turn drops its clients; the last block is heard of in the end."""
        await house.start()
        for name in NAMES * 3:
            house.nodes[name].disconnect()
            await house.pass_time(18)

        assert max(head.number for head in house.heads if head.view == "finalized") == house.chain.tip.number
        assert sample("endpoint_reconnects_total", chain="relay", endpoint="a.test") is not None

    async def test_a_defect_in_the_callback_stops_the_pool(self, house: House) -> None:
        """It is not swallowed, and not taken for a fault of the endpoint."""

        def broken(head: Head) -> None:
            raise ZeroDivisionError

        house.pool_with(None, broken)
        await house.start()

        assert house.task is not None
        error = house.task.exception()
        assert isinstance(error, ExceptionGroup)
        assert error.subgroup(ZeroDivisionError) is not None

    @pytest.mark.parametrize("turns", range(12))
    async def test_a_cancellation_is_obeyed_however_shortly_after_a_lost_socket_it_comes(
        self, house: House, turns: int
    ) -> None:
        """A task group raises what its tasks died of, and a cancellation that came meanwhile is gone."""
        await house.start()
        assert house.task is not None
        house.nodes["a.test"].disconnect()
        for _ in range(turns):
            await asyncio.sleep(0)
        house.task.cancel()
        await house.clock.advance(1)

        assert house.task.cancelled()

    async def test_cancelling_closes_every_connection(self, house: House) -> None:
        """A clean end leaves no socket open."""
        await house.start()
        await house.stop()
        await house.clock.advance(0)

        assert [len(node.peers) for node in house.nodes.values()] == [0, 0, 0]


class TestIdentity:
    """Which chain it is."""

    async def test_another_genesis_is_quarantined(self, house: House, sample: Sample) -> None:
        """Counted, told, never led by; its heads are never handed out."""
        house.nodes["a.test"].replace_chain(ScriptedChain(salt="another network"))
        await house.start()

        assert house.primary == "b.test"
        assert house.states()[0] == "quarantined"
        assert sample("endpoint_identity_mismatches_total", chain="relay", endpoint="a.test") == 1
        [(endpoint, reason)] = house.quarantines
        assert endpoint == "a.test"
        assert "serves another chain" in reason
        assert {head.endpoint for head in house.heads} == {"b.test"}

    async def test_a_quarantined_endpoint_is_looked_at_again_every_ten_minutes(
        self, house: House, sample: Sample
    ) -> None:
        """Not earlier; told once; and released when it serves the right chain again."""
        wrong = house.nodes["a.test"]
        wrong.replace_chain(ScriptedChain(salt="another network"))
        await house.start()
        await house.pass_time(590)
        assert house.transport.attempts.count("ws://a.test") == 1
        await house.pass_time(30)
        assert house.transport.attempts.count("ws://a.test") == 2
        assert sample("endpoint_identity_mismatches_total", chain="relay", endpoint="a.test") == 2
        assert len(house.quarantines) == 1
        wrong.replace_chain(house.chain)
        await house.pass_time(620)

        assert house.states()[0] in ("connected", "idle")
        assert house.primary == "b.test"

    async def test_a_quarantined_endpoint_that_cannot_be_reached_waits_as_long_again(self, house: House) -> None:
        """Nothing is known of it, so it stays set apart; it is not asked in every round either."""
        house.nodes["a.test"].replace_chain(ScriptedChain(salt="another network"))
        await house.start()
        house.transport.refuse("ws://a.test", ConnectFailed("no route"))
        await house.pass_time(1150)

        assert house.transport.attempts.count("ws://a.test") == 2
        assert house.states()[0] == "quarantined"

    async def test_with_every_endpoint_quarantined_the_pool_says_so(self, house: House) -> None:
        """A configuration with a wrong genesis hash shows as that, in every endpoint's status, and goes on asking."""
        house.pool_with(b"\x01" * 32)
        await house.start()

        assert house.states() == ["quarantined"] * 3
        assert all("expected 0x0101" in status.reason for status in house.pool.statuses())
        assert house.heads == []
        with pytest.raises(Exhausted) as caught:
            await house.pool.each(chain_name)
        assert {type(cause) for cause in caught.value.causes.values()} == {Quarantined}
        assert not caught.value.definite
        await house.clock.advance(1210)
        assert all(house.transport.attempts.count(f"ws://{name}") == 3 for name in NAMES)

    async def test_a_genesis_that_was_not_configured_is_learned_and_pinned(self, house: House) -> None:
        """From the first endpoint that answers; one that differs later is quarantined."""
        house.nodes["b.test"].replace_chain(ScriptedChain(salt="another network"))
        pool = house.pool_with(None)
        waiting = asyncio.create_task(pool.identified())
        await house.start()
        assert await waiting == house.chain.genesis
        house.nodes["a.test"].disconnect()
        await house.clock.advance(0)

        assert house.primary == "c.test"
        assert house.states()[1] == "quarantined"

    async def test_a_network_that_was_reset_under_the_same_address_is_noticed_at_reconnect(self, house: House) -> None:
        """The nodes relaunch with a new genesis: nothing is followed any more, and it is said why."""
        await house.start()
        house.chain.reset()
        for node in house.nodes.values():
            node.disconnect()
        await house.clock.advance(30)

        assert house.states() == ["quarantined"] * 3

    async def test_the_follower_may_set_an_endpoint_apart(self, house: House) -> None:
        """For a fork below the cursor: the primary changes at once, open work on it fails over."""
        await house.start()
        house.nodes["a.test"].script(swallow("system_chain"))
        work = asyncio.create_task(house.pool.each(who))
        await house.clock.advance(0)
        house.pool.quarantine("a.test", "a fork below the cursor at 7", 300)
        await house.clock.advance(0)

        assert await work == "b.test"
        assert house.primary == "b.test"
        assert house.quarantines == [("a.test", "a fork below the cursor at 7")]
        assert house.pool.statuses()[0].reason == "a fork below the cursor at 7"
        await house.pass_time(312)
        assert house.states()[0] != "quarantined"


class TestEach:
    """Work that falls over to other endpoints."""

    async def test_the_primary_does_the_work(self, house: House) -> None:
        """Nobody else is asked."""
        await house.start()

        assert await house.pool.each(who) == "a.test"
        assert house.nodes["b.test"].calls == []

    async def test_it_works_without_run(self, house: House) -> None:
        """For a command that asks once: endpoints are connected to on demand, and identified."""
        assert await house.pool.each(who) == "a.test"
        assert [call.method for call in house.nodes["a.test"].calls] == ["chain_getBlockHash", "system_chain"]

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (drop("system_chain"), "lost"),
            (discarded("system_chain"), "state_discarded"),
            (rate_limited("system_chain"), "rate_limited"),
            (error(-32603, "Internal error", "system_chain"), "error_answer"),
        ],
        ids=["drop", "discarded", "rate-limited", "error"],
    )
    async def test_a_failure_is_answered_by_the_next_endpoint(
        self, house: House, sample: Sample, fault: Any, kind: str
    ) -> None:
        """And counted under its kind."""
        await house.start()
        house.nodes["a.test"].script(fault)

        assert await house.pool.each(who) == "b.test"
        assert sample("endpoint_errors_total", chain="relay", endpoint="a.test", kind=kind) == 1

    async def test_what_the_work_itself_finds_wrong_counts_as_a_bad_answer(self, house: House, sample: Sample) -> None:
        """Null where a finalized block must be: the caller raises, the pool goes on."""
        await house.start()
        house.nodes["a.test"].script(null("chain_getBlock"))

        async def block(connection: Connection) -> str:
            if await connection.request("chain_getBlock", [house.chain.tip.hash]) is None:
                raise BadAnswer("no block below finality")
            return connection.endpoint

        assert await house.pool.each(block) == "b.test"
        assert sample("endpoint_errors_total", chain="relay", endpoint="a.test", kind="bad_answer") == 1
        assert house.primary == "a.test"

    async def test_a_deadline_sends_the_work_on_and_the_primary_away(self, house: House) -> None:
        """An endpoint that stalls is not asked for fifteen seconds each time."""
        await house.start()
        house.nodes["a.test"].script(swallow("system_chain", times=FOREVER))
        work = asyncio.create_task(house.pool.each(who))
        await house.clock.advance(16)

        assert await work == "b.test"
        assert house.primary == "b.test"

    async def test_a_pruned_state_does_not_cost_the_primary_its_place(self, house: House) -> None:
        """It works well for everything else."""
        await house.start()
        house.nodes["a.test"].script(discarded("system_chain"))
        await house.pool.each(who)

        assert house.primary == "a.test"
        assert await house.pool.each(who) == "a.test"

    async def test_exhausted_tells_each_cause_and_waits_for_nothing(self, house: House) -> None:
        """Every endpoint was reached and has pruned it: that is definite."""
        await house.start()
        for node in house.nodes.values():
            node.script(discarded("system_chain"))

        with pytest.raises(Exhausted) as caught:
            await house.pool.each(chain_name)
        assert list(caught.value.causes) == list(NAMES)
        assert {type(cause) for cause in caught.value.causes.values()} == {StateDiscarded}
        assert caught.value.definite

    async def test_an_endpoint_that_is_left_alone_makes_nothing_definite(self, house: House) -> None:
        """It might have the answer; it is not connected to again before its time."""
        await house.start()
        house.transport.refuse("ws://c.test", ConnectFailed("no route"))
        for name in ("a.test", "b.test"):
            house.nodes[name].script(discarded("system_chain", times=FOREVER))
        with pytest.raises(Exhausted) as first:
            await house.pool.each(chain_name)
        with pytest.raises(Exhausted) as second:
            await house.pool.each(chain_name)

        assert isinstance(first.value.causes["c.test"], ConnectFailed)
        assert isinstance(second.value.causes["c.test"], BackingOff)
        assert not first.value.definite
        assert not second.value.definite
        assert house.transport.attempts.count("ws://c.test") == 1

    async def test_a_rate_limited_endpoint_is_left_alone_as_long_as_it_says(self, house: House) -> None:
        """And keeps its connection and its lead meanwhile."""
        await house.start()

        async def limited(connection: Connection) -> str:
            if connection.endpoint == "a.test" and house.clock.monotonic() == 0:
                raise RateLimited(429, "slow down", retry_after=30.0)
            return connection.endpoint

        assert await house.pool.each(limited) == "b.test"
        assert house.states()[0] == "backing_off"
        assert house.primary == "a.test"
        await house.clock.advance(29)
        assert await house.pool.each(limited) == "b.test"
        await house.clock.advance(2)
        assert await house.pool.each(limited) == "a.test"

    async def test_lagging_endpoints_are_asked_last(self, house: House) -> None:
        """The primary is behind what another endpoint has shown: the others come first."""
        await house.start()
        house.pool.floor = 1000

        assert await house.pool.each(who) == "b.test"

    async def test_other_errors_pass_through(self, house: House) -> None:
        """What is no fault of an endpoint is not tried again elsewhere."""

        async def broken(connection: Connection) -> None:
            raise PermanentError("a decision of the caller")

        with pytest.raises(PermanentError, match="a decision of the caller"):
            await house.pool.each(broken)
        assert house.transport.attempts == ["ws://a.test"]

    async def test_transient_errors_of_others_go_on_and_are_never_definite(self, house: House) -> None:
        """Anything that says `again` is tried elsewhere."""

        async def broken(connection: Connection) -> None:
            raise TransientError("of the caller")

        with pytest.raises(Exhausted) as caught:
            await house.pool.each(broken)
        assert len(caught.value.causes) == 3
        assert not caught.value.definite

    async def test_calls_that_fail_together_lengthen_the_back_off_once(self, house: House) -> None:
        """Twenty calls lost with one socket are one failure of the endpoint."""
        await house.start()
        house.nodes["a.test"].script(swallow("system_chain", times=20))
        work = [asyncio.create_task(house.pool.each(who)) for _ in range(20)]
        await house.clock.advance(0)
        house.nodes["a.test"].disconnect()

        assert await asyncio.gather(*work) == ["b.test"] * 20
        await house.clock.advance(1.1)
        assert house.states()[0] == "idle"

    async def test_a_standby_stays_open_for_a_minute(self, house: House) -> None:
        """The next failure finds it warm; after a minute without use it is closed."""
        await house.start()
        house.nodes["a.test"].script(discarded("system_chain", times=2))
        await house.pool.each(who)
        await house.pass_time(30)
        await house.pool.each(who)
        assert house.transport.attempts.count("ws://b.test") == 1
        await house.pass_time(54)
        assert house.states()[1] == "connected"
        await house.pass_time(18)

        assert house.states() == ["connected", "idle", "idle"]
        assert len(house.nodes["b.test"].peers) == 0

    async def test_a_standby_at_work_is_not_closed(self, house: House) -> None:
        """However long the work takes."""
        await house.start()
        house.nodes["a.test"].script(discarded("system_chain"))

        async def long(connection: Connection) -> str:
            await connection.request("system_chain")
            await house.clock.sleep(200)
            return str(await connection.request("system_chain")) + " by " + connection.endpoint

        work = asyncio.create_task(house.pool.each(long))
        await house.pass_time(210)

        assert await work == "Scripted by b.test"

    async def test_an_answer_ends_the_growth_of_the_pauses(self, house: House) -> None:
        """Failures before it are history: the next one costs a second, not half a minute."""
        answers = [ConnectionLost("gone")] * 7 + [None] + [ConnectionLost("gone")]

        async def work(connection: Connection) -> None:
            if connection.endpoint == "a.test" and (failure := answers.pop(0)) is not None:
                raise failure

        for _ in range(len(answers)):
            await house.pool.each(work)
            await house.clock.advance(60)

        assert answers == []
        answers += [ConnectionLost("gone"), None]
        await house.pool.each(work)
        await house.clock.advance(2.1)
        await house.pool.each(work)
        assert answers == []

    async def test_two_calls_share_one_attempt_to_connect(self, house: House) -> None:
        """Neither makes a second connection beside the first."""
        await asyncio.gather(house.pool.each(who), house.pool.each(who))

        assert house.transport.attempts == ["ws://a.test"]

    async def test_two_calls_share_one_failure_to_connect(self, house: House) -> None:
        """The one that waited does not try the same again."""
        house.nodes["a.test"].silent = True
        work = [asyncio.create_task(house.pool.each(who)) for _ in range(2)]
        await house.clock.advance(16)

        assert [await one for one in work] == ["b.test", "b.test"]
        assert house.transport.attempts.count("ws://a.test") == 1

    async def test_what_a_node_refuses_in_batches_is_remembered_over_a_reconnect(self, house: House) -> None:
        """The endpoint, not the connection, has that limit."""
        node = house.nodes["a.test"]
        node.batch_limit = 0

        async def hashes(connection: Connection) -> int:
            return len(await connection.batch([("chain_getBlockHash", [n]) for n in range(4)]))

        await house.pool.each(hashes)
        node.disconnect()
        await house.clock.advance(0)
        node.calls.clear()
        await house.clock.advance(5)
        await house.pool.each(hashes)

        assert node.count("chain_getBlockHash") == 1 + 4


async def test_a_wrong_identity_found_while_working_is_a_cause(house: House) -> None:
    """`each` passes over the endpoint as over any other that fails."""
    house.nodes["a.test"].replace_chain(ScriptedChain(salt="another network"))
    for name in ("b.test", "c.test"):
        house.transport.refuse(f"ws://{name}", ConnectionLost("no route"))

    with pytest.raises(Exhausted) as caught:
        await house.pool.each(chain_name)
    assert isinstance(caught.value.causes["a.test"], WrongIdentity)
    assert not caught.value.definite


async def test_a_node_that_accepts_and_never_answers_is_given_up_at_the_deadline(house: House) -> None:
    """Identity is a call like any other: the stall ends after 15 seconds, and the next endpoint leads."""
    house.nodes["a.test"].silent = True
    await house.start()
    await house.clock.advance(16)

    assert house.primary == "b.test"
    assert house.pool.statuses()[0].last_error == "a.test did not answer chain_getBlockHash in time"


def test_two_urls_on_one_host_get_two_names() -> None:
    """A label and a quarantine must mean one endpoint."""
    assert unique_names(["wss://h/a", "wss://h/b", "wss://h:1/c", "wss://g", "wss://h/d"]) == [
        "h",
        "h#2",
        "h:1",
        "g",
        "h#3",
    ]
