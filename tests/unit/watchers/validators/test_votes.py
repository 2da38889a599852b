"""Backing votes: read, resolved and tallied."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.validators.votes import Votes, duties, named_session, read, read_session, tallied
from tests.relay_encoding import receipt, u32, vector, vote
from tests.unit.watchers.validators.doubles import ALICE, BOB, RELAY_2023, RELAY_2025, RELAY_2026, made_up, real

GROUPS = [[0, 1, 2], [3, 4, 5], [6, 7]]
INFO, KEYS, ON_CHAIN = "ParaSessionInfo.Sessions", "ParaSessionInfo.AccountKeys", "ParaInherent.OnChainVotes"


def counts(places: int) -> dict[str, Any]:
    return {"given": [0] * places, "missed": [0] * places}


def on_chain(session: int, *backers: list[int]) -> bytes:
    candidates = [
        receipt(core, session, bytes(32), 1) + vector([vote(place, place == places[0]) for place in places])
        for core, places in enumerate(backers)
    ]
    return u32(session) + vector(candidates) + b"\0"


@pytest.mark.parametrize("name", [RELAY_2023, RELAY_2025, RELAY_2026])
def test_real_layouts_give_the_session_and_who_backed_each_candidate(name: str) -> None:
    found = read(real(name), on_chain(9, [0, 2], [3], [7, 6]))
    assert found == Votes(9, [frozenset({0, 2}), frozenset({3}), frozenset({6, 7})])


def test_the_session_is_known_from_the_first_bytes_where_there_are_votes() -> None:
    assert named_session(on_chain(258, [1])) == 258
    assert named_session(on_chain(258)) is None
    assert named_session(None) is named_session(b"") is named_session(b"\1\0\0\0") is None


def test_whoever_of_a_backing_group_gave_no_vote_missed_one() -> None:
    told = list(duties(Votes(1, [frozenset({0, 2}), frozenset({6, 7})]), GROUPS))
    assert told == [({0, 2}, {1}), ({6, 7}, frozenset())]


def test_a_group_whose_candidate_nobody_backed_missed_nothing() -> None:
    assert tallied(counts(8), Votes(1, [frozenset({3, 4, 5})]), GROUPS)["missed"] == [0] * 8


def test_a_validator_that_backs_two_candidates_gave_two_votes() -> None:
    """As with several cores for one parachain."""
    two = Votes(1, [frozenset({0, 1, 2}), frozenset({0})])
    assert tallied(counts(8), two, GROUPS) == {"given": [2, 1, 1, 0, 0, 0, 0, 0], "missed": [0, 1, 1, 0, 0, 0, 0, 0]}


def test_votes_add_to_what_was_counted_before_and_leave_that_alone() -> None:
    before = {"given": [5, 0], "missed": [0, 1]}
    assert tallied(before, Votes(1, [frozenset({1})]), [[0, 1]]) == {"given": [5, 1], "missed": [1, 1]}
    assert before == {"given": [5, 0], "missed": [0, 1]}


@given(
    st.lists(st.frozensets(st.sampled_from([0, 1, 2]), min_size=1), max_size=5),
    st.lists(st.frozensets(st.sampled_from([6, 7]), min_size=1), max_size=5),
)
def test_each_candidate_makes_as_many_votes_and_misses_as_its_group_has_members(
    first: list[frozenset[int]], last: list[frozenset[int]]
) -> None:
    sums = tallied(counts(8), Votes(1, [*first, *last]), GROUPS)
    given = Counter(place for backers in (*first, *last) for place in backers)
    assert sums["given"] == [given[place] for place in range(8)]
    of = [len(first)] * 3 + [0] * 3 + [len(last)] * 2
    assert [given + missed for given, missed in zip(sums["given"], sums["missed"], strict=True)] == of


@given(
    st.lists(st.frozensets(st.integers(0, 2**32 - 1))),
    st.lists(st.lists(st.integers(0, 2**32 - 1))),
    st.integers(0, 9),
)
def test_places_that_nobody_has_are_nobodys(backers: list[frozenset[int]], groups: list[list[int]], size: int) -> None:
    sums = tallied(counts(size), Votes(1, backers), groups)
    assert len(sums["given"]) == len(sums["missed"]) == size
    assert sums["given"] == [sum(place in each for each in backers) for place in range(size)]


def test_a_session_is_its_accounts_and_its_groups() -> None:
    runtime = made_up({INFO: {"validator_groups": [[0], [1]], "n_cores": 2}, KEYS: [ALICE, BOB]})
    assert read_session(runtime, b"1", b"2") == {"accounts": [ALICE.hex(), BOB.hex()], "groups": [[0], [1]]}
    assert read_session(runtime, None, b"2") is read_session(runtime, b"1", None) is None


@pytest.mark.parametrize(
    ("info", "keys"),
    [
        (ScaleError("damaged"), [ALICE]),
        ({"validator_groups": [[0]]}, ScaleError("damaged")),
        ({"validator_groups": [{"0": 1}]}, [ALICE]),
        ({"validator_groups": [[{}]]}, [ALICE]),
        ({"validator_groups": [[-1]]}, [ALICE]),
        ({"validator_groups": b"\0"}, [ALICE]),
        ({}, [ALICE]),
        (None, [ALICE]),
        ({"validator_groups": [[0]]}, [ALICE[:20]]),
        ({"validator_groups": [[0]]}, ALICE),
        ({"validator_groups": [[0]]}, [1]),
    ],
)
def test_a_session_of_another_shape_is_none(info: Any, keys: Any) -> None:
    assert read_session(made_up({INFO: info, KEYS: keys}), b"1", b"2") is None


@pytest.mark.parametrize(
    ("value", "backers"),
    [
        ([({}, [(1, None), (2, None)])], [{1, 2}]),
        ([({}, [1, 2])], [set()]),
        ([({}, [(-1, None), ("2", None), (), (3,)])], [set()]),
        ([({}, {})], [set()]),
        ([5], [set()]),
    ],
)
def test_votes_of_another_shape_are_nobodys(value: Any, backers: list[set[int]]) -> None:
    found = read(made_up({ON_CHAIN: {"session": 1, "backing_validators_per_candidate": value}}), b"")
    assert found is not None
    assert [set(each) for each in found.backers] == backers


def test_a_session_is_a_number_in_votes_as_well() -> None:
    found = read(made_up({ON_CHAIN: {"session": True, "backing_validators_per_candidate": []}}), b"")
    assert str(found and found.session) == "1"


@pytest.mark.parametrize("session", [-1, 2**32, "1", None])
def test_votes_that_name_no_session_cannot_be_read(session: Any) -> None:
    assert read(made_up({ON_CHAIN: {"session": session, "backing_validators_per_candidate": []}}), b"") is None
