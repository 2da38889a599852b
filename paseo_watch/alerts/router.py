"""The router: observations in, notifications with their receivers out, and what became of the firing conditions.

Every decision carries its reason. An event is told once, whatever happens. A condition is told when it begins and when
it ends; while it goes on being observed as it is, nothing is told. Grouping, repeats, inhibition and silences have
their place between `_decide` and `receivers`; they are a later step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from paseo_watch.alerts.alert import Firing, Notification, Where, block_data, fingerprint, identity, iso
from paseo_watch.alerts.route import Route, receivers
from paseo_watch.watchers.watcher import ConditionObservation, EventObservation, Observation


class Reason(StrEnum):
    """Why a notification was made."""

    HAPPENED = "happened"
    FIRST_FIRING = "first_firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Routed:
    """One notification and who gets it."""

    notification: Notification
    receivers: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one input's observations came to. `fired` and `resolved` (fingerprints) change the stored conditions."""

    routed: tuple[Routed, ...] = ()
    fired: tuple[Firing, ...] = ()
    resolved: tuple[str, ...] = ()


def route(
    tree: Route,
    firing: Mapping[str, Firing],
    watcher: str,
    observations: Iterable[Observation],
    where: Where,
) -> Outcome:
    """Decide on one input's observations of one watcher, in their order.

    `firing` holds the conditions that hold before this input, by fingerprint; it is not changed.
    """
    holds = dict(firing)
    routed: list[Routed] = []
    for seen in observations:
        notification, reason = _decide(holds, watcher, seen, where)
        if notification is not None and reason is not None:
            routed.append(Routed(notification, receivers(tree, notification["labels"]), reason))
    return Outcome(
        tuple(routed),
        tuple(held for print_, held in holds.items() if firing.get(print_) is not held),
        tuple(print_ for print_ in firing if print_ not in holds),
    )


def end(tree: Route, held: Firing, seen: ConditionObservation, where: Where) -> Routed:
    """The end of a condition that nobody observes any more, under the fingerprint that it began with."""
    told = _condition(held.notification["watcher"], seen, where, held.fingerprint, held.since_ms)
    return Routed(told, receivers(tree, told["labels"]), Reason.RESOLVED)


def _decide(
    holds: dict[str, Firing], watcher: str, seen: Observation, where: Where
) -> tuple[Notification | None, Reason | None]:
    if isinstance(seen, EventObservation):
        return _event(watcher, seen, where), Reason.HAPPENED
    print_ = fingerprint(where, seen.rule, seen.key)
    held = holds.get(print_)
    if seen.active and held is None:
        since_ms = where.now_ms if where.time_ms is None else where.time_ms
        notification = _condition(watcher, seen, where, print_, since_ms)
        holds[print_] = Firing(print_, seen.rule, seen.severity, seen.labels, since_ms, notification)
        return notification, Reason.FIRST_FIRING
    if not seen.active and held is not None:
        del holds[print_]
        return _condition(watcher, seen, where, print_, held.since_ms), Reason.RESOLVED
    return None, None


def _event(watcher: str, seen: EventObservation, where: Where) -> Notification:
    print_ = fingerprint(where, seen.rule, where.moment, seen.key)
    return {
        **_common(watcher, seen, where),
        "id": identity(print_, "event"),
        "fingerprint": print_,
        "kind": "event",
        "status": "event",
        "extrinsic": seen.extrinsic,
        "since": None,
    }


def _condition(watcher: str, seen: ConditionObservation, where: Where, print_: str, since_ms: int) -> Notification:
    status = "firing" if seen.active else "resolved"
    return {
        **_common(watcher, seen, where),
        "id": identity(print_, status, where.moment),
        "fingerprint": print_,
        "kind": "condition",
        "status": status,
        "extrinsic": None,
        "since": iso(since_ms),
    }


def _common(watcher: str, seen: Observation, where: Where) -> dict[str, Any]:
    names = {
        "network": where.network,
        "chain": where.chain_name,
        "rule": seen.rule,
        "watcher": watcher,
        "severity": seen.severity,
    }
    return {
        **names,
        "labels": {**seen.labels, **names},
        "block": block_data(where),
        "title": seen.title,
        "text": seen.text,
        "links": list(seen.links),
        "data": dict(seen.data),
        "late": where.late,
    }
