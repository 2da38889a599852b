"""When to try again: pure arithmetic on attempts, seconds and milliseconds."""

import math

FIRST = 1.0
"""Seconds: the upper bound of the wait after the first failure; it doubles with each further one."""
CAP = 60.0
"""Seconds: no wait of our own is longer, so that what is back is used within a minute."""
LONGEST = 86_400.0
"""Seconds: no wait is longer, whatever the other side asks for."""


def delay(attempt: int, jitter: float, *, retry_after: float | None = None) -> float:
    """Seconds to wait after the `attempt`-th failure (from 1); `jitter` in [0, 1) spreads the upper half of it.

    `retry_after` (seconds, as the other side said) is a lower bound, up to LONGEST; nonsense there (negative, NaN)
    counts as not said. The shape is "equal jitter": aws.amazon.com, "Exponential Backoff And Jitter".
    """
    full = min(CAP, FIRST * 2.0 ** min(attempt - 1, 32))
    own = full / 2 + full / 2 * jitter
    if retry_after is None or math.isnan(retry_after):
        return own
    return min(max(own, retry_after), LONGEST)


def wait_until(next_attempt_ms: int, now_ms: int) -> float:
    """Seconds from now to the next attempt, 0 where it is due.

    A time more than LONGEST ahead was never set by `delay`: the clock was set back since, and it is due now.
    """
    ahead = (next_attempt_ms - now_ms) / 1000
    return ahead if 0 < ahead <= LONGEST else 0.0
