"""One courier with a clock, a store and a sink that do as they are told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Never

import pytest
from sqlalchemy import Connection

from paseo_watch.outbox import courier as courier_module
from paseo_watch.outbox import outbox as outbox_module
from paseo_watch.outbox.outbox import Outbox, delivery_id
from paseo_watch.sinks.sink import Delivery, SendFailed, SendRefused, SinkRefused
from paseo_watch.store import deliveries
from paseo_watch.store.deliveries import StoredDelivery
from paseo_watch.store.errors import StoreRefused, StoreUnavailable
from tests.clock import FakeClock
from tests.unit.outbox.stage import ScriptedSink, Stage, times

DAY = 86_400
WHO = ("team", "hook")
HAPPENED_MS = 1_783_166_400_000  # 2026-07-04T12:00:00Z


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An empty stage."""
    stage = Stage()
    yield stage
    stage.store.close()


@pytest.fixture
def rarely_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day has 17,280 looks at the queues, which are another test's."""
    monkeypatch.setattr(outbox_module, "MEASURE_EVERY", 3_600.0)


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[asyncio.Task[None]]:
    """The outbox at work; at the end it is cancelled, where it has not ended by itself."""
    task = asyncio.create_task(outbox.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, BaseExceptionGroup):
            await task


async def test_what_waits_is_sent_in_order_and_marked_done(stage: Stage) -> None:
    """Each as the notification that was stored, under its id, as the first attempt."""
    sink = ScriptedSink()
    stage.store.enqueue("abc", stage.clock.now_ms() - 2_000)
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(0)
    assert sink.sent == ["a", "b", "c"]
    assert sink.attempts[0][1] == Delivery(delivery_id("a", *WHO), "team", "hook", {"id": "a"}, 1, in_doubt=True)
    assert {row.status for row in stage.store.rows().values()} == {"done"}
    assert stage.metric("deliveries_total", result="done") == 3
    assert stage.metric("delivery_latency_seconds_sum") == 6


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        ({"block": {"time": "2026-07-04T12:00:00Z"}, "late": False}, 9),
        ({"block": {"time": "2026-07-04T12:00:00Z"}, "late": True}, 0),
        ({"block": {"time": None}, "late": False}, 0),
        ({"block": None, "late": False}, 0),
    ],
    ids=["a block's", "a late block's", "no time", "no block"],
)
async def test_an_alert_is_as_late_as_its_block_is_old(stage: Stage, content: dict[str, Any], seconds: int) -> None:
    """By the chain's clock; a hole that healed after hours says nothing about the way."""
    stage.clock = FakeClock(HAPPENED_MS + 9_000)
    stage.store.enqueue("a", stage.clock.now_ms(), **content)
    async with running(stage.outbox({WHO: ScriptedSink()})):
        await stage.clock.advance(0)
    assert stage.metric("alert_latency_seconds_sum") in (seconds, None)
    assert stage.metric("alert_latency_seconds_count") == (1 if seconds else None)


async def test_what_is_committed_later_is_sent_once_woken(stage: Stage) -> None:
    """Without waiting for any time to pass."""
    sink = ScriptedSink()
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(0)
        assert outbox.statuses[0].state == "idle"
        stage.store.enqueue("a", stage.clock.now_ms())
        outbox.wake()
        await stage.clock.advance(0)
        assert sink.sent == ["a"]


async def test_a_failure_is_tried_again_and_nothing_overtakes_it(stage: Stage) -> None:
    """The waits double (0.75 s, 1.5 s, 3 s with half the jitter); the rest follows in order at once."""
    sink = ScriptedSink([SendFailed("busy"), SendFailed("busy"), SendFailed("still busy")])
    start = stage.clock.now_ms()
    stage.store.enqueue("abc", start)
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(3)
        assert (outbox.statuses[0].state, outbox.statuses[0].detail) == ("backing_off", "still busy")
        outbox.wake()
        await stage.clock.advance(60)
    assert times(sink, start) == [(0, "a"), (0.75, "a"), (2.25, "a"), (5.25, "a"), (5.25, "b"), (5.25, "c")]
    assert [delivery.attempt for _, delivery in sink.attempts] == [1, 2, 3, 4, 1, 1]
    assert len({delivery.id for _, delivery in sink.attempts[:4]}) == 1
    row = stage.store.rows()["a"]
    assert (row.status, row.attempts, row.last_error) == ("done", 4, "still busy")
    assert stage.metric("deliveries_total", result="retry") == 3


async def test_the_wait_that_the_other_side_asks_for_is_kept(stage: Stage) -> None:
    """A 429 with its seconds: not one attempt before."""
    sink = ScriptedSink([SendFailed("rate limited", retry_after=42.5)])
    start = stage.clock.now_ms()
    stage.store.enqueue("ab", start)
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(42.4)
        assert sink.sent == []
        await stage.clock.advance(0.1)
    assert times(sink, start) == [(0, "a"), (42.5, "a"), (42.5, "b")]


async def test_a_refused_delivery_ends_as_dead_and_the_next_one_goes_on(stage: Stage) -> None:
    """Its end is told in the same transaction, with the row and the reason."""
    sink = ScriptedSink([SendRefused("no such room")])
    stage.store.enqueue("ab", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(0)
    rows = stage.store.rows()
    assert (rows["a"].status, rows["a"].attempts, rows["a"].last_error) == ("dead", 1, "no such room")
    assert rows["b"].status == "done"
    assert stage.buried == [("a", "no such room")]
    assert stage.metric("deliveries_total", result="dead") == 1


async def test_what_on_dead_stores_goes_with_the_mark_or_not_at_all(stage: Stage) -> None:
    """Where it raises, the delivery is not dead either, and the service stops with the reason."""
    sink = ScriptedSink([SendRefused("no such room")])
    stage.store.enqueue("a", stage.clock.now_ms())

    def broken(conn: Connection, row: StoredDelivery, error: str) -> None:
        raise LookupError("a defect")

    async with running(stage.outbox({WHO: sink}, on_dead=broken)) as task:
        await stage.clock.advance(0)
        with pytest.raises(ExceptionGroup) as stopped:
            await task
    assert stopped.group_contains(LookupError, match="a defect")
    assert stage.store.rows()["a"].status == "pending"


async def test_our_own_alert_about_a_dead_delivery_goes_out_through_another_receiver(stage: Stage) -> None:
    """At once: whoever is idle is woken."""
    dying, other = ScriptedSink([SendRefused("no such room")]), ScriptedSink()
    outbox: Outbox

    def tell(conn: Connection, row: StoredDelivery, error: str) -> None:
        id = delivery_id("z", "ops", "hook")
        note = deliveries.Notification("z", "relay", "delivery-dead", "critical", "event", {"id": "z"})
        deliveries.enqueue(conn, [note], [deliveries.NewDelivery(id, "z", "ops", "hook")], stage.clock.now_ms())

    outbox = stage.outbox({WHO: dying, ("ops", "hook"): other}, on_dead=tell)
    async with running(outbox):
        await stage.clock.advance(0)
        stage.store.enqueue("a", stage.clock.now_ms())
        outbox.wake()
        await stage.clock.advance(0)
        assert other.sent == ["z"]


async def test_what_keeps_failing_is_given_up_once_it_is_too_old_with_its_last_error(stage: Stage) -> None:
    """Not before, and counted from its first failure."""
    sink = ScriptedSink([SendFailed("unreachable", retry_after=300)] * 1_000)
    stage.store.enqueue("a", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink}, give_up_after=3_600)):
        await stage.clock.advance(3_599)
        assert stage.store.rows()["a"].status == "pending"
        await stage.clock.advance(400)
    row = stage.store.rows()["a"]
    assert row.status == "dead"
    assert row.last_error is not None
    assert row.last_error.startswith(f"given up after {row.attempts} attempts in 3")
    assert row.last_error.endswith("s: unreachable")
    assert stage.buried == [("a", row.last_error)]
    assert sink.attempts[-1][0] - sink.attempts[0][0] >= 3_600_000


@pytest.mark.usefixtures("rarely_measured")
async def test_too_old_is_a_day_where_nobody_says_otherwise(stage: Stage) -> None:
    """The first failure after that is the last."""
    stage.store.enqueue("a", stage.clock.now_ms())
    async with running(stage.outbox({WHO: ScriptedSink([SendFailed("unreachable", retry_after=300)] * 1_000)})):
        await stage.clock.advance(DAY - 1)
        assert stage.store.rows()["a"].status == "pending"
        await stage.clock.advance(301)
        assert stage.store.rows()["a"].status == "dead"


@pytest.mark.usefixtures("rarely_measured")
async def test_an_outage_of_more_than_a_day_costs_one_delivery_and_not_the_queue(stage: Stage) -> None:
    """What waited behind the one that was given up has a day of its own, and arrives when the receiver is back."""
    stage.store.enqueue("abc", stage.clock.now_ms())
    sink = ScriptedSink([SendFailed("unreachable", retry_after=300)] * 1_000)
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(DAY + 2 * 3_600)
        sink.script.clear()
        await stage.clock.advance(301)
    assert [row.status for row in stage.store.rows().values()] == ["dead", "done", "done"]
    assert [id for id, _ in stage.buried] == ["a"]


async def test_what_is_old_because_we_were_away_is_not_given_up_at_its_first_failure(stage: Stage) -> None:
    """Days of downtime say nothing about the receiver."""
    stage.store.enqueue("a", stage.clock.now_ms() - 3 * DAY * 1000)
    async with running(stage.outbox({WHO: ScriptedSink([SendFailed("busy")])})):
        await stage.clock.advance(0)
        assert stage.store.rows()["a"].status == "pending"
        await stage.clock.advance(1)
    assert stage.store.rows()["a"].status == "done"


async def test_the_named_steps_come_in_order(stage: Stage) -> None:
    """Around the send and around the mark, whatever the outcome."""
    sink = ScriptedSink([SendFailed("busy")])
    stage.store.enqueue("a", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(5)
    assert stage.steps == ["send.before", "send.after", "mark.before", "mark.after"] * 2


@pytest.mark.parametrize(
    ("step", "times_sent"), [("send.before", 1), ("send.after", 2), ("mark.before", 2), ("mark.after", 1)]
)
async def test_a_crash_repeats_the_send_only_between_send_and_mark_and_under_the_same_id(
    stage: Stage, step: str, times_sent: int
) -> None:
    """The process dies at the step; the next one, on the same store, ends what was left."""
    sink = ScriptedSink()
    stage.store.enqueue("ab", stage.clock.now_ms())

    def crash(at: str) -> None:
        if at == step:
            raise KeyError("killed")

    async with running(stage.outbox({WHO: sink}, steps=crash)) as task:
        await stage.clock.advance(0)
        assert task.done()
        with pytest.raises(ExceptionGroup):
            await task
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(0)
    assert sink.sent == ["a"] * times_sent + ["b"]
    assert {delivery.id for _, delivery in sink.attempts[:times_sent]} == {delivery_id("a", *WHO)}
    assert {row.status for row in stage.store.rows().values()} == {"done"}


async def test_while_the_store_is_away_a_sent_delivery_is_marked_again_and_never_sent_again(stage: Stage) -> None:
    """It backs off and goes on when the store is there."""
    sink = ScriptedSink()
    stage.store.enqueue("ab", stage.clock.now_ms())

    def lose_the_store(step: str) -> None:
        if step == "mark.before" and sink.sent == ["a"]:
            stage.store.faults = [StoreUnavailable("disk full")] * 5

    outbox = stage.outbox({WHO: sink}, steps=lose_the_store)
    async with running(outbox):
        await stage.clock.advance(1)
        assert (outbox.statuses[0].state, outbox.statuses[0].detail) == ("store_unavailable", "disk full")
        assert sink.sent == ["a"]
        await stage.clock.advance(60)
    assert sink.sent == ["a", "b"]
    assert {row.status for row in stage.store.rows().values()} == {"done"}


async def test_a_store_that_refuses_stops_the_service(stage: Stage) -> None:
    """Somebody else writes to it: nothing to wait for."""
    stage.store.faults = [StoreRefused("another process")]  # type: ignore[list-item]
    sink = ScriptedSink()
    async with running(stage.outbox({WHO: sink})) as task:
        await stage.clock.advance(0)
        with pytest.raises(ExceptionGroup) as stopped:
            await task
    assert stopped.group_contains(StoreRefused)
    assert sink.closed == 1


async def test_a_defect_in_a_sink_stops_the_service_and_the_delivery_stays(stage: Stage) -> None:
    """Any other exception is not swallowed; the other sinks are closed too."""
    broken, other = ScriptedSink([ZeroDivisionError()]), ScriptedSink()
    stage.store.enqueue("a", stage.clock.now_ms())
    async with running(stage.outbox({WHO: broken, ("ops", "hook"): other})) as task:
        await stage.clock.advance(0)
        with pytest.raises(ExceptionGroup) as stopped:
            await task
    assert stopped.group_contains(ZeroDivisionError)
    assert stage.store.rows()["a"].status == "pending"
    assert (broken.closed, other.closed) == (1, 1)


async def test_a_sink_that_can_not_be_opened_yet_is_opened_again_with_back_off(stage: Stage) -> None:
    """And its deliveries wait meanwhile."""
    sink = ScriptedSink(opening=[SendFailed("disk full"), SendFailed("limited", retry_after=30)])
    stage.store.enqueue("a", stage.clock.now_ms())
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(0)
        assert (outbox.statuses[0].state, outbox.statuses[0].detail) == ("opening", "disk full")
        await stage.clock.advance(0.75 + 29)
        assert (sink.opened, sink.sent) == (2, [])
        await stage.clock.advance(1)
    assert (sink.opened, sink.sent) == (3, ["a"])


async def test_a_sink_that_refuses_to_open_is_asked_every_minute_and_says_why(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Its deliveries stay pending: no delivery was refused."""
    sink = ScriptedSink(opening=[SinkRefused("token revoked")] * 3)
    start = stage.clock.now_ms()
    stage.store.enqueue("a", start)
    outbox = stage.outbox({WHO: sink})
    with caplog.at_level(logging.ERROR):
        async with running(outbox):
            await stage.clock.advance(179)
            status = outbox.statuses[0]
            assert (status.state, status.detail, status.since_ms) == ("refused", "token revoked", start)
            assert (sink.opened, stage.store.rows()["a"].status) == (3, "pending")
            await stage.clock.advance(1)
    assert times(sink, start) == [(180, "a")]
    assert "team/hook can't be used, again in 60 s: token revoked" in caplog.text


async def test_a_sink_that_refuses_in_the_middle_keeps_every_delivery_and_is_opened_again_every_minute(
    stage: Stage,
) -> None:
    """A revoked token is no delivery's fault: nothing dies, no attempt is counted, and all of it follows in order."""
    sink = ScriptedSink([None, SinkRefused("token revoked"), SinkRefused("token revoked")])
    start = stage.clock.now_ms()
    stage.store.enqueue("abc", start)
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(119)
        status = outbox.statuses[0]
        assert (status.state, status.detail, status.trouble_since_ms) == ("refused", "token revoked", start)
        assert {id: row.attempts for id, row in stage.store.rows().items()} == {"a": 1, "b": 0, "c": 0}
        assert (sink.opened, stage.metric("receiver_up")) == (2, 0)
        await stage.clock.advance(1)
        assert outbox.statuses[0].proven
    assert times(sink, start) == [(0, "a"), (0, "b"), (60, "b"), (120, "b"), (120, "c")]
    assert (stage.buried, stage.metric("receiver_up")) == ([], 1)


async def test_a_delivery_is_in_doubt_where_an_attempt_before_may_have_reached_the_other_side(stage: Stage) -> None:
    """The first after a start, and after an answer that was lost; not after a plain refusal to take it."""
    lost = SendFailed("no answer", maybe_sent=True)
    sink = ScriptedSink([None, SendFailed("limited"), SendFailed("limited"), None, lost, SendFailed("limited")])
    stage.store.enqueue("abc", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(60)
    doubts = [(delivery.notification["id"], delivery.in_doubt) for _, delivery in sink.attempts]
    assert doubts == [
        ("a", True),
        *[("b", False)] * 3,
        ("c", False),
        *[("c", True)] * 2,
    ]


async def test_what_failed_before_a_restart_is_in_doubt_after_it(stage: Stage) -> None:
    """This process does not know how the attempts of the last one ended; nor whether the next was in flight."""
    stage.store.enqueue("abc", stage.clock.now_ms())
    async with running(stage.outbox({WHO: ScriptedSink([SendFailed("limited")])})):
        await stage.clock.advance(0)
    sink = ScriptedSink([SendFailed("limited")])
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(60)
    assert [delivery.in_doubt for _, delivery in sink.attempts] == [True, True, True, False]


async def test_what_died_and_is_revived_is_in_doubt(stage: Stage) -> None:
    """It may have died of an answer that was lost."""
    stage.store.enqueue("ab", stage.clock.now_ms())
    sink = ScriptedSink([None, SendRefused("gone")])
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(0)
        stage.store.look(lambda conn: deliveries.revive(conn, None, stage.clock.now_ms()))
        await stage.clock.advance(5)
    assert [(d.notification["id"], d.in_doubt) for _, d in sink.attempts] == [("a", True), ("b", False), ("b", True)]


async def test_a_revived_delivery_does_not_take_the_doubt_from_the_one_that_a_crash_left(stage: Stage) -> None:
    """The old one stands in front of it, and is tried twice."""
    stage.store.enqueue("ab", stage.clock.now_ms())
    async with running(stage.outbox({WHO: ScriptedSink([SendRefused("gone"), KeyError("killed in the middle")])})):
        await stage.clock.advance(0)
    stage.store.look(lambda conn: deliveries.revive(conn, None, stage.clock.now_ms()))
    sink = ScriptedSink([SendFailed("limited")])
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(60)
    assert [(d.notification["id"], d.in_doubt) for _, d in sink.attempts] == [("a", True), ("a", True), ("b", True)]


async def test_an_idle_sink_is_looked_at_so_that_a_revoked_token_is_known_before_the_next_alert(stage: Stage) -> None:
    """At the start and every ten minutes; in trouble every minute."""
    sink = ScriptedSink(looking=[None, SinkRefused("token revoked"), None])
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(599)
        assert (outbox.statuses[0].state, outbox.statuses[0].proven) == ("idle", True)
        await stage.clock.advance(1)
        assert (outbox.statuses[0].state, outbox.statuses[0].detail) == ("refused", "token revoked")
        assert (stage.metric("receiver_up"), sink.opened) == (0, 1)
        await stage.clock.advance(60)
        assert sink.opened == 2
        await stage.clock.advance(60)
        assert (outbox.statuses[0].state, outbox.statuses[0].trouble_since_ms) == ("idle", None)


async def test_an_idle_sink_that_would_fail_now_is_shown_and_looked_at_every_minute(stage: Stage) -> None:
    """It is not opened again: what is transient passes."""
    sink = ScriptedSink(looking=[None, SendFailed("homeserver away"), SendFailed("homeserver away"), None])
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(660)
        status = outbox.statuses[0]
        assert (status.state, status.detail, sink.opened) == ("failing", "homeserver away", 1)
        await stage.clock.advance(60)
        assert (outbox.statuses[0].state, stage.metric("receiver_up")) == ("idle", 1)


async def test_what_wakes_it_does_not_put_a_look_off(stage: Stage) -> None:
    """Another receiver's row that waits for ever makes for a look at the queues every five seconds."""
    sink = ScriptedSink(looking=[None, SinkRefused("token revoked")])
    stage.store.enqueue("z", stage.clock.now_ms(), "left", "hook")
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        for _ in range(130):
            await stage.clock.advance(5)
            outbox.wake()
        assert (outbox.statuses[0].state, outbox.statuses[0].detail) == ("refused", "token revoked")


async def test_a_look_that_says_little_does_not_end_trouble_that_a_send_met(stage: Stage) -> None:
    """That a port takes connections is no proof for what answered 500 until the alert was given up."""
    sink = ScriptedSink([SendFailed("answered 500")] * 10_000, weak=True)
    stage.store.enqueue("a", stage.clock.now_ms())
    outbox = stage.outbox({WHO: sink}, give_up_after=60)
    async with running(outbox):
        await stage.clock.advance(1_000)
        assert stage.store.rows()["a"].status == "dead"
        status = outbox.statuses[0]
        assert (status.proven, status.trouble_since_ms is None, stage.metric("receiver_up")) == (False, False, 0)
        sink.script.clear()
        stage.store.enqueue("b", stage.clock.now_ms())
        outbox.wake()
        await stage.clock.advance(0)
        assert (outbox.statuses[0].proven, stage.metric("receiver_up")) == (True, 1)


async def test_a_look_that_says_little_ends_trouble_that_a_look_met(stage: Stage) -> None:
    """The port was closed, and is open again."""
    sink = ScriptedSink(looking=[SendFailed("cannot connect"), None], weak=True)
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        await stage.clock.advance(0)
        assert outbox.statuses[0].state == "failing"
        await stage.clock.advance(60)
        assert (outbox.statuses[0].state, outbox.statuses[0].proven) == ("idle", False)
        assert stage.metric("receiver_up") == 1


async def test_a_look_that_does_not_end_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts would wait behind it for ever."""

    class Hanging(ScriptedSink):
        async def examine(self) -> Never:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(courier_module, "LOOK_SECONDS", 0.01)
    sink = Hanging()
    outbox = stage.outbox({WHO: sink})
    async with running(outbox):
        while outbox.statuses[0].state != "failing":
            await stage.clock.advance(0)
        stage.store.enqueue("a", stage.clock.now_ms())
        outbox.wake()
        await stage.clock.advance(0)
    assert sink.sent == ["a"]


async def test_that_a_receiver_works_again_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The log's last word about it is not its trouble."""
    stage.store.enqueue("a", stage.clock.now_ms())
    with caplog.at_level(logging.INFO):
        async with running(stage.outbox({WHO: ScriptedSink([SendFailed("busy")])})):
            await stage.clock.advance(5)
    assert caplog.messages[-1] == "team/hook works again"


class SlowSink(ScriptedSink):
    """Sends only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.begun = asyncio.Event()

    async def send(self, delivery: Delivery) -> None:
        """Waits in the middle."""
        self.begun.set()
        await self.let.wait()
        await super().send(delivery)


async def test_a_send_under_way_is_ended_and_marked_when_the_service_stops(stage: Stage) -> None:
    """Cut off, it would be sent again at the next start; nothing new is begun."""
    sink = SlowSink()
    stage.store.enqueue("ab", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink})) as task:
        await sink.begun.wait()
        task.cancel()
        await stage.clock.advance(0)
        assert not task.done()
        sink.let.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert {id: row.status for id, row in stage.store.rows().items()} == {"a": "done", "b": "pending"}
    assert sink.closed == 1


async def test_a_defect_that_shows_while_the_service_stops_is_still_told(stage: Stage) -> None:
    """The cancellation does not hide it."""
    sink = SlowSink()
    sink.script = [ZeroDivisionError()]
    stage.store.enqueue("a", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink})) as task:
        await sink.begun.wait()
        task.cancel()
        await stage.clock.advance(0)
        sink.let.set()
        with pytest.raises(ExceptionGroup) as stopped:
            await task
    assert stopped.group_contains(ZeroDivisionError)


async def test_a_send_that_does_not_end_is_cut_off_after_the_grace(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service ends in time; the delivery is sent again later, under the same id."""
    monkeypatch.setattr(courier_module, "GRACE", 0.01)
    sink = SlowSink()
    stage.store.enqueue("a", stage.clock.now_ms())
    async with running(stage.outbox({WHO: sink})) as task:
        await sink.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert stage.store.rows()["a"].status == "pending"
    assert (sink.sent, sink.closed) == ([], 1)


async def test_a_clock_set_back_by_years_does_not_hold_a_delivery_up(stage: Stage) -> None:
    """The row's next attempt lies farther ahead than any wait: it is due."""
    sink = ScriptedSink()
    stage.store.enqueue("a", stage.clock.now_ms() + 900 * DAY * 1000)
    async with running(stage.outbox({WHO: sink})):
        await stage.clock.advance(0)
    assert sink.sent == ["a"]
    assert stage.metric("delivery_latency_seconds_sum") == 0
