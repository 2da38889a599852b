"""Who could read in an encrypted room: a look that needs no key store, for `examine`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from paseo_watch.sinks.matrix.encryption_requests import Requests
from paseo_watch.sinks.sink import SinkRefused


async def count_readers(requests: Requests, room_id: str, own_user: str) -> tuple[int, int, int]:
    """Devices with keys of those who joined or are invited, of how many users, and how many homeservers are silent.

    Raises SendFailed or SinkRefused.
    """
    users = _members(await requests.get(f"/rooms/{quote(room_id, safe='')}/members")) - {own_user}
    answer = await requests.post("/keys/query", {"device_keys": {user: [] for user in users}}) if users else {}
    devices = {user: _mapping(_mapping(answer, "device_keys"), user) for user in users}
    having = [user for user, found in devices.items() if found]
    return sum(len(devices[user]) for user in having), len(having), len(_mapping(answer, "failures"))


def nobody_reads(room_id: str) -> SinkRefused:
    """The refusal to write what nobody can read."""
    return SinkRefused(
        f"{room_id}: the room is encrypted and no member has a device that could read; invite somebody who uses "
        "Element, or let them log in once"
    )


def _members(answer: Mapping[str, Any]) -> set[str]:
    events = answer.get("chunk")
    found = [each for each in events if isinstance(each, Mapping)] if isinstance(events, list) else []
    inside = [each for each in found if _mapping(each, "content").get("membership") in ("join", "invite")]
    return {each["state_key"] for each in inside if isinstance(each.get("state_key"), str)}


def _mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = of.get(key)
    return found if isinstance(found, Mapping) else {}
