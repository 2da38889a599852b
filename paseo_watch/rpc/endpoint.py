"""One endpoint: its connection, when it may be used, and what is said about it."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from paseo_watch.errors import TransientError
from paseo_watch.rpc.backoff import backoff
from paseo_watch.rpc.bucket import TokenBucket
from paseo_watch.rpc.connection import BATCH_LIMIT, Connection
from paseo_watch.rpc.errors import (
    KINDS,
    BackingOff,
    ConnectionLost,
    DeadlineExceeded,
    EndpointError,
    Quarantined,
    Quiet,
    RateLimited,
    WrongIdentity,
    printable,
)
from paseo_watch.rpc.options import STATES, EndpointOptions, EndpointStatus, State, Surroundings

log = logging.getLogger(__name__)

USELESS = (ConnectionLost, DeadlineExceeded, Quiet)
"""After one of these the connection is not worth keeping, even where the socket still stands."""
LONGEST_ASKED = 300.0
"""Seconds; a longer Retry-After is cut to this, so that no other side can take itself out of use for good."""


class Endpoint:
    """One endpoint of a chain; the pool decides when it is used, this decides whether it can be."""

    def __init__(self, name: str, options: EndpointOptions, around: Surroundings) -> None:
        self.name = name
        self.finalized: int | None = None
        self.last_error: Exception | None = None
        self._options = options
        self._around = around
        self._bucket = TokenBucket(options.requests_per_second, options.burst, around.clock.monotonic())
        self._batch_limit = BATCH_LIMIT
        self._connection: Connection | None = None
        self._connecting = False
        self._lock = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._made = 0
        self._failures = 0
        self._not_before = 0.0
        self._quarantined_until: float | None = None
        self._reason = ""
        self._users = 0
        self._used = 0.0
        self._finalized_at = 0.0
        self._shown: State | None = None
        self._since_ms = 0
        for counter in (around.metrics.identity_mismatches, around.metrics.reconnects, around.metrics.throttled):
            counter.labels(around.chain, name)  # 0: what is absent at first, increase() does not see begin
        for kind in KINDS:
            around.metrics.endpoint_errors.labels(around.chain, name, kind)
        self.show()

    @property
    def state(self) -> State:
        """Where the endpoint stands now."""
        if self._quarantined_until is not None:
            return "quarantined"
        if self._connecting:
            return "connecting"
        if self._around.clock.monotonic() < self._not_before:
            return "backing_off"
        return "connected" if self._open() else "idle"

    @property
    def ready(self) -> bool:
        """Whether it may be asked now."""
        return self.state not in ("quarantined", "backing_off")

    def lagging(self, floor: int) -> bool:
        """Whether its finalized head, seen within the last minute, is behind `floor`."""
        fresh = self._around.clock.monotonic() - self._finalized_at < self._around.options.standby
        return fresh and self.finalized is not None and self.finalized < floor

    async def connected(self) -> Connection:
        """The open connection, made and identified if there is none.

        Raises Quarantined or BackingOff without asking the endpoint; else the error of connecting or
        WrongIdentity, after noting it.
        """
        self._refuse_if_set_apart()
        async with self._lock:
            self._refuse_if_set_apart()  # again: the one before us may have failed
            connection = self._open() or await self._connect()
            self._refuse_if_set_apart()  # and again: it may have been quarantined meanwhile
        self._used = self._around.clock.monotonic()
        return connection

    def worked(self) -> None:
        """It gave an answer that could be used: what failed before is history."""
        if self._failures:
            log.info("%s: %s answers again", self._around.chain, self.name)
        self._failures = 0

    def heard(self, finalized: int) -> None:
        """Its finalized head."""
        self.finalized, self._finalized_at = finalized, self._around.clock.monotonic()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While work is done on it, its connection is not closed as unused."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            self._used = self._around.clock.monotonic()

    def failed(self, error: Exception, connection: Connection) -> None:
        """A call on `connection` failed: count it, and leave the endpoint alone if the connection is of no use.

        Only the first of several calls that fail together with their connection counts.
        """
        of_no_use = isinstance(error, USELESS) or connection.error is not None
        known = of_no_use and connection is not self._connection
        if known or isinstance(error, Quarantined):
            return
        self._note(error)
        if isinstance(error, RateLimited):
            self._bucket.drain(self._around.clock.monotonic())
            self._back_off(error.retry_after)
        elif of_no_use:
            self.leave(error, connection)
        self.show()

    def leave(self, error: BaseException, connection: Connection) -> None:
        """End `connection`, unless that was done already, and leave the endpoint alone for a while."""
        if connection is self._connection:
            self._disconnect(error)
            self._back_off()
            self.show()

    def quarantine(self, reason: str, seconds: float) -> None:
        """Set the endpoint apart; after `seconds` it is looked at again."""
        news = self._quarantined_until is None
        self._quarantined_until = self._around.clock.monotonic() + seconds
        self._reason = printable(reason)
        self._disconnect(Quarantined(f"{self.name} is quarantined: {self._reason}"))
        self.show()
        if news:
            self._around.on_quarantine(self.name, self._reason)

    async def tend(self) -> None:
        """What time brings: a quarantine that is over is looked at again, an unused connection is closed."""
        now = self._around.clock.monotonic()
        if self._quarantined_until is not None and now >= self._quarantined_until:
            await self._look_again()
        self.show()

    def close_if_unused(self) -> None:
        """Close a standby connection that nobody has used for a minute."""
        if (
            self._open()
            and not self._users
            and self._around.clock.monotonic() - self._used >= self._around.options.standby
        ):
            self._disconnect(ConnectionLost(f"{self.name} was not in use"))
            self.show()

    def _disconnect(self, error: BaseException) -> None:
        """End the connection, if there is one; its open calls fail with `error`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._batch_limit = connection.batch_limit
            connection.end(error)
            closing = asyncio.create_task(connection.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Disconnect, and wait until every socket is closed."""
        self._disconnect(ConnectionLost(f"the pool of {self._around.chain} was closed"))
        await asyncio.gather(*self._closing)
        self.show()

    def status(self, primary: bool, lagging: bool) -> EndpointStatus:
        """What is to be said about it now."""
        self.show()
        error = None if self.last_error is None else str(self.last_error)
        return EndpointStatus(self.name, self.state, self._why(), self._since_ms, error, primary, lagging)

    def show(self) -> None:
        """Bring the metric and the time of the last change up to date."""
        state = self.state
        if state == self._shown:
            return
        self._shown, self._since_ms = state, self._around.clock.now_ms()
        gauge = self._around.metrics.endpoint_state
        for other in STATES:
            gauge.labels(self._around.chain, self.name, other).set(other == state)

    def _open(self) -> Connection | None:
        connection = self._connection
        return connection if connection is not None and connection.error is None else None

    def _why(self) -> str:
        if self.state == "quarantined":
            return self._reason
        return str(self.last_error) if self.state == "backing_off" else ""

    def _refuse_if_set_apart(self) -> None:
        if self.state == "quarantined":
            raise Quarantined(f"{self.name} is quarantined: {self._reason}")
        if self.state == "backing_off":
            raise BackingOff(f"{self.name} is left alone for now: {self.last_error}")

    async def _connect(self) -> Connection:
        self._disconnect(ConnectionLost(f"{self.name} is connected to anew"))
        self._connecting = True
        self.show()
        try:
            connection = await self._identified()
        except WrongIdentity as error:
            self.last_error = error
            self._around.metrics.identity_mismatches.labels(self._around.chain, self.name).inc()
            self.quarantine(str(error), self._around.options.quarantine)
            raise
        except EndpointError as error:
            self._note(error)
            self._back_off(error.retry_after if isinstance(error, RateLimited) else None)
            raise
        finally:
            self._connecting = False
            self.show()
        self._connection = connection
        self.show()
        return connection

    async def _identified(self) -> Connection:
        around = self._around
        wire = await around.transport.connect(self._options.url)
        if self._made:
            around.metrics.reconnects.labels(around.chain, self.name).inc()
        self._made += 1
        connection = Connection(
            wire,
            self.name,
            chain=around.chain,
            clock=around.clock,
            bucket=self._bucket,
            metrics=around.metrics,
            deadline=around.options.deadline,
            batch_limit=self._batch_limit,
        )
        try:
            await around.identity.check(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _look_again(self) -> None:
        async with self._lock:
            until = self._around.clock.monotonic() + self._around.options.quarantine
            try:
                connection = await self._connect()
            except (EndpointError, WrongIdentity):
                self._quarantined_until = until  # noted and counted where it was raised
                return
            self._quarantined_until, self._reason = None, ""
            self._connection, self._used = connection, self._around.clock.monotonic()

    def _note(self, error: Exception) -> None:
        self.last_error = error
        if isinstance(error, TransientError):
            kind = error.kind if isinstance(error, EndpointError) else "bad_answer"
            self._around.metrics.endpoint_errors.labels(self._around.chain, self.name, kind).inc()

    def _back_off(self, at_least: float | None = None) -> None:
        self._failures += 1
        if self._failures == 1:  # told once, not at every attempt; the metric counts them
            log.warning("%s: %s is left alone for a while: %s", self._around.chain, self.name, self.last_error)
        options = self._around.options
        wait = backoff(self._failures, self._around.random.random(), options.backoff_base, options.backoff_cap)
        self._not_before = self._around.clock.monotonic() + max(wait, min(at_least or 0.0, LONGEST_ASKED))
