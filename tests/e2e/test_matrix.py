"""Messages in a real homeserver's rooms: as sent, each once, whatever breaks."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.message import message
from paseo_watch.sinks.render.text import text
from paseo_watch.sinks.sink import SendFailed, Sink, SinkRefused
from paseo_watch.store.database import Database
from tests.e2e.matrix.stage import Scene, delivering, enqueue, found, scene, setting, until
from tests.house import SwiftClock
from tests.synapse import Synapse, running_synapse
from tests.unit.sinks.samples import delivery, notification
from tests.unit.sinks.settings import NOW_MS, FixedClock


@pytest.fixture(scope="module", name="synapse")
def one_homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """One for all tests of this file; each has people and rooms of its own."""
    with running_synapse(tmp_path_factory.mktemp("synapse") / "home") as synapse:
        yield synapse


async def send_once(stage: Scene, shared: SinkSetting | None = None, **changes: object) -> None:
    """A new process's sink sends delivery 1 and is closed."""
    sink = MatrixSink(stage.options(**changes.pop("options", {})), shared or setting())  # type: ignore[call-overload]
    try:
        await sink.send(replace(delivery(1), **changes))  # type: ignore[arg-type]
    finally:
        await sink.close()


async def test_a_second_user_reads_text_and_html_as_they_were_rendered(synapse: Synapse, tmp_path: Path) -> None:
    """Read back over the client-server API; a warning notifies, an info does not."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(), setting(FixedClock()))
    await sink.send(delivery(1))
    await sink.send(delivery(2, severity="info"))
    await sink.close()
    first, second = stage.alice.messages(stage.room)
    alert = message(notification(1), NOW_MS)
    assert first == {
        "msgtype": "m.text",
        "body": text(alert),
        "format": "org.matrix.custom.html",
        "formatted_body": html(alert),
        "m.mentions": {},
        "org.paseo_watch.delivery": delivery(1).id,
    }
    assert second["msgtype"] == "m.notice"


async def test_a_configured_mention_reaches_who_is_meant(synapse: Synapse, tmp_path: Path) -> None:
    """Alice's homeserver counts a highlight for the critical alert and none for the warning before it."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(mention=(stage.alice.id,)), setting())
    await sink.send(delivery(1))
    await sink.send(delivery(2, severity="critical"))
    await sink.close()
    joined = stage.alice.call("GET", "/sync?timeout=0")["rooms"]["join"]
    assert joined[stage.room]["unread_notifications"]["highlight_count"] == 1


async def test_names_in_a_text_mention_nobody(synapse: Synapse, tmp_path: Path) -> None:
    """The whole room, alice by her id and by her name, in every text of the alert."""
    stage = scene(synapse, tmp_path)
    name = stage.alice.id[1:].split(":", 1)[0]
    sink = MatrixSink(stage.options(), setting())
    await sink.send(delivery(1, title=f"@room {stage.alice.id} {name}", text=f"@room {name} {stage.alice.id}"))
    await sink.close()
    joined = stage.alice.call("GET", "/sync?timeout=0")["rooms"]["join"]
    assert joined[stage.room]["unread_notifications"]["highlight_count"] == 0
    assert joined[stage.room]["unread_notifications"]["notification_count"] == 1


async def test_the_same_delivery_twice_is_one_message_also_over_a_restart(synapse: Synapse, tmp_path: Path) -> None:
    """By its transaction id: nothing looks at the room for it here."""
    stage = scene(synapse, tmp_path)
    await send_once(stage)
    await send_once(stage, attempt=2)
    synapse.kill()
    synapse.start()
    await send_once(stage, attempt=3)
    assert stage.read() == [delivery(1).id]


async def test_a_new_login_with_the_same_device_does_not_repeat_a_message(synapse: Synapse, tmp_path: Path) -> None:
    """The session is lost, and the password makes another for the configured device."""
    stage = scene(synapse, tmp_path)
    await send_once(stage, options={"password": True})
    stage.kept_session().unlink()
    await send_once(stage, options={"password": True}, attempt=2)
    assert stage.read() == [delivery(1).id]


async def test_a_delivery_in_doubt_is_looked_for_where_the_homeserver_forgot(synapse: Synapse, tmp_path: Path) -> None:
    """Synapse forgets transaction ids after a day; what it would do then shows without the doubt: a second message."""
    stage = scene(synapse, tmp_path)
    await send_once(stage)
    synapse.stop()
    synapse.query("DELETE FROM event_txn_id_device_id")
    synapse.start()
    await send_once(stage, attempt=2, in_doubt=True)
    assert stage.read() == [delivery(1).id]
    await send_once(stage, attempt=3)
    assert stage.read() == [delivery(1).id] * 2


async def test_a_delivery_in_doubt_is_looked_for_from_a_new_device(synapse: Synapse, tmp_path: Path) -> None:
    """A device has its own transaction ids. Others' messages, and others' copies of ours, do not count."""
    stage = scene(synapse, tmp_path)
    await send_once(stage)
    for number in range(120):
        stage.alice.send(stage.room, f"chatter {number}")
    other = replace(stage, bot=stage.bot.login())
    await send_once(other, attempt=2, in_doubt=True)
    assert stage.read() == [delivery(1).id]


async def test_a_copy_by_somebody_else_does_not_count_as_sent(synapse: Synapse, tmp_path: Path) -> None:
    """Anybody in the room can write our key into a message: it silences nothing."""
    stage = scene(synapse, tmp_path)
    fake = {"msgtype": "m.text", "body": "x", "org.paseo_watch.delivery": delivery(1).id}
    stage.alice.call("PUT", f"/rooms/{stage.room}/send/m.room.message/fake", fake)
    await send_once(stage, in_doubt=True)
    senders = [each["sender"] for each in stage.alice.events(stage.room) if each["type"] == "m.room.message"]
    assert senders == [stage.alice.id, stage.bot.id]


async def test_150_alerts_arrive_once_and_in_order_while_the_homeserver_is_killed(
    synapse: Synapse, tmp_path: Path, database: Database
) -> None:
    """SIGKILL three times, at seeded moments; the real outbox retries."""
    stage, clock, moments = scene(synapse, tmp_path), SwiftClock(20), random.Random(3)
    expected = await enqueue(database, range(150), clock.now_ms())
    sink = MatrixSink(stage.options(timeout=5), setting(clock))
    async with delivering(database, sink, clock):
        for at in (120, 80, 30):
            await until(database, lambda left, at=at: left <= at)  # type: ignore[misc]
            await asyncio.sleep(moments.random() / 50)
            synapse.kill()
            await asyncio.to_thread(synapse.start)
        await until(database, lambda left: left == 0)
    assert stage.read() == expected


async def test_a_revoked_token_is_the_sinks_end_and_says_so(synapse: Synapse, tmp_path: Path) -> None:
    """Until somebody configures another; nothing is lost meanwhile."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(), setting())
    await sink.open()
    stage.bot.call("POST", "/logout", {})
    with pytest.raises(SinkRefused, match=rf"{stage.bot.id}.*access token is not valid any more; make a new one"):
        await sink.send(delivery(1))
    with pytest.raises(SinkRefused, match="not valid any more"):
        await sink.open()
    assert "not valid any more" in found(await sink.examine())["token"]
    await sink.close()


async def test_with_a_password_a_revoked_token_is_replaced_in_the_same_send(synapse: Synapse, tmp_path: Path) -> None:
    """Revoked while running, and revoked while down; the device stays the configured one."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(password=True), setting())
    await sink.send(delivery(1))
    stage.revoke()
    await sink.send(delivery(2))
    await sink.close()
    stage.revoke()
    sink = MatrixSink(stage.options(password=True), setting())
    await sink.send(delivery(3))
    await sink.close()
    assert stage.read() == [delivery(number).id for number in (1, 2, 3)]
    devices = {each["device_id"] for each in stage.bot.call("GET", "/devices")["devices"]}
    assert devices == {"PASEOWATCH", stage.bot.device}


async def test_a_stored_session_is_used_again_and_nobody_else_may_read_it(synapse: Synapse, tmp_path: Path) -> None:
    """One login in all, however often the service starts; the file is its owner's alone."""
    stage = scene(synapse, tmp_path)
    await send_once(stage, options={"password": True})
    before = stage.kept_session().read_bytes()
    await send_once(stage, options={"password": True})
    assert stage.kept_session().read_bytes() == before
    assert stage.kept_session().stat().st_mode & 0o777 == 0o600
    assert stage.kept_session().parent.stat().st_mode & 0o777 == 0o700


async def test_two_rooms_share_one_login(synapse: Synapse, tmp_path: Path) -> None:
    """One session for both; the one that stays goes on when the other is closed, and the last one lets others in."""
    stage = scene(synapse, tmp_path)
    second = stage.alice.create_room(invite=[stage.bot.id])
    shared = setting()
    one = MatrixSink(stage.options(password=True), shared)
    other = MatrixSink(stage.options(password=True, room=second, join=True), shared)
    await asyncio.gather(one.open(), other.open())
    before = stage.kept_session().read_bytes()
    await one.send(delivery(1))
    await one.close()
    await other.send(delivery(2))
    assert stage.kept_session().read_bytes() == before
    stranger = MatrixSink(stage.options(password=True), setting())
    with pytest.raises(SendFailed, match="another process holds this account"):
        await stranger.open()
    await other.close()
    await stranger.open()
    await stranger.close()
    assert stage.read() == [delivery(1).id]
    assert [each["org.paseo_watch.delivery"] for each in stage.alice.messages(second)] == [delivery(2).id]


async def test_an_invitation_is_accepted_where_that_is_configured(synapse: Synapse, tmp_path: Path) -> None:
    """By id and by alias; without `join` the message says what to do."""
    stage = scene(synapse, tmp_path, joined=False, alias=f"alerts-{tmp_path.name.replace('_', '-')}")
    alias = stage.alice.state(stage.room, "m.room.canonical_alias")["alias"]
    sink = MatrixSink(stage.options(room=alias), setting())
    with pytest.raises(SinkRefused, match=r"invited, but not in the room; invite the account, and set join: true"):
        await sink.open()
    await sink.close()
    sink = MatrixSink(stage.options(room=alias, join=True), setting())
    await sink.send(delivery(1))
    await sink.close()
    assert stage.read() == [delivery(1).id]


async def test_a_limit_of_the_homeserver_is_passed_on_and_the_delivery_follows(
    synapse: Synapse, tmp_path: Path
) -> None:
    """One message a second here: the 429 says when the next one may come, and nothing of it has arrived."""
    stage, admin = scene(synapse, tmp_path), synapse.register(f"admin-{tmp_path.name}", admin=True)
    path = f"/_synapse/admin/v1/users/{stage.bot.id}/override_ratelimit"
    synapse.call("POST", path, {"messages_per_second": 1, "burst_count": 1}, admin.token)
    sink, numbers = MatrixSink(stage.options(), setting()), count()
    while (refusal := await attempt(sink, number := next(numbers))) is None:
        pass
    assert refusal.retry_after
    assert refusal.retry_after <= 1
    assert not refusal.maybe_sent
    while await attempt(sink, number) is not None:
        await asyncio.sleep(refusal.retry_after)
    await sink.close()
    assert stage.read() == [delivery(each).id for each in range(number + 1)]


async def attempt(sink: Sink, number: int) -> SendFailed | None:
    """One send of one delivery; what it failed of."""
    try:
        await sink.send(delivery(number))
    except SendFailed as error:
        return error
    return None


@pytest.fixture(name="database")
async def store(tmp_path: Path) -> Iterator[Database]:
    """The real store, on a file."""
    async with await Database.open(f"sqlite:///{tmp_path / 'store.db'}") as database:
        yield database
