"""One account's round of requests before a message: what is new, who is there, which devices lack what they need.

    catch_up(room)   sync ─> one-time keys ─> own identity, if it changed ─> devices of members ─> sessions with them
    encrypt(room)    the room's key to all who lack it ─> the message

Every request that fails ends the round with an error: nothing is encrypted on a guess. What single devices or other
people's servers do not give is another thing: they are asked again later, and the others do not wait for them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import SecretStr

from paseo_watch.clock import Clock
from paseo_watch.sinks.matrix import identity
from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys
from paseo_watch.sinks.matrix.encryption_devices import MEGOLM, is_failure, sound_claims, sound_devices
from paseo_watch.sinks.matrix.encryption_machine import Machine
from paseo_watch.sinks.matrix.encryption_readers import nobody_reads
from paseo_watch.sinks.matrix.encryption_requests import Requests
from paseo_watch.sinks.matrix.encryption_sync import (
    RoomView,
    SyncAnswer,
    latest_path,
    latest_room_key,
    read_sync,
    sync_path,
)
from paseo_watch.sinks.matrix.surprise import surprises_told
from paseo_watch.sinks.sink import SendFailed, SinkRefused

log = logging.getLogger(__name__)

FRESH = 5.0
"""Seconds that a sync's answer is taken for the state of things."""
AT_ONCE = 50
"""Users or devices that the machine takes in before others have their turn: some tens of milliseconds."""
ASK_AGAIN = 600.0
"""Seconds until a device without a one-time key, or a user whose server did not answer, is asked again."""


Item = TypeVar("Item")


class Round:
    """What is known of the rooms since `machine` was opened. One caller at a time."""

    def __init__(
        self,
        requests: Requests,
        machine: Machine,
        keys: CrossSigningKeys,
        password: SecretStr | None,
        clock: Clock,
    ) -> None:
        self.machine = machine
        self._requests = requests
        self._keys = keys
        self._password = password
        self._clock = clock
        self._user = requests.account.options.user
        self._timeout = requests.account.options.timeout
        self._session = requests.account.session
        self._rooms: dict[str, RoomView] = {}
        self._synced: float | None = None
        self._identity_changed = False
        self._not_before: dict[object, float] = {}
        self._compared: set[str] = set()

    async def catch_up(self, room_id: str) -> None:
        """Know the room as it is now. Raises SendFailed or SinkRefused where nobody could read what is sent."""
        with surprises_told(room_id, self._give_up):
            await self._catch_up(room_id)

    async def encrypt(self, room_id: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content of an m.room.encrypted event, after `catch_up`, with its key given to all who can have it."""
        with surprises_told(room_id, self._give_up):
            room = self._rooms[room_id]
            for parcel in self.machine.distribute(room_id, room.readers(), room.encryption):
                await self._requests.put(f"/sendToDevice/m.room.encrypted/{parcel.id}", {"messages": parcel.messages})
                self.machine.given(room_id, parcel)
            return self.machine.encrypt(room_id, content)

    def _give_up(self) -> None:
        self.machine.broken = True  # where it stopped is not known: it begins anew with what is on the disk

    async def _catch_up(self, room_id: str) -> None:
        now = self._clock.monotonic()
        if room_id not in self._rooms or self._synced is None or now - self._synced >= FRESH:
            await self._sync(room_id)
            self._synced = now
        if room_id not in self._compared:
            await self._compare(room_id)
            self._compared.add(room_id)
        if self._session is not self._requests.account.session:
            self._session, self._identity_changed = self._requests.account.session, True
        if self._identity_changed:
            await identity.complete(self._requests, self._keys, self.machine.device_keys, self._password)
            self._identity_changed = False
        readers = writable(self._rooms.get(room_id), room_id).readers()
        self._not_before = {key: time for key, time in self._not_before.items() if time > now}
        await self._learn_devices(readers)
        await self._begin_sessions(readers)
        self._check_somebody_reads(room_id, readers)

    async def _sync(self, room_id: str) -> None:
        full = room_id not in self._rooms  # a room that earlier syncs did not ask for comes whole, and so do all
        asked = {*self._rooms, room_id}
        path = sync_path(asked, self.machine.sync_token, full, self._clock.now_ms())
        try:
            news = read_sync(await self._requests.get(path))
        except ValueError as error:
            raise SendFailed(f"{room_id}: the homeserver's sync cannot be used: {error}") from error
        rooms = {} if full else self._rooms
        for name in asked & news.rooms.keys():  # Synapse puts other rooms beside them, empty
            rooms.setdefault(name, RoomView()).apply_all(news.rooms[name])
        self._take(news, frozenset().union(*(room.readers() for room in rooms.values())))
        self._rooms = rooms
        if news.one_time_keys is not None:
            await self._replenish(news.one_time_keys)

    async def _compare(self, room_id: str) -> None:
        """Find out whether the store is an old copy: then this device has used a room key that the store never made.

        Other clients take no step of a session twice, so nobody could read what is sent from such a store.
        """
        answer = await self._requests.get(latest_path(room_id, self._user))
        used = latest_room_key(answer, self._session.device_id)
        if used is not None and not self.machine.made(used):
            log.warning("%s: the key store is older than the room; beginning anew with all devices", room_id)
            self.machine.renew_sessions()

    def _take(self, news: SyncAnswer, members: frozenset[str]) -> None:
        if self.machine.take(news.next_batch, news.to_device, members):
            self.machine.drop_room_keys()  # somebody could not read what we sent: they get the next key for sure
        self.machine.forget(news.changed | news.left)
        if self._user in news.changed:
            self._identity_changed = True

    async def _replenish(self, at_server: int) -> None:
        """Upload one-time keys. Others need them to mend a broken session; messages are read without them too."""
        offered = self.machine.one_time_keys(at_server)
        if not offered:
            return
        try:
            await self._requests.post("/keys/upload", {"one_time_keys": offered})
        except SinkRefused as error:  # such as other keys of these names there, after a store was brought back
            log.warning("one-time keys are not taken, others will be offered: %s", error)
        self.machine.uploaded()

    async def _learn_devices(self, users: frozenset[str]) -> None:
        asked = {user for user in self.machine.unknown(users) if user not in self._not_before}
        if not asked:
            return
        answer = await self._ask_others("/keys/query", {"device_keys": {user: [] for user in sorted(asked)}})
        devices, refused = sound_devices(answer)
        async for part in _parts(asked & devices.keys()):
            self.machine.learn({user: devices[user] for user in part})
        self._later(asked - devices.keys())
        if refused or is_failure(answer) or asked - devices.keys():
            unknown = len(asked - devices.keys())
            log.warning("%d devices with unsound keys are left out, and %d users of unknown devices", refused, unknown)

    async def _begin_sessions(self, users: frozenset[str]) -> None:
        targets = self.machine.targets(users)
        lacking = frozenset(each for each in targets - self.machine.reachable(targets) if each not in self._not_before)
        if not lacking:
            return
        wanted: dict[str, dict[str, str]] = {}
        for each in sorted(lacking):
            wanted.setdefault(each.user_id, {})[each.device_id] = "signed_curve25519"
        answer = await self._ask_others("/keys/claim", {"one_time_keys": wanted})
        async for part in _parts(lacking):
            self.machine.begin_sessions(sound_claims(answer, part))
        left = lacking - self.machine.reachable(lacking)
        self._later(left)
        if left:
            log.warning("%d of %d devices give no key to begin with and cannot read for now", len(left), len(targets))

    async def _ask_others(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A question that the homeserver may pass on to others: it is to give up on them before we give up on it."""
        wait_ms = round(self._timeout * 1000 / 2)
        return await self._requests.post(f"{path}?timeout={wait_ms}", {**body, "timeout": wait_ms})

    def _later(self, what: Iterable[object]) -> None:
        self._not_before |= dict.fromkeys(what, self._clock.monotonic() + ASK_AGAIN)

    def _check_somebody_reads(self, room_id: str, users: frozenset[str]) -> None:
        targets = self.machine.targets(users)
        if self.machine.reachable(targets):
            return
        if targets or self.machine.unknown(users):
            raise SendFailed(f"{room_id}: no member's device gives the keys that it takes to write to it")
        raise nobody_reads(room_id)


async def _parts(items: Iterable[Item]) -> AsyncIterator[frozenset[Item]]:
    """All of them in parts, with a turn for everybody else after each: the machine's work waits for nothing."""
    left = list(items)
    for start in range(0, len(left), AT_ONCE):
        yield frozenset(left[start : start + AT_ONCE])
        await asyncio.sleep(0)


def writable(room: RoomView | None, room_id: str) -> RoomView:
    """The room, if it can be encrypted for; else SendFailed or SinkRefused."""
    if room is None:
        raise SendFailed(f"{room_id}: not among the rooms of the homeserver's sync (yet)")
    algorithm = room.encryption.get("algorithm")
    if algorithm != MEGOLM:
        raise SinkRefused(
            f"{room_id}: encrypted by {str(algorithm)[:100]!r}, which this service does not know; use a room with "
            f"{MEGOLM}, or one that is not encrypted"
        )
    return room
