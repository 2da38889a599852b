"""Holes that heal late, and rounds before and after: each milestone is told once, in whatever order."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.block import Block
from tests.unit.watchers.opengov.chain import Chain, started, submitted
from tests.unit.watchers.opengov.doubles import (
    APPROVED,
    CONFIRM,
    DECIDING,
    PLACED,
    confirming,
    dispatched,
    event,
    ongoing,
)


def decided() -> Chain:
    """Referendum 0 is being decided on, and that was told."""
    chain = submitted()
    for name, info in (("DecisionDepositPlaced", PLACED), ("DecisionStarted", DECIDING)):
        chain.set(0, info)
        chain.block(event(name, 0))
    return chain


def confirmed_in_hole(chain: Chain) -> Any:
    """A hole in which a confirmation begins."""
    chain.set(0, confirming(chain.clock + CONFIRM))
    return chain.hole(event("ConfirmStarted", 0))


def aborted_in_hole(chain: Chain) -> Any:
    chain.set(0, DECIDING)
    return chain.hole(event("ConfirmAborted", 0))


def confirm(chain: Chain) -> list[str]:
    chain.set(0, confirming(chain.clock + CONFIRM))
    return chain.block(event("ConfirmStarted", 0))


def abort(chain: Chain) -> list[str]:
    chain.set(0, DECIDING)
    return chain.block(event("ConfirmAborted", 0))


def test_a_hole_that_heals_before_the_next_round_is_told_by_its_own_event() -> None:
    """With the state of its own block, and no deadline: that may have passed."""
    chain = started()
    chain.set(0, ongoing())
    hole = chain.hole(event("Submitted", 0, track=30))
    assert chain.block() == []
    assert chain.heal(hole) == ["0 submitted"]
    assert "times out" not in chain.only().text
    assert chain.round() == []


def test_a_hole_that_heals_after_a_round_has_nothing_to_add() -> None:
    """It was told as missed."""
    chain = started()
    chain.set(0, ongoing())
    hole = chain.hole(event("Submitted", 0))
    assert chain.round() + chain.heal(hole) + chain.round() == ["0 submitted (missed)"]


def test_a_late_event_does_not_turn_the_present_back() -> None:
    """The referendum stands where later blocks left it."""
    chain = submitted()
    chain.set(0, PLACED)
    hole = chain.hole(event("DecisionDepositPlaced", 0))
    chain.set(0, DECIDING)
    chain.block(event("DecisionStarted", 0))
    assert chain.heal(hole) == ["0 deposit_placed"]
    assert chain.state["ref/Referenda/0"]["phase"] == "deciding"
    assert chain.round() == []


def test_a_late_execution_is_where_it_stands_for_good() -> None:
    """Nothing comes after it that another block could have told."""
    chain = decided()
    chain.set(0, APPROVED)
    chain.block(event("Confirmed", 0))
    hole = chain.hole(dispatched(0))
    assert chain.round() + chain.heal(hole) + chain.round() == ["0 executed"]
    assert chain.state["ref/Referenda/0"]["phase"] == "executed"


def test_a_late_approval_behind_a_late_execution_is_not_told_again() -> None:
    """The execution has told it."""
    chain = decided()
    chain.set(0, APPROVED)
    approval, execution = chain.hole(event("Confirmed", 0)), chain.hole(dispatched(0))
    assert chain.heal(execution) + chain.heal(approval) == ["0 approved (missed)", "0 executed"]
    assert chain.round() == []


def test_a_confirmation_in_a_hole_whose_abortion_was_seen() -> None:
    """The abortion is not told again by a round."""
    chain = decided()
    hole = confirmed_in_hole(chain)
    assert abort(chain) == ["0 confirm_aborted"]
    assert chain.heal(hole) == ["0 confirming"]
    assert chain.round() + chain.round() == []


def test_an_abortion_in_a_hole_between_two_confirmations() -> None:
    """The second tells it as missed: there must have been one."""
    chain = decided()
    assert confirm(chain) == ["0 confirming"]
    hole = aborted_in_hole(chain)
    assert confirm(chain) == ["0 confirm_aborted (missed)", "0 confirming"]
    assert chain.heal(hole) + chain.round() == []
    assert abort(chain) + chain.round() == ["0 confirm_aborted"]


def test_a_whole_cycle_in_holes_after_one_that_a_round_found_out() -> None:
    """As many are told as there were."""
    chain = decided()
    confirm(chain)
    first = aborted_in_hole(chain)
    assert chain.round() == ["0 confirm_aborted (missed)"]
    start, second = confirmed_in_hole(chain), aborted_in_hole(chain)
    told = chain.heal(second) + chain.heal(first) + chain.heal(start) + chain.round()
    assert sorted(told) == ["0 confirm_aborted", "0 confirming"]


def test_hundreds_of_cycles_tell_nothing_else_again() -> None:
    """What is remembered is bounded, and a submission is not what is forgotten."""
    chain = decided()
    for _ in range(150):
        assert confirm(chain) + abort(chain) == ["0 confirming", "0 confirm_aborted"]
    assert chain.round() == []
    assert len(chain.state["ref/Referenda/0"]["told"]) == 203


def test_a_referendum_that_began_and_ended_in_holes() -> None:
    """The round tells its end; its beginning comes with its hole."""
    chain = started()
    chain.set(0, ongoing())
    first = chain.hole(event("Submitted", 0, track=30))
    chain.set(0, ("Killed", 5))
    last = chain.hole(event("Killed", 0))
    assert chain.round() == ["0 killed (missed)"]
    assert chain.heal(last) + chain.heal(first) + chain.round() == ["0 submitted"]


def test_a_late_block_is_no_round() -> None:
    """Its state is old."""
    chain = started()
    hole = chain.hole(blocks=200)
    chain.set(0, ongoing())
    assert chain.heal(hole) == []
    assert chain.round() == ["0 submitted (missed)"]


STEPS = ["Submitted", "DecisionDepositPlaced", "DecisionStarted"]


def lives() -> st.SearchStrategy[list[str]]:
    """The events of whole lives, with any number of confirmations."""
    cycles = st.integers(0, 3).map(lambda n: ["ConfirmStarted", "ConfirmAborted"] * n)
    ends = st.sampled_from([["Killed"], ["Rejected"], ["ConfirmStarted", "Confirmed", "executed"], []])
    return st.tuples(cycles, ends).map(lambda parts: [*STEPS, *parts[0], *parts[1]])


def stands(name: str, clock: int) -> Any:
    there = {"Submitted": ongoing(), "DecisionDepositPlaced": PLACED, "ConfirmStarted": confirming(clock + CONFIRM)}
    ended = {"Killed": ("Killed", 5), "Rejected": ("Rejected", (5, None, None)), "Confirmed": APPROVED}
    return {**there, **ended, "executed": APPROVED}.get(name, DECIDING)


def lived(chain: Chain, life: list[str], data: st.DataObject, heal_all: bool) -> list[str]:
    """All that is told of a life, in whose course blocks are holes, rounds happen and holes heal, all at random."""
    told: list[str] = []
    holes: list[Block] = []
    for name in life:
        chain.set(0, stands(name, chain.clock))
        block = chain.hole(dispatched(0) if name == "executed" else event(name, 0))
        if data.draw(st.booleans()):
            holes.append(block)
        else:
            told += [each.data["state"] for each in chain.see(block).observations]
        if data.draw(st.booleans()):
            told += [each.split()[1] for each in chain.round()]
        if holes and data.draw(st.booleans()):
            told += [each.split()[1] for each in chain.heal(holes.pop(data.draw(st.integers(0, len(holes) - 1))))]
    while heal_all and holes:
        told += [each.split()[1] for each in chain.heal(holes.pop(data.draw(st.integers(0, len(holes) - 1))))]
    return told + [each.split()[1] for each in chain.round()]


NAMES = {
    "Submitted": "submitted", "DecisionDepositPlaced": "deposit_placed", "DecisionStarted": "deciding",
    "ConfirmStarted": "confirming", "ConfirmAborted": "confirm_aborted", "Confirmed": "approved",
    "Killed": "killed", "Rejected": "rejected", "executed": "executed",
}  # fmt: skip


@given(lives(), st.data())
def test_once_all_holes_are_healed_everything_was_told_and_nothing_twice(life: list[str], data: st.DataObject) -> None:
    """Whatever was a hole, and whenever it healed."""
    assert sorted(lived(started(), life, data, heal_all=True)) == sorted(NAMES[name] for name in life)


@given(lives(), st.data())
def test_with_holes_left_nothing_is_told_twice_and_the_present_is_known(life: list[str], data: st.DataObject) -> None:
    """A round sees where a referendum stands; only what the Scheduler did is not stored anywhere."""
    told = lived(started(), life, data, heal_all=False)
    for state in set(told):
        assert told.count(state) <= [NAMES[name] for name in life].count(state)
    last = NAMES[life[-1]] if life[-1] != "executed" else "approved"
    if last != "confirm_aborted":  # one that began and ended between two looks leaves no trace
        assert last in told
