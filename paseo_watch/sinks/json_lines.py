"""A file of JSON lines that stays whole through a crash and takes each id once. Blocking; made for one thread.

What a crash, a full disk or a power cut can leave is a torn last line: the beginning of an object, or zero bytes.
`open` cuts it off. It then remembers the ids of the last lines, so that a line written but not marked as delivered is
not written again. A file whose end is neither is not one of ours, and nothing in it is touched.
"""

import errno
import fcntl
import os
import stat
from pathlib import Path

import orjson

from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

REMEMBERED = 1000
"""How many of the last ids are known. The outbox has at most one unmarked delivery in flight for each file."""
WINDOW = 8 << 20
"""How many bytes from the end are read at `open`; one line may be half of it."""

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class JsonLines:
    """One file. Errors of the operating system come out as OSError, with the file as it was before the call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._ids: dict[str, None] = {}

    def open(self) -> None:
        """Open or create, lock, mend. Raises OSError, SinkRefused (not our kind of file), SendFailed (in use)."""
        self.close()
        file = os.open(self._path, _FLAGS, 0o640)
        try:
            self._claim(file)
            self._remember_all(_mend(file, self._path))
            _sync_folder(self._path.parent)
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def look(self) -> None:
        """Raise what `open` would, as far as that can be told without making, locking or changing anything."""
        if not self._path.exists():
            if not os.access(self._path.parent, os.W_OK | os.X_OK):
                raise OSError(errno.EACCES if self._path.parent.is_dir() else errno.ENOENT, "")
        elif self._path.is_dir():
            raise OSError(errno.EISDIR, "")
        elif not self._path.is_file():
            raise SinkRefused(f"{self._path}: not a regular file; name a file for the alerts")
        elif not os.access(self._path, os.W_OK):
            raise OSError(errno.EACCES, "")

    def append(self, id: str, line: bytes) -> bool:
        """Write one object and its line break to the disk; False where a line with this id is already there."""
        if len(line) >= WINDOW // 2:
            raise SendRefused(f"{self._path}: an alert of {len(line)} bytes is more than a line may have")
        file = self._current()
        if id in self._ids:
            return False
        before = os.fstat(file).st_size
        try:
            _write(file, line + b"\n")
            os.fsync(file)
        except OSError:
            self._give_back(file, before)
            raise
        self._remember(id)
        return True

    def close(self) -> None:
        """Let go of the file and its lock."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _current(self) -> int:
        """The open file; opened again where log rotation has put another, or none, in its place."""
        if self._file is not None and not _is_at(self._file, self._path):
            self.close()
        if self._file is None:
            self.open()
        assert self._file is not None
        return self._file

    def _give_back(self, file: int, size: int) -> None:
        """Cut off what a failed write left. The file is opened, and so mended, again before the next write."""
        try:
            os.ftruncate(file, size)
        finally:
            self.close()

    def _claim(self, file: int) -> None:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise SinkRefused(f"{self._path}: not a regular file; name a file for the alerts")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SendFailed(
                f"{self._path}: another receiver or process writes to this file; give each its own"
            ) from error

    def _remember_all(self, lines: list[bytes]) -> None:
        for line in lines:
            content = _parsed(line)
            if isinstance(content, dict) and isinstance(content.get("id"), str):
                self._remember(content["id"])

    def _remember(self, id: str) -> None:
        self._ids[id] = None
        if len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]


def _mend(file: int, path: Path) -> list[bytes]:
    """Cut off a torn last line; the last whole lines."""
    size = os.fstat(file).st_size
    *lines, tail = _read(file, max(0, size - WINDOW), size).split(b"\n")
    if isinstance(_parsed(tail), dict):
        _write(file, b"\n")  # all of the object was written: only its line break is missing
        lines.append(tail)
    elif tail:
        if not _is_torn(tail, lines):
            raise SinkRefused(f"{path}: does not end as a file of alerts does; name another file")
        os.ftruncate(file, size - len(tail))
    os.fsync(file)
    return lines[-REMEMBERED:]


def _is_torn(tail: bytes, lines: list[bytes]) -> bool:
    """Whether this is the beginning of an object, or zero bytes, after a line of ours or at the file's beginning."""
    begun = tail.rstrip(b"\0")
    ours = not lines or isinstance(_parsed(lines[-1]), dict)
    return ours and len(tail) < WINDOW // 2 and begun[:2] == b'{"'[: len(begun)]


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _read(file: int, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    while start < end and (part := os.pread(file, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    """A new file is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
