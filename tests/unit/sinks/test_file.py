"""The file sink sorts the operating system's errors, and does its work beside the event loop."""

import asyncio
import errno
import os
import threading
from pathlib import Path

import orjson
import pytest

from paseo_watch.sinks.file import FileOptions, FileSink, build, sort_error
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.samples import delivery
from tests.unit.sinks.settings import setting


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (errno.ENOSPC, SendFailed, "the disk is full"),
        (errno.EDQUOT, SendFailed, "quota"),
        (errno.EROFS, SendFailed, "read-only"),
        (errno.EIO, SendFailed, "Input/output error"),
        (errno.EMFILE, SendFailed, "Too many open files"),
        (errno.EACCES, SinkRefused, "let the service's user write there"),
        (errno.EISDIR, SinkRefused, "name a file in it"),
        (errno.ENOENT, SinkRefused, "create it"),
        (errno.ENOTDIR, SinkRefused, "not a folder"),
    ],
)
def test_each_error_says_what_to_do_and_whether_waiting_helps(code: int, kind: type[Exception], says: str) -> None:
    """What is not known to be hopeless is tried again."""
    error = sort_error(OSError(code, os.strerror(code)), Path("alerts.jsonl"))
    assert type(error) is kind
    assert str(error).startswith("alerts.jsonl: ")
    assert says in str(error)


async def test_a_folder_in_the_files_place_is_refused_at_open_and_fails_at_send(tmp_path: Path) -> None:
    """A refused delivery is dead at once; one that failed waits until the operator has mended the path."""
    sink = FileSink(FileOptions(path=tmp_path))
    with pytest.raises(SinkRefused, match="is a folder"):
        await sink.open()
    with pytest.raises(SendFailed, match="is a folder"):
        await sink.send(delivery())
    await sink.close()


async def test_a_missing_folder_is_refused_until_it_is_there(tmp_path: Path) -> None:
    """`outbox retry` after the operator has made it."""
    path = tmp_path / "missing" / "alerts.jsonl"
    sink = FileSink(FileOptions(path=path))
    with pytest.raises(SinkRefused, match="create it"):
        await sink.open()
    path.parent.mkdir()
    await sink.send(delivery(7))
    await sink.close()
    assert orjson.loads(path.read_bytes())["id"] == f"{7:032x}"


async def test_a_full_disk_is_failed_and_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The delivery stays pending and is written when there is room."""
    sink = build(FileOptions(path=tmp_path / "alerts.jsonl"), setting())
    await sink.open()

    def full(file: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(SendFailed, match="the disk is full"):
            await sink.send(delivery())
    await sink.send(delivery())
    await sink.close()
    assert len((tmp_path / "alerts.jsonl").read_bytes().splitlines()) == 1


async def test_a_send_cancelled_in_the_middle_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM during a write: the write ends before the file is closed, and the next process does not repeat it."""
    path = tmp_path / "alerts.jsonl"
    sink = FileSink(FileOptions(path=path))
    await sink.open()
    writing, go_on, real = threading.Event(), threading.Event(), os.fsync

    def slow(file: int) -> None:
        writing.set()
        assert go_on.wait(30)
        real(file)

    monkeypatch.setattr(os, "fsync", slow)
    sending = asyncio.create_task(sink.send(delivery(3)))
    await asyncio.to_thread(writing.wait, 30)
    sending.cancel()
    await asyncio.wait([sending])
    closing = asyncio.create_task(sink.close())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    await closing
    after = FileSink(FileOptions(path=path))
    await after.open()
    await after.send(delivery(3, attempt=2))
    await after.close()
    assert len(path.read_bytes().splitlines()) == 1
