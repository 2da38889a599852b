"""Documents that watchers want loaded (a whitelist): read from a file or an https URL, whole or not at all.

A document that cannot be had, or cannot be read in full, changes nothing: the last good one stays in the watcher's
state, the failure is told, and the next round tries again.
"""

import asyncio
import logging
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from paseo_watch.errors import PermanentError, TransientError
from paseo_watch.rpc.transport import endpoint_name

log = logging.getLogger(__name__)

MAX_DOCUMENT = 1 << 20  # bytes; Paseo's whitelist is under 10 kB
TIMEOUT = aiohttp.ClientTimeout(total=20)


class DocumentUnreachable(TransientError):
    """It may be there the next time."""


class DocumentRefused(PermanentError):
    """It is there, and not what it should be."""


async def fetch(location: str, session: aiohttp.ClientSession) -> bytes:
    """The bytes at a path or an https URL. Raises DocumentUnreachable or DocumentRefused."""
    remote = location.startswith("https://")
    raw = await (_download(location, session) if remote else _read(Path(location)))
    if len(raw) > MAX_DOCUMENT:
        raise DocumentRefused(f"{shown(location)} has more than {MAX_DOCUMENT} bytes")
    return raw


def shown(location: str) -> str:
    """A path as it is; of a URL neither user, password nor query, which may be keys."""
    if not location.startswith("https://"):
        return location
    parts = urlsplit(location)
    return f"https://{endpoint_name(location)}{parts.path}"


async def _read(path: Path) -> bytes:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(MAX_DOCUMENT + 1)

    try:
        return await asyncio.to_thread(read)
    except OSError as error:
        raise DocumentUnreachable(f"{path}: {error.strerror}") from error


async def _download(url: str, session: aiohttp.ClientSession) -> bytes:
    try:
        async with session.get(url, timeout=TIMEOUT, max_redirects=3) as answer:
            if answer.status != 200:
                raise DocumentUnreachable(f"{shown(url)} answered {answer.status}")
            raw = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                raw += chunk
                if len(raw) > MAX_DOCUMENT:
                    break
            return bytes(raw)
    except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:
        raise DocumentUnreachable(f"{shown(url)}: {type(error).__name__}") from None  # its text repeats the URL
