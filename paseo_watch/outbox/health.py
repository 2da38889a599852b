"""How one sink stands: since when nothing went through, whether that it works is proven, and when to look at it."""

from collections.abc import Callable

from paseo_watch.clock import Clock

LOOK_EVERY = 600.0
"""Seconds after the last thing that went well until an idle sink is looked at."""
LOOK_AGAIN = 60.0
"""Seconds until the next look while it does not work."""


class Health:
    """Told by the courier what became of sends and looks; `show` gets 1 where the last of them went well, 0 where not.

    `trouble_since_ms` is by our wall clock, None while nothing failed. `proven`: the last send, or a look that says
    enough, went well.
    """

    def __init__(self, clock: Clock, show: Callable[[float], None]) -> None:
        self._clock = clock
        self._show = show
        self._send_failed = False
        self._look_at = clock.monotonic()
        self.trouble_since_ms: int | None = None
        self.proven = False

    @property
    def look_in(self) -> float:
        """Seconds until a look is due; 0 or less where it is."""
        return self._look_at - self._clock.monotonic()

    def failed(self, *, sending: bool = False) -> None:
        """A send, or a look, failed."""
        self.proven = False
        self._send_failed = self._send_failed or sending
        if self.trouble_since_ms is None:
            self.trouble_since_ms = self._clock.now_ms()
        self._look_later(LOOK_AGAIN)
        self._show(0)

    def works(self) -> bool:
        """A send, or a look that says enough, went well; whether that ended trouble."""
        self.proven = True
        return self._well()

    def seems_to_work(self) -> bool:
        """A look that says little went well: that ends no trouble which a send met. Whether it ended any."""
        if self._send_failed:
            self._look_later(LOOK_AGAIN)
            return False
        return self._well()

    def _well(self) -> bool:
        ended = self.trouble_since_ms is not None
        self.trouble_since_ms = None
        self._send_failed = False
        self._look_later(LOOK_EVERY)
        self._show(1)
        return ended

    def _look_later(self, seconds: float) -> None:
        self._look_at = self._clock.monotonic() + seconds
