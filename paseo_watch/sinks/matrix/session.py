"""The session of an account that logs in by password, kept in one JSON file: user, device, access token.

The device is kept with its token: the homeserver dedupes messages by device, and encryption keys belong to one. The
file is as secret as a password: mode 0600, in a folder of mode 0700.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from paseo_watch.sinks.sink import SendFailed, SinkRefused

LARGEST = 65_536
"""Bytes of a session file; ours have some hundred."""
_KEYS = ("user", "device_id", "access_token")


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in: a whole user id, a device id, and the token that proves it."""

    user: str
    device_id: str
    access_token: str = field(repr=False)


def read(path: Path, user: str) -> Session | None:
    """The stored session of this user; None where there is none. Raises SinkRefused where it cannot be used."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SinkRefused(f"{path}: cannot be read ({error.strerror}); let the service's user read it") from error
    session = _parse(content)
    if session is None:
        raise SinkRefused(f"{path}: no session of a Matrix account; take the file away, and the service logs in anew")
    if session.user != user:
        raise SinkRefused(f"{path}: the session of {session.user}, not of {user}; give each account a store of its own")
    return session


def write(path: Path, session: Session) -> None:
    """Keep it, whole or not at all. Raises SendFailed where the disk does not take it."""
    content = json.dumps({key: getattr(session, key) for key in _KEYS}).encode()
    beside = path.with_suffix(".new")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise SendFailed(f"{path}: cannot be written ({error.strerror}); the session would be lost") from error


def _parse(content: bytes) -> Session | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.keys() != set(_KEYS) or len(content) > LARGEST:
        return None
    if not all(isinstance(value, str) and value for value in found.values()):
        return None
    return Session(**found)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
