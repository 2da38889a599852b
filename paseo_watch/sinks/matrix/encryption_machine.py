"""nio's encryption machine, used by hand: each change is on the disk before anything that depends on it is sent.

What nio does by itself in this place is not enough for messages that must be read: it marks a room key as shared where
nobody took it, saves the sync token before what came with it, uploads one-time keys before they are saved, and one
member's broken key ends the whole round. So the requests are made outside (`encryption.py`), and this class changes
state in transactions of the store:

    one-time keys   saved, then uploaded: a crash between the two uploads the same keys again, which is allowed
    Olm sessions    the ratchet's step is saved, then the message made with it is sent: no step is used twice
    sync            its token and all that came with it, in one transaction
    room keys       in memory only: after a restart a new one is made and given to everybody; its name is kept

Nothing here waits or talks to the network. After a failed write the machine is unusable (memory is ahead of the disk):
`broken` says so, and the caller throws it away and opens the store anew.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import peewee
from nio.crypto import OutboundGroupSession, SessionStore
from nio.events import DummyEvent, ToDeviceEvent
from nio.exceptions import GroupEncryptionError
from nio.responses import KeysClaimResponse, KeysQueryResponse

from paseo_watch.sinks.matrix.encryption_devices import MEGOLM, Target
from paseo_watch.sinks.matrix.encryption_store import disk_errors, open_store
from paseo_watch.sinks.sink import SendFailed

log = logging.getLogger(__name__)

ENOUGH_ONE_TIME_KEYS = 25
"""More are uploaded where the server has fewer; others need them to mend a broken session with us."""
MOST_MESSAGES = 100
LONGEST_AGE = timedelta(days=7)
SHORTEST_AGE = timedelta(hours=1)
"""A room key is changed after so many messages or this time, or earlier where the room says so, within reason."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A room key for some devices: one to-device request, under a transaction id that stays when it is repeated."""

    messages: Mapping[str, Any]
    targets: frozenset[Target]
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(slots=True)
class RoomKey:
    """The key that a room's messages are encrypted with now, who has it, and what has still to be sent."""

    session: OutboundGroupSession
    given: frozenset[Target] = frozenset()
    parcels: list[Parcel] = field(default_factory=list)


class Machine:
    """One device's keys and sessions, on one file. Raises SendFailed or SinkRefused about that file."""

    def __init__(self, file: Path, user_id: str, device_id: str, pickle_key: str) -> None:
        self._file = file
        self._olm = open_store(file, user_id, device_id, pickle_key)
        self._rooms: dict[str, RoomKey] = {}
        self._known: set[str] = set()
        self.broken = False

    def close(self) -> None:
        """Close the file."""
        self._olm.store.database.close()

    @property
    def device_keys(self) -> dict[str, Any]:
        """Our device as /keys/upload takes it, signed by itself."""
        user_id, device_id, keys = self._olm.user_id, self._olm.device_id, self._olm.account.identity_keys
        bare = {
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", MEGOLM],
            "device_id": device_id,
            "user_id": user_id,
            "keys": {f"{kind}:{device_id}": keys[kind] for kind in ("curve25519", "ed25519")},
        }
        return {**bare, "signatures": {user_id: {f"ed25519:{device_id}": self._olm.sign_json(bare)}}}

    @property
    def sync_token(self) -> str | None:
        """Where the last sync ended."""
        with disk_errors(self._file):
            token: str | None = self._olm.store.load_sync_token()
            return token

    def one_time_keys(self, at_server: int) -> dict[str, Any]:
        """What to upload: keys that an upload before this one may have lost, else new ones, else nothing. Saved."""
        account = self._olm.account
        if not account.one_time_keys["curve25519"] and at_server < ENOUGH_ONE_TIME_KEYS:
            account.generate_one_time_keys(account.max_one_time_keys - at_server)
            with self._saving():
                self._olm.save_account()
        return {
            f"signed_curve25519:{name}": self._signed(key) for name, key in account.one_time_keys["curve25519"].items()
        }

    def uploaded(self) -> None:
        """The server has those keys, or has others under their names: they are not offered again."""
        self._olm.account.mark_keys_as_published()
        with self._saving():
            self._olm.save_account()

    def take(self, token: str, events: Iterable[Mapping[str, Any]], members: frozenset[str]) -> frozenset[str]:
        """What a sync brought for this device, of members only, with its token. Returns who has begun a new session.

        Anybody who is in a room may send anything: what cannot be read is dropped and counted in the log.
        """
        renewed: set[str] = set()
        unread: Counter[str] = Counter()
        with self._saving():
            for event in events:
                sender = event.get("sender")
                if event.get("type") == "m.room.encrypted" and isinstance(sender, str) and sender in members:
                    renewed |= self._decrypt(event, sender, unread)
            self._olm.store.save_sync_token(token)
        self._olm.wedged_devices.clear()  # nobody has to reach us; each send finds what it needs by itself
        if unread:
            log.warning("%d messages of other devices are of no use and dropped: %s", unread.total(), dict(unread))
        return frozenset(renewed)

    def forget(self, users: Iterable[str]) -> None:
        """Ask for their devices again before the next message."""
        self._known -= set(users)

    def unknown(self, users: frozenset[str]) -> frozenset[str]:
        """Those whose devices have to be asked for."""
        return users - self._known

    def learn(self, devices: Mapping[str, Mapping[str, Any]]) -> None:
        """The devices of these users, as `sound_devices` leaves them, in place of those known before."""
        for user_id in devices:
            self._olm.device_store[user_id].clear()
        self._olm.handle_response(KeysQueryResponse({name: dict(of) for name, of in devices.items()}, {}))
        self._known |= set(devices)

    def targets(self, users: frozenset[str]) -> frozenset[Target]:
        """All their devices but this one."""
        return frozenset(
            Target(user, device.id, device.ed25519, device.curve25519)
            for user in users
            for device in self._olm.device_store.active_user_devices(user)
            if device.id != self._olm.device_id  # nio writes to no device of that name, whoever has it
        )

    def reachable(self, targets: frozenset[Target]) -> frozenset[Target]:
        """Those that we have an Olm session with."""
        return frozenset(each for each in targets if self._olm.session_store.get(each.curve25519))

    def begin_sessions(self, claims: Mapping[str, Any]) -> None:
        """Make Olm sessions with one-time keys, as `sound_claims` leaves them."""
        with self._saving():
            self._olm.handle_response(KeysClaimResponse(dict(claims), {}))

    def distribute(self, room_id: str, users: frozenset[str], rules: Mapping[str, Any]) -> list[Parcel]:
        """What has to be sent before the room's next message: nothing, where all who can have its key.

        Where somebody who has it is gone, or it is old, a new one; where somebody is new, they get the same, from now.
        """
        now = self.reachable(self.targets(users))
        key = self._rooms.get(room_id)
        if key is None or key.given - now or key.session.expired:
            key = self._rooms[room_id] = self._new_key(room_id, rules)
        if now - key.given:
            key.parcels += self._pack(room_id, users, key, {(each.user_id, each.device_id): each for each in now})
        key.session.shared = not key.parcels
        return list(key.parcels)

    def given(self, room_id: str, parcel: Parcel) -> None:
        """The server has taken it."""
        key = self._rooms[room_id]
        key.parcels.remove(parcel)
        key.session.shared = not key.parcels

    def made(self, session_id: str) -> bool:
        """Whether a room key was made here: if not, and this device has used it, the store is an old copy."""
        with disk_errors(self._file):
            known: bool = self._olm.store.knows_room_key(session_id)
            return known

    def renew_sessions(self) -> None:
        """Begin new sessions with everybody, since steps of the old ones may have been used already."""
        with self._saving():
            self._olm.store.delete_sessions()
        self._olm.session_store = SessionStore()
        self._rooms.clear()

    def drop_room_keys(self) -> None:
        """Make new ones for the next messages."""
        self._rooms.clear()

    def encrypt(self, room_id: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content of m.room.encrypted for an m.room.message; the room's key has to be distributed.

        SendFailed where it is not, or is too old since: nio then puts one in its place that nobody has.
        """
        try:
            encrypted: dict[str, Any] = self._olm.group_encrypt(room_id, {"type": "m.room.message", "content": content})
        except GroupEncryptionError as error:
            if self._olm.outbound_group_sessions.get(room_id) is not self._rooms[room_id].session:
                del self._rooms[room_id]
            raise SendFailed(f"{room_id}: the room's key ended before the message; it gets a new one") from error
        return encrypted

    def _new_key(self, room_id: str, rules: Mapping[str, Any]) -> RoomKey:
        self._olm.create_outbound_group_session(room_id)
        session = self._olm.outbound_group_sessions[room_id]
        with self._saving():
            self._olm.store.remember_room_key(session.id)
        session.max_messages, session.max_age = lifetime(rules)
        return RoomKey(session)

    def _pack(
        self, room_id: str, users: frozenset[str], key: RoomKey, by_name: Mapping[tuple[str, str], Target]
    ) -> list[Parcel]:
        key.session.shared = False  # so that nio goes on with this key instead of making a new one
        with self._saving():
            batches = list(self._olm.share_group_session_parallel(room_id, sorted(users)))
        parcels = [Parcel(body["messages"], frozenset(by_name[name] for name in names)) for names, body in batches]
        for names, _ in batches:
            key.session.users_shared_with |= names
        key.given = key.given.union(*(parcel.targets for parcel in parcels))
        return parcels

    def _signed(self, key: str) -> dict[str, Any]:
        signature = self._olm.sign_json({"key": key})
        return {"key": key, "signatures": {self._olm.user_id: {f"ed25519:{self._olm.device_id}": signature}}}

    def _decrypt(self, event: Mapping[str, Any], sender: str, unread: Counter[str]) -> set[str]:
        """Its sender, where it is the empty message that begins a new session after one that broke."""
        try:
            decrypted = self._olm.handle_to_device_event(ToDeviceEvent.parse_event(dict(event)))
        except (peewee.PeeweeException, sqlite3.Error, OSError):
            raise  # our disk's fault, not the sender's
        except Exception as error:  # noqa: BLE001  # what is in it is the sender's choice, and so is what nio raises
            unread[type(error).__name__] += 1
            return set()
        if decrypted is None:
            unread["nothing for us"] += 1
        return {sender} if isinstance(decrypted, DummyEvent) else set()

    @contextmanager
    def _saving(self) -> Iterator[None]:
        try:
            with disk_errors(self._file), self._olm.store.database.atomic():
                yield
        except BaseException:
            self.broken = True
            raise


def lifetime(rules: Mapping[str, Any]) -> tuple[int, timedelta]:
    """Messages and time that a room key lasts: what `m.room.encryption` says, within our bounds."""
    messages, age_ms = rules.get("rotation_period_msgs"), rules.get("rotation_period_ms")
    most = min(max(messages, 1), MOST_MESSAGES) if isinstance(messages, int) else MOST_MESSAGES
    if not isinstance(age_ms, int):
        return most, LONGEST_AGE
    shortest, longest = (round(age.total_seconds() * 1000) for age in (SHORTEST_AGE, LONGEST_AGE))
    return most, timedelta(milliseconds=min(max(age_ms, shortest), longest))
