"""Validators without a sign of life: when they are told, what ends it, what proves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from paseo_watch.watchers.validators import offline
from paseo_watch.watchers.validators.session import Session, Work
from paseo_watch.watchers.watcher import Tick
from tests.relay_encoding import stash
from tests.relay_sessions import RelaySessions
from tests.unit.watchers.validators.doubles import Drive, relay, sessions

TICK = Tick(1_800_000_000_000)
IDLE, AT_WORK = Work(0, 0, 0, True), Work(1, 0, 0, True)


def planted(*lengths: int, until: int | None = None) -> tuple[RelaySessions, str]:
    """A validator that backs in the first session, silent from the first block on, back from `until` on."""
    chain = relay(validators=6, cores=2, per_group=3)
    assert chain.planned is not None
    who = chain.planned.account(0)
    chain.offline(who, since=1, until=until)
    sessions(chain, *lengths)
    return chain, stash(who).hex()


def told(drive: Drive, who: str) -> list[tuple[str, bool | None]]:
    """The title's last words, and whether it begins or ends something."""
    return [
        (" ".join(title.split()[-2:]), active) for key, title, active in drive.about("validator-offline") if key == who
    ]


def others(drive: Drive, who: str) -> list[Any]:
    return [each for each in drive.about("validator-offline") if each[0] != who]


def test_three_silent_sessions_are_told_with_the_first_block_of_the_fourth() -> None:
    chain, who = planted(6, 6, 6, 1)
    drive = Drive().run(chain, without=[19])
    assert told(drive, who) == []
    drive.take(chain.chain.best_chain[19])
    (alert,) = drive.last.observations
    assert told(drive, who) == [("is offline", True)]
    assert (alert.key, alert.data["sessions"], alert.data["session"]) == (who, [0, 1, 2], 2)
    assert "gave no sign of life since session 0 (3 sessions):" in alert.text
    assert "The other validators made 1.2 blocks each" in alert.text
    assert others(drive, who) == []


def test_it_is_told_once_however_long_it_lasts() -> None:
    chain, who = planted(6, 6, 6, 6, 6, 2)
    assert told(Drive().run(chain), who) == [("is offline", True)]


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_how_many_sessions_it_takes_is_configured(limit: int) -> None:
    chain, who = planted(6, 6, 6, 6, 1)
    drive = Drive(offline_sessions=limit)
    for written in chain.chain.best_chain[1:]:
        drive.take(written)
        assert bool(told(drive, who)) == (written.number > 6 * limit)


def test_one_session_is_one() -> None:
    chain, who = planted(6, 1)
    (alert,) = [
        each for each in Drive(offline_sessions=1).run(chain).told if each.data.get("validator_key") == "0x" + who
    ]
    assert "gave no sign of life since session 0 (1 session): no block, no backing vote." in alert.text


def test_a_sign_of_life_ends_it_with_the_block_that_brings_it() -> None:
    chain, who = planted(6, 6, 6, 8, until=22)
    drive = Drive()
    for written in chain.chain.best_chain[1:]:
        drive.take(written)
        over = any(who in (stash(each).hex() for each in (chain.records[number].author, *chain.records[number].given))
                   for number in range(22, written.number + 1))  # fmt: skip
        assert (("works again", False) in told(drive, who)) == over
    assert told(drive, who) == [("is offline", True), ("works again", False)]
    assert f"dead/{who}" not in drive.state


def test_a_vote_in_the_block_that_opens_a_session_is_a_sign_of_life_in_the_one_before() -> None:
    chain, who = planted(6, 6, 6, 1, until=19)
    number = next(each for each in chain.sessions[2].validators if stash(each).hex() == who)
    assert number in chain.records[19].given
    assert told(Drive().run(chain), who) == []


def test_who_leaves_the_active_set_is_not_said_to_work_again() -> None:
    chain, who = planted(6, 6, 6, 2)
    chain.rotate(leave=[next(each for each in chain.session.validators if stash(each).hex() == who)])
    chain.block()
    drive = Drive().run(chain)
    assert told(drive, who) == [("is offline", True), ("active set", False)]
    last = [each for each in drive.told if each.rule == "validator-offline"][-1]
    assert last.text.startswith("Whether it works again is not known")
    assert f"dead/{who}" not in drive.state


def test_a_session_with_too_many_holes_proves_nothing_and_does_not_end_the_row_either() -> None:
    """Silent in 0, seen too little in 1, silent in 2 and 3: three sessions that prove it, and not four."""
    chain, who = planted(6, 6, 6, 6, 1)
    holes = [8, 9]
    drive = Drive().run(chain, without=holes)
    assert [drive.summary(number)["coverage_per_mille"] for number in range(4)] == [1000, 666, 1000, 1000]
    assert drive.state[f"dead/{who}"]["sessions"] == [0, 2, 3]
    assert told(drive, who) == [("is offline", True)]


def test_an_outage_of_ours_makes_nobody_offline() -> None:
    """Everybody looks silent in what is left of a session, and its end was not seen."""
    chain = relay()
    sessions(chain, 12, 12, 12, 12, 2)
    drive = Drive(offline_sessions=1).run(chain, without=[*range(2, 40)])
    assert drive.about("validator-offline") == []
    assert [key for key in drive.state if key.startswith("dead/")] == []


def test_a_beginning_in_the_middle_of_a_session_makes_nobody_offline() -> None:
    chain = relay()
    sessions(chain, 12, 2)
    drive = Drive(offline_sessions=1).run(chain, without=range(1, 12))
    assert drive.about("validator-offline") == []


def test_late_blocks_undo_a_wrong_verdict() -> None:
    """A validator's only block of a session was a hole; enough of the session was seen to judge."""
    chain = relay(validators=8)
    assert chain.planned is not None
    idle = next(who for who in chain.planned.validators if who not in chain.planned.backing())
    for position in range(1, 7):
        chain.block(author=idle if position == 3 else chain.session.account(0) if position > 1 else None)
    chain.rotate()
    chain.block(author=chain.sessions[0].account(0))
    key = stash(idle).hex()
    drive = Drive(offline_sessions=1).run(chain, without=[3])
    assert told(drive, key) == [("is offline", True)]
    drive.heal(chain, 3)
    assert told(drive, key) == [("is offline", True), ("works again", False)]
    assert told(Drive(offline_sessions=1).run(chain), key) == []


def test_late_blocks_complete_the_proof() -> None:
    chain, who = planted(6, 3)
    drive = Drive(offline_sessions=1).run(chain, without=[3, 4])
    assert told(drive, who) == []
    drive.heal(chain, 4)
    assert told(drive, who) == [("is offline", True)]
    drive.heal(chain, 3)
    assert told(drive, who) == [("is offline", True)]


def test_a_lower_limit_after_a_restart_judges_again() -> None:
    chain, who = planted(6, 6, 2)
    drive = Drive().run(chain)
    assert told(drive, who) == []
    drive.restart(offline_sessions=2)
    drive.keep(drive.watcher.step(drive.state, TICK, None))  # type: ignore[arg-type]
    assert told(drive, who) == [("is offline", True)]
    drive.keep(drive.watcher.step(drive.state, TICK, None))  # type: ignore[arg-type]
    assert told(drive, who) == [("is offline", True)]


def test_a_higher_limit_ends_it_without_claiming_a_sign_of_life() -> None:
    chain, who = planted(6, 6, 6, 2)
    drive = Drive().run(chain)
    drive.restart(offline_sessions=5)
    drive.keep(drive.watcher.step(drive.state, TICK, None))  # type: ignore[arg-type]
    ended = drive.last.observations[0]
    assert told(drive, who)[-1] == ("any more", False)
    assert ended.text == "Still without a sign of life in 3 sessions; offline_sessions allows that now."
    assert drive.state[f"dead/{who}"]["sessions"] == [0, 1, 2]


def session(number: int, *silent: str, coverage: int = 10) -> Session:
    """Ten blocks, of which so many were seen."""
    works = dict.fromkeys("abc", AT_WORK) | dict.fromkeys(silent, IDLE)
    return Session(number, 1, 10, coverage, tuple("abc"), works, 0, 0)


def verdicts(state: Any, ended: Session, active: Sequence[str] = "abc", awake: Sequence[str] = "") -> Any:
    return list(offline.closed(state, ended, 2, active, awake))


def test_a_session_that_is_judged_again_counts_once() -> None:
    (first,) = verdicts({}, session(4, "b"))
    assert first == ("b", {"sessions": [4], "firing": False}, None)
    assert verdicts({"dead/b": first[1]}, session(4, "b")) == []
    assert verdicts({"dead/b": {"sessions": [5], "firing": False}}, session(4, "b")) == [
        ("b", {"sessions": [4, 5], "firing": True}, "offline")
    ]


@pytest.mark.parametrize(("coverage", "counts"), [(8, True), (7, False)])
def test_eight_in_ten_blocks_are_enough(coverage: int, counts: bool) -> None:
    assert bool(verdicts({}, session(4, "b", coverage=coverage))) == counts


def test_who_gave_a_sign_of_life_behind_the_session_is_not_counted() -> None:
    assert verdicts({}, session(4, "b"), awake="b") == []


def test_whoever_is_in_no_set_any_more_is_forgotten() -> None:
    """Even who left in a session that was not seen."""
    state = {"dead/b": {"sessions": [3], "firing": True}, "dead/z": {"sessions": [1], "firing": False}}
    assert verdicts(state, session(4), active="ac") == [("b", None, "left"), ("z", None, None)]


def test_a_late_sign_of_life_voids_only_what_is_before_it() -> None:
    state = {"dead/b": {"sessions": [3, 4, 6], "firing": True}}
    assert list(offline.seen(state, "b", 4, 2)) == [("b", {"sessions": [6], "firing": False}, "alive")]
    assert list(offline.seen(state, "b", 4, 1)) == [("b", {"sessions": [6], "firing": True}, None)]
    assert list(offline.seen(state, "b", 6, 2)) == [("b", None, "alive")]
    assert list(offline.seen(state, "ac", 6, 2)) == []


def test_the_memory_of_silent_sessions_is_bounded() -> None:
    row: Any = None
    for number in range(300):
        ((_, row, _),) = verdicts({"dead/b": row} if row else {}, session(number, "b"))
    assert row == {"sessions": list(range(198, 300)), "firing": True}


def after(limit: int, *silent: int, end: int | None = None) -> Any:
    """The row of one who was silent in these sessions, and of whom nothing was seen in the others up to `end`."""
    state: dict[str, Any] = {}
    for number in range((end or silent[-1]) + 1):
        seen = session(number, "b", coverage=10 if number in silent else 0)
        for who, row, _ in list(offline.closed({**state, "over": {"session": number}}, seen, limit, "abc", "")):
            state = {} if row is None else {offline.dead_key(who): row}
    return state.get("dead/b")


@pytest.mark.parametrize(
    ("silent", "fires"),
    [((0, 1, 2), True), ((0, 2, 4), True), ((0, 1, 4), True), ((0, 1, 5), False), ((0, 1, 8), False),
     ((0, 1, 8, 9), False), ((0, 1, 8, 9, 10), True)],
)  # fmt: skip
def test_sessions_far_apart_do_not_add_up(silent: tuple[int, ...], fires: bool) -> None:
    row = after(3, *silent)
    assert row["firing"] == fires
    assert row["sessions"] == [each for each in silent if each > silent[-1] - 5]


def test_what_is_too_long_ago_is_forgotten_without_another_silence() -> None:
    assert after(3, 0, 1, end=4) == {"sessions": [0, 1], "firing": False}
    assert after(3, 0, 1, end=5) == {"sessions": [1], "firing": False}
    assert after(3, 0, 1, end=6) is None


def test_who_is_offline_stays_so_however_long_nothing_is_seen() -> None:
    assert after(3, 0, 1, 2, end=20) == {"sessions": [0, 1, 2], "firing": True}


def test_a_lower_limit_counts_only_what_is_near_either() -> None:
    state = {"over": {"session": 9}, "dead/b": {"sessions": [4, 5, 9], "firing": False}}
    assert list(offline.judged_again(state, 2)) == []
    assert not offline.is_offline(state, "b", 2)
    assert list(offline.judged_again(state, 1)) == [("b", {"sessions": [9], "firing": True}, "offline")]
    assert offline.is_offline(state, "b", 1)


def without(number: int, *disabled: str) -> Session:
    return replace(session(number, *disabled), disabled=frozenset(disabled))


def test_who_was_disabled_was_neither_silent_nor_awake() -> None:
    assert verdicts({}, without(4, "b")) == []
    assert verdicts({"dead/b": {"sessions": [3], "firing": False}}, without(4, "b")) == []
    assert verdicts({"dead/b": {"sessions": [2, 3], "firing": True}}, without(4, "b")) == []


def test_silence_of_who_turns_out_to_have_been_disabled_does_not_count() -> None:
    """A late block told it. What was silence before still is."""
    fired = {"dead/b": {"sessions": [3, 4], "firing": True}}
    assert verdicts(fired, without(4, "b")) == [("b", {"sessions": [3], "firing": False}, "excused")]
    before = {"dead/b": {"sessions": [2, 3, 4], "firing": True}}
    assert verdicts(before, without(4, "b")) == [("b", {"sessions": [2, 3], "firing": True}, None)]
    assert verdicts({"dead/b": {"sessions": [4], "firing": False}}, without(4, "b")) == [("b", None, None)]


def test_a_validator_that_is_disabled_is_not_told_as_offline_and_its_rows_say_so() -> None:
    """Disabled from the second block of each of three sessions on, with nothing to show in the first."""
    chain = relay(validators=8)
    assert chain.planned is not None
    who = chain.planned.account(0)
    chain.offline(who)
    for _ in range(3):
        chain.block()
        chain.disable(who)
        for _ in range(5):
            chain.block()
        chain.rotate()
    chain.block()
    key = stash(who).hex()
    drive = Drive(offline_sessions=1).run(chain)
    assert told(drive, key) == []
    assert f"dead/{key}" not in drive.state
    rows = {name: row["disabled"] for (kind, name), row in drive.facts.items() if kind == "validator-session"}
    assert {name for name, disabled in rows.items() if disabled} == {f"{number:010}/{key}" for number in range(3)}


def test_a_late_block_that_tells_of_disabling_takes_the_verdict_back() -> None:
    """Disabled in the last block of a session, which was a hole."""
    chain = relay(validators=8)
    assert chain.planned is not None
    who = chain.planned.account(0)
    chain.offline(who)
    sessions(chain, 5)
    chain.disable(who)
    chain.block()
    chain.rotate()
    chain.block()
    key = stash(who).hex()
    drive = Drive(offline_sessions=1).run(chain, without=[6])
    assert told(drive, key) == [("is offline", True)]
    drive.heal(chain, 6)
    assert told(drive, key) == [("is offline", True), ("any more", False)]
    assert drive.state == Drive(offline_sessions=1).run(chain).state
    assert drive.facts == Drive(offline_sessions=1).run(chain).facts
