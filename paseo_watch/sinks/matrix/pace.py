"""How fast an account may write, learned from the homeserver's refusals. Pure; time is an argument.

A homeserver counts messages per account and refuses those above its limit, saying when the next one may come. Whoever
sends it then, and the one after it at once, meets a refusal for every message: twice the requests. What two refusals
say, and the messages taken between them, is the limit: from then on messages go out that far apart.

    refused at 6.5 s, may come in 3.5 s          at 10 s, the first guess is 3.5 s apart
    sent at 10 s, at 13.5 s refused: in 1.5 s    at 15 s: one message in 5 s
    sent at 15 s, 20 s, 25 s, …                  no refusal
"""

LONGEST_INTERVAL = 30.0
"""Seconds: no refusal makes the messages go out further apart than this."""


class Pace:
    """When the next message may go out, in seconds of a monotonic clock. Nothing waits until a first refusal."""

    def __init__(self) -> None:
        self._interval = 0.0
        self._start: float | None = None
        self._count = 0
        self._steady = False
        self._ended = 0.0

    def take(self, now: float) -> float:
        """Count one message in; returns the seconds to wait before it may go out.

        Idle time is a credit: only the homeserver knows how much of it counts, and it says so.
        """
        if self._start is None:
            return 0.0
        due = self._start + self._count * self._interval
        self._steady = self._steady and now - self._ended <= self._interval
        self._count += 1
        return max(0.0, due - now)

    def give_back(self) -> None:
        """The message that was counted in last does not go out."""
        self._count -= 1

    def ended(self, now: float) -> None:
        """The message that was counted in last has been answered, however."""
        self._ended = now

    def refused(self, now: float, wait: float) -> None:
        """The homeserver refused the last message: it may go out `wait` seconds from now."""
        taken = self._count - 1
        if self._start is None or not self._steady:
            self._interval = wait
        elif taken > 0:
            self._interval = (now + wait - self._start) / taken
        self._interval = min(self._interval, LONGEST_INTERVAL)
        self._start = self._ended = now + wait
        self._count, self._steady = 0, True
