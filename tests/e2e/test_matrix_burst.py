"""200 alerts at once, to a homeserver with the limits that it has out of the box.

Synapse lets an account send 10 messages and then one in five seconds: the burst takes 950 seconds of its clock. Both
clocks run SPEED times as fast here, Synapse's under libfaketime and the outbox's and sink's as `SwiftClock`, so that
every wait between them keeps its proportion. Not scaled are the network and the processor: what they take counts SPEED
times as much, against us.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import aiohttp

from paseo_watch.clock import Clock
from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.store.database import Database
from tests.e2e.matrix.stage import delivering, enqueue, scene, setting, until
from tests.house import SwiftClock
from tests.synapse import running_synapse

ALERTS = 200
SPEED = 40.0


@dataclass(frozen=True)
class Figures:
    """What it took: seconds of the homeserver's clock, and requests by method and status."""

    in_order: bool
    seconds: float
    requests: Counter[tuple[str, int]]

    def __str__(self) -> str:
        each = ", ".join(f"{count} {method} answered {status}" for (method, status), count in self.requests.items())
        return f"{ALERTS} alerts in {self.seconds:.0f} s with {self.requests.total()} requests: {each}"


async def burst(folder: Path, clock: Clock, speed: float) -> Figures:
    """Deliver them all through the real outbox, on a store and a homeserver of their own."""
    requests: Counter[tuple[str, int]] = Counter()
    with running_synapse(folder / "home", speed=speed, rc_message=None) as synapse:
        stage = scene(synapse, folder)
        async with await Database.open(f"sqlite:///{folder / 'store.db'}") as database:
            expected = await enqueue(database, range(ALERTS), clock.now_ms())
            sink = MatrixSink(stage.options(), setting(clock, counted(requests)))
            began = clock.monotonic()
            async with delivering(database, sink, clock):
                await until(database, lambda left: left == 0)
            seconds = clock.monotonic() - began
        return Figures(stage.read() == expected, seconds, requests)


def counted(requests: Counter[tuple[str, int]]) -> Callable[[], aiohttp.ClientSession]:
    """Sessions that count what is asked."""

    async def ended(_: object, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
        requests[params.method, params.response.status] += 1

    def session() -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(ended)
        return aiohttp.ClientSession(trace_configs=[trace])

    return session


async def test_200_alerts_arrive_complete_and_in_order_at_the_default_limit(tmp_path: Path) -> None:
    """Each once, and about as many sends as alerts: the limit is met some times and then kept."""
    figures = await burst(tmp_path, SwiftClock(SPEED), SPEED)
    print(figures)
    assert figures.in_order
    assert figures.requests["PUT", 200] == ALERTS
    assert 1 <= figures.requests["PUT", 429] <= 20
    assert figures.requests["GET", 429] == 0
