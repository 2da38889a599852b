"""Fees out, everything else in: by the books of both generations, whatever the call's own events look like."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.balances.fees import payer_of, without_fees
from paseo_watch.watchers.balances.legs import Entry, Vocabulary
from tests.unit.watchers.balances import ledger
from tests.unit.watchers.balances.doubles import ALICE, AUTHOR, BOB, CAROL, TREASURY, Events

WORDS = Vocabulary("Balances", frozenset({"Assets"}))


def entries(events: Events) -> list[Entry]:
    return [WORDS.read(event) for event in events.all]


def left(events: Events) -> list[tuple[bytes, str, int]]:
    """The legs that are left after the fee's are gone."""
    return [tuple(leg) for entry in without_fees(entries(events), WORDS) for leg in entry.legs]


def native(*legs: tuple[bytes, int]) -> list[tuple[bytes, str, int]]:
    return [(account, NATIVE, amount) for account, amount in legs]


def paid(events: Events, fee: int, tip: int = 0) -> Events:
    return events.add("TransactionPayment", "TransactionFeePaid", ALICE, fee, tip)


def test_a_plain_transfer_loses_withdrawal_and_beneficiaries() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Transfer", ALICE, BOB, 7)
    events.balances("Deposit", TREASURY, 80).balances("Deposit", AUTHOR, 20)
    assert left(paid(events, 100)) == native((ALICE, -7), (BOB, 7))


def test_a_refund_goes_with_the_fee() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Transfer", ALICE, BOB, 7)
    events.balances("Deposit", ALICE, 30).balances("Deposit", TREASURY, 70)
    assert left(paid(events, 70)) == native((ALICE, -7), (BOB, 7))


def test_the_tip_is_part_of_the_fee() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", TREASURY, 40).balances("Deposit", AUTHOR, 60)
    assert left(paid(events, 100, tip=50)) == []


def test_a_call_that_pays_no_fee_is_refunded_whole() -> None:
    events = (
        Events().balances("Withdraw", ALICE, 100).balances("Transfer", BOB, CAROL, 9).balances("Deposit", ALICE, 100)
    )
    assert left(paid(events, 0)) == native((BOB, -9), (CAROL, 9))


def test_the_calls_own_last_deposit_before_the_refund_stays() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", BOB, 5).balances("Deposit", ALICE, 30)
    assert left(paid(events.balances("Deposit", TREASURY, 70), 70)) == native((BOB, 5))


def test_the_calls_own_last_deposit_stays_without_a_refund_too() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", BOB, 5).balances("Deposit", TREASURY, 100)
    assert left(paid(events, 100)) == native((BOB, 5))


def test_what_was_burnt_counts_as_spent() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", BOB, 20).balances("Deposit", TREASURY, 80)
    assert left(paid(events.balances("BurnedDebt", 20), 100)) == native((BOB, 20))


def test_a_fee_that_is_burnt_whole_leaves_no_deposit_to_look_for() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", BOB, 5).balances("Rescinded", 100)
    assert left(paid(events, 100)) == native((BOB, 5))


def test_where_burning_is_not_told_at_most_the_fee_is_taken_out() -> None:
    """Before 2024: the author's share has no author and vanishes; the call's own small deposit cannot be told."""
    events = (
        Events().balances("Withdraw", ALICE, 100).balances("Deposit", BOB, 10**12).balances("Deposit", TREASURY, 80)
    )
    assert left(paid(events, 100)) == native((BOB, 10**12))


def test_a_failed_extrinsic_moved_nothing() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", TREASURY, 100)
    assert left(paid(events, 100)) == []


def test_a_large_withdrawal_of_a_call_whose_fee_came_otherwise_is_not_taken_for_a_fee() -> None:
    events = Events().balances("Withdraw", ALICE, 10**15).balances("Deposit", BOB, 10**15)
    assert left(paid(events, 100)) == native((ALICE, -(10**15)), (BOB, 10**15))
    assert left(paid(Events().balances("Withdraw", ALICE, 10**15).balances("Deposit", BOB, 10**15), 0)) == native(
        (ALICE, -(10**15)), (BOB, 10**15)
    )


def test_a_payer_who_is_gone_keeps_its_legs_in_the_books() -> None:
    """Reaped by its own call and refunded nothing: the books fit no known way, and what stays is a fee."""
    events = (
        Events().balances("Withdraw", ALICE, 100).balances("Transfer", ALICE, BOB, 7).balances("Deposit", TREASURY, 100)
    )
    assert left(paid(events, 90)) == native((ALICE, -100), (ALICE, -7), (BOB, 7), (TREASURY, 100))


def test_a_deposit_as_large_as_the_refund_would_be_is_none_if_the_fee_cannot_pay_for_what_follows() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", ALICE, 30).balances("Deposit", BOB, 10**12)
    assert left(paid(events, 70)) == native((ALICE, -100), (ALICE, 30), (BOB, 10**12))


def test_the_fee_is_found_behind_a_smaller_withdrawal_of_the_payer() -> None:
    events = Events().balances("Withdraw", ALICE, 3).balances("Withdraw", ALICE, 100).balances("Deposit", TREASURY, 100)
    assert left(paid(events, 100)) == native((ALICE, -3))


def test_a_balance_that_root_set_ends_what_the_fee_can_have_paid_for() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", BOB, 10).balances("Rescinded", 5)
    events.balances("BalanceSet", CAROL, 1).balances("Deposit", TREASURY, 80)
    assert left(paid(events, 100)) == native((BOB, 10))


def test_events_that_move_nothing_may_stand_among_the_fees() -> None:
    events = (
        Events().balances("Withdraw", ALICE, 100).balances("Transfer", ALICE, BOB, 7).balances("Deposit", ALICE, 30)
    )
    events.balances("Endowed", TREASURY, 50).balances("Deposit", TREASURY, 50).balances("Issued", 3)
    assert left(paid(events.balances("Deposit", AUTHOR, 20), 70)) == native((ALICE, -7), (BOB, 7))


def test_two_fees_in_one_extrinsic_are_both_taken_out() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Withdraw", BOB, 40).balances("Transfer", BOB, CAROL, 7)
    events.balances("Deposit", BOB, 10).balances("Deposit", TREASURY, 30)
    events.add("TransactionPayment", "TransactionFeePaid", BOB, 30, 0)
    assert left(paid(events.balances("Deposit", TREASURY, 100), 100)) == native((BOB, -7), (CAROL, 7))


@pytest.mark.parametrize(("taken", "refund"), [(60, None), (100, 40)])
def test_a_fee_in_another_asset_loses_the_payers_legs_in_it(taken: int, refund: int | None) -> None:
    events = Events().add("Assets", "Withdrawn", 1984, ALICE, taken).add("Assets", "Deposited", 1984, BOB, taken)
    events.add("Assets", "Transferred", 1984, ALICE, CAROL, 9)
    if refund is not None:
        events.add("Assets", "Deposited", 1984, ALICE, refund)
    events.add("AssetTxPayment", "AssetTxFeePaid", ALICE, 60, 0, {"parents": 0})
    usdt = "Assets/1984"
    assert left(events) == [(BOB, usdt, taken), (ALICE, usdt, -9), (CAROL, usdt, 9)]


def test_an_assets_own_move_is_not_taken_for_a_fee() -> None:
    events = Events().add("Assets", "Withdrawn", 1984, ALICE, 5000)
    events.add("AssetTxPayment", "AssetTxFeePaid", ALICE, 60, 0, {"parents": 0})
    assert left(events) == [(ALICE, "Assets/1984", -5000)]


def test_the_payer_is_who_paid_last() -> None:
    assert payer_of(entries(paid(Events(), 100))) == ALICE
    assert payer_of(entries(Events().balances("Withdraw", ALICE, 1))) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), ledger.ops, ledger.accounts, st.integers(0, 60), st.integers(0, 60), ledger.shares)
def test_the_books_of_any_extrinsic_balance_without_its_fee(
    modern: bool, ops: list[ledger.Op], payer: bytes, predicted: int, actual: int, shares: list[tuple[bytes, int]]
) -> None:
    """Whatever a call does, what is left of its legs is the ledger's difference without fees, to the planck."""
    books = ledger.Ledger(modern)
    actual = min(predicted, actual)
    books.fee_taken(payer, predicted)
    books.run([op for op in ops if op[0] != "force"])
    books.fee_settled(payer, predicted, actual, shares)
    net: dict[bytes, int] = {}
    for account, _, amount in left(books.events):
        net[account] = net.get(account, 0) + amount
    assert {account: amount for account, amount in net.items() if amount} == books.moved()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledger.ops, ledger.accounts, st.integers(0, 10**17), st.integers(0, 10**17), ledger.shares)
def test_never_more_than_the_fee_is_taken_out(
    ops: list[ledger.Op], payer: bytes, predicted: int, told: int, shares: list[tuple[bytes, int]]
) -> None:
    """Even where the event lies about the fee, no account's change shrinks by more than that fee."""
    books = ledger.Ledger(modern=True)
    books.fee_taken(payer, predicted)
    books.run([op for op in ops if op[0] != "force"])
    books.fee_settled(payer, predicted, min(predicted, 50), shares)
    events = Events()
    events.all = [
        event._replace(fields={**event.fields, "actual_fee": told}) if event.name == "TransactionFeePaid" else event
        for event in books.events.all
    ]
    difference: dict[bytes, int] = {}
    for legs, sign in (([leg for entry in entries(events) for leg in entry.legs], 1), (left(events), -1)):
        for account, _, amount in legs:
            difference[account] = difference.get(account, 0) + sign * amount
    assert sum(amount for amount in difference.values() if amount > 0) <= told
    assert sum(-amount for amount in difference.values() if amount < 0) <= told
