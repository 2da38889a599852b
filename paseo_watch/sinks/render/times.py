"""When something happened, how long ago, and how long it lasted. Times are UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from paseo_watch.sinks.render.clean import clean

ABSURD_SECONDS = 20 * 366 * 86_400
"""A block that says it is older than this has no age that would tell anybody something."""


@dataclass(frozen=True, slots=True)
class When:
    """`iso` as the alert has it, or our own; `seconds` since 1970, None where it is no time; `age` may be empty."""

    iso: str
    seconds: int | None
    age: str
    ours: bool

    @property
    def shown(self) -> str:
        """`2026-11-21 21:43:08 UTC`, and whose clock it is where it is ours."""
        time = (
            self.iso if self.seconds is None else f"{datetime.fromtimestamp(self.seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
        )
        return f"{time} (our clock)" if self.ours else time


def when(time: object, now_ms: int) -> When:
    """The time of a block, or ours where there is none."""
    if time is None:
        now = now_ms // 1000
        return When(f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}", now, "", True)
    seconds = parsed(time)
    return When(clean(str(time), 40), seconds, "" if seconds is None else age(now_ms // 1000 - seconds), False)


def parsed(time: object) -> int | None:
    """Seconds since 1970 of an ISO 8601 time in UTC between 1970 and 9999; None for anything else."""
    if not isinstance(time, str) or not time.endswith("Z"):
        return None
    try:
        seconds = datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(seconds) if seconds >= 0 else None


def age(seconds: int) -> str:
    """`3 min ago`; empty for the future (beyond a minute, by which clocks differ) and for the absurd."""
    if -60 <= seconds < 1:
        return "just now"
    return f"{duration(seconds)} ago" if 0 < seconds <= ABSURD_SECONDS else ""


def duration(seconds: int) -> str:
    """`2 h 5 min`: the largest unit and the next, where that is not zero."""
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (smaller, next_unit) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {next_unit}" if rest and unit != "min" else "")
    return f"{seconds} s"
