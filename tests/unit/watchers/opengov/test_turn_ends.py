"""How the story of a referendum ends: executed months later, not stored any more, let go and taken up again."""

from dataclasses import replace

from tests.unit.watchers.opengov.chain import Chain, started
from tests.unit.watchers.opengov.doubles import APPROVED, dispatched, event, ongoing

DAY = 14_400
"""Blocks of six seconds."""


def approved() -> Chain:
    """Referendum 0 was approved, and that was told."""
    chain = started()
    chain.set(0, ongoing())
    chain.block(event("Submitted", 0))
    chain.set(0, APPROVED)
    assert chain.block(event("Confirmed", 0)) == ["0 approved"]
    return chain


def test_an_execution_months_after_the_approval_is_told_alone() -> None:
    """Enactment may be set for any later block: till then the approval is remembered, and the gauge shows it."""
    chain = approved()
    for _ in range(9):
        assert chain.block(blocks=10 * DAY) == []
    assert [reading.value for reading in chain.watcher.readings(chain.state) if "approved" in reading.labels] == [1]
    assert chain.block(dispatched(0)) == ["0 executed"]


def test_what_was_executed_is_forgotten_a_month_after_that() -> None:
    """And not a month after its approval, so that a hole that heals late tells nothing twice."""
    chain = approved()
    chain.block(blocks=60 * DAY)
    hole = chain.hole()
    chain.block(dispatched(0))
    chain.block(blocks=20 * DAY)
    assert "ref/Referenda/0" in chain.state
    assert chain.heal(replace(hole, events=[event("Confirmed", 0)])) == []
    chain.block(blocks=20 * DAY)
    assert "ref/Referenda/0" not in chain.state


def test_one_that_is_not_stored_any_more_is_let_go_with_its_condition() -> None:
    """A migration removed it: there is nothing left that could end it otherwise."""
    chain = started()
    chain.set(0, ongoing(submitted=9_000))
    assert chain.block(event("Submitted", 0)) == ["0 submitted", "0 frozen"]
    del chain.stored[next(key for key in chain.stored if b"ReferendumInfoFor" in key)]
    assert chain.round() == ["0 thawed"]
    assert "ref/Referenda/0" not in chain.state
    assert chain.round() == []


def test_a_round_writes_only_what_changed() -> None:
    """Thousands of referenda that go on are looked at every ten minutes."""
    chain = started()
    for index in range(3):
        chain.set(index, ongoing())
        chain.block(event("Submitted", index))
    chain.round()
    step = chain.see(chain.hole(blocks=100))
    assert set(step.changes) == {"round"}
