"""A cursor over SCALE bytes, for what is read once and by hand: metadata, type definitions, extrinsic headers.

Reading past the end raises one of `compact.SHORT_READ`; whoever owns the cursor turns that into a ScaleError.
"""

from paseo_watch.chain.scale.compact import compact
from paseo_watch.chain.scale.errors import ScaleError, TruncatedError


class Reader:
    """Reads from `position` on and moves it."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def byte(self) -> int:
        value = self.data[self.position]
        self.position += 1
        return value

    def compact(self) -> int:
        first = self.data[self.position]
        if first & 3 == 0:
            self.position += 1
            return first >> 2
        value, self.position = compact(self.data, self.position)
        return value

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def take(self, size: int) -> bytes:
        start = self.position
        end = start + size
        if end > len(self.data):
            raise TruncatedError(f"{size} bytes wanted at byte {start}, {max(len(self.data) - start, 0)} are left")
        self.position = end
        return self.data[start:end]

    def bytes(self) -> bytes:
        return self.take(self.compact())

    def text(self) -> str:
        start = self.position
        try:
            return self.bytes().decode()
        except UnicodeDecodeError as error:
            raise ScaleError(f"text at byte {start} is not UTF-8: {error.reason}") from error

    def option(self) -> bool:
        """Whether an Option is Some; its value, if any, follows."""
        tag = self.byte()
        if tag > 1:
            raise ScaleError(f"option at byte {self.position - 1} has the tag {tag}, expected 0 or 1")
        return tag == 1
