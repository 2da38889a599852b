"""A delivery becomes one message, or an error that says what to do."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused
from tests.unit.sinks.matrix.homeserver import NOT_FOUND, ROOM, USER, FakeSession, Homeserver, failure
from tests.unit.sinks.matrix.samples import options, setting
from tests.unit.sinks.samples import delivery
from tests.unit.sinks.settings import NOW_MS

LIMITED = failure(429, "M_LIMIT_EXCEEDED", retry_after_ms=4000)


class RecordingClock:
    """Moves only by what is slept, and keeps it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(name="homeserver")
def one_homeserver() -> Homeserver:
    return Homeserver()


@pytest.fixture(name="clock")
def recording_clock() -> RecordingClock:
    return RecordingClock()


@pytest.fixture(name="shared")
def one_setting(homeserver: Homeserver, clock: RecordingClock) -> SinkSetting:
    return dataclasses.replace(setting(homeserver), clock=clock)


@pytest.fixture(name="sink")
async def one_sink(shared: SinkSetting, tmp_path: Path) -> AsyncIterator[MatrixSink]:
    sink = MatrixSink(options(tmp_path), shared)
    yield sink
    await sink.close()


def sent(homeserver: Homeserver) -> list[str]:
    """The deliveries in the room."""
    return [event["content"]["org.paseo_watch.delivery"] for event in homeserver.events]


async def test_a_delivery_is_one_put_under_its_id_after_one_look_at_the_encryption(
    sink: MatrixSink, homeserver: Homeserver
) -> None:
    """Two requests a message; opening happens by itself and once."""
    await sink.send(delivery(1))
    homeserver.requests.clear()
    await sink.send(delivery(2))
    assert homeserver.requests == [
        ("GET", f"/rooms/{ROOM}/state/m.room.encryption"),
        ("PUT", f"/rooms/{ROOM}/send/m.room.message/{delivery(2).id}"),
    ]
    assert sent(homeserver) == [delivery(1).id, delivery(2).id]


async def test_only_a_delivery_in_doubt_is_looked_for(sink: MatrixSink, homeserver: Homeserver) -> None:
    """Found: nothing is sent, and the outbox may mark it done."""
    await sink.send(delivery(1))
    assert homeserver.asked("/messages") == 0
    await sink.send(dataclasses.replace(delivery(1), attempt=2, in_doubt=True))
    assert homeserver.asked("/send/") == 1
    await sink.send(dataclasses.replace(delivery(2), in_doubt=True))
    assert homeserver.asked("/messages") == 2
    assert sent(homeserver) == [delivery(1).id, delivery(2).id]


@pytest.mark.parametrize(
    ("reply", "kind", "maybe_sent"),
    [
        (TimeoutError(), SendFailed, True),
        ((502, {}, b"<html>"), SendFailed, True),
        ((200, {}, b"garbage"), SendFailed, True),
        ((200, {}, {"no": "event id"}), SendFailed, True),
        (LIMITED, SendFailed, False),
        (failure(413, "M_TOO_LARGE"), SendRefused, None),
        (failure(403, "M_FORBIDDEN"), SendFailed, False),
        (failure(401, "M_UNKNOWN_TOKEN"), SinkRefused, None),
    ],
)
async def test_each_answer_to_a_send_has_its_error(
    reply: Any, kind: type[Exception], maybe_sent: bool | None, sink: MatrixSink, homeserver: Homeserver
) -> None:
    """And whether it may have arrived, on which the next attempt's look depends."""
    await sink.open()
    homeserver.script("/send/", reply)
    with pytest.raises(kind) as caught:
        await sink.send(delivery(1))
    assert getattr(caught.value, "maybe_sent", None) is maybe_sent


async def test_a_no_is_explained_by_the_rooms_state(sink: MatrixSink, homeserver: Homeserver) -> None:
    """The homeserver's own words would do for no operator."""
    await sink.open()
    homeserver.state["m.room.power_levels", ""] = {"events_default": 50}
    homeserver.script("/send/", failure(403, "M_FORBIDDEN"))
    with pytest.raises(SinkRefused, match="power level 0, and sending needs 50"):
        await sink.send(delivery(1))


async def test_the_wait_of_a_limit_goes_to_the_outbox_and_the_next_messages_keep_to_it(
    sink: MatrixSink, homeserver: Homeserver, clock: RecordingClock
) -> None:
    """A short wait is the sink's own; a long one the outbox's, without a request."""
    await sink.send(delivery(1))
    homeserver.script("/send/", LIMITED)
    with pytest.raises(SendFailed) as caught:
        await sink.send(delivery(2))
    assert caught.value.retry_after == 4.0
    clock.now += 4
    await sink.send(delivery(2))
    await sink.send(delivery(3))
    assert clock.slept == [4.0]
    homeserver.script("/send/", failure(429, "M_LIMIT_EXCEEDED", retry_after_ms=600_000))
    with pytest.raises(SendFailed):
        await sink.send(delivery(4))
    asked = homeserver.asked("/send/")
    with pytest.raises(SendFailed, match="asked for patience") as later:
        await sink.send(delivery(4))
    assert later.value.retry_after == 600.0
    assert homeserver.asked("/send/") == asked
    assert sent(homeserver) == [delivery(number).id for number in (1, 2, 3)]


async def test_a_limit_without_a_wait_is_taken_for_some_seconds(sink: MatrixSink, homeserver: Homeserver) -> None:
    """Else the next message would meet it at once."""
    await sink.open()
    homeserver.script("/send/", failure(429, "M_LIMIT_EXCEEDED"))
    with pytest.raises(SendFailed):
        await sink.send(delivery(1))
    assert sink._account.pace.take(0.0) == 5.0


async def test_nothing_plain_goes_into_an_encrypted_room_or_one_that_may_be(
    sink: MatrixSink, homeserver: Homeserver
) -> None:
    """Encrypted since the last message; and a homeserver that does not say."""
    await sink.send(delivery(1))
    homeserver.state["m.room.encryption", ""] = {"algorithm": "m.megolm.v1.aes-sha2"}
    with pytest.raises(SinkRefused, match="cross_signing_key"):
        await sink.send(delivery(2))
    homeserver.script("/state/m.room.encryption", (502, {}, b"<html>"))
    with pytest.raises(SendFailed):
        await sink.send(delivery(2))
    assert sent(homeserver) == [delivery(1).id]


async def test_a_look_stops_at_the_first_problem_and_holds_nothing(sink: MatrixSink, homeserver: Homeserver) -> None:
    """What follows depends on it. The account is let go, also where the sink was never open."""
    homeserver.script("/state/m.room.tombstone", failure(500, "M_UNKNOWN"))
    findings = await sink.examine()
    assert [each.what for each in findings] == ["homeserver", "token", "room", "membership", "successor"]
    assert [each.problem is None for each in findings] == [True] * 4 + [False]
    assert homeserver.asked("/send/") == 0
    homeserver.script("/whoami", failure(401, "M_UNKNOWN_TOKEN"))
    assert [each.what for each in await sink.examine()] == ["login"]


async def test_a_failed_opening_can_be_repeated(sink: MatrixSink, homeserver: Homeserver) -> None:
    """By the courier, after a pause; and by the next send."""
    homeserver.script("/state/m.room.member", failure(500, "M_UNKNOWN"), failure(503, "M_UNKNOWN"))
    for _ in range(2):
        with pytest.raises(SendFailed):
            await sink.open()
    await sink.open()
    await sink.send(delivery(1))
    assert sent(homeserver) == [delivery(1).id]


async def test_closing_logs_nobody_out_and_can_be_repeated(
    shared: SinkSetting, homeserver: Homeserver, tmp_path: Path
) -> None:
    """The session is the next process's."""
    sink = MatrixSink(options(tmp_path, by_password=True), shared)
    await sink.open()
    await sink.close()
    await sink.close()
    assert homeserver.asked("/logout") == 0
    await sink.send(delivery(1))
    await sink.close()
    assert homeserver.asked("/login") == 1


async def test_two_ways_to_log_in_as_one_device_are_refused(
    sink: MatrixSink, shared: SinkSetting, tmp_path: Path
) -> None:
    """By the second receiver, before it sends anything."""
    other = MatrixSink(options(tmp_path, timeout=3), shared)
    with pytest.raises(SinkRefused, match="give both the same access_token"):
        await other.open()
    assert [each.what for each in await other.examine()] == ["login"]
    await other.close()


async def test_a_purged_room_is_named(sink: MatrixSink, homeserver: Homeserver) -> None:
    """The homeserver knows nothing of it any more."""
    await sink.open()
    homeserver.state.clear()
    homeserver.script("/send/", NOT_FOUND)
    with pytest.raises(SinkRefused, match="not in the room"):
        await sink.send(delivery(1))
    assert homeserver.asked("/sync") == 1
    assert isinstance(sink._account.client.client_session, FakeSession)
    assert sink._account.session.user == USER
