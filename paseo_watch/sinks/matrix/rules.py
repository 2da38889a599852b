"""What a room's state says about who may write, and what a page of its history holds. Pure.

State is what anybody with the power to set it wrote there: every value may be of any type.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from paseo_watch.sinks.matrix.content import DELIVERY
from paseo_watch.sinks.render.clean import clean

MESSAGE = "m.room.message"
ENCRYPTED = "m.room.encrypted"


def power(levels: Mapping[str, Any], user: str, kind: str) -> tuple[int, int]:
    """The user's power level, and the one that sending this kind of event needs.

    (Client-server API, "m.room.power_levels".) `levels` is empty where the room has no such event: then all is 0.
    """
    has = _level(_mapping(levels.get("users")).get(user), _level(levels.get("users_default"), 0))
    needs = _level(_mapping(levels.get("events")).get(kind), _level(levels.get("events_default"), 0))
    return has, needs


BANNED = "banned from the room"


def outside(membership: Mapping[str, Any]) -> str | None:
    """Why the user of this `m.room.member` content cannot write, in words; None where it has joined."""
    why = membership.get("reason")
    reason = f": “{clean(why, 100)}”" if isinstance(why, str) and why else ""
    match membership.get("membership"):
        case "join":
            return None
        case "ban":
            return f"{BANNED}{reason}"
        case "leave":
            return f"left the room, or was removed from it{reason}"
        case "invite":
            return "invited, but not in the room"
    return "not in the room"


def membership_path(room_id: str) -> str:
    """The request for a sync that tells of one room only the last that its user may see, rooms left included."""
    nothing: Mapping[str, Any] = {"types": []}
    last = {"limit": 1, "types": ["m.room.member"]}
    room = {"rooms": [room_id], "include_leave": True, "timeline": last, "state": nothing, "ephemeral": nothing}
    wanted = {"presence": nothing, "account_data": nothing, "room": {**room, "account_data": nothing}}
    query = {"timeout": "0", "set_presence": "offline", "filter": json.dumps(wanted, separators=(",", ":"))}
    return f"/_matrix/client/v3/sync?{urlencode(query)}"


def membership(sync: Mapping[str, Any], room_id: str, user: str) -> Mapping[str, Any]:
    """The content of this user's `m.room.member` event in that sync, of a room left or invited to; empty for none."""
    for section, part in (("leave", "timeline"), ("invite", "invite_state")):
        room = _mapping(_mapping(_mapping(sync.get("rooms")).get(section)).get(room_id))
        events = _mapping(room.get(part)).get("events")
        for event in events if isinstance(events, list) else ():
            if _mapping(event).get("type") == "m.room.member" and event.get("state_key") == user:
                return _mapping(event.get("content"))
    return {}


def creator_event(room_id: str) -> str | None:
    """The id of the event that created the room, where the room's id tells (room version 12 and later)."""
    return None if ":" in room_id else f"${room_id[1:]}"


def holds(events: Iterable[Mapping[str, Any]], user: str, delivery_id: str) -> bool:
    """Whether one of these events of the room is this delivery, written by this user."""
    return any(
        event.get("sender") == user and _mapping(event.get("content")).get(DELIVERY) == delivery_id for event in events
    )


def _level(value: object, otherwise: int) -> int:
    """Old rooms may hold a number as text (room versions before 10)."""
    if isinstance(value, str) and len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            return otherwise
    return int(value) if isinstance(value, int | float) and abs(value) < 2**53 else otherwise


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
