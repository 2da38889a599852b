"""Who could read in an encrypted room, by what the homeserver answers."""

from collections.abc import Mapping
from typing import Any

import pytest

from paseo_watch.sinks.matrix.encryption_readers import count_readers

BOT, ALICE, BOB, CAROL = "@bot:test", "@alice:test", "@bob:test", "@carol:away"


def member(user: str, membership: str) -> dict[str, Any]:
    return {"type": "m.room.member", "state_key": user, "content": {"membership": membership}}


class Homeserver:
    """Answers as it is told; keeps what was asked."""

    def __init__(self, members: Any, keys: Any = None) -> None:
        self.members, self.keys = members, keys or {}
        self.asked: list[Any] = []

    async def get(self, path: str) -> Mapping[str, Any]:
        self.asked.append(path)
        return {"chunk": self.members}

    async def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append((path, body))
        answer: Mapping[str, Any] = self.keys
        return answer


async def counted(server: Any) -> tuple[int, int, int]:
    return await count_readers(server, "!room:test/x", BOT)


async def test_devices_of_those_who_joined_or_are_invited_are_counted() -> None:
    """Not ours, not of those who left; a homeserver that did not answer is said."""
    people = [member(BOT, "join"), member(ALICE, "join"), member(BOB, "invite"), member("@dan:test", "leave")]
    keys = {
        "device_keys": {ALICE: {"A": {}, "B": {}}, BOB: {}, CAROL: {"C": {}}},
        "failures": {"away": {}},
    }
    server = Homeserver([*people, member(CAROL, "join")], keys)
    assert await counted(server) == (3, 2, 1)
    assert server.asked[0] == "/rooms/%21room%3Atest%2Fx/members"
    assert set(server.asked[1][1]["device_keys"]) == {ALICE, BOB, CAROL}


async def test_where_nobody_else_is_nothing_more_is_asked() -> None:
    server = Homeserver([member(BOT, "join")])
    assert await counted(server) == (0, 0, 0)
    assert len(server.asked) == 1


@pytest.mark.parametrize("members", [None, "x", [1, {}, {"content": 2}, {"content": {"membership": "join"}}]])
async def test_garbage_is_nobody(members: Any) -> None:
    assert await counted(Homeserver(members, {"device_keys": 5, "failures": []})) == (0, 0, 0)
