"""What the service stands on, for `check --online`: its store and its HTTP address. Nothing of either is changed."""

import asyncio
import errno
import os
from collections.abc import Awaitable
from pathlib import Path

import aiohttp

from paseo_watch.cli.say import say
from paseo_watch.config.fields import Listen
from paseo_watch.config.model import Config
from paseo_watch.errors import PaseoWatchError, PermanentError
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreNotReady
from paseo_watch.store.url import parse, shown

ANSWER = aiohttp.ClientTimeout(total=5)


class NotThere(PermanentError):
    """Something that the service needs is not as it should be; says what to do."""


async def look_at_premises(config: Config) -> bool:
    """Say what is found of the store and the HTTP address; whether all is well."""
    good = await _say("store", _store(config.store.url.get_secret_value()))
    if config.http:
        good &= await _say("http", _http(config.http.listen))
    return good


async def _say(what: str, look: Awaitable[str]) -> bool:
    try:
        say(f"{what}: {await look}")
    except PaseoWatchError as error:
        say(f"{what}: FAILED: {error}")
        return False
    return True


async def _store(url: str) -> str:
    """What a reader finds: it works beside a running service."""
    parsed = parse(url)
    place = shown(parsed)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database is None:
            return f"{place}: forgotten at the end of every run"
        if _is_to_be_made(Path(parsed.database)):
            return f"{place}: not there yet; `paseo-watch run` makes it"
    try:
        async with await Database.open(url, Access.READER):
            return f"{place}: can be read"
    except StoreNotReady as error:
        return str(error)


def _is_to_be_made(file: Path) -> bool:
    """Whether a file is missing that could be there. Raises NotThere where this user cannot make it."""
    if file.exists() or not file.parent.is_dir():
        return False
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise NotThere(f"{file}: this user can't write in {file.parent}; give it the right to, or name another file")
    return True


async def _http(listen: Listen) -> str:
    """Listen for a moment; where somebody else does, ask who it is."""
    try:
        server = await asyncio.start_server(_hang_up, listen.host, listen.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _is_ours(listen):
            return f"{listen}: a running paseo-watch answers there"
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise NotThere(f"cannot listen on {listen}: {why}; stop what listens there, or set http.listen") from error
    server.close()
    await server.wait_closed()
    return f"{listen}: free"


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _is_ours(listen: Listen) -> bool:
    """Whether what answers there says that it is paseo-watch."""
    try:
        async with aiohttp.ClientSession(timeout=ANSWER) as session, session.get(f"http://{listen}/healthz") as answer:
            return answer.headers.get("Server") == "paseo-watch"
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
