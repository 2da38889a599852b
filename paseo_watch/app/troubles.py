"""Receivers in trouble: conditions of the service as a whole, told through every way out that is not in trouble.

What: `receiver-refused`, at once, where somebody has to act (a revoked token, a room left, a channel deleted);
`receiver-failing` where nothing has gone through for FAILING_MS, though it may by itself.
Why: an alert that waits in a queue is seen by nobody, and a quiet channel looks like a quiet chain.
Runbook: docs/operating.md, "When paseo-watch speaks about itself".
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from paseo_watch.alerts.alert import Firing, Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Outcome, Routed, route
from paseo_watch.app.receivers import Destinations, through
from paseo_watch.clock import Clock
from paseo_watch.outbox.status import CourierStatus
from paseo_watch.pipeline.commit import recalled, settle
from paseo_watch.pipeline.measures import Measures
from paseo_watch.store import conditions
from paseo_watch.store.database import Database
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.watcher import ConditionObservation

REFUSED, FAILING = "receiver-refused", "receiver-failing"
SERVICE = "service"
FAILING_MS = 300_000  # a server that restarts, or a rate limit after a burst, is over by then
LOOK_EVERY = 10.0  # seconds between two looks
NOBODY = "-"  # the service is no chain


def observe(
    statuses: Sequence[CourierStatus], held: Collection[Firing], now_ms: int
) -> tuple[ConditionObservation, ...]:
    """What the couriers' state comes to. `held` are the conditions that hold: those of who is gone end.

    What is not known is not observed: after a restart a condition stays until something went well.
    """
    found = [each for status in statuses for each in _about(status, now_ms)]
    here = {_name(status) for status in statuses}
    gone = [firing for firing in held if firing.rule in (REFUSED, FAILING) and _named(firing) not in here]
    return (*found, *(_removed(firing) for firing in gone))


def _about(status: CourierStatus, now_ms: int) -> list[ConditionObservation]:
    name = _name(status)
    if status.proven:
        text = "What waited for it is being delivered."
        return [_seen(rule, False, name, f"{name} takes alerts again", text) for rule in (REFUSED, FAILING)]
    if not _is_ill(status, now_ms):
        return []
    if status.state == "refused":
        return [_seen(REFUSED, True, name, f"{name} takes no alerts until somebody acts", _why(status))]
    return [_seen(FAILING, True, name, f"Nothing reaches {name}", _why(status))]


def _is_ill(status: CourierStatus, now_ms: int) -> bool:
    """Not one that failed a moment ago: what is put into its queue will arrive."""
    lasts = status.trouble_since_ms is not None and now_ms - status.trouble_since_ms >= FAILING_MS
    return lasts or status.state == "refused"


def _why(status: CourierStatus) -> str:
    return f"{status.detail or 'it was given no reason'}\nIts alerts wait and are delivered once it works again."


def _removed(held: Firing) -> ConditionObservation:
    name = _named(held)
    return _seen(held.rule, False, name, f"{name} is no longer configured", "What waits for it stays in the outbox.")


def _seen(rule: str, active: bool, name: str, title: str, text: str) -> ConditionObservation:
    receiver, _, sink = name.rpartition("/")
    severity = "critical" if rule == REFUSED else "warning"
    labels = {"receiver": receiver, "sink": sink}
    return ConditionObservation(
        rule=rule, severity=severity, active=active, key=name, title=title, text=text, labels=labels, data=labels
    )


def _name(status: CourierStatus) -> str:
    return f"{status.receiver}/{status.sink}"


def _named(held: Firing) -> str:
    return f"{held.labels['receiver']}/{held.labels['sink']}"


def _its_way(routed: Routed) -> tuple[str, str]:
    labels = routed.notification["labels"]
    return labels["receiver"], labels["sink"]


class Troubles:
    """The service's own conditions. `look` is its one writer, and runs one at a time."""

    def __init__(
        self,
        network: str,
        tree: Route,
        destinations: Destinations,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        statuses: Callable[[], Sequence[CourierStatus]],
        wake: Callable[[], None],
    ) -> None:
        self._network = network
        self._tree = tree
        self._destinations = destinations
        self._database = database
        self._clock = clock
        self._measures = Measures(metrics, NOBODY)
        self._statuses = statuses
        self._wake = wake
        self._firing: Mapping[str, Firing] | None = None

    @property
    def firing(self) -> Sequence[Firing]:
        """What holds, as far as it was read."""
        return tuple((self._firing or {}).values())

    async def look(self) -> None:
        """One look at the couriers; what changed is stored and told. Raises StoreUnavailable: then nothing changed."""
        held = await self._held()
        statuses, now_ms = self._statuses(), self._clock.now_ms()
        where = Where(self._network, None, None, None, now_ms)
        outcome = route(self._tree, held, SERVICE, observe(statuses, held.values(), now_ms), where)
        if outcome.routed:
            await self._settle(outcome, statuses, now_ms)
        after = {print_: firing for print_, firing in held.items() if print_ not in outcome.resolved}
        self._firing = after | {firing.fingerprint: firing for firing in outcome.fired}
        self._measures.firing(self._firing.values())

    async def _settle(self, outcome: Outcome, statuses: Sequence[CourierStatus], now_ms: int) -> None:
        ill = {(each.receiver, each.sink) for each in statuses if _is_ill(each, now_ms)}
        told = [through(each, self._destinations, ill, {_its_way(each)}) for each in outcome.routed]
        await self._database.run(lambda conn: settle(conn, outcome, told, now_ms))
        self._measures.told(outcome.routed)
        self._wake()

    async def _held(self) -> Mapping[str, Firing]:
        if self._firing is None:
            rows = await self._database.run(lambda conn: conditions.load(conn, None))
            self._firing = {row.fingerprint: recalled(row) for row in rows}
        return self._firing
