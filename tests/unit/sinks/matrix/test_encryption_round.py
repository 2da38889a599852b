"""A round of requests before a message: who reads it then, and what stops it. Peers read with vodozemac."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys
from paseo_watch.sinks.matrix.encryption_machine import Machine
from paseo_watch.sinks.matrix.encryption_round import ASK_AGAIN, FRESH, Round, writable
from paseo_watch.sinks.matrix.encryption_sync import RoomView
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.key_server import DEVICE, ROOM, USER, KeyServer, Peer

KEYS = CrossSigningKeys.derive(bytes(32), USER)


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def now_ms(self) -> int:
        return round(self.now * 1000)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a round does not wait")


class Stage:
    """A round on a server with alice's device in the room."""

    def __init__(self, folder: Path) -> None:
        self.server = KeyServer()
        self.alice = self.server.arrive("@alice:test", "ALICE")
        self.clock = Clock()
        self.machine = Machine(folder / "keys.db", USER, DEVICE, KEYS.pickle_key)
        self.round = Round(self.server, self.machine, KEYS, None, self.clock)  # type: ignore[arg-type]
        self._number = 0

    async def send(self) -> dict[str, str]:
        """One message, some time after the last."""
        self.clock.now += FRESH
        self._number += 1
        await self.round.catch_up(ROOM)
        return await self.round.encrypt(ROOM, {"body": f"message {self._number}"})

    def reads(self, peer: Peer, content: dict[str, str]) -> bool:
        """Whether the peer can."""
        try:
            return peer.read(content)["body"] == f"message {self._number}"
        except (KeyError, ValueError):
            return False


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.machine.close()


async def test_a_member_reads_what_is_sent(stage: Stage) -> None:
    for _ in range(3):
        assert stage.reads(stage.alice, await stage.send())
    assert len(stage.server.sent) == 1, "one key for all three"


async def test_a_second_message_at_once_asks_nothing(stage: Stage) -> None:
    await stage.send()
    asked = len(stage.server.asked)
    await stage.round.catch_up(ROOM)
    await stage.round.encrypt(ROOM, {"body": "x"})
    assert len(stage.server.asked) == asked


async def test_a_later_message_asks_for_news_only(stage: Stage) -> None:
    await stage.send()
    asked = len(stage.server.asked)
    await stage.send()
    assert [path.split("?")[0] for path in stage.server.asked[asked:]] == ["/sync"]


async def test_a_new_device_gets_the_same_key_from_now_on(stage: Stage) -> None:
    first = await stage.send()
    phone = stage.server.arrive("@alice:test", "PHONE")
    second = await stage.send()
    assert stage.reads(phone, second)
    assert first["session_id"] == second["session_id"]
    with pytest.raises(ValueError, match=r".+"):
        phone.read(first)


@pytest.mark.parametrize("membership", ["leave", "ban"])
async def test_who_leaves_gets_nothing_more(stage: Stage, membership: str) -> None:
    bob = stage.server.arrive("@bob:test", "BOB")
    assert stage.reads(bob, await stage.send())
    stage.server.join("@bob:test", membership)
    content = await stage.send()
    assert not stage.reads(bob, content)
    assert stage.reads(stage.alice, content)


async def test_a_device_that_logs_out_gets_nothing_more(stage: Stage) -> None:
    phone = stage.server.arrive("@alice:test", "PHONE")
    await stage.send()
    stage.server.peers.remove(phone)
    stage.server.changed.append("@alice:test")
    content = await stage.send()
    assert not stage.reads(phone, content)
    assert stage.reads(stage.alice, content)


async def test_a_device_that_comes_back_reads_again(stage: Stage) -> None:
    """nio itself keeps it as deleted for ever."""
    await stage.send()
    stage.server.peers.clear()
    stage.server.arrive("@bob:test", "BOB")
    stage.server.changed.append("@alice:test")
    await stage.send()
    stage.server.peers.append(stage.alice)
    stage.server.changed.append("@alice:test")
    assert stage.reads(stage.alice, await stage.send())


async def test_a_device_with_other_keys_under_a_known_name_is_another_device(stage: Stage) -> None:
    await stage.send()
    stage.server.peers.remove(stage.alice)
    again = stage.server.arrive("@alice:test", "ALICE")
    content = await stage.send()
    assert stage.reads(again, content)
    assert not stage.reads(stage.alice, content)


async def test_the_invited_read_where_the_room_lets_them(stage: Stage) -> None:
    bob = Peer("@bob:test", "BOB")
    stage.server.peers.append(bob)
    stage.server.join("@bob:test", "invite")
    assert stage.reads(bob, await stage.send())


async def test_the_rooms_rule_changes_the_key(stage: Stage) -> None:
    stage.server.encrypt(rotation_period_msgs=2)
    sessions = [(await stage.send())["session_id"] for _ in range(4)]
    assert sessions[0] == sessions[1] != sessions[2] == sessions[3]


async def test_many_devices_are_given_the_key_in_parts(stage: Stage) -> None:
    peers = [stage.server.arrive(f"@user{number}:test", "D") for number in range(45)]
    content = await stage.send()
    assert all(stage.reads(peer, content) for peer in peers)
    assert len(stage.server.sent) == 3


async def test_somebody_whose_server_is_away_does_not_keep_the_others_waiting(stage: Stage) -> None:
    far = stage.server.arrive("@far:away", "FAR")
    stage.server.failures = {"away": {"status": 503}}
    assert stage.reads(stage.alice, await stage.send())
    asked = len(stage.server.asked)
    await stage.send()
    assert not any("/keys/query" in path for path in stage.server.asked[asked:]), "not asked again at once"
    stage.server.failures = {}
    stage.clock.now += ASK_AGAIN
    assert stage.reads(far, await stage.send())


async def test_others_servers_are_given_up_on_before_this_one_is(stage: Stage) -> None:
    await stage.send()
    waits = {path for path, body in stage.server.bodies if "timeout" in body}
    assert waits == {"/keys/query?timeout=5000", "/keys/claim?timeout=5000"}


async def test_a_device_without_one_time_keys_is_left_out_and_asked_again_later(stage: Stage) -> None:
    bob = stage.server.arrive("@bob:test", "BOB")
    bob.one_time_key = dict  # type: ignore[method-assign,assignment]
    assert stage.reads(stage.alice, await stage.send())
    asked = len(stage.server.asked)
    await stage.send()
    assert not any("/keys/claim" in path for path in stage.server.asked[asked:])
    del bob.one_time_key  # type: ignore[attr-defined]
    stage.clock.now += ASK_AGAIN
    assert stage.reads(bob, await stage.send())


async def test_nonsense_of_one_member_does_not_stop_the_others(stage: Stage) -> None:
    """nio raises at such keys, and knows nobody's then."""
    stage.server.join("@mallory:test")
    mallory = Peer("@mallory:test", "M")
    keys = mallory.device_keys
    stage.server.devices["@mallory:test"] = {
        "M": {**keys, "keys": {"ed25519:M": "nonsense", "curve25519:M": "nonsense"}},
        "N": "nonsense",
        "O": mallory.signed({**keys, "device_id": "O"}),
    }
    low_order = Peer("@aaron:test", "A")
    zero = {"ed25519:A": low_order.account.ed25519_key.to_base64(), "curve25519:A": "A" * 43}
    bare = {name: value for name, value in low_order.device_keys.items() if name != "signatures"}
    stage.server.devices["@aaron:test"] = {"A": low_order.signed({**bare, "keys": zero})}
    stage.server.peers.append(low_order)
    stage.server.join("@aaron:test")
    assert stage.reads(stage.alice, await stage.send())


async def test_where_nobody_could_read_nothing_is_sent(stage: Stage) -> None:
    stage.server.peers.clear()
    with pytest.raises(SinkRefused, match="no member has a device that could read"):
        await stage.send()


async def test_where_nobody_can_be_asked_nothing_is_sent_for_now(stage: Stage) -> None:
    stage.server.peers.clear()
    far = stage.server.arrive("@far:away", "FAR")
    stage.server.failures = {"away": {}}
    with pytest.raises(SendFailed, match="no member's device"):
        await stage.send()
    stage.server.failures = {}
    stage.clock.now += ASK_AGAIN
    assert stage.reads(far, await stage.send())


async def test_a_broken_session_is_replaced_when_the_other_side_begins_a_new_one(stage: Stage) -> None:
    await stage.send()
    name, offered = next(iter(stage.server.one_time_keys.items()))
    del stage.server.one_time_keys[name]
    stage.server.to_device = [stage.alice.begin(stage.machine.device_keys, offered["key"])]
    before = set(stage.alice.room_keys)
    content = await stage.send()
    assert stage.reads(stage.alice, content)
    assert content["session_id"] not in before, "a key that comes through the new session"


async def test_a_store_that_is_older_than_the_room_begins_anew(tmp_path: Path) -> None:
    """As after a backup was brought back: with the old steps nobody could read, and nobody would know."""
    stage = Stage(tmp_path)
    stage.server.messages = [{"content": await stage.send()}]
    stage.machine.close()
    copy = (tmp_path / "keys.db").read_bytes()
    for _ in range(2):  # what the copy knows nothing of
        content = await opened_again(stage, tmp_path)
        assert stage.reads(stage.alice, content)
        stage.server.messages.insert(0, {"content": content})
    (tmp_path / "keys.db").write_bytes(copy)
    for _ in range(2):
        content = await opened_again(stage, tmp_path)
        assert stage.reads(stage.alice, content)
        stage.server.messages.insert(0, {"content": content})


async def test_a_current_store_keeps_its_sessions(tmp_path: Path) -> None:
    """Even where the last keys were made and never used, and another device has written since."""
    stage = Stage(tmp_path)
    stage.server.messages = [{"content": {"device_id": "OTHER", "session_id": "x"}}, {"content": await stage.send()}]
    stage.machine.close()
    stage.server.broken["/sendToDevice"] = SendFailed("no answer")
    for _ in range(3):
        with pytest.raises(SendFailed):
            await opened_again(stage, tmp_path)
    stage.server.broken.clear()
    claims = sum("/keys/claim" in path for path in stage.server.asked)
    assert stage.reads(stage.alice, await opened_again(stage, tmp_path))
    assert sum("/keys/claim" in path for path in stage.server.asked) == claims


async def opened_again(stage: Stage, folder: Path) -> dict[str, str]:
    """One message of a new process on the file."""
    stage.machine = Machine(folder / "keys.db", USER, DEVICE, KEYS.pickle_key)
    stage.round = Round(stage.server, stage.machine, KEYS, None, stage.clock)  # type: ignore[arg-type]
    try:
        return await stage.send()
    finally:
        stage.machine.close()


async def test_messages_to_the_device_that_make_no_sense_are_passed_over(stage: Stage) -> None:
    await stage.send()
    own = stage.machine.device_keys["keys"][f"curve25519:{DEVICE}"]
    for ciphertext in ({own: {"type": 0, "body": "nonsense"}}, {own: {"type": 1, "body": "!"}}, {own: 5}, 7):
        content = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": "x", "ciphertext": ciphertext}
        stage.server.to_device.append({"type": "m.room.encrypted", "sender": "@alice:test", "content": content})
    stage.server.to_device += [{"type": "m.room.encrypted", "sender": "@alice:test"}, {"type": 5}, {}]
    assert stage.reads(stage.alice, await stage.send())


async def test_one_time_keys_are_kept_at_the_server(stage: Stage) -> None:
    await stage.send()
    assert len(stage.server.one_time_keys) == 50
    for name in list(stage.server.one_time_keys)[:26]:
        del stage.server.one_time_keys[name]
    await stage.send()
    assert len(stage.server.one_time_keys) == 50


async def test_one_time_keys_that_the_server_refuses_are_not_offered_again(stage: Stage) -> None:
    """As after an old copy of the store was brought back: the names are taken."""
    await stage.send()
    stage.server.one_time_keys.clear()
    stage.server.bodies.clear()
    stage.server.broken["/keys/upload"] = SinkRefused("One time key signed_curve25519:AAAAAAAAAAA already exists")
    assert stage.reads(stage.alice, await stage.send())
    refused = {name for path, body in stage.server.bodies if path == "/keys/upload" for name in body["one_time_keys"]}
    assert len(refused) == 50
    stage.server.broken.clear()
    await stage.send()
    assert len(stage.server.one_time_keys) == 50
    assert not refused & set(stage.server.one_time_keys)


async def test_a_change_of_our_own_keys_is_looked_into(stage: Stage) -> None:
    await stage.send()
    stage.server.cross_signing = {"master_key": {"keys": {"ed25519:other": "other"}}}
    stage.server.changed.append(USER)
    with pytest.raises(SinkRefused, match="already has cross-signing keys"):
        await stage.send()
    with pytest.raises(SinkRefused, match="already has cross-signing keys"):
        await stage.send()


async def test_a_new_login_is_looked_into(stage: Stage) -> None:
    await stage.send()
    stage.server.devices.clear()
    stage.server.account.session = SimpleNamespace(device_id=DEVICE)
    await stage.send()
    assert DEVICE in stage.server.devices[USER]


async def test_a_room_that_the_sync_does_not_show_is_tried_again(stage: Stage) -> None:
    with pytest.raises(SendFailed, match="not among the rooms"):
        await stage.round.catch_up("!elsewhere:test")


async def test_a_second_room_is_asked_for_whole(stage: Stage) -> None:
    """Though earlier answers had it, empty, as Synapse puts rooms that were not asked for."""
    await stage.send()
    with pytest.raises(SinkRefused, match="does not know"):
        await stage.round.catch_up("!other:test")
    [path] = [path for path in stage.server.asked if path.startswith("/sync") and "other%3Atest" in path]
    assert "full_state=true" in path


@pytest.mark.parametrize("content", [{}, {"algorithm": "org.example.rot13"}, {"algorithm": 5}])
def test_only_megolm_is_written(content: dict[str, object]) -> None:
    with pytest.raises(SinkRefused, match="does not know"):
        writable(RoomView(encryption=content), ROOM)
