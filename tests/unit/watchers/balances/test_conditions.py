"""The cap and the low balance: where they fire, where they resolve, and what is remembered in between."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain.units import Unit
from paseo_watch.watchers.balances.conditions import judge_cap, judge_low, judge_remembered, whitelist_key
from paseo_watch.watchers.balances.rules import Cap, Low
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.watcher import ConditionObservation
from tests.unit.watchers.balances.doubles import ALICE, BOB, DAVE, PAS, TREASURY, setting

NAMES = Names(setting())
UNIT = Unit("PAS", 10)
LOW = Low("low", "critical", UNIT, (DAVE,), 1_000 * PAS, 1_100 * PAS)


def cap(whitelisted: bool = False) -> Cap:
    return Cap("cap", "warning", UNIT, 5_000 * PAS, whitelisted)


def fold(state: dict[str, Any], outcomes: Any) -> list[tuple[bool, bytes]]:
    """Apply outcomes as the store would; returns what was told: (active, account)."""
    told: list[tuple[bool, bytes]] = []
    for outcome in outcomes:
        if outcome is None:
            continue
        key, value, observation = outcome
        state.pop(key, None)
        if value is not None:
            state[key] = value
        if isinstance(observation, ConditionObservation):
            told.append((observation.active, bytes.fromhex(observation.data["account_key"][2:])))
    return told


@pytest.mark.parametrize(("total", "fires"), [(5_000 * PAS - 1, False), (5_000 * PAS, False), (5_000 * PAS + 1, True)])
def test_the_cap_is_broken_above_it_and_not_at_it(total: int, fires: bool) -> None:
    assert fold({}, [judge_cap(cap(), {}, ALICE, total, NAMES)]) == ([(True, ALICE)] if fires else [])


@pytest.mark.parametrize(("total", "resolves"), [(5_000 * PAS + 1, False), (5_000 * PAS, True), (0, True)])
def test_the_cap_is_kept_again_at_it_and_not_above_it(total: int, resolves: bool) -> None:
    state: dict[str, Any] = {}
    fold(state, [judge_cap(cap(), state, ALICE, 9_000 * PAS, NAMES)])
    assert fold(state, [judge_cap(cap(), state, ALICE, total, NAMES)]) == ([(False, ALICE)] if resolves else [])
    assert bool(state) is not resolves


def test_a_cap_that_stays_broken_is_told_once_and_the_balance_is_kept_fresh() -> None:
    state: dict[str, Any] = {}
    told = [fold(state, [judge_cap(cap(), state, ALICE, total * PAS, NAMES)]) for total in (6_000, 7_000, 7_000)]
    assert told == [[(True, ALICE)], [], []]
    assert state == {f"cap/cap/{ALICE.hex()}": {"balance": str(7_000 * PAS), "firing": True}}
    assert judge_cap(cap(), state, ALICE, 7_000 * PAS, NAMES) is None


def test_a_pot_may_hold_anything() -> None:
    assert judge_cap(cap(), {}, TREASURY, 10**20, NAMES) is None


def test_a_whitelisted_account_is_remembered_and_not_told() -> None:
    state: dict[str, Any] = {whitelist_key("cap"): {"accounts": [ALICE.hex()]}}
    assert fold(state, [judge_cap(cap(True), state, ALICE, 6_000 * PAS, NAMES)]) == []
    assert fold(state, [judge_cap(cap(True), state, BOB, 6_000 * PAS, NAMES)]) == [(True, BOB)]
    assert state[f"cap/cap/{ALICE.hex()}"] == {"balance": str(6_000 * PAS), "firing": False}


def test_a_new_whitelist_tells_who_fell_off_and_resolves_who_came_on() -> None:
    state: dict[str, Any] = {whitelist_key("cap"): {"accounts": [ALICE.hex()]}}
    for account in (ALICE, BOB, DAVE):
        fold(state, [judge_cap(cap(True), state, account, 6_000 * PAS, NAMES)])
    told = fold(state, list(judge_remembered(cap(True), state, frozenset({BOB.hex()}), NAMES)))
    assert told == [(True, ALICE), (False, BOB)]
    assert fold(state, list(judge_remembered(cap(True), state, frozenset({BOB.hex()}), NAMES))) == []


def test_before_the_first_whitelist_nobody_is_told_and_nobody_is_lost() -> None:
    state: dict[str, Any] = {}
    for account in (ALICE, BOB):
        assert fold(state, [judge_cap(cap(True), state, account, 6_000 * PAS, NAMES)]) == []
    assert fold(state, list(judge_remembered(cap(True), state, frozenset({BOB.hex()}), NAMES))) == [(True, ALICE)]


def test_another_rules_memory_is_left_alone() -> None:
    state = {f"cap/cap-2/{ALICE.hex()}": {"balance": str(6_000 * PAS), "firing": False}}
    assert list(judge_remembered(cap(True), state, frozenset(), NAMES)) == []


def test_a_broken_cap_says_who_holds_what_and_may_hold_what() -> None:
    outcome = judge_cap(cap(True), {whitelist_key("cap"): {"accounts": []}}, DAVE, 6_000 * PAS + 5, NAMES)
    assert outcome is not None
    told = outcome[2]
    assert told is not None
    address = "5C9yEy27yLNG5BDMxVwS8RyGBneZB1ouShazFhGZVP8thK5z"
    assert told.title == "dave holds 6,000.0000000005 PAS"
    assert told.text == (
        f"dave ({address}) holds 6,000.0000000005 PAS in total, more than the cap of 5,000 PAS, "
        "and is not on the whitelist."
    )
    assert told.labels == {"account": address}
    assert told.data == {
        "account": address,
        "account_key": "0x" + DAVE.hex(),
        "account_name": "dave",
        "balance": str(6_000 * PAS + 5),
        "balance_text": "6,000.0000000005 PAS",
        "limit": str(5_000 * PAS),
        "limit_text": "5,000 PAS",
    }
    assert told.links == (f"https://explorer/{address}",)


def test_another_prefix_writes_another_address_about_the_same_account() -> None:
    """Paseo changed its prefix; what tells one condition from another must not change with it."""
    shown = [judge_cap(cap(), {}, ALICE, 9_000 * PAS, Names(setting(ss58_prefix=prefix))) for prefix in (0, 42)]
    told = [outcome[2] for outcome in shown if outcome is not None]
    assert [each.key for each in told if each is not None] == [ALICE.hex()] * 2
    assert len({each.labels["account"] for each in told if each is not None}) == 2


@pytest.mark.parametrize(("free", "fires"), [(1_000 * PAS, False), (1_000 * PAS - 1, True), (0, True)])
def test_a_balance_is_low_below_the_limit_and_not_at_it(free: int, fires: bool) -> None:
    assert fold({}, [judge_low(LOW, {}, DAVE, free, NAMES)]) == ([(True, DAVE)] if fires else [])


@pytest.mark.parametrize(
    ("free", "resolves"), [(1_000 * PAS, False), (1_100 * PAS - 1, False), (1_100 * PAS, True), (10**20, True)]
)
def test_a_low_balance_recovers_at_its_own_limit(free: int, resolves: bool) -> None:
    state: dict[str, Any] = {}
    fold(state, [judge_low(LOW, state, DAVE, 5, NAMES)])
    assert fold(state, [judge_low(LOW, state, DAVE, free, NAMES)]) == ([(False, DAVE)] if resolves else [])
    assert bool(state) is not resolves


def test_a_balance_that_swings_between_the_limits_is_told_once() -> None:
    state: dict[str, Any] = {}
    swings = (1_050, 999, 1_050, 999, 1_050, 1_100, 1_050, 999)
    told = [fold(state, [judge_low(LOW, state, DAVE, free * PAS, NAMES)]) for free in swings]
    assert told == [[], [(True, DAVE)], [], [], [], [(False, DAVE)], [], [(True, DAVE)]]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 8_000), max_size=20), st.booleans())
def test_conditions_alternate_and_end_as_the_last_balance_says(balances: list[int], low: bool) -> None:
    """Firing and resolved take turns, and after each balance the state says what a fresh look at it would."""
    state: dict[str, Any] = {}
    firing = False
    for whole in balances:
        judged = (
            judge_low(LOW, state, DAVE, whole * PAS, NAMES)
            if low
            else judge_cap(cap(), state, DAVE, whole * PAS, NAMES)
        )
        for active, _ in fold(state, [judged]):
            assert active is not firing
            firing = active
        swung = whole < 1_000 or (firing and whole < 1_100)
        expected = swung if low else whole > 5_000
        assert firing is expected
        assert bool(state) is expected
