"""How fast an account may write, learned from the homeserver's refusals. Pure; time is an argument.

A homeserver counts messages per account and refuses those above its limit with a wait. Whoever sends the next one as
soon as that wait is over meets the same refusal each time: twice the requests, and half a second's penalty on Synapse
for each. The wait that a refusal names is about the time between two messages; messages go out that far apart until
the account has been idle as long as its messages would have taken.
"""

LONGEST_INTERVAL = 30.0
"""Seconds: no refusal makes the messages go out further apart than this."""


class Pace:
    """When the next message may go out, in seconds of a monotonic clock. Nothing waits until a first refusal."""

    def __init__(self) -> None:
        self._interval = 0.0
        self._due: float | None = None
        self._on_time = False

    def take(self, now: float) -> float:
        """Count one message in; returns the seconds to wait before it may go out.

        Idle time is a credit: only the homeserver knows how much of it counts, and it says so.
        """
        if self._due is None:
            return 0.0
        wait = max(0.0, self._due - now)
        self._on_time = now - self._due <= self._interval
        self._due += self._interval
        return wait

    def give_back(self) -> None:
        """The message that was counted in last does not go out."""
        if self._due is not None:
            self._due -= self._interval

    def refused(self, now: float, wait: float) -> None:
        """The homeserver refused the last message: it may go out `wait` seconds from now.

        Where it had come on time, the interval was too short by so much; where it had come on credit, the credit was
        less than thought.
        """
        if self._on_time or not self._interval:
            self._interval = min(self._interval + wait, LONGEST_INTERVAL)
        self._due = now + wait
