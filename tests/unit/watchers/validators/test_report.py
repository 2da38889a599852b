"""Sessions and validators in words."""

from typing import Any

import pytest

from paseo_watch.watchers.validators import report
from paseo_watch.watchers.validators.session import Session, Work
from tests.relay_encoding import stash
from tests.unit.watchers.validators.doubles import NAMES, block, json_of

WHO = [stash(number).hex() for number in range(130)]


def made(works: dict[str, Work], *, last: int | None = 600, observed: int = 600) -> Session:
    return Session(7, 1, last, observed, tuple(works), works, 0, 0)


def test_a_session_in_figures() -> None:
    works = {WHO[0]: Work(1200, 30, 10, True), WHO[1]: Work(0, 0, 0, False)}
    told = report.over(block(), made(works), 8, NAMES)
    assert told.title == "Session 7 ended"
    assert told.text == "1,200 blocks by 1 of 2 validators.\n30 backing votes, 10 missed (25.0 %)."
    assert told.data["coverage_per_mille"] == 1000


@pytest.mark.parametrize(
    ("session", "number", "last"),
    [
        (made({}, observed=599), 8, "Seen: 99.8 % of its blocks; the rest is not counted."),
        (made({}, last=None), 8, "How much of it was seen is not known; what was not seen is not counted."),
        (made({}), 9, "Session 8 was not seen."),
        (made({}), 30, "Sessions 8 to 29 were not seen."),
    ],
)
def test_what_was_not_seen_is_said(session: Session, number: int, last: str) -> None:
    assert report.over(block(), session, number, NAMES).text.splitlines()[-1] == last


def test_a_chain_without_parachains_has_no_line_of_votes() -> None:
    told = report.over(block(), made({WHO[0]: Work(600, 0, 0, False)}), 8, NAMES)
    assert told.text == "600 blocks by 1 of 1 validators."


def test_a_new_active_set_lists_some_and_counts_all() -> None:
    told = report.active_set(block(), 8, WHO[:1], WHO[1:], NAMES)
    assert told.title == "The active set changed: 129 joined, 1 left"
    assert told.text.splitlines()[0].endswith(" and 109 more.")
    assert (len(told.data["joined"]), told.data["joined_count"], told.data["left_count"]) == (100, 129, 1)
    assert told.text.splitlines()[1] == f"Left: zero ({NAMES.address(stash(0))})."
    assert json_of(told.data)


def test_who_only_joined_is_told_without_a_line_of_who_left() -> None:
    told = report.active_set(block(), 8, WHO[:2], WHO[:3], NAMES)
    assert [line.split(":")[0] for line in told.text.splitlines()] == ["Joined", "Active validators"]


def offline(verdict: str, sessions: list[int], session: Session | None = None) -> Any:
    return report.offline(WHO[0], verdict, {"sessions": sessions}, session, 9, "critical", NAMES)


def test_offline_says_since_when_and_what_the_others_did() -> None:
    works = {WHO[0]: Work(0, 0, 0, True), WHO[1]: Work(4, 0, 0, True), WHO[2]: Work(3, 0, 0, True)}
    told = offline("offline", [5, 6, 8], made(works))
    assert (told.title, told.severity, told.active, told.key) == ("zero is offline", "critical", True, WHO[0])
    assert told.text == (
        f"zero ({NAMES.address(stash(0))}) is in the active set and gave no sign of life in sessions 5, 6 and 8: "
        "no block, no backing vote.\nThe other validators made 3.5 blocks each in the last one.\n"
        "Check the node, its clock and its session keys."
    )
    assert (told.data["sessions"], told.data["session"], told.data["validator_name"]) == ([5, 6, 8], 9, "zero")
    assert told.labels == {"validator": "zero"}


@pytest.mark.parametrize(
    ("sessions", "words"),
    [
        ([5], "since session 5 (1 session):"),
        ([5, 6, 7], "since session 5 (3 sessions):"),
        ([0, 1, 8], "in sessions 0, 1 and 8:"),
        ([3, 5], "in sessions 3 and 5:"),
        ([*range(10, 60), 62, *range(63, 90), 91, 92], "in sessions 10 to 59, 62 to 89, 91 and 92:"),
    ],
)
def test_the_sessions_are_named_as_they_were(sessions: list[int], words: str) -> None:
    assert f" gave no sign of life {words} no block, " in offline("offline", sessions).text


def test_a_validator_that_is_alone_is_compared_with_nobody() -> None:
    assert "other" not in offline("offline", [5], made({WHO[0]: Work(0, 0, 0, False)})).text


@pytest.mark.parametrize(
    ("verdict", "title", "word"),
    [
        ("alive", "zero works again", "made a block or backed one"),
        ("left", "zero has left the active set", "not known"),
        ("excused", "zero does not count as offline any more", "It was disabled in session 9: it was not allowed to"),
        ("allowed", "zero does not count as offline any more", "Still without a sign of life in 1 session;"),
    ],
)
def test_each_end_has_its_own_words(verdict: str, title: str, word: str) -> None:
    told = offline(verdict, [5])
    assert (told.title, told.active, told.key, told.data["sessions"]) == (title, False, WHO[0], [])
    assert word in told.text


def test_nobody_but_named_accounts_becomes_a_label() -> None:
    told = report.offline(WHO[5], "offline", {"sessions": [1]}, None, 2, "warning", NAMES)
    assert told.labels == {}
