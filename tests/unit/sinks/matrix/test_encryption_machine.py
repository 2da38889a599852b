"""The key store's order of things: what a message depends on is on the disk before the message can be sent.

A machine that was killed is one whose file is opened a second time: what the first did not save is gone.
"""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import peewee
import pytest

from paseo_watch.sinks.matrix import encryption_store
from paseo_watch.sinks.matrix.encryption_devices import sound_claims, sound_devices
from paseo_watch.sinks.matrix.encryption_machine import LONGEST_AGE, MOST_MESSAGES, Machine, lifetime
from paseo_watch.sinks.sink import SendFailed
from tests.unit.sinks.matrix.key_server import DEVICE, ROOM, USER, Peer

ALICE = frozenset({"@alice:test"})


@pytest.fixture(name="file")
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


def opened(file: Path) -> Machine:
    """As after a kill: on what is on the disk."""
    return Machine(file, USER, DEVICE, "a pickle key")


def meet(machine: Machine, peer: Peer) -> None:
    """Know the device, and have a session with it."""
    machine.learn({peer.user: {peer.device: peer.device_keys}})
    targets = machine.targets(frozenset({peer.user}))
    if not machine.reachable(targets):
        answer = {"one_time_keys": {peer.user: {peer.device: peer.one_time_key()}}}
        machine.begin_sessions(sound_claims(answer, targets))


def deliver(machine: Machine, peer: Peer) -> None:
    """Give the room's key to the peer, as the homeserver would."""
    for parcel in machine.distribute(ROOM, frozenset({peer.user}), {}):
        peer.take(parcel.messages[peer.user][peer.device])
        machine.given(ROOM, parcel)


def test_one_time_keys_that_may_have_been_uploaded_are_uploaded_again_after_a_kill(file: Path) -> None:
    """The server takes the same keys twice, and no others under their names."""
    machine = opened(file)
    offered = machine.one_time_keys(0)
    machine.close()
    again = opened(file)
    second = again.one_time_keys(0)
    again.close()
    assert {name: key["key"] for name, key in offered.items()} == {name: key["key"] for name, key in second.items()}
    assert len(offered) == 50


def test_one_time_keys_that_were_taken_are_not_offered_after_a_kill(file: Path) -> None:
    machine = opened(file)
    first = machine.one_time_keys(0)
    machine.uploaded()
    machine.close()
    again = opened(file)
    assert again.one_time_keys(50) == {}
    assert not first.keys() & again.one_time_keys(20).keys()
    again.close()


def test_few_one_time_keys_are_filled_up_and_enough_are_not(file: Path) -> None:
    machine = opened(file)
    assert machine.one_time_keys(25) == {}
    assert len(machine.one_time_keys(24)) == 26
    machine.close()


def test_no_step_of_a_session_is_used_twice_over_a_kill(file: Path) -> None:
    """Else the other side takes the second message for a repetition, and nobody knows."""
    peer = Peer("@alice:test", "A")
    for _ in range(3):
        machine = opened(file)
        meet(machine, peer)
        machine.distribute(ROOM, ALICE, {})  # killed before it was sent
        machine.close()
        machine = opened(file)
        meet(machine, peer)
        deliver(machine, peer)  # killed after it was sent
        content = machine.encrypt(ROOM, {"body": "x"})
        assert peer.read(content) == {"body": "x"}
        machine.close()


def test_a_session_is_kept_and_no_one_time_key_is_asked_for_again(file: Path) -> None:
    peer = Peer("@alice:test", "A")
    machine = opened(file)
    meet(machine, peer)
    machine.close()
    again = opened(file)
    again.learn({"@alice:test": {"A": peer.device_keys}})
    targets = again.targets(ALICE)
    assert again.reachable(targets) == targets
    again.close()


def test_the_sync_token_is_kept_with_what_came_with_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in between, both are as before, and the server sends it again."""
    peer = Peer("@alice:test", "A")
    machine = opened(file)
    machine.take("s1", [], ALICE)
    one_time_key = next(iter(machine.one_time_keys(0).values()))["key"]
    machine.uploaded()
    event = peer.begin(machine.device_keys, one_time_key)
    monkeypatch.setattr(machine._olm.store, "save_sync_token", lambda token: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        machine.take("s2", [event], ALICE)
    machine.close()
    again = opened(file)
    assert again.sync_token == "s1"
    assert again.take("s2", [event], ALICE) == ALICE, "it can still be read"
    assert again.sync_token == "s2"
    again.close()


def test_a_flood_of_sessions_is_cut_at_the_next_start_and_those_in_use_stay(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption_store, "MOST_SESSIONS", 3)
    peer, mallory = Peer("@alice:test", "A"), Peer("@mallory:test", "M")
    machine = opened(file)
    for key in list(machine.one_time_keys(0).values())[:10]:
        machine.take("s1", [mallory.begin(machine.device_keys, key["key"])], frozenset({"@mallory:test"}))
    meet(machine, peer)
    machine.close()
    again = opened(file)
    again.learn({"@alice:test": {"A": peer.device_keys}})
    assert again.reachable(again.targets(ALICE)) == again.targets(ALICE)
    again.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM olmsessions").fetchone() == (3,)


def test_what_strangers_send_is_not_looked_at(file: Path) -> None:
    peer = Peer("@mallory:test", "M")
    machine = opened(file)
    event = peer.begin(machine.device_keys, next(iter(machine.one_time_keys(0).values()))["key"])
    assert machine.take("s1", [event], ALICE) == frozenset()
    assert machine.take("s2", [event], frozenset({"@mallory:test"})) == {"@mallory:test"}
    machine.close()


@pytest.mark.parametrize("plain", [b"[" * 5000, b'{"a":' * 5000, b"1" * 5000, b"\xff", b"null", b"", b"[1]", b'"x"'])
def test_a_message_of_a_member_that_cannot_be_read_is_dropped_and_counted(
    file: Path, caplog: pytest.LogCaptureFixture, plain: bytes
) -> None:
    """Whatever it raises: else it would come again with every sync, for ever. What came with it is read."""
    peer, other = Peer("@mallory:test", "M"), Peer("@alice:test", "A")
    machine = opened(file)
    keys = [each["key"] for each in machine.one_time_keys(0).values()]
    events = [peer.write(machine.device_keys, keys[0], plain), other.begin(machine.device_keys, keys[1])]
    assert machine.take("s1", events, ALICE | {"@mallory:test"}) == ALICE
    assert machine.sync_token == "s1"
    assert not machine.broken
    assert "1 messages of other devices are of no use" in caplog.text
    machine.close()


@pytest.mark.parametrize("sender", [{"a": 1}, ["@alice:test"], None, 7, "\ud800"])
def test_a_message_of_a_sender_that_is_no_user_is_not_looked_at(file: Path, sender: Any) -> None:
    machine = opened(file)
    assert machine.take("s1", [{"type": "m.room.encrypted", "sender": sender, "content": {}}], ALICE) == frozenset()
    assert machine.sync_token == "s1"
    machine.close()


def test_after_a_failed_write_the_machine_is_thrown_away(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer("@alice:test", "A")
    machine = opened(file)
    meet(machine, peer)
    assert not machine.broken

    def full(*anything: Any) -> None:
        raise peewee.OperationalError("database or disk is full")

    monkeypatch.setattr(machine._olm.store, "save_session", full)
    with pytest.raises(SendFailed, match="disk is full"):
        machine.distribute(ROOM, ALICE, {})
    assert machine.broken
    machine.close()
    again = opened(file)
    meet(again, peer)
    deliver(again, peer)
    assert peer.read(again.encrypt(ROOM, {"body": "x"})) == {"body": "x"}
    again.close()


def test_nothing_is_encrypted_with_a_key_that_is_not_given_out(file: Path) -> None:
    peer = Peer("@alice:test", "A")
    machine = opened(file)
    meet(machine, peer)
    [parcel] = machine.distribute(ROOM, ALICE, {})
    with pytest.raises(SendFailed):
        machine.encrypt(ROOM, {"body": "x"})
    assert machine.distribute(ROOM, ALICE, {}) == [parcel], "the same request, not another"
    machine.given(ROOM, parcel)
    machine.encrypt(ROOM, {"body": "x"})
    machine.close()


def test_the_device_keys_are_signed_by_the_device(file: Path) -> None:
    machine = opened(file)
    found, refused = sound_devices({"device_keys": {USER: {DEVICE: machine.device_keys}}})
    assert (refused, set(found[USER])) == (0, {DEVICE})
    machine.close()


@pytest.mark.parametrize(
    ("rules", "messages", "age"),
    [
        ({}, MOST_MESSAGES, LONGEST_AGE),
        ({"rotation_period_msgs": 10, "rotation_period_ms": 7_200_000}, 10, timedelta(hours=2)),
        ({"rotation_period_msgs": 0, "rotation_period_ms": 0}, 1, timedelta(hours=1)),
        ({"rotation_period_msgs": -(10**30), "rotation_period_ms": -(10**30)}, 1, timedelta(hours=1)),
        ({"rotation_period_msgs": 10**30, "rotation_period_ms": 10**30}, MOST_MESSAGES, LONGEST_AGE),
        ({"rotation_period_msgs": "10", "rotation_period_ms": None}, MOST_MESSAGES, LONGEST_AGE),
    ],
)
def test_a_room_may_shorten_the_life_of_a_key_within_reason(
    rules: dict[str, Any], messages: int, age: timedelta
) -> None:
    assert lifetime(rules) == (messages, age)
