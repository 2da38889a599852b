"""The route tree, walked as Alertmanager walks its own.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route. The root matches everything. An alert goes
down to the first child that matches, and on to the next ones only where that child says `continue`; a node none of
whose children match keeps the alert for its own receiver.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paseo_watch.alerts.matchers import Matcher


@dataclass(frozen=True, slots=True)
class Route:
    """One node: who gets what reaches it. A child without a receiver of its own is built with its parent's."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    routes: tuple["Route", ...] = ()
    continues: bool = False

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether every matcher of this node is fulfilled."""
        return all(matcher.matches(labels) for matcher in self.matchers)


def receivers(route: Route, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The receivers of an alert with these labels, each once, in the order of the tree."""
    return tuple(dict.fromkeys(_walk(route, labels)))


def _walk(route: Route, labels: Mapping[str, str]) -> Iterator[str]:
    taken = False
    for child in route.routes:
        if child.matches(labels):
            taken = True
            yield from _walk(child, labels)
            if not child.continues:
                break
    if not taken:
        yield route.receiver
