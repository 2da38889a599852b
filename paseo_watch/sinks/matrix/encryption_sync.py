"""What encryption has to know of the rooms: who is there, whose devices changed, what came for this device. Pure.

One sync with timeout 0 before a send tells it all in one small request; there is no task in the background.
(Client-server API v1.11, "Syncing", "Extensions to /sync".)
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

MOST_KEYS = 50
"""One-time keys of one device that a server is taken to have: as many as are ever made."""
STATE = ("m.room.member", "m.room.encryption", "m.room.history_visibility")


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """The parts of a sync that matter here.

    `rooms`: the state events of each joined room, in the order in which they hold. `changed`: users whose devices are
    to be asked for anew; `left`: users whose changes are told no more. `one_time_keys`: how many of ours are left at
    the server, None where it does not say.
    """

    next_batch: str
    rooms: Mapping[str, tuple[Mapping[str, Any], ...]]
    changed: frozenset[str]
    left: frozenset[str]
    one_time_keys: int | None
    to_device: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class RoomView:
    """A room as its state events tell."""

    members: dict[str, str] = field(default_factory=dict)
    encryption: Mapping[str, Any] = field(default_factory=dict)
    history: str = "shared"

    def apply(self, event: Mapping[str, Any]) -> None:
        """One state event; what is malformed changes nothing."""
        content, key = event.get("content"), event.get("state_key")
        if not isinstance(content, dict) or not isinstance(key, str):
            return
        if event.get("type") == "m.room.member" and isinstance(content.get("membership"), str):
            self.members[key] = content["membership"]
        elif event.get("type") == "m.room.encryption" and key == "":
            self.encryption = content
        elif event.get("type") == "m.room.history_visibility" and isinstance(content.get("history_visibility"), str):
            self.history = content["history_visibility"]

    def apply_all(self, events: Iterable[Mapping[str, Any]]) -> None:
        """State events, in the order in which they hold."""
        for event in events:
            self.apply(event)

    def readers(self) -> frozenset[str]:
        """Who is to read: all who have joined, and the invited where the room lets them see what is said now."""
        wanted = {"join"} if self.history == "joined" else {"join", "invite"}
        return frozenset(user for user, membership in self.members.items() if membership in wanted)


def sync_path(rooms: Iterable[str], since: str | None, full: bool, now_ms: int) -> str:
    """The request: only these rooms, only the state that matters, and no waiting.

    Synapse answers a request that it has answered before from a cache, for two minutes: after a crash that would be the
    rooms as they were. So the time is in it, where it means nothing.
    """
    nothing: dict[str, list[str]] = {"types": []}
    wanted = {
        "presence": {**nothing, "limit": now_ms},
        "account_data": nothing,
        "room": {
            "rooms": sorted(rooms),
            "ephemeral": nothing,
            "account_data": nothing,
            "state": {"types": STATE},
            "timeline": {"limit": 1, "types": STATE},
        },
    }
    query = {"timeout": "0", "filter": json.dumps(wanted, separators=(",", ":")), "set_presence": "offline"}
    query |= {"since": since} if since else {}
    query |= {"full_state": "true"} if full else {}
    return f"/sync?{urlencode(query)}"


def read_sync(answer: Mapping[str, Any]) -> SyncAnswer:
    """Read it; ValueError where it has no `next_batch`. Other parts that are malformed count as absent."""
    token = answer.get("next_batch")
    if not isinstance(token, str) or not token:
        raise ValueError("a sync without next_batch")
    changes = _mapping(answer.get("device_lists"))
    count = _mapping(answer.get("device_one_time_keys_count")).get("signed_curve25519", 0)
    joined = _mapping(_mapping(answer.get("rooms")).get("join"))
    return SyncAnswer(
        token,
        {room: _events(part, "state") + _events(part, "timeline") for room, part in joined.items()},
        _texts(changes.get("changed")),
        _texts(changes.get("left")),
        min(max(count, 0), MOST_KEYS) if isinstance(count, int) and "device_one_time_keys_count" in answer else None,
        _events(answer, "to_device"),
    )


def latest_path(room_id: str, user_id: str) -> str:
    """The request for the user's latest encrypted messages in a room."""
    wanted = {"senders": [user_id], "types": ["m.room.encrypted"]}
    query = {"dir": "b", "limit": "20", "filter": json.dumps(wanted, separators=(",", ":"))}
    return f"/rooms/{quote(room_id, safe='')}/messages?{urlencode(query)}"


def latest_room_key(answer: Mapping[str, Any], device_id: str) -> str | None:
    """The name of the room key that the device used last, in an answer to `latest_path`; None where there is none."""
    chunk = answer.get("chunk")
    for event in chunk if isinstance(chunk, list) else ():
        content = _mapping(_mapping(event).get("content"))
        if content.get("device_id") == device_id and isinstance(content.get("session_id"), str):
            name: str = content["session_id"]
            return name
    return None


def _events(part: Any, name: str) -> tuple[Mapping[str, Any], ...]:
    events = _mapping(_mapping(part).get(name)).get("events")
    return tuple(each for each in events if isinstance(each, dict)) if isinstance(events, list) else ()


def _texts(value: Any) -> frozenset[str]:
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
