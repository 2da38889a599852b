"""One account: a login that all its rooms share, for as long as one of them needs it.

    acquire -> ask … ask -> release

With a token, the homeserver says whose it is. With a password, the session of the last time is used again, and only
where there is none, or it was revoked, a login makes another for the same device. A lock on the account's folder keeps
a second service from using the same device. To look (`acquire(exclusive=False)`) is allowed beside a running service:
it uses that one's session and never logs in while the lock is held, for that would revoke the token.
"""

import asyncio
import fcntl
import logging
import math
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote

import aiohttp

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix import session as sessions
from paseo_watch.sinks.matrix.client import HomeserverClient, new_client
from paseo_watch.sinks.matrix.errors import Asked, ErrorAnswer, Fault, NotMatrix, fault_of, fault_of_failure, sort
from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.matrix.pace import Pace
from paseo_watch.sinks.matrix.secret import hide
from paseo_watch.sinks.matrix.session import Session
from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

Call = Callable[[HomeserverClient], Awaitable[Any]]
"""A request by the client that it is handed; an answer of nio's comes back."""
log = logging.getLogger(__name__)

_USUAL = (ErrorAnswer, NotMatrix, aiohttp.ClientError, OSError)
"""What a request may well meet."""
OFTEN = 3600
"""Seconds: sessions that are revoked twice within this time are revoked by something that goes on doing so."""
DEVICE_NAME = "paseo-watch"
"""What the account's owner sees in the list of devices."""


class Closable(Protocol):
    """What an account closes at the end."""

    async def close(self) -> None:
        """Let go of everything."""
        ...


Part = TypeVar("Part", bound=Closable)


class Account:
    """Made once per `MatrixOptions.account` and shared through `SinkSetting.accounts`.

    `folder` is this account's part of the store, made by an exclusive `acquire`. `session` is who is logged in now.
    """

    def __init__(self, options: MatrixOptions, setting: SinkSetting) -> None:
        self.options = options
        self.pace = Pace()
        name, server = (quote(part, safe="") for part in options.user[1:].split(":", 1))
        self.folder = Path(options.store) / f"{name}@{server}" / options.device_id
        self.shown = f"{options.homeserver} ({options.user})"
        self.clock = setting.clock
        self._new_http = setting.session
        self._session: Session | None = None
        self._client: HomeserverClient | None = None
        self._lock: int | None = None
        self._users = 0
        self._revoked = -math.inf
        self._busy = asyncio.Lock()
        self._parts: dict[object, Closable] = {}

    @property
    def client(self) -> HomeserverClient:
        """The client that is logged in; between `acquire` and `release`."""
        assert self._client is not None
        return self._client

    @property
    def session(self) -> Session:
        """Who is logged in; between `acquire` and `release`."""
        assert self._session is not None
        return self._session

    async def acquire(self, *, exclusive: bool = True) -> None:
        """Be logged in. Raises SendFailed or SinkRefused, and is then not held."""
        async with self._busy:
            self._users += 1
            try:
                if exclusive:
                    self._take_lock()
                if self._client is None:
                    self._client = self._new_client()
                if self._session is None:
                    await self._log_in()
            except BaseException:
                await self._let_go()
                raise

    async def release(self) -> None:
        """Not needed any more by one of those who acquired it."""
        async with self._busy:
            await self._let_go()

    def once(self, make: "Callable[[Account], Part]") -> "Part":
        """What all rooms of this account share, made by the first who asks and closed after the last has gone."""
        if make not in self._parts:
            self._parts[make] = make(self)
        return cast(Part, self._parts[make])

    async def ask(self, asked: Asked, call: Call, shown: str | None = None) -> Any:
        """The good answer to a request. Raises SendFailed, SendRefused or SinkRefused (`errors.sort`)."""
        answer = await self.attempt(call)
        if isinstance(answer, Fault):
            raise sort(answer, asked, shown or self.shown)
        return answer

    async def attempt(self, call: Call) -> Any:
        """The good answer to a request, or the Fault. Where the token was revoked and there is a password: once more,
        with another token."""
        used = self.session
        answer = await self._try(call)
        if not (isinstance(answer, Fault) and answer.token_gone and self.options.password is not None):
            return answer
        async with self._busy:
            if self.session is used:  # else somebody else has logged in meanwhile
                self._note_revoked()
                await self._log_in_by_password(used.device_id, "the session was revoked")
        return await self._try(call)

    async def server(self) -> str:
        """That the homeserver is one: the newest version of the specification that it knows."""
        answer = await self.ask("server", lambda client: client.call("GET", "/_matrix/client/versions", token=""))
        versions = answer.content.get("versions")
        known = [each for each in versions if isinstance(each, str)] if isinstance(versions, list) else []
        if not known:
            raise SinkRefused(f"{self.shown}: tells no versions, as a Matrix homeserver would; check homeserver")
        return clean(f"{self.options.homeserver} knows Matrix {hide(known[-1], self._secrets())}", 200)

    async def owner(self) -> str:
        """Whose the token is, as the homeserver says now."""
        answer = await self.ask("token", lambda client: client.whoami())
        _check_owner(answer, self.session, self.shown)
        return f"{self.session.user}, device {self.session.device_id}"

    async def log_in_as(self, device_id: str) -> None:
        """Become this device of the same account, kept in the session; the former one is logged out.

        Needs the password. Raises SendFailed or SinkRefused.
        """
        async with self._busy:
            former = self.session
            await self._log_in_by_password(device_id, f"in place of {former.device_id}, whose keys are not here")
        path = "/_matrix/client/v3/logout"
        left = await self._try(lambda client: client.call("POST", path, {}, former.access_token))
        if isinstance(left, Fault):
            log.warning("%s: the former device %s stays in the list of devices", self.shown, former.device_id)

    async def _try(self, call: Call) -> Any:
        """The good answer or the Fault; nio may raise anything over an answer of a shape that it did not expect."""
        try:
            answer = await call(self.client)
            return fault_of(answer, self._secrets()) or answer
        except (SendFailed, SendRefused, SinkRefused):
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told as a failed request, by its type
            fault = fault_of_failure(error, self._secrets())
            if not isinstance(error, _USUAL):
                log.warning("%s: %s", self.shown, fault.words)
            return fault

    def _secrets(self) -> tuple[str, ...]:
        given = (self.options.access_token, self.options.password, self.options.cross_signing_key)
        session = () if self._session is None else (self._session.access_token,)
        return (*session, *(each.get_secret_value() for each in given if each is not None))

    async def _log_in(self) -> None:
        given = self.options
        if given.access_token is not None:
            await self._check_token(Session(given.user, given.device_id, given.access_token.get_secret_value()))
        elif (kept := sessions.read(self._path, given.user)) is not None:
            self._adopt(kept)
        else:
            await self._log_in_by_password(given.device_id, "no session is kept yet")

    async def _check_token(self, session: Session) -> None:
        self.client.access_token = session.access_token
        answer = await self._try(lambda client: client.whoami())
        if isinstance(answer, Fault):
            raise sort(answer, "token", self.shown)
        _check_owner(answer, session, self.shown)
        self._adopt(session)

    def _note_revoked(self) -> None:
        """Sessions are revoked by people, seldom; two services of one device do it to each other all the time."""
        now = self.clock.monotonic()
        if now - self._revoked < OFTEN:
            log.warning(
                "%s: the session was revoked again, within %d minutes; if another service logs in as this account and "
                "device %s, give one of them another device_id",
                self.shown,
                OFTEN // 60,
                self.session.device_id,
            )
        self._revoked = now

    async def _log_in_by_password(self, device_id: str, why: str) -> None:
        borrowed = self._lock is None
        if borrowed:
            self._take_lock()
        try:
            answer = await self._try(lambda client: client.login_raw(self._credentials(device_id)))
            if isinstance(answer, Fault):
                raise sort(answer, "login", self.shown)
            session = Session(answer.user_id, answer.device_id, answer.access_token)
            if session.user != self.options.user:
                raise SinkRefused(f"{self.shown}: the homeserver logged in {clean(session.user, 255)}; check user")
            self._adopt(session)
            sessions.write(self._path, session)
            log.info("%s: logged in by password as device %s: %s", self.shown, session.device_id, why)
        finally:
            if self._session is not None:
                self._adopt(self._session)  # nio's client takes over any login
            if borrowed:
                self._drop_lock()

    def _credentials(self, device_id: str) -> dict[str, Any]:
        assert self.options.password is not None
        return {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.options.user},
            "password": self.options.password.get_secret_value(),
            "device_id": device_id,
            "initial_device_display_name": DEVICE_NAME,
        }

    def _adopt(self, session: Session) -> None:
        self._session = session
        self.client.user_id, self.client.device_id = session.user, session.device_id
        self.client.access_token = session.access_token

    def _new_client(self) -> HomeserverClient:
        given = self.options
        return new_client(self._new_http(), given.homeserver, given.user, given.timeout)

    @property
    def _path(self) -> Path:
        return self.folder / "session.json"

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SinkRefused(
                f"{self.folder}: cannot be used ({error.strerror}); let the service write there"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise SendFailed(f"{self.folder}: another process holds this account; end it first") from error
        self._lock = lock

    def _drop_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _let_go(self) -> None:
        self._users -= 1
        if self._users:
            return
        parts, self._parts = self._parts, {}
        for part in parts.values():
            await part.close()
        client, self._client, self._session = self._client, None, None
        if client is not None:
            await client.close()
        self._drop_lock()


def _check_owner(answer: Any, session: Session, shown: str) -> None:
    for key, found in (("user", answer.user_id), ("device_id", answer.device_id)):
        wanted = getattr(session, "user" if key == "user" else "device_id")
        if found != wanted:
            told = clean(str(found), 255)
            raise SinkRefused(f"{shown}: the access token is of {key} {told}, not {wanted}; configure {key}: {told}")
