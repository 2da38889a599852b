"""Blocks of one chain: clocks that were set back, and what cannot be read."""

from dataclasses import replace

from tests.unit.watchers.opengov.chain import Chain, started
from tests.unit.watchers.opengov.doubles import APPROVED, CONFIRM, DECIDING, PLACED, confirming, event, key, ongoing


def test_a_referendum_whose_clock_was_set_back_is_frozen_until_that_caught_up() -> None:
    """Told at once, without deadlines; again when it is over."""
    chain = Chain()
    chain.set(0, ongoing(submitted=12_360_000))
    assert chain.block() == ["0 frozen"]
    (told,) = chain.last.observations
    assert told.text.startswith("It counts from relay block #12,360,000 on; that clock was set back to #1,001.")
    assert (told.data["frozen_until"], told.data["clock"], told.rule) == (12_360_000, 1_001, "referendum-frozen")
    assert chain.round() == []
    chain.set(0, ongoing(submitted=12_360_000, decision_deposit={"amount": 1}))
    chain.block(event("DecisionDepositPlaced", 0))
    assert "It is frozen until relay block #12,360,000" in chain.only().text
    assert "about" not in chain.only().text
    chain.clock = 12_360_000
    assert chain.round() == ["0 thawed"]


def test_the_end_of_a_frozen_referendum_ends_that_too() -> None:
    """Nothing lasts that is over."""
    chain = Chain()
    chain.set(0, ongoing(submitted=12_360_000))
    chain.block()
    chain.set(0, ("Killed", 5))
    assert chain.block(event("Killed", 0)) == ["0 killed", "0 thawed"]


def test_what_cannot_be_read_is_said_until_it_can() -> None:
    """And whatever is new among it is told then."""
    chain = Chain()
    chain.set(0, b"damaged")
    chain.set(1, ongoing())
    assert chain.block() == []
    assert chain.blind == ("Referenda 0 cannot be read",)
    chain.set(2, b"damaged")
    assert chain.round() == []
    assert chain.blind == ("Referenda 0 cannot be read", "Referenda 2 cannot be read")
    chain.set(1, PLACED)
    chain.block(event("DecisionDepositPlaced", 1))
    assert len(chain.blind or ()) == 2
    chain.set(0, APPROVED)
    chain.set(2, PLACED)
    assert chain.round() == ["2 submitted (missed)", "2 deposit_placed (missed)"]
    assert chain.blind == ()
    assert "ref/Referenda/0" not in chain.state


def test_events_are_told_though_nothing_can_be_read() -> None:
    """What is stored may have a shape that nobody knows; once it can be read, nothing is told again."""
    chain = started()
    names = (
        "Submitted",
        "DecisionDepositPlaced",
        "DecisionStarted",
        "ConfirmStarted",
        "ConfirmAborted",
        "ConfirmStarted",
    )
    told = []
    for name in names:
        chain.set(0, b"damaged")
        told += chain.block(event(name, 0))
    assert [each.split()[1] for each in told[-3:]] == ["confirming", "confirm_aborted", "confirming"]
    assert len(told) == 6
    chain.set(0, confirming(chain.clock + CONFIRM))
    assert chain.round() == []
    chain.set(0, DECIDING)
    assert chain.round() == ["0 confirm_aborted (missed)"]


def test_many_that_cannot_be_read_are_summed_up() -> None:
    """Three are named."""
    chain = Chain()
    for index in range(50):
        chain.set(index, b"damaged")
    chain.block()
    assert chain.blind == (*(f"Referenda {index} cannot be read" for index in range(3)),
                           "47 more cannot be read")  # fmt: skip


def test_a_clock_that_cannot_be_read_is_said() -> None:
    """Then nothing is frozen, and nothing has a date."""
    chain = started()
    chain.set(0, ongoing(submitted=12_360_000))
    clock = key("ParachainSystem", "LastRelayChainBlockNumber")
    dark = chain.hole(event("Submitted", 0))
    chain.see(replace(dark, storage={**dark.storage, clock: None}))
    assert "times out at relay block #12,360,700." in chain.only().text
    dark = chain.hole(blocks=100)
    assert chain.see(replace(dark, storage={**dark.storage, clock: b"damaged"})).observations == ()
    assert chain.blind == ("the clock of Referenda cannot be read",)
