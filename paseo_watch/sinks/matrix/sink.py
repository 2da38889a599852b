"""The Matrix sink: a delivery becomes one message in one room.

The transaction id of a message is the delivery's id, and the device is kept: for some hours the homeserver answers a
second send of it with the first one's event, over its own restart too. Where it may have forgotten (an attempt whose
end is not known), the room's latest messages are looked through first.
"""

import logging
from collections.abc import Awaitable, Callable

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.content import content
from paseo_watch.sinks.matrix.encryption import Encryption
from paseo_watch.sinks.matrix.errors import Fault, sort
from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.matrix.room import Room
from paseo_watch.sinks.matrix.rules import ENCRYPTED, MESSAGE
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SinkRefused

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds: a longer wait for the homeserver's limit is left to the outbox."""
USUAL_WAIT = 5.0
"""Seconds to wait where the homeserver does not say how long."""

Step = tuple[str, Callable[[], Awaitable[str]]]
"""What is looked at, and the look: what was found, in words."""


class MatrixSink:
    """One room; the account is shared with the sinks of its other rooms."""

    kind = "matrix"

    def __init__(self, options: MatrixOptions, setting: SinkSetting) -> None:
        self._options = options
        self._clock = setting.clock
        self._account: Account = setting.accounts.setdefault(options.account, Account(options, setting))
        self._room = Room(self._account, options.room, options.join)
        self._held = False
        self._ready = False

    async def open(self) -> None:
        """Log in, find the room, be in it, allowed to write, and able to where it is encrypted.

        Raises SendFailed or SinkRefused.
        """
        self._ready = False
        self._check_options()
        if not self._held:
            await self._account.acquire()
            self._held = True
        for _, look in self._steps(self._prepared):
            await look()
        self._ready = True

    async def examine(self) -> tuple[Finding, ...]:
        """Login, homeserver, token, room, membership, power level, encryption, until the first problem.

        Nothing is sent. Where `join` is configured, an invitation is accepted here too.
        """
        what, findings = "login", []
        try:
            self._check_options()
            await self._account.acquire(exclusive=False)
        except (SendFailed, SinkRefused) as error:
            return (Finding(what, self._account.shown, error),)
        try:
            for what, look in self._steps(self._examined):  # the last one is what failed
                findings.append(Finding(what, await look()))
        except (SendFailed, SinkRefused) as error:
            findings.append(Finding(what, self._room.shown, error))
        finally:
            await self._account.release()
        return tuple(findings)

    async def send(self, delivery: Delivery) -> None:
        """Send it, unless it is there already. Raises SendFailed, SendRefused or SinkRefused."""
        if not self._ready:
            await self.open()
        if delivery.in_doubt and await self._room.holds(delivery.id):
            log.info("%s: delivery %s is in the room already", self._room.shown, delivery.id)
            return
        await self._wait_for_turn()
        made = content(delivery.notification, delivery.id, self._options, self._clock.now_ms())
        kind = MESSAGE
        if await self._room.encryption() is not None:
            kind, made = ENCRYPTED, await self._encryption().encrypt(self._room.id, made)
        answer = await self._account.attempt(lambda client: client.room_send(self._room.id, kind, made, delivery.id))
        self._account.pace.ended(self._clock.monotonic())
        if isinstance(answer, Fault):
            await self._fail(answer, kind)

    async def close(self) -> None:
        """Let go of the account. Nobody is logged out: the session is used again."""
        self._ready = False
        if self._held:
            self._held = False
            await self._account.release()

    def _steps(self, encryption: Callable[[], Awaitable[str]]) -> tuple[Step, ...]:
        return (
            ("homeserver", self._account.server),
            ("token", self._account.owner),
            ("room", self._room.find),
            ("membership", self._room.enter),
            ("successor", self._room.successor),
            ("power level", self._power),
            ("encryption", encryption),
        )

    async def _power(self) -> str:
        return await self._room.power(MESSAGE if await self._room.encryption() is None else ENCRYPTED)

    async def _prepared(self) -> str:
        if await self._room.encryption() is None:
            return "none"
        await self._encryption().prepare(self._room.id)
        return "ready"

    async def _examined(self) -> str:
        if await self._room.encryption() is None:
            return "none"
        keys = await self._encryption().examine()
        return f"{keys}; {await self._encryption().readers(self._room.id)}"

    def _encryption(self) -> Encryption:
        return self._account.once(Encryption)

    async def _wait_for_turn(self) -> None:
        now = self._clock.monotonic()
        wait = self._account.pace.take(now)
        if wait > PATIENCE:
            self._account.pace.give_back()
            raise SendFailed(f"{self._account.shown}: asked for patience", retry_after=wait)
        if wait:
            await self._clock.sleep(wait)

    async def _fail(self, fault: Fault, kind: str) -> None:
        """Raise what this is; where the homeserver says no, with what the room's state says about why."""
        if fault.limited:
            wait = USUAL_WAIT if fault.retry_after is None else fault.retry_after
            self._account.pace.refused(self._clock.monotonic(), wait)
        elif fault.forbidden or fault.not_found:
            await self._room.enter()
            await self._room.successor()
            await self._room.power(kind)
        raise sort(fault, "send", self._room.shown)

    def _check_options(self) -> None:
        if not self._account.options.logs_in_like(self._options):
            raise SinkRefused(
                f"{self._account.shown}: two receivers log in as this device in different ways; give both the same "
                "access_token or password, store, cross_signing_key and timeout, or each a device_id of its own"
            )
