"""A token bucket: how long to wait before the next requests may go out. Pure; time is an argument."""


class TokenBucket:
    """`rate` requests a second on average, `burst` of them at once.

    Tokens may be taken before they are there: the debt is the wait. So requests go out in the order in which
    they asked, and a batch larger than the burst still gets its turn.
    """

    def __init__(self, rate: float, burst: int, now: float) -> None:
        """`rate` > 0 a second, `burst` >= 1, `now` in seconds of a monotonic clock."""
        if rate <= 0 or burst < 1:
            raise ValueError(f"a bucket needs a rate above 0 and a burst of at least 1, not {rate} and {burst}")
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, count: int, now: float) -> float:
        """Take tokens for `count` requests; returns the seconds to wait before they may go out."""
        now = max(now, self._at)
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= count
        return max(0.0, -self._tokens / self._rate)

    def drain(self, now: float) -> None:
        """The server says that we were too quick: no burst until it has filled up again."""
        self.take(0, now)
        self._tokens = min(0.0, self._tokens)
