"""Whose balances a cap reads though the block did not touch them: never too many at once, and nobody is left out."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.units import Unit
from paseo_watch.watchers.balances.due import AT_ONCE, due, looked_at, put_off
from paseo_watch.watchers.balances.rules import Cap
from tests.unit.watchers.balances.doubles import ALICE, BOB, CAROL

CAPS = tuple(Cap(name, "warning", Unit("PAS", 10), 5, False) for name in ("a", "b"))


def after(state: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**state, **changes}.items() if value is not None}


def many(first: int, last: int) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(first, last + 1)]


def test_reading_again_is_bounded_and_takes_turns() -> None:
    """Of 450 accounts over the cap, three rounds read each at least once."""
    state = {f"cap/a/{account.hex()}": {"balance": "1", "firing": True} for account in many(1, 450)}
    rounds = [due(CAPS, state, number) for number in (100, 200, 300)]
    assert [len(accounts) for accounts in rounds] == [200, 200, 200]
    assert frozenset().union(*rounds) == frozenset(many(1, 450))


def test_late_blocks_that_touched_many_are_worked_off_part_by_part() -> None:
    """A request stays bounded, however long the hole was."""
    state = after({}, put_off(CAPS, {}, many(1, 450)))
    seen = []
    for number in (101, 102, 103, 104):
        accounts = due(CAPS, state, number)
        seen.append(len(accounts))
        state = after(state, looked_at(CAPS, state, accounts))
    assert seen == [AT_ONCE, AT_ONCE, 50, 0]
    assert state == {}


def test_two_late_blocks_are_remembered_together_and_what_is_known_is_not_written_again() -> None:
    state = after({}, put_off(CAPS, {}, [ALICE, BOB]))
    state = after(state, put_off(CAPS, state, [BOB, CAROL]))
    assert due(CAPS, state, 101) == {ALICE, BOB, CAROL}
    assert put_off(CAPS, state, [BOB]) == {}
    assert looked_at(CAPS, state, []) == {}


def test_another_rules_accounts_are_read_too_and_forgotten_for_both() -> None:
    """One answer is judged by every cap."""
    state = after({}, put_off(CAPS[:1], {}, [ALICE]))
    assert due(CAPS, state, 101) == {ALICE}
    assert due(CAPS[1:], state, 101) == frozenset()
    assert looked_at(CAPS, state, [ALICE]) == {"due/a": None}


@given(st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 20))), max_size=20))
def test_who_was_touched_late_and_not_answered_since_is_due(history: list[tuple[bool, set[int]]]) -> None:
    """For any order of late blocks and answers."""
    state: dict[str, Any] = {}
    expected: set[bytes] = set()
    for late, numbers in history:
        accounts = [bytes([number]) * 32 for number in numbers]
        state = after(state, (put_off if late else looked_at)(CAPS, state, accounts))
        expected = expected | set(accounts) if late else expected - set(accounts)
    assert due(CAPS, state, 101) == expected
