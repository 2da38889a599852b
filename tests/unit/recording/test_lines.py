"""Reading packed lines: whole, bounded, or one error."""

import lzma
from pathlib import Path

import pytest

from paseo_watch.recording import lines
from paseo_watch.recording.lines import LinesError, read_lines


def packed(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "lines.xz"
    path.write_bytes(content)
    return path


def test_lines_come_back_in_order_across_chunks(tmp_path: Path) -> None:
    wanted = [bytes([65 + i % 26]) * (i * 4099 % 70_000) for i in range(100)]
    path = packed(tmp_path, lzma.compress(b"\n".join(wanted) + b"\n", preset=0))
    assert list(read_lines(path)) == wanted


def test_an_empty_stream_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(packed(tmp_path, lzma.compress(b"")))) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cut off"),
        (b"plain text, and enough of it\n", "expected an xz file"),
        (lzma.compress(b"a\nb\n")[:-9], "cut off"),
        (lzma.compress(b"a\nb"), "expected a line end after the last line"),
        (lzma.compress(b"a\n") + b"more", "expected nothing after the end"),
        (lzma.compress(b"a\n") + lzma.compress(b"b\n"), "expected nothing after the end"),
    ],
)
def test_what_is_no_whole_stream_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(LinesError, match=message):
        list(read_lines(packed(tmp_path, content)))


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    content = bytearray(lzma.compress(b"0123456789\n" * 100))
    content[len(content) // 2] ^= 1
    with pytest.raises(LinesError):
        list(read_lines(packed(tmp_path, bytes(content))))


def test_a_small_file_that_unpacks_to_one_endless_line_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, lzma.compress(bytes(lines.MAX_LINE + lines._CHUNK + 2), preset=0))
    with pytest.raises(LinesError, match="expected a line of at most"):
        list(read_lines(path))


def test_a_small_file_that_unpacks_to_endless_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_TOTAL", 3 << 20)
    path = packed(tmp_path, lzma.compress(b"short\n" * (1 << 20), preset=0))
    with pytest.raises(LinesError, match="expected at most 3145728 unpacked bytes"):
        list(read_lines(path))


def test_a_stream_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    wide = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 256 << 20}]
    with pytest.raises(LinesError, match="expected an xz file"):
        list(read_lines(packed(tmp_path, lzma.compress(b"a\n", filters=wide))))
