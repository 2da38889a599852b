"""What the service says about itself: from vitals to conditions, and never an all-clear out of ignorance."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import route
from paseo_watch.chain.block import ChainId
from paseo_watch.watchers.service import NO_PROGRESS_MS, RULES, UNREACHABLE_MS, ServiceWatcher
from paseo_watch.watchers.watcher import Answers, EndpointVitals, EventObservation, Observation, State, Tick, Vitals

NOW_MS = 1_800_000_000_000
GOOD = EndpointVitals("a.test", "connected", "", 0)
WELL = Vitals(
    now_ms=NOW_MS,
    endpoints=(GOOD,),
    holes=0,
    halted=None,
    finalized=12,
    processed=11,
    progress_ms=NOW_MS - 1,
    progressed=True,
)


def observed(vitals: Vitals, state: State | None = None) -> dict[str, Observation]:
    """What is seen, by rule and endpoint."""
    step = ServiceWatcher().step(state or {}, vitals, Answers())
    return {seen.rule + seen.labels.get("endpoint", ""): seen for seen in step.observations}


def active(vitals: Vitals, rule: str, state: State | None = None) -> bool | None:
    """Whether a condition holds; None where nothing is said of it."""
    seen = observed(vitals, state).get(rule)
    assert not isinstance(seen, EventObservation)
    return None if seen is None else seen.active


def test_while_all_is_well_every_condition_is_seen_not_to_hold() -> None:
    """Each of the rules is judged."""
    assert {seen.rule for seen in observed(WELL).values()} == set(RULES)
    assert not any(active(WELL, name) for name in observed(WELL))


def test_anything_but_vitals_is_nothing_to_it() -> None:
    """Time comes with the vitals."""
    assert ServiceWatcher().step({}, Tick(NOW_MS), Answers()).observations == ()


@pytest.mark.parametrize(
    ("state", "expected"),
    [("quarantined", True), ("connected", False), ("connecting", None), ("backing_off", None), ("idle", None)],
)
def test_an_endpoint_stays_set_apart_until_it_is_connected(state: str, expected: bool | None) -> None:
    """A young process that has not asked it yet does not know that it is well."""
    vitals = replace(WELL, endpoints=(EndpointVitals("b.test", state, "another chain", 0),))
    assert active(vitals, "endpoint-quarantinedb.test") is expected


def test_endpoints_that_are_set_apart_are_conditions_of_their_own() -> None:
    """The end of one must not end the other."""
    bad = [EndpointVitals(name, "quarantined", "another chain", 0) for name in ("a.test", "b.test")]
    step = ServiceWatcher().step({}, replace(WELL, endpoints=tuple(bad)), Answers())
    outcome = route(
        Route("all"), {}, "service", step.observations, Where("paseo", ChainId("r", b""), None, None, NOW_MS)
    )
    apart = [held for held in outcome.fired if held.rule == "endpoint-quarantined"]
    assert len({held.fingerprint for held in apart}) == 2


def test_what_is_wrong_with_an_endpoint_is_told_and_what_is_right_too() -> None:
    """A resolved alert must not read like a firing one."""
    bad = EndpointVitals("a.test", "quarantined", "genesis 0x12", 0)
    firing = observed(replace(WELL, endpoints=(bad,)))["endpoint-quarantineda.test"]
    assert (firing.title, firing.text) == ("Endpoint a.test is set apart", "genesis 0x12")
    assert firing.data == {"endpoint": "a.test", "reason": "genesis 0x12"}
    assert observed(WELL)["endpoint-quarantineda.test"].title == "Endpoint a.test is used again"


def test_an_endpoint_that_left_the_configuration_ends_its_condition_and_is_forgotten() -> None:
    """It is said once; then its name is gone from the state."""
    state = {"endpoints": ["old.test", "a.test"], "history": []}
    step = ServiceWatcher().step(state, WELL, Answers())
    (gone,) = [seen for seen in step.observations if seen.labels == {"endpoint": "old.test"}]
    assert active(WELL, "endpoint-quarantinedold.test", state) is False
    assert gone.title == "Endpoint old.test is no longer configured"
    assert step.changes == {"endpoints": ["a.test"], "history": []}


@pytest.mark.parametrize("state", ["connecting", "backing_off", "quarantined", "idle"])
@pytest.mark.parametrize(("idle_ms", "expected"), [(UNREACHABLE_MS - 1, None), (UNREACHABLE_MS, True)])
def test_a_chain_is_unreachable_after_two_minutes_without_any_connection(
    state: str, idle_ms: int, expected: bool | None
) -> None:
    """Before that nothing is said, and no earlier alert is taken back."""
    vitals = replace(
        WELL, endpoints=(EndpointVitals("a.test", state, "refused", 0),), progress_ms=NOW_MS - idle_ms, progressed=False
    )
    assert active(vitals, "chain-unreachable") is expected


def test_one_connection_is_enough_to_reach_a_chain() -> None:
    """However long no block came."""
    dead = EndpointVitals("b.test", "backing_off", "refused", 0)
    assert active(replace(WELL, endpoints=(dead, GOOD), progress_ms=0), "chain-unreachable") is False


@pytest.mark.parametrize(
    ("halted", "progressed", "expected"),
    [("a fork", True, True), ("a fork", False, True), (None, True, False), (None, False, None)],
)
def test_a_halt_ends_when_a_block_came_and_not_when_we_forgot_it(
    halted: str | None, progressed: bool, expected: bool | None
) -> None:
    """After a restart the reason is not known until the walker meets it again."""
    assert active(replace(WELL, halted=halted, progressed=progressed), "chain-halted") is expected


@pytest.mark.parametrize(
    ("idle_ms", "progressed", "expected"),
    [
        (NO_PROGRESS_MS, True, True),
        (NO_PROGRESS_MS, False, True),
        (NO_PROGRESS_MS - 1, True, False),
        (NO_PROGRESS_MS - 1, False, None),
    ],
)
def test_a_chain_is_behind_after_five_minutes_without_a_block(
    idle_ms: int, progressed: bool, expected: bool | None
) -> None:
    """The end needs a block."""
    assert active(replace(WELL, progress_ms=NOW_MS - idle_ms, progressed=progressed), "chain-behind") is expected


def test_holes_are_stored_and_so_always_known() -> None:
    """Any is one too many."""
    assert (active(replace(WELL, holes=1), "holes"), active(WELL, "holes")) == (True, False)
    assert observed(replace(WELL, holes=3))["holes"].data == {"holes": 3}


def test_a_new_history_is_told_once_and_again_only_for_another_one() -> None:
    """Also where a genesis comes back: an event on every tick would be a flood."""
    state: State = {}
    told = []
    for former in ((b"\1",), (b"\1",), (b"\1", b"\2"), (b"\1", b"\2")):
        step = ServiceWatcher().step(state, replace(WELL, former=former), Answers())
        state = {**state, **step.changes}
        told.append([seen.data["former"] for seen in step.observations if seen.rule == "new-history"])
    assert told == [[["01"]], [], [["01", "02"]], []]


def test_in_steady_state_nothing_is_written() -> None:
    """The same endpoints, the same history: no change of state on any tick."""
    step = ServiceWatcher().step({}, WELL, Answers())
    assert ServiceWatcher().step(step.changes, WELL, Answers()).changes == {}


VITALS = st.builds(
    Vitals,
    now_ms=st.just(NOW_MS),
    endpoints=st.tuples(
        st.sampled_from(["connected", "connecting", "backing_off", "quarantined", "idle"]).map(
            lambda state: EndpointVitals("a.test", state, "why", 0)
        )
    ),
    holes=st.integers(0, 2),
    halted=st.sampled_from([None, "a fork"]),
    finalized=st.sampled_from([None, 5]),
    processed=st.just(5),
    progress_ms=st.sampled_from([NOW_MS, NOW_MS - UNREACHABLE_MS, NOW_MS - NO_PROGRESS_MS]),
    progressed=st.booleans(),
)


@given(st.lists(VITALS, max_size=8))
def test_a_restart_takes_no_alert_back(run: list[Vitals]) -> None:
    """The first look of a new process (nothing connected, no block yet) resolves nothing but what the store knows."""
    where = Where("paseo", ChainId("relay", b""), None, None, NOW_MS)
    state: State = {}
    firing = {}
    for vitals in run:
        step = ServiceWatcher().step(state, vitals, Answers())
        state = {**state, **step.changes}
        outcome = route(Route("team"), firing, "service", step.observations, where)
        firing = {print_: held for print_, held in firing.items() if print_ not in outcome.resolved}
        firing |= {held.fingerprint: held for held in outcome.fired}
    young = Vitals(
        NOW_MS,
        (EndpointVitals("a.test", "connecting", "", 0),),
        run[-1].holes if run else 0,
        None,
        None,
        5,
        NOW_MS,
        False,
    )
    step = ServiceWatcher().step(state, young, Answers())
    outcome = route(Route("team"), firing, "service", step.observations, where)
    assert (outcome.resolved, outcome.routed) == ((), ())
