"""A file of JSON lines stays whole, and each id is in it once, whatever a crash or a full disk left."""

import errno
import os
from pathlib import Path

import orjson
import pytest

from paseo_watch.sinks import json_lines
from paseo_watch.sinks.json_lines import REMEMBERED, JsonLines
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "alerts.jsonl"


def line(id: str, **more: object) -> bytes:
    """One object with an id."""
    return orjson.dumps({"id": id, **more})


def ids(path: Path) -> list[str]:
    """The ids in the file; fails where a line is not whole."""
    content = path.read_bytes()
    assert content == b"" or content.endswith(b"\n")
    return [orjson.loads(one)["id"] for one in content.splitlines()]


def opened(path: Path) -> JsonLines:
    """The file, open."""
    lines = JsonLines(path)
    lines.open()
    return lines


def test_an_id_is_written_once_also_by_the_next_process(path: Path) -> None:
    """A delivery that was written and not marked comes again after the crash."""
    first = opened(path)
    assert first.append("a", line("a"))
    assert not first.append("a", line("a"))
    first.close()
    second = opened(path)
    assert not second.append("a", line("a"))
    assert second.append("b", line("b"))
    second.close()
    assert ids(path) == ["a", "b"]


@pytest.mark.parametrize("cut", range(1, len(line("b", text="torn")) - 1))
def test_a_line_torn_at_any_byte_is_cut_off_and_written_whole_again(path: Path, cut: int) -> None:
    """Every length that a crash can leave of the last line."""
    path.write_bytes(line("a") + b"\n" + line("b", text="torn")[:cut])
    lines = opened(path)
    assert ids(path) == ["a"]
    assert lines.append("b", line("b", text="torn"))
    lines.close()
    assert ids(path) == ["a", "b"]


def test_a_line_that_lacks_only_its_line_break_is_kept(path: Path) -> None:
    """All of the object was written: it gets its line break and is not written a second time."""
    path.write_bytes(line("a") + b"\n" + line("b"))
    lines = opened(path)
    assert not lines.append("b", line("b"))
    lines.close()
    assert ids(path) == ["a", "b"]


@pytest.mark.parametrize("tail", [b"\0" * 100, b'{"id":"b' + b"\0" * 50, b"{"])
def test_what_a_power_cut_leaves_is_cut_off(path: Path, tail: bytes) -> None:
    """Some file systems grow a file before the bytes arrive: zero bytes at the end."""
    path.write_bytes(line("a") + b"\n" + tail)
    opened(path).close()
    assert ids(path) == ["a"]


@pytest.mark.parametrize("content", [b"my thesis", b"a line\nanother", b"\x89PNG\r\n\x1a\n\0\0\0", b"[1, 2", b"{ 1"])
def test_somebody_elses_file_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    """A wrong path in the configuration must not cost anybody their data."""
    path.write_bytes(content)
    with pytest.raises(SinkRefused, match="name another file"):
        JsonLines(path).open()
    assert path.read_bytes() == content


def test_the_last_thousand_ids_are_remembered(path: Path) -> None:
    """The memory is bounded, and holds the newest ones."""
    path.write_bytes(b"".join(line(str(n)) + b"\n" for n in range(REMEMBERED + 5)))
    lines = opened(path)
    assert not lines.append(str(REMEMBERED + 4), line("x"))
    assert not lines.append("5", line("x"))
    assert lines.append("4", line("4"))
    assert not lines.append("6", line("x"))
    lines.close()


def test_old_ids_are_forgotten_as_new_ones_come(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that runs for a year does not keep a year of ids."""
    monkeypatch.setattr(json_lines, "REMEMBERED", 2)
    lines = opened(path)
    assert [lines.append(id, line(id)) for id in ("a", "b", "c", "b", "a")] == [True, True, True, False, True]
    lines.close()


def test_only_the_end_of_a_huge_file_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that begins inside a line loses that line's id and nothing else."""
    path.write_bytes(b"".join(line(str(n), filler="x" * 80) + b"\n" for n in range(100)))
    monkeypatch.setattr(json_lines, "WINDOW", 1000)
    lines = opened(path)
    assert not lines.append("99", line("99"))
    assert lines.append("0", line("0"))
    lines.close()


def test_a_file_has_one_writer(path: Path) -> None:
    """A second receiver, or a second process, on the same file is told so, and can try again later."""
    first = opened(path)
    with pytest.raises(SendFailed, match="give each its own"):
        JsonLines(path).open()
    first.close()
    opened(path).close()


def test_opening_again_is_no_conflict_with_itself(path: Path) -> None:
    """The outbox opens a sink again after a failure."""
    lines = opened(path)
    lines.open()
    assert lines.append("a", line("a"))
    lines.close()


def test_a_rotated_file_is_followed_to_the_new_one(path: Path) -> None:
    """Moved away, and then moved away and replaced; ids are still known."""
    lines = opened(path)
    lines.append("a", line("a"))
    path.rename(path.with_suffix(".1"))
    assert not lines.append("a", line("a"))
    assert lines.append("b", line("b"))
    path.rename(path.with_suffix(".2"))
    path.touch()
    lines.append("c", line("c"))
    lines.close()
    assert [ids(path.with_suffix(end)) for end in (".1", ".2", ".jsonl")] == [["a"], ["b"], ["c"]]


def test_a_file_emptied_in_place_goes_on(path: Path) -> None:
    """`copytruncate` of logrotate."""
    lines = opened(path)
    lines.append("a", line("a"))
    os.truncate(path, 0)
    lines.append("b", line("b"))
    lines.close()
    assert ids(path) == ["b"]


def test_a_disk_that_fills_up_in_the_middle_leaves_no_torn_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the line fits; it is cut off again, and the same id can be written when there is room."""
    lines = opened(path)
    lines.append("a", line("a"))
    real, calls = os.write, []

    def fills_up(file: int, content: bytes) -> int:
        calls.append(len(content))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, content[:5])

    monkeypatch.setattr(os, "write", fills_up)
    with pytest.raises(OSError, match="No space left"):
        lines.append("b", line("b"))
    monkeypatch.undo()
    assert ids(path) == ["a"]
    assert lines.append("b", line("b"))
    lines.close()
    assert ids(path) == ["a", "b"]


def test_a_line_that_may_not_be_on_the_disk_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed fsync nobody knows what is on the disk: the line goes, the delivery is tried again."""
    lines = opened(path)

    def fails(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output"):
        lines.append("a", line("a"))
    monkeypatch.undo()
    assert ids(path) == []
    assert lines.append("a", line("a"))
    lines.close()
    assert ids(path) == ["a"]


def test_every_line_is_synced_before_append_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on the disk at the moment of the sync is the whole line."""
    lines = opened(path)
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda file: seen.append(ids(path)))
    lines.append("a", line("a"))
    lines.append("b", line("b"))
    lines.close()
    assert seen == [["a"], ["a", "b"]]


def test_a_pipe_or_a_device_is_no_file_for_alerts(tmp_path: Path) -> None:
    """Opening a named pipe would otherwise wait for ever for its reader."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(SinkRefused, match="not a regular file"):
            JsonLines(path).open()


def test_a_line_beyond_the_window_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer line could not be told from a foreign file if it was torn."""
    lines = opened(path)
    monkeypatch.setattr(json_lines, "WINDOW", 100)
    with pytest.raises(SendRefused, match="more than a line may have"):
        lines.append("a", line("a", filler="x" * 100))
    lines.close()
    assert ids(path) == []
