"""What the composition root hands to sinks, as tests need it."""

import io
from typing import Literal

import aiohttp

from paseo_watch.sinks.kind import SinkSetting

NOW_MS = 1_795_300_000_000  # 2026-11-21T22:26:40Z


class FixedClock:
    """A clock that stands still."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a sink does not wait; the outbox does")


def terminal(encoding: str = "utf-8") -> io.TextIOWrapper:
    """A stream with an encoding, as stdout is one; `written` reads it."""
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)


def written(stream: io.TextIOWrapper) -> str:
    """All that was written to a `terminal`."""
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(stream.encoding)


def setting(
    stream: io.TextIOWrapper | None = None, output: Literal["text", "json"] = "text", colour: bool = False
) -> SinkSetting:
    """A setting whose HTTP sessions are real and whose clock stands still."""
    return SinkSetting(aiohttp.ClientSession, stream or terminal(), output, colour, FixedClock())
