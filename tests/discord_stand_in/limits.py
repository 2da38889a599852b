"""Rates, as Discord tells them: a bucket for each route and major parameter, and one over all requests of a token."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Bucket:
    """So many requests in a window that starts with the first."""

    limit: int
    window: float
    left: int = 0
    ends: float = float("-inf")

    def take(self, now: float) -> float:
        """0 where this request may pass, else the seconds to wait."""
        if now >= self.ends:
            self.left, self.ends = self.limit, now + self.window
        if self.left == 0:
            return self.ends - now
        self.left -= 1
        return 0.0


@dataclass(frozen=True)
class Verdict:
    """What a request is told: seconds to wait (0: it passes), whether for all, and the headers."""

    wait: float
    everywhere: bool
    headers: dict[str, str]


@dataclass
class Limits:
    """`sending` is (requests, seconds) for each channel or webhook, `all_requests` for each token."""

    now: Callable[[], float]
    wall: Callable[[], float]
    sending: tuple[int, float] = (5, 5.0)
    reading: tuple[int, float] = (1000, 1.0)
    all_requests: tuple[int, float] = (50, 1.0)
    _buckets: dict[tuple[str, str, str], Bucket] = field(default_factory=dict)
    _tokens: dict[str, Bucket] = field(default_factory=dict)

    def take(self, method: str, route: str, major: str, token: str) -> Verdict:
        """One request."""
        now = self.now()
        wait = self._tokens.setdefault(token, Bucket(*self.all_requests)).take(now)
        if wait:
            return Verdict(wait, True, {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"})
        rate = self.sending if method == "POST" else self.reading
        bucket = self._buckets.setdefault((method, route, major), Bucket(*rate))
        wait = bucket.take(now)
        headers = {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset": f"{self.wall() + bucket.ends - now:.3f}",
            "X-RateLimit-Reset-After": f"{math.ceil((bucket.ends - now) * 1000) / 1000:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(f"{method} {route}".encode()).hexdigest(),
        }
        return Verdict(wait, False, headers | ({"X-RateLimit-Scope": "user"} if wait else {}))
