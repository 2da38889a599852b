"""What a pool is made of, and what is said about its endpoints: the values, without behaviour."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from paseo_watch.clock import Clock
from paseo_watch.rpc.connection import DEADLINE
from paseo_watch.rpc.identity import Identity
from paseo_watch.rpc.transport import Transport
from paseo_watch.telemetry import Metrics

State = Literal["connected", "connecting", "backing_off", "quarantined", "idle"]
STATES: tuple[State, ...] = ("connected", "connecting", "backing_off", "quarantined", "idle")


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """One configured endpoint. The URL may hold a key and stays out of the repr."""

    url: str = field(repr=False)
    requests_per_second: float = 10.0
    burst: int = 20


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """Times in seconds. `quiet_after` should be about three block times of the chain."""

    quiet_after: float = 60.0
    deadline: float = DEADLINE
    backoff_base: float = 1.0
    backoff_cap: float = 60.0
    quarantine: float = 600.0
    standby: float = 60.0


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """What people see of an endpoint. `since_ms`: our wall clock; `last_error` may be of long ago."""

    endpoint: str
    state: State
    reason: str
    since_ms: int
    last_error: str | None
    primary: bool
    lagging: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the endpoints of one chain share."""

    chain: str
    transport: Transport
    clock: Clock
    random: random.Random
    metrics: Metrics
    identity: Identity
    options: PoolOptions
    on_quarantine: Callable[[str, str], None]
