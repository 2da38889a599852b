"""The outbox as a whole: identity, independence of receivers, figures."""

import string
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.sinks.sink import SendFailed
from paseo_watch.store import deliveries
from paseo_watch.store.errors import StoreUnavailable
from tests.unit.outbox.stage import ScriptedSink, Stage
from tests.unit.outbox.test_courier import running

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An empty stage."""
    stage = Stage()
    yield stage
    stage.store.close()


def test_a_delivery_id_never_changes() -> None:
    """Made by hand with b2sum -l 128 from the parts, each behind its length in four bytes, little-endian."""
    assert delivery_id("n1", "core-team", "webhook") == "d743b97f0a6516e3c6eda047e30137aa"


@given(st.tuples(TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT))
def test_delivery_ids_are_32_hexadecimal_digits_and_different_for_different_deliveries(
    one: tuple[str, str, str], two: tuple[str, str, str]
) -> None:
    """Also where the parts joined would read the same."""
    assert len(delivery_id(*one)) == 32
    assert set(delivery_id(*one)) <= set(string.hexdigits.lower())
    assert (delivery_id(*one) == delivery_id(*two)) == (one == two)


def test_shifting_a_letter_between_the_parts_changes_the_id() -> None:
    """`ab` + `c` is not `a` + `bc`."""
    assert len({delivery_id("ab", "c", "d"), delivery_id("a", "bc", "d"), delivery_id("a", "b", "cd")}) == 3


async def test_a_receiver_that_fails_delays_no_other(stage: Stage) -> None:
    """Each has its own courier and its own order."""
    down, up = ScriptedSink([SendFailed("down")] * 99), ScriptedSink()
    stage.store.enqueue("ab", stage.clock.now_ms(), "down")
    stage.store.enqueue("cd", stage.clock.now_ms(), "up")
    async with running(stage.outbox({("down", "hook"): down, ("up", "hook"): up})):
        await stage.clock.advance(0)
        assert (down.sent, up.sent) == ([], ["c", "d"])


async def test_two_sinks_of_one_receiver_each_get_their_own(stage: Stage) -> None:
    """They are told apart by name."""
    file, hook = ScriptedSink(), ScriptedSink()
    stage.store.enqueue("a", stage.clock.now_ms(), "team", "file")
    stage.store.enqueue("b", stage.clock.now_ms(), "team", "hook")
    async with running(stage.outbox({("team", "file"): file, ("team", "hook"): hook})):
        await stage.clock.advance(0)
    assert (file.sent, hook.sent) == (["a"], ["b"])


async def test_the_queues_are_measured_every_few_seconds_those_of_removed_receivers_too(stage: Stage) -> None:
    """Depth, age of the oldest and the dead; a queue that has become empty shows zero."""
    sink = ScriptedSink([SendFailed("busy", retry_after=12)])
    stage.store.enqueue("abc", stage.clock.now_ms() - 4_000)
    stage.store.enqueue("de", stage.clock.now_ms() - 60_000, "removed", "hook")
    stage.store.look(lambda conn: deliveries.dead(conn, delivery_id("e", "removed", "hook"), 1, 1, "x"))
    async with running(stage.outbox({("team", "hook"): sink})):
        await stage.clock.advance(5)
        assert stage.metric("outbox_depth") == 3
        assert stage.metric("outbox_oldest_age_seconds") == 9
        assert stage.metric("outbox_dead") == 0
        assert stage.metric("outbox_depth", "removed", "hook") == 1
        assert stage.metric("outbox_oldest_age_seconds", "removed", "hook") == 65
        assert stage.metric("outbox_dead", "removed", "hook") == 1
        await stage.clock.advance(10)
        assert stage.metric("outbox_depth") == 0
        assert stage.metric("outbox_oldest_age_seconds") == 0


async def test_a_queue_that_was_never_used_shows_zero(stage: Stage) -> None:
    """An alerting rule needs the series to be there."""
    outbox = stage.outbox({("team", "hook"): ScriptedSink()})
    await outbox.measure()
    assert (stage.metric("outbox_depth"), stage.metric("outbox_dead")) == (0, 0)


async def test_measuring_outlives_a_store_that_is_away(stage: Stage) -> None:
    """The couriers wait for it as well; the figures come back with it."""
    stage.store.faults = [StoreUnavailable("disk full")] * 2
    stage.store.enqueue("a", stage.clock.now_ms())
    sink = ScriptedSink([SendFailed("busy", retry_after=100)])
    async with running(stage.outbox({("team", "hook"): sink})):
        await stage.clock.advance(11)
        assert stage.metric("outbox_depth") == 1


async def test_what_somebody_else_put_into_the_queue_is_found_by_looking(stage: Stage) -> None:
    """An operator's retry comes by another process: nobody here calls wake."""
    sink = ScriptedSink()
    async with running(stage.outbox({("team", "hook"): sink})):
        await stage.clock.advance(0)
        stage.store.enqueue("a", stage.clock.now_ms())
        await stage.clock.advance(5)
        assert sink.sent == ["a"]
