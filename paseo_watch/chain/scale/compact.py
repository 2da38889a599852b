"""Compact integers (SCALE's variable-length form) and the errors that all readers of bytes share.

Source: Polkadot specification, appendix "SCALE", definition of compact encoding; parity-scale-codec `compact.rs`
for what is refused: a value that has a shorter form, and one that does not fit its type.
"""

import struct

from paseo_watch.chain.scale.errors import ScaleError, TruncatedError

LENGTH_LIMIT = (1 << 32) - 1  # lengths of sequences are Compact<u32>

# What reading past the end raises, depending on how it was read.
SHORT_READ = (IndexError, struct.error)

_u16 = struct.Struct("<H").unpack_from
_u32 = struct.Struct("<I").unpack_from


def compact(data: bytes, position: int, limit: int = LENGTH_LIMIT) -> tuple[int, int]:
    """Read one compact integer.

    Returns (value, position after it). Raises ScaleError for a value above `limit` or written longer than
    needed, and one of SHORT_READ where the bytes end.
    """
    first = data[position]
    mode = first & 3
    if mode == 0:
        value, end = first >> 2, position + 1
    elif mode == 1:
        value, end = _u16(data, position)[0] >> 2, position + 2
    elif mode == 2:
        value, end = _u32(data, position)[0] >> 2, position + 4
    else:
        value, end = _big(data, position, first)
    if value > limit or (mode in (1, 2) and value < (1 << 6, 1 << 14)[mode - 1]):
        raise ScaleError(f"compact integer at byte {position}: {value} is out of range or not in its shortest form")
    return value, end


def _big(data: bytes, position: int, first: int) -> tuple[int, int]:
    size = (first >> 2) + 4
    end = position + 1 + size
    if end > len(data):
        raise TruncatedError(
            f"compact integer at byte {position} needs {size} bytes more, {len(data) - position - 1} are left"
        )
    value = int.from_bytes(data[position + 1 : end], "little")
    if value < 1 << 30 or not data[end - 1]:
        raise ScaleError(f"compact integer at byte {position}: {value} is not in its shortest form")
    return value, end


def encode_compact(value: int) -> bytes:
    """The compact form of an integer from 0 to 2**536 - 1."""
    if 0 <= value < 1 << 6:
        return bytes([value << 2])
    if 0 <= value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    if 0 <= value < 1 << 30:
        return (value << 2 | 2).to_bytes(4, "little")
    if 0 <= value < 1 << 536:
        size = (value.bit_length() + 7) // 8
        return bytes([(size - 4) << 2 | 3]) + value.to_bytes(size, "little")
    raise ScaleError(f"{value} has no compact form: it must be from 0 to 2**536 - 1")
