"""Who may write, by the room's state; and whether a delivery is there already."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.matrix import rules

ME = "@bot:test"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({}, (0, 0)),
        ({"users_default": 10, "events_default": 20}, (10, 20)),
        ({"users": {ME: 50}, "users_default": 10, "events_default": 20}, (50, 20)),
        ({"events": {"m.room.message": 75}, "events_default": 20}, (0, 75)),
        ({"events": {"m.room.encrypted": 75}, "events_default": 20, "state_default": 50}, (0, 20)),
        ({"users": {ME: "50"}, "events_default": "7"}, (50, 7)),
        ({"users": {ME: 49.9}}, (49, 0)),
        ({"users": {ME: "lots"}, "events_default": None}, (0, 0)),
        ({"users": [ME], "events": 7}, (0, 0)),
        ({"users": {ME: 10**400}}, (0, 0)),
        ({"users": {"@other:test": 100}}, (0, 0)),
    ],
)
def test_power_is_what_the_specification_says(levels: dict[str, Any], expected: tuple[int, int]) -> None:
    """Client-server API, m.room.power_levels; old rooms hold texts, hostile ones anything."""
    assert rules.power(levels, ME, "m.room.message") == expected


@given(ANY_JSON, ANY_JSON, ANY_JSON)
def test_no_state_of_a_room_breaks_the_judgement(users: Any, events: Any, default: Any) -> None:
    """Whoever may set it, set it."""
    levels = {"users": users, "events": events, "users_default": default, "events_default": default}
    has, needs = rules.power(levels, ME, "m.room.message")
    assert isinstance(has, int)
    assert isinstance(needs, int)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"membership": "join"}, None),
        ({"membership": "ban", "reason": "sp\nam"}, "banned from the room: “sp am”"),
        ({"membership": "leave"}, "left the room, or was removed from it"),
        ({"membership": "leave", "reason": 7}, "left the room, or was removed from it"),
        ({"membership": "invite"}, "invited, but not in the room"),
        ({"membership": ["join"]}, "not in the room"),
        ({}, "not in the room"),
    ],
)
def test_only_who_has_joined_can_write(content: dict[str, Any], words: str | None) -> None:
    """The reason is somebody's text, and is cleaned."""
    assert rules.outside(content) == words


def sync(section: str, part: str, *events: Any) -> dict[str, Any]:
    """A sync with these events of the room."""
    return {"rooms": {section: {"!r": {part: {"events": list(events)}}}}}


MINE = {"type": "m.room.member", "state_key": ME, "content": {"membership": "ban"}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (sync("leave", "timeline", MINE), {"membership": "ban"}),
        (sync("invite", "invite_state", {"type": "m.room.name"}, MINE), {"membership": "ban"}),
        (sync("leave", "timeline", {**MINE, "state_key": "@other:test"}), {}),
        (sync("leave", "timeline", 7, None, {**MINE, "content": "x"}), {}),
        ({"rooms": {"leave": ["!r"]}}, {}),
        ({}, {}),
    ],
)
def test_a_sync_tells_of_rooms_that_do_not_let_ask(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    """Rooms left, with those who were banned, and invitations."""
    assert rules.membership(answer, "!r", ME) == expected


def test_a_delivery_is_there_only_where_we_wrote_it() -> None:
    """Plain or encrypted, the key is beside; others' copies and broken events are nothing."""
    ours = {"sender": ME, "type": "m.room.encrypted", "content": {"ciphertext": "…", rules.DELIVERY: "d1"}}
    assert rules.holds([{"sender": ME}, ours], ME, "d1")
    assert not rules.holds([{**ours, "sender": "@other:test"}], ME, "d1")
    assert not rules.holds(
        [{"sender": ME, "content": "d1"}, {"sender": ME, "content": {rules.DELIVERY: ["d1"]}}], ME, "d1"
    )
    assert not rules.holds([], ME, "d1")


@pytest.mark.parametrize(("room", "event"), [("!abc:test", None), ("!h4sh", "$h4sh")])
def test_a_rooms_id_leads_to_its_creator_from_version_12_on(room: str, event: str | None) -> None:
    """Such an id is the hash of the event that created the room (MSC4291)."""
    assert rules.creator_event(room) == event
