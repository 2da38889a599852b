"""The endpoints of one chain: one of them leads, the others stand by.

Law: no endpoint is believed before it has shown the chain's genesis hash, and none is given up for good. The
primary is the one whose heads are followed; it stays primary while it works, even after a preferred one is back.
Heads never decide anything here but who leads: that no step back in height is taken is the follower's business.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from paseo_watch.clock import Clock
from paseo_watch.errors import TransientError
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.endpoint import Endpoint
from paseo_watch.rpc.errors import EndpointError, Exhausted, Lagging, WrongIdentity
from paseo_watch.rpc.heads import Head, HeadStream
from paseo_watch.rpc.identity import Identity
from paseo_watch.rpc.options import EndpointOptions, EndpointStatus, PoolOptions, Surroundings
from paseo_watch.rpc.transport import Transport, endpoint_name
from paseo_watch.telemetry import Metrics

T = TypeVar("T")

LOOK_EVERY = 0.5
"""Seconds between looks for an endpoint to lead, while there is none."""
TEND_EVERY = 5.0
"""Seconds between looks at quarantines and unused connections."""


class Pool:
    """Calls on the endpoints of one chain, in the configured order of preference.

    `floor` is a height that some endpoint has already shown to be final: one that is behind it is lagging, and
    the others are preferred. Whoever follows the chain sets it.
    """

    def __init__(
        self,
        chain: str,
        endpoints: Sequence[EndpointOptions],
        *,
        genesis: bytes | None,
        transport: Transport,
        clock: Clock,
        random: random.Random,
        metrics: Metrics,
        on_head: Callable[[Head], None],
        on_quarantine: Callable[[str, str], None],
        options: PoolOptions,
    ) -> None:
        self.floor = 0
        self._clock = clock
        self._metrics = metrics
        self._chain = chain
        self._on_head = on_head
        self._options = options
        self._identity = Identity(genesis)
        around = Surroundings(chain, transport, clock, random, metrics, self._identity, options, on_quarantine)
        names = unique_names([endpoint.url for endpoint in endpoints])
        self._endpoints = [Endpoint(name, o, around) for name, o in zip(names, endpoints, strict=True)]
        self._primary: Endpoint | None = None
        self._behind_since: float | None = None

    async def run(self) -> None:
        """Follow the heads of the primary, for ever; ends only by cancellation or by a defect."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._lead())
                group.create_task(self._tend())
        finally:
            await self.close()

    async def close(self) -> None:
        """Close every connection. For a pool that was used without `run`."""
        for endpoint in self._endpoints:
            await endpoint.close()

    async def each(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` on the primary and, where that fails, on the other endpoints in turn.

        Any TransientError raised inside `work` counts as the endpoint's failure; raise BadAnswer there for an
        answer that cannot be true. Raises Exhausted, which says what each endpoint answered. Does not wait for
        an endpoint to come back: that is the caller's business. May be used without `run`.
        """
        causes: dict[str, Exception] = {}
        for endpoint in self._in_turn():
            try:
                connection = await endpoint.connected()
            except (TransientError, WrongIdentity) as error:
                causes[endpoint.name] = error
                continue
            try:
                with endpoint.in_use():
                    result = await work(connection)
            except TransientError as error:
                endpoint.failed(error, connection)
                causes[endpoint.name] = error
            else:
                endpoint.worked()
                return result
        raise Exhausted(causes)

    async def identified(self) -> bytes:
        """The chain's genesis hash, 32 bytes; waits for first contact where none was configured."""
        return await self._identity.known()

    def quarantine(self, endpoint: str, reason: str, seconds: float) -> None:
        """Set one endpoint apart by its name, for example for a fork below the cursor."""
        for known in self._endpoints:
            if known.name == endpoint:
                known.quarantine(reason, seconds)

    def statuses(self) -> tuple[EndpointStatus, ...]:
        """What is to be said about each endpoint now, in the configured order."""
        return tuple(e.status(e is self._primary, e.lagging(self.floor)) for e in self._endpoints)

    def _in_turn(self) -> list[Endpoint]:
        """The primary first, then by preference; those that lag behind the floor last."""
        return sorted(self._endpoints, key=lambda e: (e.lagging(self.floor), e is not self._primary))

    async def _lead(self) -> None:
        while True:
            endpoint = await self._candidate()
            try:
                connection = await endpoint.connected()
            except (TransientError, WrongIdentity):
                continue  # noted by the endpoint, which is not a candidate now
            self._promote(endpoint)
            try:
                await HeadStream(
                    connection,
                    lambda head, endpoint=endpoint: self._heard(endpoint, head),  # type: ignore[misc]
                    self._clock,
                    self._options.quiet_after,
                ).run()
            except EndpointError as error:
                endpoint.failed(error, connection)
                endpoint.leave(error, connection)

    async def _candidate(self) -> Endpoint:
        while True:
            for endpoint in sorted(self._endpoints, key=lambda e: e.lagging(self.floor)):
                if endpoint.ready:
                    return endpoint
            await self._clock.sleep(LOOK_EVERY)

    def _promote(self, endpoint: Endpoint) -> None:
        if self._primary not in (None, endpoint):
            self._metrics.rotations.labels(self._chain).inc()
        self._primary = endpoint
        self._behind_since = None

    def _heard(self, endpoint: Endpoint, head: Head) -> None:
        if head.view == "finalized":
            endpoint.heard(head.number)
            self._leave_if_lagging(endpoint, head)
        self._on_head(head)
        endpoint.worked()  # not before the head is accepted: bad heads mean longer and longer pauses

    def _leave_if_lagging(self, endpoint: Endpoint, head: Head) -> None:
        """A moment's lag is normal between nodes; a lasting one, while another could lead, is not."""
        now = self._clock.monotonic()
        if head.number >= self.floor:
            self._behind_since = None
            return
        self._behind_since = now if self._behind_since is None else self._behind_since
        others = [e for e in self._endpoints if e is not endpoint and e.ready and not e.lagging(self.floor)]
        if others and now - self._behind_since >= self._options.quiet_after:
            raise Lagging(f"{endpoint.name} is at {head.number}, behind {self.floor}")

    async def _tend(self) -> None:
        while True:
            await self._clock.sleep(TEND_EVERY)
            for endpoint in self._endpoints:
                await endpoint.tend()
                if endpoint is not self._primary:
                    endpoint.close_if_unused()


def unique_names(urls: Sequence[str]) -> list[str]:
    """A name for each URL, in order; the second of one host is `host#2`."""
    names: list[str] = []
    for url in urls:
        name = endpoint_name(url)
        count = sum(known == name or known.startswith(f"{name}#") for known in names)
        names.append(f"{name}#{count + 1}" if count else name)
    return names
