"""Figures of watchers' states, as Prometheus gets them."""

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry

from paseo_watch.app.readings import MOST, Readings
from paseo_watch.watchers.watcher import Gauge, Reading

COUNT = Gauge("things", "How many things there are.")
BY_NAME = Gauge("thing_size_bytes", "The size of a thing.", ("thing",))


class Showing:
    """Shows what its state holds."""

    name = "showing"

    def readings(self, state: Any) -> list[Reading]:
        return [Reading(COUNT, len(state)), *(Reading(BY_NAME, size, (name,)) for name, size in state.items())]


def registry(**states: dict[str, int]) -> CollectorRegistry:
    """With one chain for each state."""
    chains = [
        (name, SimpleNamespace(watchers=[Showing()], memory=SimpleNamespace(states={"showing": state})))
        for name, state in states.items()
    ]
    made = CollectorRegistry()
    made.register(Readings((COUNT, BY_NAME), lambda: chains))  # type: ignore[arg-type]
    return made


def test_each_chains_state_is_read_when_it_is_asked_for() -> None:
    """Nothing is kept in between: a state that changed shows changed, a thing that went is gone."""
    state = {"a": 1, "b": 2}
    made = registry(relay=state, people={})
    value = made.get_sample_value
    assert value("paseo_watch_things", {"chain": "relay"}) == 2
    assert value("paseo_watch_things", {"chain": "people"}) == 0
    assert value("paseo_watch_thing_size_bytes", {"chain": "relay", "thing": "b"}) == 2
    del state["b"]
    assert value("paseo_watch_things", {"chain": "relay"}) == 1
    assert value("paseo_watch_thing_size_bytes", {"chain": "relay", "thing": "b"}) is None


def test_a_watcher_that_bounds_nothing_is_bounded() -> None:
    """However many names its state holds."""
    made = registry(relay={f"thing {n}": n for n in range(MOST + 50)})
    (family,) = [family for family in made.collect() if family.name == "paseo_watch_thing_size_bytes"]
    assert len(family.samples) == MOST
    assert made.get_sample_value("paseo_watch_readings_omitted", {"chain": "relay"}) == 50


def test_where_nothing_is_left_out_that_is_said_too() -> None:
    """As many as there may be are shown, all of them."""
    made = registry(relay={f"thing {n}": n for n in range(MOST)})
    assert made.get_sample_value("paseo_watch_readings_omitted", {"chain": "relay"}) == 0
