"""What is said about one endpoint, and when it may be asked; how several play together is in test_pool.py."""

import asyncio
import random

import pytest

from paseo_watch.errors import PermanentError
from paseo_watch.rpc.endpoint import Endpoint
from paseo_watch.rpc.errors import (
    KINDS,
    BackingOff,
    BadAnswer,
    ConnectFailed,
    ConnectionLost,
    ErrorAnswer,
    Quarantined,
    RateLimited,
)
from paseo_watch.rpc.fake import FakeTransport
from paseo_watch.rpc.identity import Identity
from paseo_watch.rpc.options import EndpointOptions, PoolOptions, Surroundings
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock
from tests.scripted_node import ScriptedNode
from tests.unit.rpc.conftest import URL, Sample


@pytest.fixture(name="told")
def _told() -> list[tuple[str, str]]:
    """The quarantines that were told."""
    return []


@pytest.fixture(name="endpoint")
async def _endpoint(
    node: ScriptedNode,
    transport: FakeTransport,
    clock: FakeClock,
    metrics: Metrics,
    told: list[tuple[str, str]],
) -> Endpoint:
    around = Surroundings(
        "relay",
        transport,
        clock,
        random.Random(1),
        metrics,
        Identity(None),
        PoolOptions(),
        lambda name, reason: told.append((name, reason)),
    )
    return Endpoint("node.test", EndpointOptions(URL), around)


async def test_its_state_is_told_with_the_time_of_the_last_change(endpoint: Endpoint, clock: FakeClock) -> None:
    """Idle from the start, connected since it was."""
    started = clock.now_ms()
    assert endpoint.status(False, False).state == "idle"
    await clock.advance(10)
    await endpoint.connected()
    await clock.advance(5)
    status = endpoint.status(True, False)

    assert (status.state, status.since_ms, status.primary) == ("connected", started + 10_000, True)
    await endpoint.close()


async def test_exactly_one_state_is_shown_as_metric(endpoint: Endpoint, sample: Sample) -> None:
    """The gauge of every other state is zero."""
    states = ("connected", "connecting", "backing_off", "quarantined", "idle")
    endpoint.quarantine("for a test", 10)

    shown = {s: sample("endpoint_state", chain="relay", endpoint="node.test", state=s) for s in states}
    assert shown == {"connected": 0, "connecting": 0, "backing_off": 0, "quarantined": 1, "idle": 0}


async def test_after_a_failure_it_refuses_until_its_time_has_come(
    endpoint: Endpoint, transport: FakeTransport, clock: FakeClock
) -> None:
    """Without a second attempt in between; the refusal tells the first failure."""
    transport.refuse(URL, ConnectFailed("no route to node.test"))
    with pytest.raises(ConnectFailed):
        await endpoint.connected()
    with pytest.raises(BackingOff, match=r"node\.test is left alone for now: no route to node\.test"):
        await endpoint.connected()
    assert len(transport.attempts) == 1
    await clock.advance(1)

    with pytest.raises(ConnectFailed):
        await endpoint.connected()


async def test_the_pauses_grow_and_a_success_ends_them(
    endpoint: Endpoint, transport: FakeTransport, clock: FakeClock
) -> None:
    """Seven failures in a row make a pause of at least half a minute; after an answer it is a second again."""
    transport.refuse(URL, ConnectFailed("no route"))
    for _ in range(7):
        with pytest.raises(ConnectFailed):
            await endpoint.connected()
        await clock.advance(60)
    with pytest.raises(ConnectFailed):
        await endpoint.connected()
    await clock.advance(29)
    assert not endpoint.ready
    endpoint.worked()
    await clock.advance(31)
    with pytest.raises(ConnectFailed):
        await endpoint.connected()
    await clock.advance(1)

    assert endpoint.ready


async def test_the_first_failure_of_a_row_is_logged_and_its_end(
    endpoint: Endpoint, transport: FakeTransport, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Who waits for a node that is not there reads why, once and not at every attempt."""
    transport.refuse(URL, ConnectFailed("no route"))
    with caplog.at_level("INFO", "paseo_watch"):
        for _ in range(3):
            with pytest.raises(ConnectFailed):
                await endpoint.connected()
            await clock.advance(60)
        endpoint.worked()
        endpoint.worked()
    assert caplog.messages == ["relay: node.test is left alone for a while: no route", "relay: node.test answers again"]


async def test_a_quarantine_is_told_once(endpoint: Endpoint, told: list[tuple[str, str]]) -> None:
    """A second reason while it lasts is no news; the reason is made printable."""
    endpoint.quarantine("a\nfork", 10)
    endpoint.quarantine("another", 10)

    assert told == [("node.test", "a�fork")]
    with pytest.raises(Quarantined, match="another"):
        await endpoint.connected()


async def test_errors_of_a_call_keep_a_good_connection(endpoint: Endpoint, sample: Sample) -> None:
    """An error answer says nothing against the socket."""
    connection = await endpoint.connected()
    endpoint.failed(ErrorAnswer(-1, "no"), connection)
    endpoint.failed(BadAnswer("null"), connection)

    assert await endpoint.connected() is connection
    assert endpoint.status(False, False).last_error == "null"
    await endpoint.close()


async def test_a_failure_of_an_old_connection_does_not_end_the_new_one(endpoint: Endpoint, clock: FakeClock) -> None:
    """It was counted when it happened."""
    old = await endpoint.connected()
    endpoint.failed(ConnectionLost("gone"), old)
    await clock.advance(1)
    new = await endpoint.connected()
    endpoint.failed(ConnectionLost("gone"), old)

    assert new is not old
    assert endpoint.status(False, False).state == "connected"
    await endpoint.close()


async def test_a_rate_limit_drains_the_bucket(endpoint: Endpoint, clock: FakeClock) -> None:
    """After the server complained there is no burst: two requests of ten a second take two tenths."""
    connection = await endpoint.connected()
    await connection.request("system_chain")
    endpoint.failed(RateLimited(429, "slow down"), connection)
    before = clock.sleepers
    call = asyncio.create_task(connection.request("system_chain"))
    await clock.advance(0)
    assert clock.sleepers == before + 1
    await clock.advance(0.2)
    assert await call == "Scripted"
    await endpoint.close()


async def test_lag_is_known_for_a_minute(endpoint: Endpoint, clock: FakeClock) -> None:
    """An old height says nothing about now."""
    assert not endpoint.lagging(10)
    endpoint.heard(9)
    assert endpoint.lagging(10)
    assert not endpoint.lagging(9)
    await clock.advance(60)

    assert not endpoint.lagging(10)


async def test_what_is_no_error_of_ours_is_not_counted(endpoint: Endpoint, sample: Sample) -> None:
    """A permanent error has no kind among the endpoint's faults."""
    connection = await endpoint.connected()
    endpoint.failed(PermanentError("a decision"), connection)

    assert sample("endpoint_errors_total", chain="relay", endpoint="node.test", kind="bad_answer") == 0
    await endpoint.close()


async def test_a_rate_limit_keeps_an_endpoint_out_of_use_for_minutes_at_most(
    endpoint: Endpoint, transport: FakeTransport, clock: FakeClock
) -> None:
    """Whatever the other side asks for: a node must not be able to take itself away for ever."""
    transport.refuse(URL, RateLimited(429, "node.test answered HTTP 429", retry_after=1e30))
    with pytest.raises(RateLimited):
        await endpoint.connected()
    await clock.advance(299)
    assert not endpoint.ready
    await clock.advance(1)

    assert endpoint.ready


async def test_a_rate_limit_at_the_door_is_respected(
    endpoint: Endpoint, transport: FakeTransport, clock: FakeClock
) -> None:
    """HTTP 429 with a Retry-After: the endpoint is left alone that long."""
    transport.refuse(URL, RateLimited(429, "node.test answered HTTP 429", retry_after=90.0))
    with pytest.raises(RateLimited):
        await endpoint.connected()
    await clock.advance(89)
    assert not endpoint.ready
    await clock.advance(1)

    assert endpoint.ready


async def test_every_counter_of_it_is_there_before_its_first_event(endpoint: Endpoint, sample: Sample) -> None:
    """A first fault that made its series would be invisible to increase()."""
    for kind in KINDS:
        assert sample("endpoint_errors_total", chain="relay", endpoint="node.test", kind=kind) == 0
    for name in ("identity_mismatches", "reconnects", "throttled_seconds"):
        assert sample(f"endpoint_{name}_total", chain="relay", endpoint="node.test") == 0
