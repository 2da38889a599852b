"""Bytes as JSON-RPC gives them: 0x and two digits each."""

from paseo_watch.rpc.errors import BadAnswer

MAX_BYTES = 64 << 20
"""Ours; the largest answer known, metadata, is under 1 MB."""


def from_hex(answer: object, method: str, size: int | None = None) -> bytes:
    """The bytes of a 0x-text; raises BadAnswer naming the method and what was expected."""
    if isinstance(answer, str) and answer.startswith("0x") and len(answer) <= 2 * MAX_BYTES:
        try:
            raw = bytes.fromhex(answer[2:])
        except ValueError:
            raw = None
        if raw is not None and (size is None or len(raw) == size):
            return raw
    expected = "0x and hexadecimal digits" if size is None else f"0x and {2 * size} hexadecimal digits"
    raise BadAnswer(f"{method} answered {str(answer)[:80]!r}, expected {expected}")
