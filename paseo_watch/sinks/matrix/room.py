"""One room as an account sees it: found, entered, and asked before each message whether it is encrypted."""

from collections.abc import Mapping
from typing import Any

from paseo_watch.sinks.matrix import rules
from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.errors import Fault, sort
from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import SinkRefused

PAGE = 100
PAGES = 5
"""How far back a delivery is looked for: pages of so many of the account's own messages in the room."""


class Room:
    """`name` is its id or alias. Each question raises SendFailed or SinkRefused where it has no good answer."""

    def __init__(self, account: Account, name: str, join: bool) -> None:
        self._account = account
        self._name = name
        self._join = join
        self._id: str | None = None

    @property
    def id(self) -> str:
        """The room's id, once it is found."""
        assert self._id is not None
        return self._id

    @property
    def shown(self) -> str:
        """The room for people: as configured, and on which homeserver, as whom."""
        return f"{self._name} at {self._account.shown}"

    async def find(self) -> str:
        """Resolve the alias; returns the id. An alias may lead elsewhere another day."""
        if self._name.startswith("#"):
            found = await self._account.ask("alias", lambda client: client.room_resolve_alias(self._name), self.shown)
            self._id = str(found.room_id)
        else:
            self._id = self._name
        return self.id

    async def enter(self) -> str:
        """Be in the room, joining it where that is configured; returns how that came, in words."""
        outside = await self._outside()
        if outside is None:
            return "joined"
        if outside.startswith(rules.BANNED):
            raise SinkRefused(f"{self.shown}: {outside}; ask a moderator of the room to lift the ban")
        if not self._join:
            raise SinkRefused(f"{self.shown}: {outside}; invite the account, and set join: true or join with it")
        await self._account.ask("join", lambda client: client.join(self.id), f"{self.shown}: {outside}")
        return "joined now"

    async def successor(self) -> str:
        """None: where the room was replaced by another, nobody reads it any more."""
        tombstone = await self._state("m.room.tombstone")
        if tombstone is not None:
            other = clean(str(tombstone.get("replacement_room", "another room")), 255)
            raise SinkRefused(f"{self.shown}: the room was replaced by {other}; put that one into room")
        return "none"

    async def power(self, kind: str) -> str:
        """The account's power level, which is enough for this kind of event."""
        user = self._account.session.user
        has, needs = rules.power(await self._state("m.room.power_levels") or {}, user, kind)
        if has >= needs:
            return f"{has} (sending needs {needs})"
        if await self._created_by(user):
            return "the room's creator"
        raise SinkRefused(
            f"{self.shown}: power level {has}, and sending needs {needs}; raise the account's power level"
        )

    async def encryption(self) -> Mapping[str, Any] | None:
        """The content of `m.room.encryption`, whatever it is; None where the homeserver says that there is none."""
        return await self._state("m.room.encryption")

    async def holds(self, delivery_id: str) -> bool:
        """Whether this delivery is among the account's latest messages in the room."""
        user = self._account.session.user
        chosen = {"senders": [user], "types": [rules.MESSAGE, rules.ENCRYPTED]}
        start = None
        for _ in range(PAGES):
            page = await self._account.ask(
                "room",
                lambda client, start=start: client.room_messages(  # type: ignore[misc]
                    self.id, start, limit=PAGE, message_filter=chosen
                ),
                self.shown,
            )
            if rules.holds((event.source for event in page.chunk), user, delivery_id):
                return True
            start = page.end
            if start is None:
                break
        return False

    async def _outside(self) -> str | None:
        """Why the account is not in the room; None where it is."""
        user = self._account.session.user
        found = await self._try_state("m.room.member", user)
        if not isinstance(found, Fault):
            return rules.outside(found)
        if not (found.forbidden or found.not_found):
            raise sort(found, "room", self.shown)
        # Who was banned, is invited, or never was there may not ask the room; a sync tells.
        path = rules.membership_path(self.id)
        answer = await self._account.ask("room", lambda client: client.call("GET", path), self.shown)
        return rules.outside(rules.membership(answer.content, self.id, user)) or "not in the room"

    async def _created_by(self, user: str) -> bool:
        event = rules.creator_event(self.id)
        if event is None:
            return False
        found = await self._account.ask("room", lambda client: client.room_get_event(self.id, event), self.shown)
        return bool(found.event.source.get("sender") == user)

    async def _state(self, kind: str) -> Mapping[str, Any] | None:
        found = await self._try_state(kind)
        if not isinstance(found, Fault):
            return found
        if found.not_found:
            return None
        if found.forbidden:
            await self.enter()  # says better why
        raise sort(found, "room", self.shown)

    async def _try_state(self, kind: str, key: str = "") -> Mapping[str, Any] | Fault:
        answer = await self._account.attempt(lambda client: client.room_get_state_event(self.id, kind, key))
        if isinstance(answer, Fault):
            return answer
        content: Mapping[str, Any] = answer.content
        return content
