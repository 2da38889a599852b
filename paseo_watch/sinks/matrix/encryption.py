"""Writes into encrypted rooms so that Element shows it, or refuses with words; never plain text, never unreadable.

    encryption = account.once(Encryption)
    await encryption.prepare(room_id)                    may it be written to? Raises SendFailed or SinkRefused
    content = await encryption.encrypt(room_id, content) the content of one m.room.encrypted event
    await encryption.close()                             the account does it

One per account, opened by the first encrypted room: a plain room needs neither the extra nor keys. Before a message: a
sync where the last one is some seconds old, the devices of members who are new or changed, sessions with those that
have none, and the room's key to everybody who lacks it; a message is encrypted only when all that the server could do
has been done. A device that offers no keys, or broken ones, does not keep the others waiting.

What is encrypted is sent by the caller, under its own transaction id: a repeated send may carry another ciphertext, and
the homeserver keeps the first. The delivery's id, a hash that tells nothing, stays readable beside the ciphertext, for
the look at what already arrived.
"""

import asyncio
import importlib.util
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paseo_watch.sinks.matrix import identity
from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.content import DELIVERY
from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys
from paseo_watch.sinks.matrix.encryption_readers import count_readers, nobody_reads
from paseo_watch.sinks.matrix.encryption_requests import Requests
from paseo_watch.sinks.matrix.identity import Step
from paseo_watch.sinks.matrix.secret import read_secret
from paseo_watch.sinks.matrix.surprise import surprises_told
from paseo_watch.sinks.sink import SendFailed, SinkRefused

if TYPE_CHECKING:
    from paseo_watch.sinks.matrix.encryption_machine import Machine
    from paseo_watch.sinks.matrix.encryption_round import Round

log = logging.getLogger(__name__)

EXTRA = "pip install '.[encryption]', in the repository's folder"
NEEDED = ("vodozemac", "peewee", "cachetools", "atomicwrites")
"""What the extra brings."""


class Encryption:
    """One account's encryption. Safe to use from several sinks at once; opened by the first that has to send."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._requests = Requests(account)
        self._lock = asyncio.Lock()
        self._round: Round | None = None

    async def readers(self, room_id: str) -> str:
        """How many devices of others could read in the room, in words; SinkRefused where certainly none could."""
        with surprises_told(self._account.shown):
            count, users, unknown = await count_readers(self._requests, room_id, self._account.session.user)
        if not count and not unknown:
            raise nobody_reads(room_id)
        return f"{count} devices of {users} members" + (f"; {unknown} homeservers did not answer" if unknown else "")

    async def examine(self) -> str:
        """What stands with the account's keys, in words, changing nothing; raises SendFailed or SinkRefused."""
        keys, who = self._keys(), self._account.session
        with surprises_told(self._account.shown):
            own = await identity.look(self._requests, who.user, who.device_id)
            kept = self._is_kept()  # a running service may have it open: what it has for the device is taken on trust
            step = identity.next_step(own, keys, who.user, own.device if kept else None)
        if step is Step.FOREIGN_KEYS or (step is Step.OTHER_DEVICE and self._account.options.password is None):
            raise identity.refusal(step, who.user, who.device_id)
        return "keys on the homeserver, device signed" if step is Step.COMPLETE else f"to do at the start: {step.value}"

    async def prepare(self, room_id: str) -> None:
        """Find out that the room can be written to, setting up what is needed. Raises SendFailed or SinkRefused."""
        async with self._lock:
            await self._ready(room_id)

    async def encrypt(self, room_id: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content of an m.room.encrypted event that everybody in the room can read who can be made to.

        Raises SendFailed or SinkRefused; nothing of the message has been sent then.
        """
        async with self._lock:
            encrypted = await (await self._ready(room_id)).encrypt(room_id, content)
        return {**encrypted, DELIVERY: content[DELIVERY]} if DELIVERY in content else encrypted

    async def close(self) -> None:
        """Close the store."""
        if self._round is not None:
            self._round.machine.close()
            self._round = None

    async def _ready(self, room_id: str) -> "Round":
        if self._round is not None and self._round.machine.broken:
            await self.close()
        if self._round is None:
            with surprises_told(self._account.shown):
                self._round = await self._open()
        await self._round.catch_up(room_id)
        return self._round

    async def _open(self) -> "Round":
        keys, password = self._keys(), self._account.options.password
        from paseo_watch.sinks.matrix.encryption_round import Round  # needs the extra, which `_keys` has looked for

        machine = await self._own_machine(keys)
        try:
            await identity.complete(self._requests, keys, machine.device_keys, password)
        except BaseException:
            machine.close()
            raise
        return Round(self._requests, machine, keys, password, self._account.clock)

    async def _own_machine(self, keys: CrossSigningKeys) -> "Machine":
        """The machine of our device; of a new one where the old one's store is lost and a password is configured."""
        machine = await self._machine_if_ours(keys)
        if machine is None:
            options = self._account.options
            if options.password is None:
                raise identity.refusal(Step.OTHER_DEVICE, self._account.session.user, self._account.session.device_id)
            device_id = f"{options.device_id}_{secrets.token_hex(4)}"
            log.warning("%s: the keys of %s are not here; going on as %s", options.user, options.device_id, device_id)
            await self._account.log_in_as(device_id)
            machine = await self._machine_if_ours(keys)
        if machine is None:
            raise SendFailed(f"{self._account.shown}: the homeserver has keys of a device that it has just made")
        return machine

    async def _machine_if_ours(self, keys: CrossSigningKeys) -> "Machine | None":
        from paseo_watch.sinks.matrix.encryption_machine import Machine  # needs the extra

        who = self._account.session
        own = await identity.look(self._requests, who.user, who.device_id)
        if identity.next_step(own, keys, who.user, None) is Step.FOREIGN_KEYS:
            raise identity.refusal(Step.FOREIGN_KEYS, who.user, who.device_id)
        if own.device is not None and not self._is_kept():
            return None
        machine = Machine(self._file, who.user, who.device_id, keys.pickle_key)
        if identity.next_step(own, keys, who.user, machine.device_keys) is Step.OTHER_DEVICE:
            machine.close()
            return None
        return machine

    def _is_kept(self) -> bool:
        from paseo_watch.sinks.matrix.encryption_store import is_there  # needs the extra

        return is_there(self._file)

    @property
    def _file(self) -> Path:
        """Where the keys of the device lie."""
        return self._account.folder / f"keys-{self._account.session.device_id}.db"

    def _keys(self) -> CrossSigningKeys:
        """The account's own keys; SinkRefused where encryption cannot be had with this configuration."""
        user, secret = self._account.options.user, self._account.options.cross_signing_key
        if not all(importlib.util.find_spec(name) for name in NEEDED):
            raise SinkRefused(f"{user}: encrypted rooms need the extra: {EXTRA}; or use a room that is not encrypted")
        if secret is None:
            raise SinkRefused(
                f"{user}: encrypted rooms need cross_signing_key, or Element hides what is written; make one with "
                "`openssl rand -base64 32`, keep it safe, and configure it"
            )
        return CrossSigningKeys.derive(read_secret(secret.get_secret_value()), user)
