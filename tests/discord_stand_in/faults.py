"""What goes wrong, as scripted: each fault meets one request."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

When = Literal["before", "after"]
"""Before or after the request was carried out."""
Reset = Literal["before", "after", "within"]
"""The same; or afterwards, with an answer that begins and does not end."""


@dataclass(frozen=True)
class Fault:
    """One of: a status (in Discord's JSON, or as a proxy's HTML), a 429, a reset connection, a wait, a body of ours.

    `sends_only`: reads pass by it.
    """

    status: int | None = None
    when: When = "before"
    reset: Reset | None = None
    retry_after: float | None = None
    everywhere: bool = False
    via: bool = True
    html: bool = False
    slow: float = 0.0
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    sends_only: bool = True


class Faults:
    """A queue of them."""

    def __init__(self) -> None:
        self._planned: deque[Fault] = deque()

    def plan(self, *faults: Fault) -> None:
        """These meet the next requests, in this order."""
        self._planned.extend(faults)

    @property
    def left(self) -> int:
        """How many have met nobody yet."""
        return len(self._planned)

    def clear(self) -> None:
        """No more."""
        self._planned.clear()

    def meet(self, *, sends: bool) -> Fault | None:
        """The fault that this request meets."""
        if self._planned and (sends or not self._planned[0].sends_only):
            return self._planned.popleft()
        return None
