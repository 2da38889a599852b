"""Blocks of a relay chain, one by one: what is counted to which session, and what a session's end brings."""

from typing import Any

import pytest

from paseo_watch.watchers.validators.sight import ACCOUNT_KEYS, CURRENT, EPOCH_START, SESSIONS, VALIDATORS, VOTES
from paseo_watch.watchers.validators.turn import current
from paseo_watch.watchers.watcher import NO_ANSWERS
from tests.relay_encoding import POLKADOT_2026, stash, u32
from tests.relay_sessions import RelaySessions
from tests.unit.watchers.validators.doubles import (
    RELAY_2025,
    RELAY_2026,
    Drive,
    block,
    made_up,
    real,
    relay,
    sessions,
    truth,
)


def split(chain: RelaySessions, number: int) -> tuple[Any, Any]:
    """What counted in a block: its author's session, and that of its votes."""
    record = chain.records[number]
    return record.session, record.votes_session


@pytest.mark.parametrize("shape", ["2025", "2026"])
def test_each_session_that_is_over_has_the_rows_of_the_truth(shape: str) -> None:
    new = {"name": RELAY_2026, "layout": POLKADOT_2026} if shape == "2026" else {}
    chain = relay(**new)  # type: ignore[arg-type]
    chain.slack(chain.planned.account(2))  # type: ignore[union-attr]
    sessions(chain, 6, 5, 4, 1)
    drive = Drive(RELAY_2026 if shape == "2026" else RELAY_2025).run(chain)
    assert drive.rows() == truth(chain, 0, 1, 2)
    assert any(counts.missed for counts in drive.rows().values())
    assert drive.told == []


def test_votes_of_the_block_that_opens_a_session_count_to_the_old_one_and_its_author_to_the_new_one() -> None:
    chain = relay()
    sessions(chain, 4, 1)
    assert split(chain, 5) == (1, 0)
    before, after = Drive().run(chain, without=[5]), Drive().run(chain)
    given = [sum(drive.state["count/0"]["given"]) for drive in (before, after)]
    assert given[1] - given[0] == len(chain.records[5].given) == 6
    assert sum(after.state["count/0"]["authored"]) == sum(before.state["count/0"]["authored"]) == 4
    assert sum(after.state["count/1"]["authored"]) == 1
    assert after.rows() == truth(chain, 0)


def test_votes_are_resolved_by_the_groups_of_the_session_that_they_name() -> None:
    """The same places are other validators in the next session; who did not vote shows whose groups were taken."""
    chain = relay()
    sessions(chain, 3)
    old = chain.session
    chain.rotate()
    absent = old.account(0)
    chain.block(absent=[absent])
    sessions_after = chain.sessions[1]
    assert sessions_after.account(0) != absent
    drive = Drive().run(chain)
    assert drive.rows()[0, stash(absent)].missed == 1
    assert sum(counts.missed for counts in drive.rows().values()) == 1


def test_who_has_no_duty_to_back_is_told_apart() -> None:
    chain = relay(validators=8)
    sessions(chain, 3, 1)
    rows = [row for (kind, _), row in Drive().run(chain).facts.items() if kind == "validator-session"]
    backing = {"0x" + stash(who).hex() for who in chain.sessions[0].backing()}
    assert {row["validator_key"] for row in rows if row["para"]} == backing
    assert len(rows) == 8


def test_a_summary_says_how_much_of_a_session_was_seen() -> None:
    chain = relay()
    sessions(chain, 10, 8, 1)
    drive = Drive().run(chain, without=[3, 12])
    first, second = drive.summary(0), drive.summary(1)
    assert (first["first"], first["last"], first["blocks"], first["observed"]) == (1, 10, 10, 9)
    assert first["coverage_per_mille"] == 900
    assert (second["first"], second["blocks"], second["coverage_per_mille"]) == (11, 8, 875)
    assert drive.state["over"] == second


def test_who_begins_in_the_middle_of_a_session_knows_where_it_began() -> None:
    chain = relay()
    sessions(chain, 2, 8, 1)
    summary = Drive().run(chain, without=range(1, 9)).summary(1)
    assert (summary["first"], summary["blocks"], summary["observed"], summary["coverage_per_mille"]) == (3, 8, 2, 250)


def test_a_chains_first_session_begins_with_block_1_though_nothing_is_stored_about_that() -> None:
    """Babe.EpochStart is written when the second session begins."""
    chain = relay()
    sessions(chain, 4, 1)
    key = "0x" + real(RELAY_2025).storage_key(*EPOCH_START).hex()
    for written in chain.chain.best_chain[1:5]:
        object.__setattr__(written, "state", {each: value for each, value in written.state.items() if each != key})
    summary = Drive().run(chain).summary(0)
    assert (summary["first"], summary["coverage_per_mille"]) == (1, 1000)


def test_sessions_that_were_skipped_are_noted_as_unseen_and_the_end_of_the_one_before_is_not_made_up() -> None:
    chain = relay()
    sessions(chain, 4, 4, 4, 4, 1)
    drive = Drive(sessions=True).run(chain, without=range(3, 13))
    assert drive.summary(1) == {"session": 1, "observed": 0}
    assert drive.summary(2) == {"session": 2, "observed": 0}
    assert drive.summary(0) == {
        **drive.summary(0), "first": 1, "last": None, "blocks": None, "observed": 2, "coverage_per_mille": None,
    }  # fmt: skip
    ends = [each.text for each in drive.told if each.rule == "session"]
    assert "How much of it was seen is not known" in ends[0]
    assert ends[0].endswith("Sessions 1 to 2 were not seen.")
    assert "not seen" not in ends[1]


def test_only_the_running_session_and_the_one_before_are_kept() -> None:
    chain = relay()
    sessions(chain, 2, 2, 2, 2, 1)
    drive = Drive().run(chain)
    kept = {f"{kind}/{number}" for kind in ("session", "count", "para") for number in (3, 4)} - {"para/4"}
    assert {key for key in drive.state if not key.startswith("dead/")} == kept | {"now", "over", "disabled"}


def test_what_tells_a_session_apart_is_asked_for_once_a_session() -> None:
    chain = relay()
    sessions(chain, 3, 2)
    drive, runtime = Drive().run(chain), real(RELAY_2025)
    set_, info = (
        {runtime.storage_key(*item) for item in (VALIDATORS, EPOCH_START)},
        lambda number: {runtime.storage_key(*item, number) for item in (SESSIONS, ACCOUNT_KEYS)},
    )
    assert [wants.keys for wants in drive.asked] == [set_, info(0), set(), set_, info(1)]


def test_a_chain_whose_parachains_are_idle_is_not_asked_about_groups_at_every_block() -> None:
    chain = relay()
    for _ in range(3):
        chain.block(cores=[])
    assert [len(wants.keys) for wants in Drive().run(chain).asked] == [2, 0, 0]


def test_a_change_of_the_active_set_is_told_and_another_order_of_it_is_not() -> None:
    chain = relay()
    sessions(chain, 2, 1)
    chain.rotate(join=[7, 8], leave=[0])
    chain.block()
    (told,) = Drive().run(chain).told
    assert told.title == "The active set changed: 2 joined, 1 left"
    assert [each["account_key"] for each in told.data["joined"]] == ["0x" + stash(who).hex() for who in (7, 8)]
    assert [each["account_name"] for each in told.data["left"]] == ["zero"]
    assert told.text.endswith("Active validators: 8; before: 7.")


def test_each_end_of_a_session_is_told_where_that_is_wanted() -> None:
    chain = relay()
    sessions(chain, 3, 2, 1)
    quiet, told = Drive().run(chain), Drive(sessions=True).run(chain)
    assert quiet.about("session") == []
    assert [title for _, title, _ in told.about("session")] == ["Session 0 ended", "Session 1 ended"]


def test_votes_that_cannot_be_read_are_said_and_lower_the_coverage_of_their_session() -> None:
    chain = relay()
    sessions(chain, 9, 1, 3)
    runtime, drive = real(RELAY_2025), Drive()
    hurt = {5: b"\0\0\0\0\x0c\xff", 10: u32(0) + b"\x0c\xff"}  # in the session; in the block that opens the next one
    for written in chain.chain.best_chain[1:11]:
        state = dict(written.state)
        if written.number in hurt:
            state["0x" + runtime.storage_key(*VOTES).hex()] = "0x" + hurt[written.number].hex()
        object.__setattr__(written, "state", state)
        drive.take(written)
        assert drive.last.blind == (("backing votes cannot be read",) if written.number in hurt else ())
    assert drive.summary(0)["unresolved"] == 2
    assert drive.summary(0)["coverage_per_mille"] == 7 * 1000 // 9
    assert drive.state["count/1"]["unresolved"] == 0


def test_votes_that_nobody_can_resolve_count_against_the_session_that_they_name() -> None:
    """SessionInfo of the old session is missing in every block, also in the one that opens the new session."""
    chain = relay()
    sessions(chain, 4, 2)
    runtime, drive = real(RELAY_2025), Drive()
    for written in chain.chain.best_chain[1:6]:
        gone = "0x" + runtime.storage_key(*SESSIONS, 0).hex()
        object.__setattr__(written, "state", {key: value for key, value in written.state.items() if key != gone})
        drive.take(written)
    assert drive.last.blind == ("backing votes of session 0 cannot be resolved",)
    assert drive.summary(0)["unresolved"] == 4  # the first block of all has no votes
    assert drive.state["count/1"]["unresolved"] == 0


def test_an_author_that_is_not_in_the_set_is_nobodys_and_lowers_the_coverage() -> None:
    chain = relay()
    sessions(chain, 4, 1)
    odd = chain.chain.best_chain[2]
    odd.header["digest"]["logs"].clear()
    summary = Drive().run(chain).summary(0)
    assert (summary["authored"], summary["observed"], summary["coverage_per_mille"]) == (3, 4, 750)


def test_the_session_is_0_where_the_chain_stores_none_and_unknown_where_it_was_not_read() -> None:
    key = real(RELAY_2025).storage_key(*CURRENT)
    assert current(block({key: None})) == 0
    assert current(block({key: u32(7)})) == 7
    assert current(block({key: b"\1"})) is None
    assert current(block({})) is None


@pytest.mark.parametrize(("value", "number"), [(True, "1"), (-1, "None"), (2**32, "None"), ({}, "None"), ("3", "None")])
def test_a_session_is_a_number_whatever_type_the_runtime_gives_it(value: Any, number: str) -> None:
    """A bool would be written into the keys of rows as a word."""
    made = block({b"Session.CurrentIndex": b"1"}, of=made_up({"Session.CurrentIndex": value}))
    assert str(current(made)) == number


def test_a_session_that_cannot_be_read_is_said_by_a_block_in_its_time_and_not_by_a_late_one() -> None:
    drive, key = Drive(), real(RELAY_2025).storage_key(*CURRENT)
    seen, late = (block({key: b"\1"}, late=late) for late in (False, True))
    assert drive.watcher.step({}, seen, NO_ANSWERS).blind == ("the running session cannot be read",)
    assert drive.watcher.step({}, late, NO_ANSWERS).blind is None
