"""Nothing is lost and nothing counted twice: restarts at any block, holes that heal in any order."""

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.relay_sessions import RelaySessions
from tests.unit.watchers.validators.doubles import Drive, relay, sessions, truth

LENGTHS = (6, 5, 6, 5, 1)
LIMIT = 2


@cache
def chain() -> RelaySessions:
    """Four sessions that end, the set changing once; one validator is silent for a while, one misses votes, one
    is silent in sessions in which it is disabled."""
    made = relay()
    assert made.planned is not None
    silent = made.planned.account(0)
    made.offline(silent, since=2, until=18)
    made.slack(made.planned.account(3))
    disabled = made.planned.account(4)
    made.offline(disabled, until=sum(LENGTHS[:2]) + 2)
    for length in LENGTHS[:2]:
        if made.records:
            made.rotate()
        for position in range(length):
            if position == 3:
                made.disable(disabled)
            made.block()
            made._disabled = ()  # one block, the only one that tells of it, and it may be a hole
    leaves = next(who for who in made.session.validators if who not in (silent, disabled))
    made.rotate(join=[7], leave=[leaves])
    for _ in range(LENGTHS[2]):
        made.block()
    for length in LENGTHS[3:]:
        made.rotate()
        for _ in range(length):
            made.block()
    return made


@cache
def whole() -> Drive:
    """Without holes or restarts."""
    return Drive(offline_sessions=LIMIT, sessions=True).run(chain())


def firsts() -> set[int]:
    return {first for first, _ in chain().blocks.values()}


def kept_until(number: int) -> int:
    """The last block before a session is forgotten that this block counts to."""
    session = chain().records[number].session - (number in firsts())
    return chain().blocks.get(session + 1, chain().blocks[len(LENGTHS) - 1])[1]


@st.composite
def healed_late(draw: st.DrawFn) -> dict[int, int]:
    """Holes, and behind which block each heals. The last block of each session is none: every session is seen."""
    lasts = {last for _, last in chain().blocks.values()}
    holes = draw(st.lists(st.sampled_from(sorted(set(chain().records) - lasts)), unique=True, max_size=12))
    return {number: draw(st.integers(number, kept_until(number))) for number in holes}


def with_holes(holes: dict[int, int]) -> Drive:
    drive = Drive(offline_sessions=LIMIT)
    for written in chain().chain.best_chain[1:]:
        if written.number not in holes:
            drive.take(written)
        drive.heal(chain(), *(number for number, when in holes.items() if when == written.number))
    return drive


def test_the_whole_chain_is_counted_as_it_was_written() -> None:
    assert whole().rows() == truth(chain(), 0, 1, 2, 3)
    assert sum(row["disabled"] for (kind, _), row in whole().facts.items() if kind == "validator-session") == 2
    assert [(active, title.split()[-1]) for _, title, active in whole().about("validator-offline")] == [
        (True, "offline"),
        (False, "again"),
    ]


@settings(max_examples=60)
@given(st.sets(st.integers(1, sum(LENGTHS))))
def test_restarts_in_the_middle_leave_no_trace(restarts: set[int]) -> None:
    drive = Drive(offline_sessions=LIMIT, sessions=True)
    for written in chain().chain.best_chain[1:]:
        if written.number in restarts:
            drive.restart()
        drive.take(written)
    assert (drive.facts, drive.told, drive.state) == (whole().facts, whole().told, whole().state)


@settings(max_examples=100)
@given(healed_late())
def test_holes_that_heal_while_their_session_is_kept_leave_no_trace(holes: dict[int, int]) -> None:
    """In the rows, in the summaries, in who is silent: everything that is remembered is as if they had never been."""
    drive = with_holes(holes)
    assert drive.facts == whole().facts
    assert drive.state == whole().state


@settings(max_examples=60)
@given(healed_late())
def test_whoever_is_said_to_be_offline_wrongly_is_said_to_be_back(holes: dict[int, int]) -> None:
    drive, held = with_holes(holes), dict[str, bool]()
    for who, _, active in drive.about("validator-offline"):
        assert held.get(who, False) != active
        held[who] = bool(active)
    assert not any(held.values())  # as at the end of the chain without holes


def test_a_late_block_of_a_session_that_is_forgotten_changes_nothing() -> None:
    drive = Drive().run(chain(), without=[3])
    before: Any = (drive.state, dict(drive.facts))
    drive.heal(chain(), 3)
    assert (drive.state, drive.facts) == before
    assert drive.last.observations == ()


def test_a_session_of_which_only_late_blocks_tell_gets_its_rows_and_ends_the_one_before() -> None:
    """But for the votes in the block behind it, which nobody could place when that was seen."""
    made = relay()
    sessions(made, 3, 2, 2)
    drive = Drive().run(made, without=[4, 5])
    assert drive.summary(1) == {"session": 1, "observed": 0}
    assert drive.summary(0)["last"] is None
    drive.heal(made, 5, 4)
    assert drive.rows() == {who: made.counted([1, 2, 3, 4, 5])[who] for who in truth(made, 0, 1)}
    assert drive.summary(0)["last"] == 3
    assert drive.state["over"] == drive.summary(1)


def test_late_blocks_may_come_before_the_first_in_time() -> None:
    """Of a session that is not running yet, and of the first of all."""
    made = relay()
    sessions(made, 3, 3, 1)
    drive = Drive().heal(made, 2, 1)
    assert "now" not in drive.state
    drive.take(made.chain.best_chain[3])
    drive.heal(made, 4)
    for number in (5, 6, 7):
        drive.take(made.chain.best_chain[number])
    assert drive.rows() == truth(made, 0, 1)


def test_sessions_far_from_the_running_one_are_not_begun_again() -> None:
    made = relay()
    sessions(made, 2, 2, 2, 2)
    drive = Drive().run(made, without=[3, 4, 5, 6])
    before: Any = (drive.state, dict(drive.facts))
    drive.heal(made, 4)
    assert (drive.state, drive.facts) == before
    assert drive.asked[-1].keys == set()


def test_a_late_block_of_the_running_session_is_counted_to_it() -> None:
    made = relay()
    sessions(made, 4)
    drive = Drive().run(made, without=[3])
    assert drive.state["count/0"]["blocks"] == 3
    drive.heal(made, 3)
    assert drive.state == Drive().run(made).state
    assert drive.facts == {}
    made.rotate()
    drive.take(made.block())
    assert drive.rows() == truth(made, 0)


def test_a_late_block_says_nothing_of_who_is_disabled_or_elects_now() -> None:
    made = relay()
    sessions(made, 3)
    drive = Drive().run(made, without=[2])
    state = drive.state["disabled"]
    made.disable(made.session.account(0))
    drive.take(made.block())
    assert drive.state["disabled"] != state
    told = drive.heal(made, 2).last
    assert (told.observations, told.blind) == ((), None)
    assert drive.state["disabled"] != state


def test_who_was_disabled_in_a_hole_alone_is_told_wrongly_until_it_heals() -> None:
    drive = with_holes({4: 12, 10: 12})  # 4 comes too late for its session, which stays what it was told as
    titles = [(title.split()[-1], active) for _, title, active in drive.about("validator-offline")]
    assert ("more", False) in titles
    assert drive.state == whole().state
