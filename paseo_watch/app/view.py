"""The state of the running service as the status page wants it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from paseo_watch import __version__
from paseo_watch.alerts.alert import Firing
from paseo_watch.app.chain import ChainService
from paseo_watch.app.troubles import NOBODY, Troubles
from paseo_watch.clock import Clock
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Chain
from paseo_watch.outbox.outbox import Outbox
from paseo_watch.store import deliveries, notifications
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import Depth
from paseo_watch.store.notifications import StoredNotification
from paseo_watch.watchers.watcher import Sheet
from paseo_watch.web.status import (
    AlertView,
    ChainState,
    ChainView,
    ConditionView,
    EndpointView,
    ReceiverView,
    StatusView,
)

RECENT = 20  # alerts on the page
FOLLOWING = 3  # blocks behind the finalized head that still count as following


async def take_view(
    config: Config,
    chains: Sequence[ChainService],
    outbox: Outbox,
    troubles: Troubles,
    database: Database,
    clock: Clock,
    started_ms: int,
) -> StatusView:
    """One moment of it; reads recent alerts and the outbox from the store."""

    def read(conn: Connection) -> tuple[tuple[StoredNotification, ...], tuple[Depth, ...]]:
        return notifications.recent(conn, RECENT), deliveries.depths(conn)

    recent, depths = await database.run(read)
    now_ms = clock.now_ms()
    disabled = [_disabled(name, chain) for name, chain in config.chains.items() if not chain.enabled]
    return StatusView(
        network=config.network,
        version=__version__,
        now_ms=now_ms,
        started_ms=started_ms,
        chains=(*(_chain(chain, now_ms) for chain in chains), *disabled),
        conditions=(
            *_conditions(NOBODY, troubles.firing),
            *(condition for chain in chains for condition in _conditions(chain.name, _firing(chain))),
        ),
        alerts=tuple(_alert(stored) for stored in recent),
        outbox=_outbox(outbox, depths),
    )


def _disabled(name: str, chain: Chain) -> ChainView:
    return ChainView(name=name, enabled=False, state="disabled", reason=chain.disabled_reason or "")


def _chain(chain: ChainService, now_ms: int) -> ChainView:
    pipeline, block = chain.pipeline, chain.pipeline.last_block if chain.pipeline else None
    statuses = chain.pool.statuses() if chain.pool else ()
    return ChainView(
        name=chain.name,
        enabled=True,
        state=_state(chain, now_ms),
        reason=chain.seen.halted_reason or "",
        best=chain.seen.best_number,
        finalized=chain.seen.finalized_number,
        processed=pipeline.cursor.number if pipeline else None,
        blocks=pipeline.blocks if pipeline else 0,
        block_time_ms=block.time_ms if block else None,
        spec=f"{block.spec.name} {block.spec.version}" if block else "",
        holes=pipeline.open_holes if pipeline else 0,
        sheets=_sheets(chain),
        blind=tuple(sentence for sentences in chain.blindness().values() for sentence in sentences),
        endpoints=tuple(EndpointView(endpoint=s.endpoint, state=s.state, reason=s.reason) for s in statuses),
    )


def _sheets(chain: ChainService) -> tuple[Sheet, ...]:
    """What the chain's watchers show, once there is a block whose runtime names things."""
    pipeline = chain.pipeline
    if pipeline is None or pipeline.last_block is None:
        return ()
    states, runtime = pipeline.memory.states, pipeline.last_block.runtime
    return tuple(each for watcher in pipeline.watchers for each in watcher.sheets(states[watcher.name], runtime))


def _state(chain: ChainService, now_ms: int) -> ChainState:
    if chain.seen.halted_reason is not None:
        return "halted"
    if chain.pipeline is None or chain.seen.finalized_number is None:
        return "unreachable" if chain.troubles(now_ms) and not chain.reached else "starting"
    if not chain.reached:
        return "unreachable"
    behind = chain.seen.finalized_number - chain.pipeline.cursor.number
    return "following" if behind <= FOLLOWING else "catching_up"


def _firing(chain: ChainService) -> Iterable[Firing]:
    return chain.pipeline.memory.firing.values() if chain.pipeline else ()


def _conditions(chain: str, held: Iterable[Firing]) -> list[ConditionView]:
    return [
        ConditionView(
            rule=each.rule,
            severity=each.severity,
            chain=chain,
            title=str(each.notification.get("title", "")),
            since_ms=each.since_ms,
        )
        for each in held
    ]


def _alert(stored: StoredNotification) -> AlertView:
    told = stored.notification
    return AlertView(
        rule=told.rule,
        severity=told.severity,
        status=told.status,
        chain=told.chain,
        title=str(told.content.get("title", "")),
        created_ms=stored.created_ms,
        block_number=told.block_number,
        late=told.late,
    )


def _outbox(outbox: Outbox, depths: Sequence[Depth]) -> tuple[ReceiverView, ...]:
    """Every courier, and every queue that no courier serves any more."""
    found = {(depth.receiver, depth.sink): depth for depth in depths}
    views = []
    for status in outbox.statuses:
        depth = found.pop((status.receiver, status.sink), Depth(status.receiver, status.sink, 0, None, 0))
        views.append(_receiver(depth, status.state, status.detail))
    return (*views, *(_receiver(depth, "not configured", "") for depth in found.values()))


def _receiver(depth: Depth, state: str, detail: str) -> ReceiverView:
    return ReceiverView(
        receiver=depth.receiver,
        sink=depth.sink,
        pending=depth.pending,
        dead=depth.dead,
        oldest_ms=depth.oldest_ms,
        state=state,
        detail=detail,
    )
