"""Where configuration text comes from: files, and what is packaged. Reads bytes; says plainly why it cannot."""

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from paseo_watch.config.problem import ConfigError, Place, Problem

MAX_BYTES = 256 * 1024
"""A configuration is written by hand: a larger file is a wrong file."""

_FOLDER_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Source:
    """One text: how messages name it, what its relative paths are relative to, and its file (None: packaged)."""

    shown: str
    folder: Path
    path: Path | None = None


def builtin_names() -> tuple[str, ...]:
    """The packaged configurations, as `extends` names them."""
    folder = resources.files("paseo_watch.config") / "builtin"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def builtin(name: str, working: Path) -> tuple[Source, str]:
    """A packaged configuration; its relative paths are relative to the working folder."""
    file = resources.files("paseo_watch.config") / "builtin" / f"{name}.yaml"
    return Source(f"{name}.yaml (built-in)", working), file.read_text(encoding="utf-8")


def read(path: Path, shown: str) -> tuple[Source, str]:
    """A file's text; raises ConfigError where it is missing, no regular file, unreadable, too large or not UTF-8."""
    return Source(shown, path.parent, path), read_text(path, Place(shown), MAX_BYTES)


def read_text(path: Path, place: Place, limit: int) -> str:
    """At most `limit` bytes of UTF-8 text; raises ConfigError with the reason at `place`."""
    try:
        raw = _read_bytes(path, limit)
    except (OSError, ValueError) as error:
        raise ConfigError([Problem(place, (), _reason(error))]) from error
    if len(raw) > limit:
        raise ConfigError([Problem(place, (), f"larger than {limit // 1024} KiB; this is not a file written for this")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = Place(place.file, line) if place.line is None else place
        raise ConfigError([Problem(where, (), "not UTF-8 text; save the file as UTF-8")]) from None


def folder_files(folder: Path) -> Sequence[Path]:
    """The YAML files of a folder in the order of their names, hidden ones left out."""
    try:
        found = [entry for entry in folder.iterdir() if entry.suffix in _FOLDER_ENDINGS]
    except OSError as error:
        raise ConfigError([Problem(Place(str(folder)), (), _reason(error))]) from error
    files = sorted(entry for entry in found if not entry.name.startswith("."))
    if not files:
        raise ConfigError([Problem(Place(str(folder)), (), "no *.yaml or *.yml file in this folder")])
    return files


def _read_bytes(path: Path, limit: int) -> bytes:
    # O_NONBLOCK: a FIFO without a writer would otherwise hold the start for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EISDIR, "not a regular file")
        return file.read(limit + 1)


def _reason(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "no such file"
        case PermissionError():
            return "not readable: permission denied"
        case IsADirectoryError():
            return "not a regular file; expected a YAML file"
        case OSError():
            return f"not readable: {error.strerror or type(error).__name__}"
        case _:
            return "not a usable file name"
