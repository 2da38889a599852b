"""The state of the service as frozen values, and what follows from them: readiness, and what needs attention. Pure.

Times are Unix milliseconds, by our clock where nothing else is said. Texts hold no secrets: endpoints
and receivers are named, not given by URL. Texts may hold what was written on a chain: whoever shows them escapes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from paseo_watch.watchers.watcher import Sheet

ChainState = Literal["starting", "catching_up", "following", "unreachable", "halted", "disabled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """One endpoint. `state` as in the metric `endpoint_state`; `reason` where there is something to say."""

    endpoint: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainView:
    """One chain. Heights are None until known; `blocks` counts those processed by this run.

    `block_time_ms` is the last processed block's, by the chain's clock; `spec` names its runtime (`paseo 2003000`).
    `blind` holds one sentence for each thing that should be watched and cannot be; `sheets` what its watchers show.
    `reason` says why the chain is halted or disabled.
    """

    name: str
    enabled: bool
    state: ChainState
    reason: str = ""
    best: int | None = None
    finalized: int | None = None
    processed: int | None = None
    blocks: int = 0
    block_time_ms: int | None = None
    spec: str = ""
    holes: int = 0
    blind: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    endpoints: tuple[EndpointView, ...] = ()

    @property
    def lag_blocks(self) -> int | None:
        """How many finalized blocks are still to be processed; None while that is not known, as without an endpoint."""
        if self.finalized is None or self.processed is None or self.state == "unreachable":
            return None
        return max(0, self.finalized - self.processed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionView:
    """A condition that holds now. `since_ms` is of the block that brought it, by the chain's clock, else ours."""

    rule: str
    severity: str
    chain: str
    title: str
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """A notification that was made. `status` is `event`, `firing` or `resolved`."""

    rule: str
    severity: str
    status: str
    chain: str
    title: str
    created_ms: int
    block_number: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverView:
    """One sink of one receiver. `oldest_ms` is when the oldest waiting delivery was made; `detail` the last error.

    `state` is the courier's, or `not configured` for a queue that a former configuration left.
    """

    receiver: str
    sink: str
    pending: int
    dead: int
    oldest_ms: int | None = None
    state: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """The whole service at one moment. `alerts` are the latest, newest first."""

    network: str
    version: str
    now_ms: int
    started_ms: int
    chains: tuple[ChainView, ...] = ()
    conditions: tuple[ConditionView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    outbox: tuple[ReceiverView, ...] = ()


def not_ready(view: StatusView) -> tuple[str, ...]:
    """Why the service is not ready, a sentence a chain.

    Ready is an enabled chain that has processed a block in this run, or has nothing left to process; a service
    without one is not.
    """
    enabled = [chain for chain in view.chains if chain.enabled]
    if not enabled:
        return ("no chain is enabled",)
    return tuple(f"{chain.name}: {_waits_for(chain)}" for chain in enabled if not _is_ready(chain))


def concerns(view: StatusView) -> tuple[str, ...]:
    """What needs somebody's attention, a sentence each: what `not_ready` says, and more."""
    of_chains = (f"{chain.name}: {text}" for chain in view.chains if chain.enabled for text in _of_chain(chain))
    return (*not_ready(view), *of_chains, *_of_outbox(view))


def _is_ready(chain: ChainView) -> bool:
    return chain.state != "halted" and (chain.blocks > 0 or chain.lag_blocks == 0)


def _cut_off(chain: ChainView) -> bool:
    return bool(chain.endpoints) and not any(each.state == "connected" for each in chain.endpoints)


def _waits_for(chain: ChainView) -> str:
    if chain.state == "halted":
        return f"stands still: {chain.reason}"
    if _cut_off(chain):
        return "no endpoint is connected"
    if chain.lag_blocks is None:
        return "its position or its finalized head is not known yet"
    return f"no block processed yet, {chain.lag_blocks} to go"


def _of_chain(chain: ChainView) -> Iterator[str]:
    if _cut_off(chain) and (chain.state == "halted" or _is_ready(chain)):  # else `not_ready` says it
        yield "no endpoint is connected"
    if chain.holes:
        yield f"{chain.holes} block{'s' * (chain.holes != 1)} passed but not read, tried again"
    yield from chain.blind


def _of_outbox(view: StatusView) -> Iterator[str]:
    for each in view.outbox:
        name = f"{each.receiver}/{each.sink}"
        if each.dead:
            yield f"{name}: {each.dead} given up as undeliverable; see `paseo-watch outbox list`"
        if each.state in ("refused", "failing", "store_unavailable"):
            yield f"{name}: {each.detail or each.state}"
        if each.state == "not configured" and each.pending:
            yield f"{name}: {each.pending} waiting for a receiver that is no longer configured"
