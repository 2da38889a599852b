"""Rounds: what they look at, and when."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.watchers.opengov.reconcile import AT_ONCE, advanced, clock_ms, due, is_new, is_open
from paseo_watch.watchers.opengov.row import Row, row_key
from tests.unit.watchers.opengov.doubles import GENESIS_MS, block

MINUTE = 60_000


def at(minutes: float, late: bool = False) -> Any:
    return block(time_ms=GENESIS_MS + int(minutes * MINUTE), late=late)


def after(state: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**state, **changes}.items() if value is not None}


def whole_round(
    state: dict[str, Any], minutes: float, counts: dict[str, int]
) -> tuple[dict[str, Any], list[list[Any]]]:
    """The state behind a round, and what each of its blocks looked at."""
    parts = []
    while is_open(state, at(minutes)):
        parts.append(due(state, at(minutes), counts))
        state = after(state, advanced(state, at(minutes), counts, parts[-1]))
    return state, parts


def test_a_round_begins_at_the_first_block_and_every_ten_minutes_of_the_chain() -> None:
    """After a stop that was longer too, and when the clock goes back; never at a late block."""
    assert is_open({}, at(0))
    state, _ = whole_round({}, 0, {"Referenda": 1})
    assert [is_open(state, at(minutes)) for minutes in (0, 9.99, 10, 5_000, -10)] == [False, False, True, True, True]
    assert not is_open(state, at(10, late=True))
    assert not is_open({}, at(10, late=True))


def test_a_chain_without_a_clock_counts_its_blocks() -> None:
    """Six seconds each."""
    assert clock_ms(block(number=100, time_ms=None)) == 600_000
    assert clock_ms(block(number=100, time_ms=5)) == 5


def test_only_those_that_go_on_are_looked_at_again() -> None:
    """And those that came since."""
    state, parts = whole_round({}, 0, {"Referenda": 3})
    assert parts == [[("Referenda", 0), ("Referenda", 1), ("Referenda", 2)]]
    for index, phase in enumerate(("rejected", "deciding")):
        state[row_key("Referenda", index)] = Row(phase).json
    _, parts = whole_round(state, 10, {"Referenda": 5})
    assert parts == [[("Referenda", 1), ("Referenda", 3), ("Referenda", 4)]]


def test_a_later_round_of_many_parts_takes_up_where_it_was() -> None:
    """At the first that it has not come to; a restart between makes no difference."""
    count = 2 * AT_ONCE + 5
    state, _ = whole_round({}, 0, {"Referenda": count})
    state |= {row_key("Referenda", index): Row("deciding").json for index in range(count)}
    _, parts = whole_round(state, 10, {"Referenda": count})
    assert [len(part) for part in parts] == [AT_ONCE, AT_ONCE, 5]
    assert [index for part in parts for _, index in part] == list(range(count))


def test_those_below_the_first_count_were_there_before_us() -> None:
    """Of each instance."""
    assert not is_new({}, ("Referenda", 5))
    state, _ = whole_round({}, 0, {"Referenda": 3})
    assert [is_new(state, ("Referenda", index)) for index in (2, 3)] == [False, True]
    state, _ = whole_round(state, 10, {"Referenda": 4, "Fellowship": 2})
    assert [is_new(state, ("Fellowship", index)) for index in (1, 2)] == [False, True]
    assert is_new(state, ("Referenda", 3))


def test_ended_ones_are_forgotten_after_thirty_days() -> None:
    """Those that go on never are."""
    state, _ = whole_round({}, 0, {"Referenda": 3})
    state[row_key("Referenda", 0)] = Row("rejected", ended_ms=GENESIS_MS).json
    state[row_key("Referenda", 1)] = Row("deciding").json
    month = 30 * 24 * 60
    kept, _ = whole_round(state, month, {"Referenda": 3})
    assert row_key("Referenda", 0) in kept
    left, _ = whole_round(kept, month + 10, {"Referenda": 3})
    assert row_key("Referenda", 0) not in left
    assert row_key("Referenda", 1) in left


def test_a_count_without_end_costs_no_more_than_a_part_of_a_round() -> None:
    """A lie of four billion."""
    state: dict[str, Any] = {}
    counts = {"Referenda": (1 << 32) - 1}
    for part in range(3):
        looked_at = due(state, at(0), counts)
        assert looked_at == [("Referenda", part * AT_ONCE + n) for n in range(AT_ONCE)]
        state = after(state, advanced(state, at(0), counts, looked_at))


@given(
    st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(0, 3 * AT_ONCE), min_size=1),
    st.lists(st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 3 * AT_ONCE), st.booleans()), max_size=20),
    st.integers(0, 30),
)
def test_a_round_visits_each_that_goes_on_once(counts: dict[str, int], known: Any, more: int) -> None:
    """In parts that are never larger than one request, whatever came since the last round."""
    state, parts = whole_round({}, 0, counts)
    assert [each for part in parts for each in part] == [
        (name, i) for name in sorted(counts) for i in range(counts[name])
    ]
    assert all(len(part) <= AT_ONCE for part in parts)
    going_on: set[tuple[str, int]] = set()
    for name, index, goes_on in known:
        if index < counts.get(name, 0):
            state[row_key(name, index)] = Row("deciding" if goes_on else "killed", ended_ms=GENESIS_MS).json
            (going_on.add if goes_on else going_on.discard)((name, index))
    now = {name: count + more for name, count in counts.items()}
    state, parts = whole_round(state, 10, now)
    came = {(name, index) for name, count in counts.items() for index in range(count, count + more)}
    assert [each for part in parts for each in part] == sorted(going_on | came)
    assert not is_open(state, at(10))
