"""The route tree is walked as Alertmanager walks its own."""

import pytest

from paseo_watch.alerts.matchers import parse
from paseo_watch.alerts.route import Route, receivers


def node(receiver: str, *matchers: str, routes: tuple[Route, ...] = (), continues: bool = False) -> Route:
    return Route(receiver, tuple(map(parse, matchers)), routes, continues)


TREE = node(
    "default",
    routes=(
        node("archive", 'severity="info"'),
        node("audit", 'chain="relay"', continues=True),
        node(
            "tech",
            'chain="relay"',
            routes=(node("management", 'severity="critical"'),),
        ),
    ),
)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"severity": "info", "chain": "relay"}, ("archive",)),
        ({"severity": "warning", "chain": "relay"}, ("audit", "tech")),
        ({"severity": "critical", "chain": "relay"}, ("audit", "management")),
        ({"severity": "warning", "chain": "people"}, ("default",)),
    ],
)
def test_the_first_child_that_matches_takes_it_unless_it_says_continue(
    labels: dict[str, str], expected: tuple[str, ...]
) -> None:
    """And a node none of whose children match keeps it."""
    assert receivers(TREE, labels) == expected


def test_a_receiver_reached_twice_gets_it_once() -> None:
    """Two branches may lead to one receiver."""
    tree = node("a", routes=(node("a", 'x="1"', continues=True), node("a", 'x="1"')))

    assert receivers(tree, {"x": "1"}) == ("a",)


def test_continue_on_the_last_child_does_not_bring_the_parent_in() -> None:
    """Alertmanager's rule: the parent keeps only what no child took."""
    tree = node("parent", routes=(node("child", 'x="1"', continues=True),))

    assert receivers(tree, {"x": "1"}) == ("child",)
