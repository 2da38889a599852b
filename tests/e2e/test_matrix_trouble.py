"""What a Matrix receiver says when it cannot send: who or what is meant, and what to do; and nothing secret."""

import asyncio
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port
from pydantic import SecretStr

from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused
from tests.e2e.matrix.stage import Scene, found, scene, setting
from tests.synapse import Synapse, User, running_synapse
from tests.unit.sinks.samples import delivery


@pytest.fixture(scope="module", name="synapse")
def one_homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """One for all tests of this file; each has people and rooms of its own."""
    with running_synapse(tmp_path_factory.mktemp("synapse") / "home") as synapse:
        yield synapse


@pytest.fixture(scope="module", name="admin")
def administrator(synapse: Synapse) -> User:
    """Who may delete rooms and accounts."""
    return synapse.register("admin", admin=True)


def kick(stage: Scene, admin: User) -> None:
    stage.alice.call("POST", f"/rooms/{stage.room}/kick", {"user_id": stage.bot.id, "reason": "too loud"})


def ban(stage: Scene, admin: User) -> None:
    stage.alice.call("POST", f"/rooms/{stage.room}/ban", {"user_id": stage.bot.id, "reason": "spam"})


def leave(stage: Scene, admin: User) -> None:
    stage.bot.call("POST", f"/rooms/{stage.room}/leave", {})


def leave_and_forget(stage: Scene, admin: User) -> None:
    leave(stage, admin)
    stage.bot.call("POST", f"/rooms/{stage.room}/forget", {})


def only_moderators_write(stage: Scene, admin: User) -> None:
    levels = stage.alice.state(stage.room, "m.room.power_levels")
    stage.alice.set_state(stage.room, "m.room.power_levels", {**levels, "events_default": 50})


def upgrade(stage: Scene, admin: User) -> None:
    stage.alice.call("POST", f"/rooms/{stage.room}/upgrade", {"new_version": "11"})


def purge(stage: Scene, admin: User) -> None:
    admin.synapse.call("DELETE", f"/_synapse/admin/v1/rooms/{stage.room}", {"purge": True}, admin.token)


def deactivate(stage: Scene, admin: User) -> None:
    admin.synapse.call("POST", f"/_synapse/admin/v1/deactivate/{stage.bot.id}", {}, admin.token)


def suspend(stage: Scene, admin: User) -> None:
    path = f"/_synapse/admin/v1/suspend/{stage.bot.id}"
    admin.synapse.call("PUT", path, {"suspend": True}, admin.token)


ENDS: dict[str, tuple[Callable[[Scene, User], None], str, str]] = {
    "kicked": (kick, "membership", "left the room, or was removed from it: “too loud”; invite the account"),
    "banned": (ban, "membership", "banned from the room: “spam”"),
    "left": (leave, "membership", "left the room, or was removed from it; invite the account"),
    "forgotten": (leave_and_forget, "membership", "not in the room; invite the account"),
    "powerless": (only_moderators_write, "power level", "power level 0, and sending needs 50; raise"),
    "purged": (purge, "membership", "not in the room"),
    "deactivated": (deactivate, "token", "the access token is not valid any more"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_way_out_that_ends_while_running_is_named(
    end: str, synapse: Synapse, admin: User, tmp_path: Path
) -> None:
    """By the send that meets it, by the next opening, and by a look; each says the same."""
    act, what, words = ENDS[end]
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(), setting())
    await sink.open()
    act(stage, admin)
    for meet in (lambda: sink.send(delivery(1)), sink.open):
        with pytest.raises(SinkRefused) as caught:
            await meet()
        assert words in str(caught.value)
    findings = await sink.examine()
    assert words in found(findings)[what]
    assert isinstance(findings[-1].problem, SinkRefused)
    await sink.close()


async def test_a_room_that_was_replaced_is_named_when_opened(synapse: Synapse, admin: User, tmp_path: Path) -> None:
    """Those who followed to the new room would not see what is written in the old one."""
    stage = scene(synapse, tmp_path)
    upgrade(stage, admin)
    new = stage.alice.state(stage.room, "m.room.tombstone")["replacement_room"]
    sink = MatrixSink(stage.options(), setting())
    with pytest.raises(SinkRefused, match=f"replaced by {new}; put that one into room"):
        await sink.open()
    await sink.close()


async def test_an_alias_that_is_gone_is_named(synapse: Synapse, tmp_path: Path) -> None:
    """Where the room itself is still there, the running sink goes on; the next start says it."""
    stage = scene(synapse, tmp_path, alias="gone-soon")
    sink = MatrixSink(stage.options(room="#gone-soon:test.local"), setting())
    await sink.open()
    stage.alice.call("DELETE", "/directory/room/%23gone-soon:test.local")
    await sink.send(delivery(1))
    with pytest.raises(SinkRefused, match=r"#gone-soon:test.local at .*no room has this alias"):
        await sink.open()
    await sink.close()


async def test_a_suspended_account_is_named(synapse: Synapse, admin: User, tmp_path: Path) -> None:
    """It may still read: only a send meets it."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(), setting())
    await sink.open()
    suspend(stage, admin)
    with pytest.raises(SinkRefused, match="the account is suspended"):
        await sink.send(delivery(1))
    await sink.close()


async def test_who_is_let_in_again_goes_on(synapse: Synapse, admin: User, tmp_path: Path) -> None:
    """Kicked, invited again, joined by the next opening, and the same delivery arrives."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(join=True), setting())
    await sink.open()
    kick(stage, admin)
    with pytest.raises(SinkRefused, match="not let in"):
        await sink.send(delivery(1))
    stage.alice.call("POST", f"/rooms/{stage.room}/invite", {"user_id": stage.bot.id})
    await sink.open()
    await sink.send(replace(delivery(1), attempt=2))
    await sink.close()
    assert stage.read() == [delivery(1).id]


async def test_a_wrong_password_is_named(synapse: Synapse, tmp_path: Path) -> None:
    """And is not in the message."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(password=True).model_copy(update={"password": SecretStr("wr0ng")}), setting())
    with pytest.raises(SinkRefused, match="the password is refused; check user and password") as caught:
        await sink.open()
    await sink.close()
    assert "wr0ng" not in "".join(traceback.format_exception(caught.value))


async def test_a_password_of_a_deactivated_account_is_named(synapse: Synapse, admin: User, tmp_path: Path) -> None:
    """Synapse's own word for it, or that the password is refused."""
    stage = scene(synapse, tmp_path)
    deactivate(stage, admin)
    sink = MatrixSink(stage.options(password=True), setting())
    with pytest.raises(SinkRefused, match=r"deactivated|password is refused"):
        await sink.open()
    await sink.close()


async def test_a_token_of_another_device_or_user_is_refused(synapse: Synapse, tmp_path: Path) -> None:
    """The message says what to configure."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(device_id="OTHER"), setting())
    with pytest.raises(SinkRefused, match=f"of device_id {stage.bot.device}, not OTHER; configure device_id"):
        await sink.open()
    await sink.close()
    sink = MatrixSink(stage.options(user=stage.alice.id), setting())
    with pytest.raises(SinkRefused, match=f"of user {stage.bot.id}, not {stage.alice.id}"):
        await sink.open()
    await sink.close()


async def test_a_plain_text_never_reaches_a_room_that_became_encrypted(synapse: Synapse, tmp_path: Path) -> None:
    """Switched on while the sink is open; without keys configured it is refused, and the room holds nothing of it."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(), setting())
    await sink.send(delivery(1))
    stage.alice.set_state(stage.room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    with pytest.raises(SinkRefused, match="encrypted rooms need cross_signing_key"):
        await sink.send(delivery(2))
    await sink.close()
    assert stage.read() == [delivery(1).id]
    assert not [each for each in stage.alice.events(stage.room) if each["type"] == "m.room.encrypted"]


async def test_two_logins_of_one_device_are_refused_before_they_revoke_each_other(
    synapse: Synapse, tmp_path: Path
) -> None:
    """The second receiver says what to make the same."""
    stage, shared = scene(synapse, tmp_path), setting()
    one, other = MatrixSink(stage.options(), shared), MatrixSink(stage.options(timeout=3), shared)
    await one.open()
    with pytest.raises(SinkRefused, match="two receivers log in as this device in different ways"):
        await other.open()
    assert found(await other.examine()).keys() == {"login"}
    await one.close()
    await other.close()


async def test_an_alert_that_is_too_large_is_refused_and_the_next_goes_through(
    synapse: Synapse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renderer keeps every alert small; without its bound Synapse says so."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(), setting())
    await sink.open()
    with monkeypatch.context() as patched:
        patched.setattr("paseo_watch.sinks.matrix.sink.content", lambda *_: {"msgtype": "m.text", "body": "x" * 66_000})
        with pytest.raises(SendRefused, match="the message is too large"):
            await sink.send(delivery(1))
    await sink.send(delivery(2))
    await sink.close()
    assert stage.read() == [delivery(2).id]


async def test_a_homeserver_that_is_down_is_tried_again(synapse: Synapse, tmp_path: Path) -> None:
    """Nobody listens there: surely not sent."""
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(homeserver=f"http://127.0.0.1:{unused_port()}"), setting())
    with pytest.raises(SendFailed, match="cannot connect") as caught:
        await sink.send(delivery(1))
    assert not caught.value.maybe_sent
    assert [each.what for each in await sink.examine()] == ["login"]
    await sink.close()


async def test_a_look_finds_each_thing_well_and_changes_nothing(synapse: Synapse, tmp_path: Path) -> None:
    """Beside a running service, from another process: the session is the service's."""
    stage = scene(synapse, tmp_path, alias="looked-at")
    options = stage.options(password=True, room="#looked-at:test.local")
    running = MatrixSink(options, setting())
    await running.open()
    before = stage.kept_session().read_bytes()
    findings = await MatrixSink(options, setting()).examine()
    assert [each.problem for each in findings] == [None] * len(findings)
    assert found(findings) == {
        "homeserver": found(findings)["homeserver"],
        "token": f"{stage.bot.id}, device PASEOWATCH",
        "room": stage.room,
        "membership": "joined",
        "successor": "none",
        "power level": "0 (sending needs 0)",
        "encryption": "none",
    }
    assert found(findings)["homeserver"].startswith(f"{synapse.url} knows Matrix v1.")
    assert stage.kept_session().read_bytes() == before
    await running.send(delivery(1))
    await running.close()
    assert stage.read() == [delivery(1).id]


async def test_a_look_before_the_first_start_logs_in_once_and_keeps_that(synapse: Synapse, tmp_path: Path) -> None:
    """The service then uses the same session."""
    stage = scene(synapse, tmp_path)
    assert found(await MatrixSink(stage.options(password=True), setting()).examine())["power level"]
    before = stage.kept_session().read_bytes()
    sink = MatrixSink(stage.options(password=True), setting())
    await sink.send(delivery(1))
    await sink.close()
    assert stage.kept_session().read_bytes() == before


async def test_no_secret_shows_in_any_log_or_error(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A login, sends, a revoked token, a refusal and a homeserver that is gone, with every logger at debug."""
    caplog.set_level(logging.DEBUG)
    stage = scene(synapse, tmp_path)
    sink = MatrixSink(stage.options(password=True), setting())
    await sink.send(delivery(1))
    secrets = [stage.bot.password, json.loads(stage.kept_session().read_text())["access_token"]]
    stage.revoke()
    await sink.send(delivery(2))
    await sink.send(replace(delivery(2), in_doubt=True))
    secrets.append(json.loads(stage.kept_session().read_text())["access_token"])
    stage.bot.call("POST", f"/rooms/{stage.room}/leave", {})
    texts = []
    for act in (lambda: None, lambda: asyncio.to_thread(synapse.kill)):
        if waited := act():
            await waited
        with pytest.raises((SendFailed, SinkRefused)) as caught:
            await sink.send(delivery(3))
        texts.append("".join(traceback.format_exception(caught.value)))
    synapse.start()
    await sink.close()
    shown = caplog.text + "".join(texts) + repr(stage.options(password=True)) + repr(sink.__dict__)
    assert "is in the room already" in caplog.text
    assert [secret for secret in secrets if secret in shown] == []
