"""Receivers as the configuration names them, built into sinks; and what is told when a delivery dies."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Routed, route
from paseo_watch.config.model import Config
from paseo_watch.pipeline.commit import Destinations, enqueue
from paseo_watch.sinks.registry import SINKS, SinkSetting
from paseo_watch.sinks.sink import Sink
from paseo_watch.store.deliveries import StoredDelivery
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.watcher import EventObservation

__all__ = ["Destinations", "Receivers", "build_receivers", "console_only", "tell_of_dead", "through"]

CONSOLE = "console"
DEAD_RULE = "delivery-dead"
SEVERITY = "critical"
TELL_EVERY_MS = 3_600_000
"""Within such a span of our clock, dead deliveries of one receiver and sink are one alert: so is a queue that dies."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """The route tree, and the sinks by (receiver, sink name)."""

    tree: Route
    sinks: Mapping[tuple[str, str], Sink]

    @property
    def destinations(self) -> Destinations:
        """Receiver to the names of its sinks."""
        names: dict[str, list[str]] = {}
        for receiver, sink in self.sinks:
            names.setdefault(receiver, []).append(sink)
        return names


def build_receivers(config: Config, setting: SinkSetting) -> Receivers:
    """Every sink of every receiver."""
    sinks = {
        (receiver.name, kind): SINKS[kind].build(options, setting)
        for receiver in config.receivers
        for kind, options in receiver.sinks.items()
    }
    return Receivers(config.route.tree(), sinks)


def console_only(setting: SinkSetting) -> Receivers:
    """Everything to the console, nothing anywhere else."""
    kind = SINKS[CONSOLE]
    return Receivers(Route(CONSOLE), {(CONSOLE, CONSOLE): kind.build(kind.options(), setting)})


Ways = Collection[tuple[str, str]]
"""Ways out: (receiver, sink)."""


def through(each: Routed, destinations: Destinations, ill: Ways, about: Ways) -> tuple[Routed, Destinations]:
    """A notification round the ways that are ill, and where it goes then.

    To the other sinks of those who should get it; where these have none, to everybody else's; where nobody is well, to
    all ways but those that it is about. There it waits, as everything else does.
    """
    ways = _without(destinations, ill)
    if not any(ways.values()):
        ways = _without(destinations, about)
    anybody = tuple(name for name, sinks in ways.items() if sinks)
    return replace(each, receivers=tuple(name for name in each.receivers if ways[name]) or anybody), ways


def _without(destinations: Destinations, left_out: Ways) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sink for sink in sinks if (name, sink) not in left_out) for name, sinks in destinations.items()}


def tell_of_dead(
    network: str, receivers: Receivers, metrics: Metrics, now_ms: Callable[[], int]
) -> Callable[[Connection, StoredDelivery, str], None]:
    """What runs in the transaction that ends a delivery as dead: an alert of our own, through the other receivers.

    A dead alert about a dead delivery tells nobody more; it is counted and listed like any other.
    """

    metrics.alerts.labels("-", DEAD_RULE, SEVERITY, "event")  # 0: the first of them is to be seen by increase()

    def on_dead(conn: Connection, dead: StoredDelivery, error: str) -> None:
        if dead.content.get("rule") == DEAD_RULE:
            return
        at = now_ms()
        seen = _observe(dead, error)
        moment = Where(network, None, None, None, at - at % TELL_EVERY_MS)  # one moment, one identity: told once
        outcome = route(receivers.tree, {}, "service", [seen], moment)
        its_way = {(dead.receiver, dead.sink)}
        (told,) = outcome.routed
        routed, ways = through(told, receivers.destinations, its_way, its_way)
        new = enqueue(conn, [routed], ways, at)
        metrics.alerts.labels("-", DEAD_RULE, SEVERITY, "event").inc(new)

    return on_dead


def _observe(dead: StoredDelivery, error: str) -> EventObservation:
    return EventObservation(
        rule=DEAD_RULE,
        severity=SEVERITY,
        key=f"{dead.receiver}/{dead.sink}",
        title=f"{dead.receiver}/{dead.sink} did not get an alert",
        text=f"“{dead.content.get('title', '')}” cannot be delivered: {error} "
        "Others that die of it within the hour are not told again: see `paseo-watch outbox list --status dead`; "
        f"after mending it, `paseo-watch outbox retry`, or `paseo-watch outbox retry {dead.id}` for this one.",
        labels={"receiver": dead.receiver, "sink": dead.sink},
        data={"delivery": dead.id, "notification": dead.notification_id, "error": error, "attempts": dead.attempts},
    )
