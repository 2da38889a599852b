"""Lines of an xz file from anywhere: bounded in memory, whatever the file claims to unpack to."""

import lzma
from collections.abc import Iterator
from pathlib import Path

MAX_LINE = 32 << 20
"""Bytes in one line. The longest honest one holds a runtime upgrade's code as hex, about 3 MB."""
MAX_TOTAL = 256 << 20
"""Unpacked bytes in one file."""
MEMORY = 128 << 20
"""Bytes that the xz decoder may use; preset 9 needs 65 MiB."""

_CHUNK = 1 << 20


class LinesError(ValueError):
    """The file is no single, whole xz stream of lines within the limits."""


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines, without their ends. Raises OSError and LinesError; the last line must be ended, too."""
    rest = bytearray()
    for piece in _unpacked(path):
        rest += piece
        if b"\n" in piece:
            *lines, last = rest.split(b"\n")
            yield from (bytes(line) for line in lines)
            rest = last
        if len(rest) > MAX_LINE:
            raise LinesError(f"expected a line of at most {MAX_LINE} bytes")
    if rest:
        raise LinesError("expected a line end after the last line: the file is cut off")


def _unpacked(path: Path) -> Iterator[bytes]:
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)
    total = 0
    with path.open("rb") as file:
        while not stream.eof:
            piece = _step(stream, file.read(_CHUNK) if stream.needs_input else b"")
            total += len(piece)
            if total > MAX_TOTAL:
                raise LinesError(f"expected at most {MAX_TOTAL} unpacked bytes")
            yield piece
        if stream.unused_data or file.read(1):
            raise LinesError("expected nothing after the end of the xz stream")


def _step(stream: lzma.LZMADecompressor, data: bytes) -> bytes:
    if not data and stream.needs_input:
        raise LinesError("expected a whole xz stream: the file is cut off, or no xz file")
    try:
        return stream.decompress(data, max_length=_CHUNK)
    except lzma.LZMAError as error:
        raise LinesError(f"expected an xz file: {error}") from error
