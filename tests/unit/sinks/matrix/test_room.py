"""A room: found, entered, asked about."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.room import PAGES, Room
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.homeserver import ALIAS, JOINED, ROOM, USER, Homeserver, failure
from tests.unit.sinks.matrix.samples import options, setting


@pytest.fixture(name="homeserver")
def one_homeserver() -> Homeserver:
    return Homeserver()


@pytest.fixture(name="account")
async def logged_in(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Account]:
    account = Account(options(tmp_path), setting(homeserver))
    await account.acquire()
    yield account
    await account.release()


@pytest.fixture(name="room")
async def found(account: Account) -> Room:
    room = Room(account, ALIAS, join=True)
    assert await room.find() == ROOM
    return room


async def test_an_id_needs_no_question_and_a_wrong_alias_is_named(account: Account, homeserver: Homeserver) -> None:
    """The message names what is configured."""
    assert await Room(account, ROOM, join=False).find() == ROOM
    assert homeserver.asked("/directory") == 0
    with pytest.raises(SinkRefused, match=r"#gone:test at http://matrix\.test.*no room has this alias"):
        await Room(account, "#gone:test", join=False).find()


async def test_who_is_in_the_room_joins_nothing(room: Room, homeserver: Homeserver) -> None:
    """One question."""
    assert await room.enter() == "joined"
    assert homeserver.asked("/join") == homeserver.asked("/sync") == 0


async def test_an_invitation_is_accepted_where_configured(room: Room, homeserver: Homeserver) -> None:
    """The room itself does not say that there is one; a sync does."""
    homeserver.script("/state/m.room.member", failure(403, "M_FORBIDDEN"))
    member = {"type": "m.room.member", "state_key": USER, "content": {"membership": "invite"}}
    homeserver.outside = {"invite": {ROOM: {"invite_state": {"events": [member]}}}}
    assert await room.enter() == "joined now"
    assert homeserver.asked("/join") == 1


async def test_without_join_the_message_says_what_it_is_and_what_to_do(
    account: Account, homeserver: Homeserver
) -> None:
    """Banned, with the reason that was given."""
    room = Room(account, ROOM, join=False)
    await room.find()
    homeserver.script("/state/m.room.member", failure(403, "M_FORBIDDEN"))
    member = {"type": "m.room.member", "state_key": USER, "content": {"membership": "ban", "reason": "noise"}}
    homeserver.outside = {"leave": {ROOM: {"timeline": {"events": [member]}}}}
    with pytest.raises(SinkRefused, match="banned from the room: “noise”; ask a moderator"):
        await room.enter()


@pytest.mark.parametrize(
    "reply", [failure(500, "M_UNKNOWN"), (502, {}, b"<html>"), (404, {}, b"<html>"), failure(404, "M_UNRECOGNIZED")]
)
async def test_a_room_is_plain_only_where_the_homeserver_itself_says_so(
    reply: Any, room: Room, homeserver: Homeserver
) -> None:
    """An error or a proxy's page in between is never read as "not encrypted"."""
    assert await room.encryption() is None
    homeserver.script("/state/m.room.encryption", reply)
    with pytest.raises((SendFailed, SinkRefused)):
        await room.encryption()


@pytest.mark.parametrize("content", [{"algorithm": "m.megolm.v1.aes-sha2"}, {"algorithm": 7}, {}])
async def test_any_encryption_event_makes_a_room_encrypted(
    content: dict[str, Any], room: Room, homeserver: Homeserver
) -> None:
    """Also one that nobody understands: clients refuse plain text there too."""
    homeserver.state["m.room.encryption", ""] = content
    assert await room.encryption() == content


async def test_who_was_put_out_is_told_so_when_asking_about_the_room(room: Room, homeserver: Homeserver) -> None:
    """The question about encryption is the first that meets it."""
    homeserver.state["m.room.member", USER] = {"membership": "leave", "reason": "bye"}
    homeserver.script("/state/m.room.encryption", failure(403, "M_FORBIDDEN"))
    homeserver.script("/join", failure(403, "M_FORBIDDEN"))
    with pytest.raises(SinkRefused, match="removed from it: “bye”, and not let in"):
        await room.encryption()


async def test_power_that_is_short_is_told_in_numbers(room: Room, homeserver: Homeserver) -> None:
    """Enough is told too; a room without levels lets everybody write."""
    assert await room.power("m.room.message") == "0 (sending needs 0)"
    homeserver.state["m.room.power_levels", ""] = {"events_default": 50, "users": {USER: 50}}
    assert await room.power("m.room.message") == "50 (sending needs 50)"
    homeserver.state["m.room.power_levels", ""] = {"events_default": 50, "users_default": 49}
    with pytest.raises(SinkRefused, match="power level 49, and sending needs 50; raise the account's power level"):
        await room.power("m.room.message")


@pytest.mark.parametrize(("creator", "may"), [(USER, True), ("@other:test", False)])
async def test_who_created_a_room_of_version_12_may_always_write(
    creator: str, may: bool, account: Account, homeserver: Homeserver
) -> None:
    """Creators are in no list of levels there (MSC4289)."""
    room = Room(account, "!h4sh", join=False)
    await room.find()
    created = {"type": "m.room.create", "sender": creator, "event_id": "$h4sh", "origin_server_ts": 0, "state_key": ""}
    homeserver.script("/state/m.room.power_levels", (200, {}, {"events_default": 50}))
    homeserver.script("/event/$h4sh", (200, {}, {**created, "content": {"room_version": "12"}}))
    if may:
        assert await room.power("m.room.message") == "the room's creator"
    else:
        with pytest.raises(SinkRefused, match="power level 0"):
            await room.power("m.room.message")


async def test_a_room_that_was_replaced_is_told_with_its_successor(room: Room, homeserver: Homeserver) -> None:
    """Whose id is somebody's text."""
    assert await room.successor() == "none"
    homeserver.state["m.room.tombstone", ""] = {"replacement_room": "!new\n:test"}
    with pytest.raises(SinkRefused, match="replaced by !new :test; put that one into room"):
        await room.successor()


def events(*deliveries: str) -> list[dict[str, Any]]:
    """Our messages, oldest first."""
    return [
        {
            "type": "m.room.message",
            "sender": USER,
            "event_id": f"${number}",
            "origin_server_ts": 0,
            "content": {"msgtype": "m.text", "body": "x", "org.paseo_watch.delivery": delivery},
        }
        for number, delivery in enumerate(deliveries)
    ]


async def test_a_delivery_is_looked_for_page_by_page_and_not_for_ever(room: Room, homeserver: Homeserver) -> None:
    """A bounded number of requests, however much was written since."""
    homeserver.page = 10
    homeserver.events = events(*(str(number) for number in range(100)))
    assert await room.holds("99")
    assert homeserver.asked("/messages") == 1
    assert await room.holds(str(100 - 10 * PAGES))
    assert homeserver.asked("/messages") == 1 + PAGES
    assert not await room.holds(str(99 - 10 * PAGES))
    assert homeserver.asked("/messages") == 1 + 2 * PAGES


async def test_the_whole_of_a_short_room_is_enough(room: Room, homeserver: Homeserver) -> None:
    """No second request where the first says that this was all."""
    assert not await room.holds("d")
    homeserver.events = events("a", "b")
    assert not await room.holds("d")
    assert homeserver.asked("/messages") == 2


async def test_broken_events_in_the_room_do_not_break_the_look(room: Room, homeserver: Homeserver) -> None:
    """Nor hide what is behind them."""
    odd = [{"type": "m.room.message", "sender": USER, "event_id": "$x", "origin_server_ts": 0, "content": {}}]
    homeserver.events = [*events("d"), *odd, {**odd[0], "content": {"body": 7, "msgtype": {}}}]
    assert await room.holds("d")


async def test_a_room_that_answers_nothing_readable_is_tried_again(room: Room, homeserver: Homeserver) -> None:
    """The delivery stays in doubt."""
    homeserver.script("/messages", (200, {}, {"chunk": ["x", 7, None], "start": "s"}))
    with pytest.raises(SendFailed):
        await room.holds("d")
    assert homeserver.state["m.room.member", USER] == JOINED
