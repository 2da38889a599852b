"""Encrypted Matrix rooms on a real Synapse, read as Element Web reads them: by its crypto stack, signed devices only.

What the reader reads, Element shows; a control proves that it refuses a device that is not signed.
"""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix import identity
from paseo_watch.sinks.matrix.sink import MatrixSink
from tests.e2e.matrix.stage import Scene, scene, setting
from tests.matrix_reader import Readers, matrix_readers
from tests.synapse import Synapse, User, running_synapse
from tests.unit.sinks.matrix.key_server import Peer
from tests.unit.sinks.samples import delivery

KEY = base64.b64encode(b"the secret of these tests only..").decode()
ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest.fixture(scope="module", name="synapse")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as running:
        yield running


@pytest.fixture(scope="module", name="readers")
def element(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with matrix_readers(tmp_path_factory.mktemp("readers") / "log") as running:
        yield running


@pytest.fixture(name="encrypted")
def encrypted_scene(synapse: Synapse, tmp_path: Path) -> Scene:
    """An encrypted room with the bot in it; who reads there is not logged in to encryption yet."""
    return scene(synapse, tmp_path, encrypted=True)


@asynccontextmanager
async def opened(place: Scene, shared: SinkSetting | None = None, **options: Any) -> AsyncIterator[MatrixSink]:
    """An open sink, by password and with the cross-signing key unless told otherwise."""
    usual = {"password": True, "cross_signing_key": SecretStr(KEY)} if "access_token" not in options else {}
    sink = MatrixSink(place.options(**{**usual, **options}), shared or setting())
    try:
        await sink.open()
        yield sink
    finally:
        await sink.close()


async def test_element_shows_text_and_html_of_an_encrypted_room(encrypted: Scene, readers: Readers) -> None:
    alice = readers.start(encrypted.alice)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    [seen] = alice.read(encrypted.room, 1)
    assert (seen.failure, seen.shield, seen.signed_by_owner) == (None, 0, True)
    assert seen.content is not None
    assert "12,000 PAS moved" in seen.content["body"]
    assert seen.content["format"] == "org.matrix.custom.html"
    assert "<strong>" in seen.content["formatted_body"]


async def test_nothing_of_the_alert_is_readable_on_the_homeserver(encrypted: Scene, readers: Readers) -> None:
    readers.start(encrypted.alice)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    [event] = [each for each in encrypted.alice.events(encrypted.room) if each["type"] == "m.room.encrypted"]
    assert set(event["content"]) == {
        *("algorithm", "ciphertext", "device_id", "sender_key", "session_id"),
        "org.paseo_watch.delivery",
    }
    assert event["content"]["org.paseo_watch.delivery"] == delivery(1).id
    assert encrypted.alice.messages(encrypted.room) == []


async def test_the_reader_refuses_a_device_that_is_not_signed(
    encrypted: Scene, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without our cross-signing the judge of the other tests says no."""
    alice = readers.start(encrypted.alice)

    async def only_device_keys(requests: Any, keys: Any, device_keys: Any, password: Any) -> None:
        await requests.post("/keys/upload", {"device_keys": device_keys})

    monkeypatch.setattr(identity, "complete", only_device_keys)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    [seen] = alice.read(encrypted.room, 1)
    assert (seen.failure, seen.body) == ("UNSIGNED_SENDER_DEVICE", None)


async def test_messages_are_read_after_a_restart(encrypted: Scene, readers: Readers) -> None:
    alice = readers.start(encrypted.alice)
    for number in (1, 2, 3):
        async with opened(encrypted) as sink:
            await sink.send(delivery(number))
    seen = alice.read(encrypted.room, 3)
    assert [(each.failure, each.shield, each.delivery) for each in seen] == [
        (None, 0, delivery(number).id) for number in (1, 2, 3)
    ]
    assert len({each.session for each in seen}) == 3, "each start has a room key of its own"
    assert len(device_names(encrypted.bot)) == 2, "one that registered, and one that stays over all starts"


async def test_messages_are_read_after_a_move_with_only_the_secrets(
    encrypted: Scene, readers: Readers, tmp_path: Path
) -> None:
    alice = readers.start(encrypted.alice)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    master = master_key(encrypted.bot)
    moved = replace(encrypted, store=tmp_path / "another machine")
    async with opened(moved) as sink:
        await sink.send(delivery(2))
    async with opened(moved) as sink:
        await sink.send(delivery(3))
    seen = alice.read(encrypted.room, 3)
    assert [(each.failure, each.shield, each.signed_by_owner) for each in seen[1:]] == [(None, 0, True)] * 2
    assert master_key(encrypted.bot) == master, "the account's identity is the same"
    devices = device_names(encrypted.bot)
    assert len(devices) == 2
    assert any(name.startswith("PASEOWATCH_") for name in devices), "a device of its own"
    assert "PASEOWATCH" not in devices, "the lost one is logged out"


async def test_a_new_device_reads_what_is_sent_after_it_came(encrypted: Scene, readers: Readers) -> None:
    alice = readers.start(encrypted.alice)
    shared = setting(HurriedClock())
    async with opened(encrypted, shared) as sink:
        await sink.send(delivery(1))
        phone = readers.start(encrypted.alice.login())
        await sink.send(delivery(2))
        assert [each.failure for each in alice.read(encrypted.room, 2)] == [None, None]
    on_phone = phone.read(encrypted.room, 2)
    assert on_phone[-1].body is not None
    assert on_phone[0].failure is not None, "what was said before is not given away"
    assert len({each.session for each in on_phone}) == 1, "the key is the same, given from now on"


async def test_a_message_to_the_bot_that_cannot_be_read_stops_nothing(encrypted: Scene, readers: Readers) -> None:
    """Anybody in the room can write one; where it ends the sync that brings it, each start gets it again."""
    alice = readers.start(encrypted.alice)
    peer = Peer(encrypted.alice.id, encrypted.alice.login().device)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    bot = encrypted.bot.id
    keys = encrypted.alice.call("POST", "/keys/query", {"device_keys": {bot: []}})["device_keys"][bot]["PASEOWATCH"]
    wanted = {"one_time_keys": {bot: {"PASEOWATCH": "signed_curve25519"}}}
    [one_time_key] = encrypted.alice.call("POST", "/keys/claim", wanted)["one_time_keys"][bot]["PASEOWATCH"].values()
    content = peer.write(keys, one_time_key["key"], b"[" * 2000)["content"]
    message = {"messages": {bot: {"PASEOWATCH": content}}}
    encrypted.alice.call("PUT", "/sendToDevice/m.room.encrypted/nested", message)
    for number in (2, 3):
        async with opened(encrypted) as sink:
            await sink.send(delivery(number))
    assert [each.failure for each in alice.read(encrypted.room, 3)] == [None] * 3


async def test_a_member_who_leaves_gets_no_more_keys(encrypted: Scene, readers: Readers) -> None:
    bob = encrypted.synapse.register(f"bob-{encrypted.alice.id[1:].split(':')[0]}")
    alice, reading_bob = readers.start(encrypted.alice), readers.start(bob)
    encrypted.alice.call("POST", f"/rooms/{encrypted.room}/invite", {"user_id": bob.id})
    reading_bob.join(encrypted.room)
    shared = setting(HurriedClock())
    async with opened(encrypted, shared) as sink:
        await sink.send(delivery(1))
        assert [each.failure for each in reading_bob.read(encrypted.room, 1)] == [None]
        bob.call("POST", f"/rooms/{encrypted.room}/leave", {})
        await sink.send(delivery(2))
    first, second = alice.read(encrypted.room, 2)
    assert (first.failure, second.failure) == (None, None)
    assert first.session != second.session


async def test_a_room_that_becomes_encrypted_is_written_to_encrypted(
    synapse: Synapse, tmp_path: Path, readers: Readers
) -> None:
    plain = scene(synapse, tmp_path)
    alice = readers.start(plain.alice)
    async with opened(plain) as sink:
        await sink.send(delivery(1))
        plain.alice.set_state(plain.room, "m.room.encryption", ENCRYPTION)
        await sink.send(delivery(2))
    seen = alice.read(plain.room, 2)
    assert [(each.wire_type, each.failure) for each in seen] == [("m.room.message", None), ("m.room.encrypted", None)]
    assert [content["org.paseo_watch.delivery"] for content in plain.alice.messages(plain.room)] == [delivery(1).id]


async def test_a_plain_and_an_encrypted_room_share_one_account(encrypted: Scene, readers: Readers) -> None:
    alice = readers.start(encrypted.alice)
    plain = encrypted.alice.create_room(invite=[encrypted.bot.id])
    encrypted.bot.join(plain)
    shared = setting()
    async with opened(encrypted, shared) as secret, opened(encrypted, shared, room=plain) as open_to_all:
        for number in (1, 2):
            await secret.send(delivery(number))
            await open_to_all.send(delivery(number + 10))
    assert [each.failure for each in alice.read(encrypted.room, 2)] == [None, None]
    assert [each["org.paseo_watch.delivery"] for each in encrypted.alice.messages(plain)] == [
        delivery(11).id,
        delivery(12).id,
    ]
    assert len(device_names(encrypted.bot)) == 2, "one that registered, and one for both rooms"


async def test_two_encrypted_rooms_of_one_account_are_both_read(encrypted: Scene, readers: Readers) -> None:
    alice = readers.start(encrypted.alice)
    second = encrypted.alice.create_room(invite=[encrypted.bot.id], encrypted=True)
    encrypted.bot.join(second)
    shared = setting()
    async with opened(encrypted, shared) as one, opened(encrypted, shared, room=second) as other:
        await one.send(delivery(1))
        await other.send(delivery(2))
    assert [each.delivery for each in alice.read(encrypted.room, 1) if each.body] == [delivery(1).id]
    assert [each.delivery for each in alice.read(second, 1) if each.body] == [delivery(2).id]


async def test_the_same_delivery_twice_is_one_event(encrypted: Scene, readers: Readers) -> None:
    alice = readers.start(encrypted.alice)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
        await sink.send(delivery(1))
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
        await sink.send(delivery(2))
    assert [each.delivery for each in alice.read(encrypted.room, 2)] == [delivery(1).id, delivery(2).id]


async def test_a_delivery_in_doubt_is_found_in_the_encrypted_room(
    encrypted: Scene, readers: Readers, tmp_path: Path
) -> None:
    """From another device the homeserver knows no transaction id: only the look at the room can tell."""
    alice = readers.start(encrypted.alice)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    async with opened(replace(encrypted, store=tmp_path / "another machine")) as sink:
        await sink.send(replace(delivery(1), attempt=2, in_doubt=True))
        await sink.send(replace(delivery(2), attempt=2, in_doubt=True))
    assert [each.delivery for each in alice.read(encrypted.room, 2)] == [delivery(1).id, delivery(2).id]


async def test_messages_from_an_old_copy_of_the_store_are_read(encrypted: Scene, readers: Readers) -> None:
    """As after a backup was brought back: it repeats steps of the sessions, which other clients do not take twice."""
    alice = readers.start(encrypted.alice)
    async with opened(encrypted) as sink:
        await sink.send(delivery(1))
    [file] = encrypted.store.glob("*/*/keys-*.db")
    copy = file.read_bytes()
    for number in (2, 3):
        async with opened(encrypted) as sink:
            await sink.send(delivery(number))
    file.write_bytes(copy)
    for number in (4, 5):
        async with opened(encrypted) as sink:
            await sink.send(delivery(number))
    seen = alice.read(encrypted.room, 5)
    assert [(each.failure, each.delivery) for each in seen] == [(None, delivery(number).id) for number in range(1, 6)]


def device_names(user: User) -> set[str]:
    """The device ids of an account."""
    return {each["device_id"] for each in user.call("GET", "/devices")["devices"]}


def master_key(user: User) -> Any:
    """The account's master key, as everybody sees it."""
    return user.call("POST", "/keys/query", {"device_keys": {user.id: []}})["master_keys"][user.id]["keys"]


class HurriedClock:
    """A clock on which every look at it is a minute later, so that nothing known is fresh any more."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now_ms(self) -> int:
        return 1_795_300_000_000 + round(self._seconds * 1000)

    def monotonic(self) -> float:
        self._seconds += 60
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self._seconds += seconds
