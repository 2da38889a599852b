"""Rows of state and what becomes of them."""

from typing import Any

import pytest

from paseo_watch.watchers.validators import session
from paseo_watch.watchers.validators.session import Session, Work

A, B, C = ("aa" * 32, "bb" * 32, "cc" * 32)
STATE: dict[str, Any] = {
    "session/7": {"first": 101, "validators": [A, B]},
    "para/7": {"accounts": [B, C], "groups": [[0]]},
    "count/7": {"blocks": 8, "authored": [5, 2], "strange": 1, "given": [9, 4], "missed": [3, 0], "unresolved": 2},
}


def made(first: int | None, last: int | None, observed: int, unresolved: int = 0, strange: int = 0) -> Session:
    return Session(7, first, last, observed, (), {}, unresolved, strange)


@pytest.mark.parametrize(
    ("ended", "length", "coverage"),
    [
        (made(101, 110, 10), 10, 1000),
        (made(101, 110, 9), 10, 900),
        (made(101, 103, 2), 3, 666),
        (made(101, 110, 10, unresolved=1, strange=2), 10, 700),
        (made(101, 110, 1, unresolved=3), 10, 0),
        (made(101, 105, 10), 10, 1000),  # a chain that lies about where its sessions begin
        (made(101, None, 10), None, None),
        (made(None, 110, 10), None, None),
    ],
)
def test_coverage_is_a_share_of_all_blocks_and_unknown_without_both_ends(
    ended: Session, length: int | None, coverage: int | None
) -> None:
    assert (ended.length, ended.coverage) == (length, coverage)


def test_work_is_by_account_whatever_its_places_are() -> None:
    found = session.read(STATE, 7, 110)
    assert found is not None
    assert found.works == {A: Work(5, 0, 0, False), B: Work(2, 9, 3, True), C: Work(0, 4, 0, False)}
    assert (found.validators, found.observed, found.first, found.last) == ((A, B), 8, 101, 110)
    assert [work.alive for work in found.works.values()] == [True, True, True]


def test_a_missed_vote_is_no_sign_of_life() -> None:
    assert not Work(0, 0, 7, True).alive


def test_a_session_without_votes_has_nobody_who_backs() -> None:
    """As in its first blocks."""
    begun = session.begun(7, None, [A, B])
    found = session.read(begun, 7)
    assert found is not None
    assert found.works == dict.fromkeys((A, B), Work(0, 0, 0, False))


def test_what_has_no_rows_is_none() -> None:
    assert session.read({}, 7) is None
    assert session.read({"session/7": STATE["session/7"]}, 7) is None


def test_facts_are_a_row_for_each_and_one_for_all() -> None:
    found = session.read(STATE, 7, 110)
    assert found is not None
    facts = found.facts()
    assert [(fact.kind, fact.key) for fact in facts] == [
        *(("validator-session", f"0000000007/{who}") for who in (A, B, C)), ("session", "0000000007"),
    ]  # fmt: skip
    assert facts[1].content == {
        "session": 7, "blocks": 10, "observed": 8, "validator_key": "0x" + B, "authored": 2, "votes": 9,
        "missed_votes": 3, "para": True, "disabled": False,
    }  # fmt: skip
    assert facts[3].content == {
        "session": 7, "first": 101, "last": 110, "blocks": 10, "observed": 8, "unresolved": 3,
        "coverage_per_mille": 500, "validators": 2, "para_validators": 1, "authored": 7, "votes": 13, "missed_votes": 3,
    }  # fmt: skip


def test_who_was_disabled_at_any_block_is_in_its_row() -> None:
    count = session.disabled(session.disabled(STATE["count/7"], [1]), [])
    assert count["disabled"] == [1]
    assert session.disabled(count, [0, 1])["disabled"] == [0, 1]
    found = session.read({**STATE, "count/7": count}, 7, 110)
    assert found is not None
    assert found.disabled == {B}
    assert [fact.content["disabled"] for fact in found.facts()[:3]] == [False, True, False]


def test_a_block_counts_for_its_author_or_for_nobody() -> None:
    count = session.begun(7, 101, [A, B])["count/7"]
    for place in (1, 1, 2, None):
        count = session.authored(count, place)
    assert (count["blocks"], count["authored"], count["strange"]) == (4, [0, 2], 2)


def test_sessions_that_nobody_saw_are_noted_the_last_thousand_of_them() -> None:
    assert [fact.key for fact in session.unseen(5, 8, [6])] == ["0000000005", "0000000007"]
    assert session.unseen(8, 8, []) == session.unseen(9, 2, []) == []
    long = session.unseen(0, 2**32 - 1, [])
    assert (len(long), long[-1].content) == (1000, {"session": 2**32 - 2, "observed": 0})


def test_only_what_lies_between_is_kept() -> None:
    state = {f"{kind}/{number}": 1 for kind in ("session", "count", "para") for number in (3, 4, 5, 9)}
    gone = session.forgotten({**state, "over": 1, "dead/aa": 1}, 4, 6)
    assert gone == {f"{kind}/{number}": None for kind in ("session", "count", "para") for number in (3, 9)}


@pytest.mark.parametrize(
    ("number", "late", "begins"),
    [(7, False, False), (9, False, True), (30, False, True), (7, True, False), (9, True, True), (8, True, True),
     (10, True, True), (11, True, False), (6, True, False)],
)  # fmt: skip
def test_a_late_block_begins_only_a_session_next_to_the_running_one(number: int, late: bool, begins: bool) -> None:
    assert session.begins({**STATE, "now": {"session": 9}}, number, late) == begins


def test_before_the_first_block_in_its_time_late_ones_may_begin() -> None:
    assert session.begins({}, 7, True)
