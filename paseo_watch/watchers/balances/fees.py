"""Takes the legs of a transaction fee out of an extrinsic's events.

Sources: pallet-transaction-payment `payment.rs` (`FungibleAdapter`, `CurrencyAdapter`) and `lib.rs`:

    Withdraw{who, predicted fee}          before the call
    the call's own events
    Deposit{who, predicted - actual}      the refund; absent if nothing is left over or the payer is gone
    Deposit{beneficiary, …} …             the fee, then the tip: treasury, author, pots
    Rescinded / BurnedDebt{amount}        what nobody took (not emitted before 2024)
    TransactionFeePaid{who, actual, tip}  `actual_fee` includes the tip

The call's own last deposits can stand right before the refund. The fee's deposits are told from them by the books:
the refund is exactly predicted - actual, and what follows it is at most the actual fee, exactly it where what was
burnt is told. So nothing larger than the fee is ever taken out, whatever a call makes its events look like. Where
the books do not fit (the payer is gone and was refunded nothing; the fee was paid in a way not known here) the legs
stay, and what is reported is off by a fee.

A fee paid in another asset (`AssetTxFeePaid`) loses the payer's legs in that asset; the swap behind it, between a
pool and the pots, is a real move of the size of a fee and stays.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paseo_watch.chain.scale.values import Event
from paseo_watch.watchers.balances.legs import BALANCE_SET, RESCINDED, Entry, Vocabulary

FEE_PAID = ("TransactionPayment", "TransactionFeePaid")
ASSET_FEE_PAID = ("AssetTxPayment", "AssetTxFeePaid")
FEE_EVENTS = frozenset({FEE_PAID, ASSET_FEE_PAID})


class _Paid(NamedTuple):
    """What the event at the end says: who paid, and how much in the end."""

    who: bytes
    fee: int


class _Tail(NamedTuple):
    """One of the events that end the extrinsic: a deposit, or a burn (`account` is None), at its place."""

    place: int
    account: bytes | None
    amount: int


def payer_of(entries: Sequence[Entry]) -> bytes | None:
    """Who paid the fee of the extrinsic whose events these are; None where nobody did."""
    paid = [_paid(entry.event) for entry in entries if (entry.event.pallet, entry.event.name) in FEE_EVENTS]
    return next((found.who for found in reversed(paid) if found is not None), None)


def without_fees(entries: Sequence[Entry], words: Vocabulary) -> list[Entry]:
    """The entries of one extrinsic without those that withdraw, refund and hand out its fee."""
    kept: list[Entry] = []
    for entry in entries:
        paid = _paid(entry.event) if (entry.event.pallet, entry.event.name) in FEE_EVENTS else None
        if paid is None:
            kept.append(entry)
            continue
        gone = (_fee if entry.event.pallet == FEE_PAID[0] else _asset_fee)(kept, paid, words)
        kept = [old for place, old in enumerate(kept) if place not in gone]
    return kept


def _paid(event: Event) -> _Paid | None:
    who, fee = event.fields.get("who"), event.fields.get("actual_fee")
    return _Paid(who, fee) if isinstance(who, bytes) and isinstance(fee, int) else None


def _fee(before: Sequence[Entry], paid: _Paid, words: Vocabulary) -> set[int]:
    for place, withdrawn in _withdrawals(before, paid.who, words):
        if withdrawn < paid.fee:
            continue
        tail = _tail(before, place + 1, words)
        start = _refund(tail, paid, withdrawn - paid.fee) if withdrawn > paid.fee else _beneficiaries(tail, paid.fee)
        if start is not None:
            return {place, *(entry.place for entry in tail[start:])}
    return set()


def _withdrawals(before: Sequence[Entry], who: bytes, words: Vocabulary) -> Iterator[tuple[int, int]]:
    for place, (event, legs) in enumerate(before):
        if event.pallet == words.native and event.name == "Withdraw":
            yield from ((place, -leg.amount) for leg in legs if leg.account == who)


def _tail(before: Sequence[Entry], first: int, words: Vocabulary) -> list[_Tail]:
    """The deposits and burns at the end, in order; events that move nothing may stand between them."""
    tail: list[_Tail] = []
    for place in range(len(before) - 1, first - 1, -1):
        event, legs = before[place]
        if event.pallet == words.native and event.name == "Deposit" and legs:
            tail.append(_Tail(place, legs[0].account, legs[0].amount))
        elif event.pallet == words.native and event.name in RESCINDED and isinstance(event.fields.get("amount"), int):
            tail.append(_Tail(place, None, event.fields["amount"]))
        elif legs or event.name == BALANCE_SET:
            break
    return tail[::-1]


def _refund(tail: Sequence[_Tail], paid: _Paid, surplus: int) -> int | None:
    """Where the refund stands: the fee's other deposits follow it. Best where they come to the fee exactly."""
    spent, found = 0, None
    for start in range(len(tail) - 1, -1, -1):
        if spent > paid.fee:
            break
        entry = tail[start]
        if (entry.account, entry.amount) == (paid.who, surplus):
            if spent == paid.fee:
                return start
            found = start if found is None else found
        spent += entry.amount
    return found


def _beneficiaries(tail: Sequence[_Tail], fee: int) -> int:
    """Where the fee's deposits begin if nothing was refunded: at the most that the fee can have paid for."""
    spent = 0
    for start in range(len(tail) - 1, -1, -1):
        if spent + tail[start].amount > fee:
            return start + 1
        spent += tail[start].amount
    return 0


def _asset_fee(before: Sequence[Entry], paid: _Paid, words: Vocabulary) -> set[int]:
    """The payer's first withdrawal of an asset and the refund of it, if together they come to the fee."""
    own = [
        (place, leg)
        for place, (event, legs) in enumerate(before)
        if event.pallet in words.fungibles and event.name in {"Withdrawn", "Deposited"}
        for leg in legs
        if leg.account == paid.who
    ]
    place, taken = next(((place, leg) for place, leg in own if leg.amount < 0), (0, None))
    if taken is None:
        return set()
    if -taken.amount == paid.fee:
        return {place}
    back = [p for p, leg in own if p > place and leg.asset == taken.asset and leg.amount == -taken.amount - paid.fee]
    return {place, back[-1]} if back else set()
