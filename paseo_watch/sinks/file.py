"""A file of JSON lines: one alert a line, on the disk when `send` returns, each alert once.

One file belongs to one receiver: lines carry the notification's `id`, and a second line with the same id is not
written. A lock on the file holds others to that.
"""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from pydantic import Field

from paseo_watch.sinks.json_lines import JsonLines
from paseo_watch.sinks.kind import SinkOptions, SinkSetting
from paseo_watch.sinks.render.data import as_json
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SinkRefused

_REFUSED = MappingProxyType(
    {
        errno.EACCES: "no permission; let the service's user write there",
        errno.EPERM: "not permitted; let the service's user write there",
        errno.EISDIR: "is a folder; name a file in it",
        errno.ENOTDIR: "a part of the path is not a folder",
        errno.ENOENT: "its folder does not exist; create it",
        errno.ENAMETOOLONG: "the name is too long",
        errno.ELOOP: "a circle of symbolic links",
    }
)
_FAILED = MappingProxyType(
    {
        errno.ENOSPC: "the disk is full; nothing is lost, free some space",
        errno.EDQUOT: "the disk quota is used up; nothing is lost, free some space",
        errno.EROFS: "the file system is read-only",
        errno.EFBIG: "the file has reached the largest size allowed; rotate it",
    }
)


class FileOptions(SinkOptions):
    """One JSON object a line, appended."""

    path: Path = Field(description="The file, in a folder that exists. One receiver a file.")


def sort_error(error: OSError, path: Path) -> SendFailed | SinkRefused:
    """Whether trying again can help, and what to do. What is not known to be hopeless is tried again."""
    code = error.errno or 0
    if code in _REFUSED:
        return SinkRefused(f"{path}: {_REFUSED[code]}")
    return SendFailed(f"{path}: {_FAILED.get(code, error.strerror or 'cannot write')}")


def failed(error: OSError, path: Path) -> SendFailed:
    """The same words, and never for good: an operator can mend any of it."""
    return SendFailed(str(sort_error(error, path)))


class FileSink:
    """Appends to one file, off the event loop, in one thread of its own."""

    kind = "file"

    def __init__(self, options: FileOptions) -> None:
        self._path = options.path
        self._lines = JsonLines(options.path)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="file-sink")

    async def open(self) -> None:
        """Mend what a crash left, learn what is already written; raises SendFailed or SinkRefused."""
        await self._run(self._lines.open)

    async def examine(self) -> tuple[Finding, ...]:
        """Whether the file could be opened for appending, without making it or waiting for its lock."""
        problem: SendFailed | SinkRefused | None = None
        try:
            await self._run(self._lines.look)
        except (SendFailed, SinkRefused) as error:
            problem = error
        found = f"{self._path}: {'cannot be written' if problem else 'can be written'}"
        return (Finding("file", found, problem, weak=True),)

    async def send(self, delivery: Delivery) -> None:
        """Append and sync; raises SendFailed, for whatever is wrong with the path can be mended while alerts wait.

        A cancelled send may still be written; its id then says so at the next one.
        """
        line = as_json(delivery.notification)
        await self._run(lambda: self._lines.append(str(delivery.notification["id"]), line), failed)

    async def close(self) -> None:
        """Let go of the file, after a write that is under way."""
        await self._run(self._lines.close)
        self._worker.shutdown(wait=False)

    async def _run(self, work: Callable[[], object], sort: Callable[[OSError, Path], Exception] = sort_error) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except OSError as error:
            raise sort(error, self._path) from error


def build(options: FileOptions, setting: SinkSetting) -> FileSink:
    """A file sink on the options' path."""
    return FileSink(options)
