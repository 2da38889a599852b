"""A sync as encryption reads it: malformed parts count as absent, and a room is what its events say in their order."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.matrix.encryption_sync import RoomView, latest_path, latest_room_key, read_sync, sync_path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=8,
)
NAMES = ("rooms", "join", "state", "timeline", "events", "device_lists", "changed", "left", "to_device", "next_batch")


def member(user: Any, membership: Any) -> dict[str, Any]:
    return {"type": "m.room.member", "state_key": user, "content": {"membership": membership}}


def visibility(value: Any) -> dict[str, Any]:
    return {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": value}}


def view(*events: dict[str, Any]) -> RoomView:
    made = RoomView()
    made.apply_all(events)
    return made


def test_the_request_asks_for_the_rooms_and_waits_for_nothing() -> None:
    parts = urlsplit(sync_path({"!b:x", "!a:x"}, "s5", False, 7))
    query = parse_qs(parts.query)
    chosen = json.loads(query["filter"][0])
    assert parts.path == "/sync"
    assert (query["timeout"], query["since"], query["set_presence"]) == (["0"], ["s5"], ["offline"])
    assert "full_state" not in query
    assert chosen["room"]["rooms"] == ["!a:x", "!b:x"]
    assert chosen["room"]["state"] == {"types": ["m.room.member", "m.room.encryption", "m.room.history_visibility"]}
    assert "lazy_load_members" not in json.dumps(chosen), "all members are needed"


def test_the_first_request_asks_for_everything() -> None:
    query = parse_qs(urlsplit(sync_path({"!a:x"}, None, True, 7)).query)
    assert query["full_state"] == ["true"]
    assert "since" not in query


def test_no_two_requests_are_the_same() -> None:
    """Synapse would answer the second from a cache."""
    assert sync_path({"!a:x"}, "s5", True, 7) != sync_path({"!a:x"}, "s5", True, 8)


def test_what_matters_is_read() -> None:
    answer = read_sync(
        {
            "next_batch": "s2",
            "rooms": {"join": {"!a:x": {"state": {"events": [{"n": 1}]}, "timeline": {"events": [{"n": 2}]}}}},
            "device_lists": {"changed": ["@a:x", 5], "left": ["@b:x"]},
            "device_one_time_keys_count": {"signed_curve25519": 7},
            "to_device": {"events": [{"type": "m"}, "nonsense"]},
        }
    )
    assert answer.next_batch == "s2"
    assert answer.rooms == {"!a:x": ({"n": 1}, {"n": 2})}, "the timeline's events hold after the state's"
    assert (answer.changed, answer.left) == ({"@a:x"}, {"@b:x"})
    assert answer.one_time_keys == 7
    assert answer.to_device == ({"type": "m"},)


@pytest.mark.parametrize(("given", "read"), [({}, None), ({"device_one_time_keys_count": {}}, 0)])
def test_no_keys_left_is_told_from_a_server_that_does_not_count(given: dict[str, Any], read: int | None) -> None:
    assert read_sync({"next_batch": "s", **given}).one_time_keys == read


@pytest.mark.parametrize(("given", "read"), [(-(2**70), 0), (-300_000, 0), (10**30, 50), (51, 50), ("7", None)])
def test_a_count_of_keys_is_one_that_can_be(given: Any, read: int | None) -> None:
    """Else as many were made as are missing."""
    counted = {"signed_curve25519": given}
    assert read_sync({"next_batch": "s", "device_one_time_keys_count": counted}).one_time_keys == read


@pytest.mark.parametrize("token", [None, "", 5, ["s"]])
def test_a_sync_without_a_token_cannot_be_used(token: Any) -> None:
    with pytest.raises(ValueError, match="next_batch"):
        read_sync({"next_batch": token})


@given(st.dictionaries(st.sampled_from(NAMES), JSON | st.dictionaries(st.sampled_from(NAMES), JSON)))
def test_no_answer_raises_anything_else(answer: dict[str, Any]) -> None:
    read = read_sync({**answer, "next_batch": "s"})
    for events in read.rooms.values():
        view(*(dict(each) for each in events)).readers()


@given(JSON, JSON, JSON)
def test_no_event_breaks_a_room(kind: Any, key: Any, content: Any) -> None:
    for name in (kind, "m.room.member", "m.room.encryption", "m.room.history_visibility"):
        assert view({"type": name, "state_key": key, "content": content}).readers() == frozenset()


def test_later_events_hold() -> None:
    room = view(member("@a:x", "join"), member("@b:x", "join"), member("@a:x", "leave"))
    assert room.readers() == {"@b:x"}


@pytest.mark.parametrize(
    ("history", "readers"),
    [
        (None, {"@a:x", "@b:x"}),
        ("shared", {"@a:x", "@b:x"}),
        ("invited", {"@a:x", "@b:x"}),
        ("joined", {"@a:x"}),
    ],
)
def test_the_invited_are_readers_unless_the_room_says_otherwise(history: str | None, readers: set[str]) -> None:
    events = [member("@a:x", "join"), member("@b:x", "invite"), member("@c:x", "knock"), member("@d:x", "ban")]
    assert view(*events, *([visibility(history)] if history else [])).readers() == readers


def test_the_encryption_of_another_state_key_means_nothing() -> None:
    assert view({"type": "m.room.encryption", "state_key": "x", "content": {"algorithm": "a"}}).encryption == {}


@given(JSON)
def test_a_room_without_our_messages_names_no_key(answer: Any) -> None:
    assert latest_room_key({"chunk": answer}, "DEVICE") is None
    assert latest_room_key({"chunk": [answer, {"content": answer}]}, "DEVICE") is None


def test_the_latest_key_of_the_device_is_found() -> None:
    chunk = [
        {"content": {"device_id": device, "session_id": name}} for device, name in (("A", "3"), ("B", "2"), ("B", "1"))
    ]
    assert latest_room_key({"chunk": chunk}, "B") == "2"


def test_the_room_is_asked_for_our_messages_only() -> None:
    parts = urlsplit(latest_path("!a/b:x", "@bot:x"))
    assert parts.path == "/rooms/%21a%2Fb%3Ax/messages"
    assert json.loads(parse_qs(parts.query)["filter"][0]) == {"senders": ["@bot:x"], "types": ["m.room.encrypted"]}
