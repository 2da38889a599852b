"""Blocks of one chain: what events tell, what rounds find, and nothing of it twice."""

from hashlib import blake2b

import pytest

from paseo_watch.chain.scale.values import INITIALIZATION, Event
from tests.unit.watchers.opengov.chain import Chain, started, submitted
from tests.unit.watchers.opengov.doubles import (
    APPROVED,
    DECIDING,
    PLACED,
    confirming,
    dispatched,
    event,
    ongoing,
    runtime,
)

ERROR = ("Module", {"index": 10, "error": b"\2\0\0\0"})
CALL = b"Treasury.spend_local"
LOOKUP = ("Lookup", {"hash": blake2b(CALL, digest_size=32).digest(), "len": len(CALL)})


def test_a_life_is_told_step_by_step() -> None:
    """Rounds between have nothing to add."""
    chain, told = started(), []
    for name, info in (
        ("Submitted", ongoing()),
        ("DecisionDepositPlaced", PLACED),
        ("DecisionStarted", DECIDING),
        ("ConfirmStarted", confirming(1_800)),
        ("ConfirmAborted", DECIDING),
        ("ConfirmStarted", confirming(2_200)),
        ("Confirmed", APPROVED),
    ):
        chain.set(0, info)
        told += chain.block(event(name, 0)) + chain.round()
    told += chain.block(dispatched(0)) + chain.round() + chain.block(event("DecisionDepositRefunded", 0))
    states = ["submitted", "deposit_placed", "deciding", "confirming", "confirm_aborted", "confirming", "approved"]
    assert told == [f"0 {state}" for state in [*states, "executed"]]


@pytest.mark.parametrize(
    ("variant", "state"),
    [("Rejected", "rejected"), ("TimedOut", "timed_out"), ("Cancelled", "cancelled"), ("Killed", "killed")],
)
def test_every_other_end_is_told(variant: str, state: str) -> None:
    """By its event, or by the next round."""
    chain, other = submitted(), submitted()
    for each in (chain, other):
        each.set(0, (variant, (1_000, None, None)))
    assert chain.block(event(variant, 0)) + chain.round() == [f"0 {state}"]
    assert other.round() + other.round() == [f"0 {state} (missed)"]


def test_two_referenda_in_one_block_are_two_alerts() -> None:
    """Of the same kind or not."""
    chain = submitted()
    chain.set(0, PLACED)
    chain.set(1, ongoing())
    assert chain.block(event("Submitted", 1), event("DecisionDepositPlaced", 0)) == ["1 submitted", "0 deposit_placed"]
    assert len({each.key for each in chain.last.observations}) == 2


def test_two_steps_in_one_block_are_two_alerts() -> None:
    """Submitted with its deposit."""
    chain = started()
    chain.set(0, PLACED)
    told = chain.block(event("Submitted", 0), event("DecisionDepositPlaced", 0))
    assert told == ["0 submitted", "0 deposit_placed"]
    assert chain.round() == []


def test_a_decision_may_begin_with_its_confirmation() -> None:
    """Where it passes at once: both are told, and no round adds to it."""
    chain = submitted()
    chain.set(0, PLACED)
    chain.block(event("DecisionDepositPlaced", 0))
    chain.set(0, confirming(1_800))
    assert chain.block(event("DecisionStarted", 0), event("ConfirmStarted", 0)) == ["0 deciding", "0 confirming"]
    assert chain.round() == []


def test_the_first_look_tells_nothing_of_older_referenda() -> None:
    """But goes on from where they stand."""
    chain = Chain()
    for index, info in enumerate((ongoing(), confirming(1_800), APPROVED, ("Killed", 5))):
        chain.set(index, info)
    assert chain.block() + chain.round() == []
    chain.set(0, PLACED)
    assert chain.block(event("DecisionDepositPlaced", 0)) == ["0 deposit_placed"]
    chain.set(1, DECIDING)
    assert chain.round() == ["1 confirm_aborted (missed)"]
    assert chain.block(dispatched(2)) + chain.round() == ["2 executed"]


def test_an_event_of_an_older_referendum_in_the_very_first_block_is_told_alone() -> None:
    """What lies before it is not made up for."""
    for name, info, told in (
        ("ConfirmStarted", confirming(1_800), "confirming"),
        ("Killed", ("Killed", 5), "killed"),
        ("DecisionStarted", b"damaged", "deciding"),
    ):
        chain = Chain()
        chain.set(0, info)
        assert chain.block(event(name, 0)) == [f"0 {told}"]
        chain.set(0, ("Killed", 5) if told == "killed" else confirming(1_800) if told == "confirming" else DECIDING)
        assert chain.round() == []


def test_a_referendum_that_nobody_saw_being_submitted_is_told_once_as_missed() -> None:
    """With all that it has passed."""
    chain = started()
    chain.set(0, confirming(1_800))
    states = ("submitted", "deposit_placed", "deciding", "confirming")
    assert chain.round() == [f"0 {state} (missed)" for state in states]
    assert "was not read" in chain.last.observations[0].text
    assert chain.round() == []


def test_approval_is_told_before_an_execution_that_shows_it() -> None:
    """Its own block was not read."""
    chain = submitted()
    chain.set(0, APPROVED)
    assert chain.block(dispatched(0)) + chain.round() == ["0 approved (missed)", "0 executed"]


def test_a_task_that_only_bears_an_enactments_name_is_nobodys() -> None:
    """Whoever may schedule may name."""
    chain = submitted()
    assert chain.block(dispatched(0)) == []


@pytest.mark.parametrize(
    ("task", "state", "text"),
    [
        (dispatched(0), "executed", ""),
        (dispatched(0, ("Err", ERROR)), "execution_failed", "The error: Balances.InsufficientBalance."),
        (dispatched(0, name="CallUnavailable"), "call_unavailable", ""),
        (dispatched(0, name="PermanentlyOverweight"), "execution_failed", "The error: its weight fits no block."),
    ],
)
def test_what_became_of_the_call_is_told_as_it_is(task: Event, state: str, text: str) -> None:
    """A failure is a warning at least."""
    chain = submitted()
    chain.set(0, APPROVED)
    chain.block(event("Confirmed", 0))
    assert chain.block(task) == [f"0 {state}"]
    assert text in chain.only().text
    assert chain.only().severity == ("info" if state == "executed" else "warning")


def test_a_failure_inside_an_executed_call_is_in_its_text_and_data() -> None:
    """A batch that was interrupted."""
    chain = submitted()
    chain.set(0, APPROVED)
    chain.block(event("Confirmed", 0))
    inner = Event(0, INITIALIZATION, "Utility", "BatchInterrupted", {"index": 1, "error": ERROR})
    assert chain.block(inner, dispatched(0)) == ["0 executed"]
    assert "but inside it failed: Balances.InsufficientBalance." in chain.only().text
    assert chain.only().data["inner_errors"] == ["Balances.InsufficientBalance"]


def test_calls_are_named_at_once_where_the_preimage_is_there() -> None:
    """In a request that follows on the event's own proposal."""
    chain = started()
    chain.put("Preimage", "PreimageFor", (LOOKUP[1]["hash"], LOOKUP[1]["len"]), value=CALL)
    chain.set(0, ongoing(proposal=LOOKUP))
    chain.block(event("Submitted", 0, proposal=LOOKUP, track=30))
    assert chain.only().data["calls"] == ["Treasury.spend_local"]
    assert "It calls Treasury.spend_local." in chain.only().text


def test_calls_are_filled_in_when_the_preimage_comes() -> None:
    """The end still knows them, though it stores no proposal."""
    chain = submitted(proposal=LOOKUP)
    assert "is not on the chain" in chain.only().text
    chain.put("Preimage", "PreimageFor", (LOOKUP[1]["hash"], LOOKUP[1]["len"]), value=CALL)
    assert chain.round() == []
    chain.set(0, APPROVED)
    chain.block(event("Confirmed", 0))
    assert (chain.only().data["calls"], chain.only().data["track"]) == (["Treasury.spend_local"], "small_tipper")


def test_the_events_tally_is_told_before_the_stored_one() -> None:
    """An end stores none."""
    chain = submitted()
    assert chain.only().data["tally_text"] == "87.5 % aye, 3 % support"
    chain.set(0, ("Rejected", (5, None, None)))
    chain.block(event("Rejected", 0, tally={"ayes": 1, "nays": 3, "support": 1}))
    assert chain.only().data["tally_text"] == "25 % aye, 0 % support"


def test_an_approval_says_when_it_is_enacted() -> None:
    """As far as the Scheduler knows."""
    chain = submitted()
    chain.set(0, APPROVED)
    chain.put("Scheduler", "Lookup", dispatched(0).fields["id"], value=(1_102, 0))
    chain.block(event("Confirmed", 0))
    assert "It is enacted at relay block #1,102 (about " in chain.only().text


def test_two_instances_live_side_by_side() -> None:
    """Each with its own numbers, clock and tally; an enactment goes to the one that waits."""
    chain = started(of=runtime(instances=["Referenda", "FellowshipReferenda"], ranked=["FellowshipReferenda"]))
    fellows = {"bare_ayes": 2, "ayes": 6, "nays": 0}
    chain.set(0, ongoing())
    chain.set(0, ongoing(submitted=90, tally=fellows), pallet="FellowshipReferenda")
    told = chain.block(event("Submitted", 0), event("Submitted", 0, pallet="FellowshipReferenda"))
    assert told == ["0 submitted", "FellowshipReferenda/0 submitted"]
    one, other = chain.last.observations
    assert one.title == "Referendum 0 (small_tipper) was submitted"
    assert other.title == "FellowshipReferenda 0 (small_tipper) was submitted"
    assert other.data["tally_text"] == "100 % aye, 6 to 0 votes, 2 members for it"
    assert other.text.endswith("it times out at block #790.")
    chain.set(0, APPROVED, pallet="FellowshipReferenda")
    chain.block(event("Confirmed", 0, pallet="FellowshipReferenda"))
    assert chain.block(dispatched(0)) == ["FellowshipReferenda/0 executed"]
