"""A toy chain that keeps books and tells events as pallet-balances does, in both generations' spellings.

It knows nothing of the code under test: `totals` is what a node's storage would say, `fees` the part of it that
transaction fees made.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.unit.watchers.balances.doubles import ALICE, AUTHOR, BOB, CAROL, TREASURY, Events

ACCOUNTS = (ALICE, BOB, CAROL, TREASURY, AUTHOR)

Op = tuple[str, bytes, bytes, int]


@dataclass
class Ledger:
    """`modern` spells what leaves and comes as Withdraw and Deposit, and tells what is burnt."""

    modern: bool
    events: Events = field(default_factory=Events)
    totals: Counter[bytes] = field(default_factory=Counter)
    fees: Counter[bytes] = field(default_factory=Counter)

    def moved(self) -> dict[bytes, int]:
        """What each account gained or lost, fees aside; no zeros."""
        net = Counter(self.totals)
        net.subtract(self.fees)
        return {account: amount for account, amount in net.items() if amount}

    def run(self, ops: Sequence[Op]) -> None:
        for kind, one, other, amount in ops:
            getattr(self, kind)(one, other, amount)

    def transfer(self, one: bytes, other: bytes, amount: int) -> None:
        self.events.balances("Transfer", one, other, amount)
        self._change(one, -amount)
        self._change(other, amount)

    def repatriate(self, one: bytes, other: bytes, amount: int) -> None:
        self.events.balances("ReserveRepatriated", one, other, amount, ("Free", None))
        self._change(one, -amount)
        self._change(other, amount)

    def leave(self, one: bytes, _: bytes, amount: int) -> None:
        self.events.balances("Withdraw" if self.modern else "Burned", one, amount)
        self._change(one, -amount)

    def come(self, one: bytes, _: bytes, amount: int) -> None:
        if self.modern:
            self.events.balances("Issued", amount)
        self.events.balances("Deposit" if self.modern else "Minted", one, amount)
        self._change(one, amount)

    def slash(self, one: bytes, other: bytes, amount: int) -> None:
        self.events.balances("Slashed", one, amount)
        self.events.balances("Deposit", other, amount)
        self._change(one, -amount)
        self._change(other, amount)

    def dust(self, one: bytes, other: bytes, amount: int) -> None:
        self.events.balances("Transfer", one, other, amount)
        self.events.balances("DustLost", one, 1)
        self._change(one, -amount - 1)
        self._change(other, amount)

    def hold(self, one: bytes, _: bytes, amount: int) -> None:
        self.events.balances("Held", one, amount)
        self.events.balances("Locked", one, amount)

    def force(self, one: bytes, _: bytes, amount: int) -> None:
        change = amount - self.totals[one]
        if change > 0:
            self.events.balances("Issued" if self.modern else "MintedCredit", change)
        elif change < 0:
            self.events.balances("Rescinded" if self.modern else "BurnedDebt", -change)
        else:
            return
        self.events.balances("BalanceSet", one, amount)
        self._change(one, change)

    def fee_taken(self, payer: bytes, predicted: int) -> None:
        if predicted:
            self.events.balances("Withdraw", payer, predicted)
            self._fee(payer, -predicted)

    def fee_settled(self, payer: bytes, predicted: int, actual: int, shares: Sequence[tuple[bytes, int]]) -> None:
        """The refund, then `shares` of the actual fee; what they leave is burnt and told, or goes to the treasury."""
        if predicted > actual:
            self.events.balances("Deposit", payer, predicted - actual)
            self._fee(payer, predicted - actual)
        left = actual
        for account, share in shares:
            part = min(share, left)
            if part:
                self.events.balances("Deposit", account, part)
                self._fee(account, part)
            left -= part
        if left and self.modern:
            self.events.balances("BurnedDebt", left)
        elif left:
            self.events.balances("Deposit", TREASURY, left)
            self._fee(TREASURY, left)
        self.events.add("TransactionPayment", "TransactionFeePaid", payer, actual, 0)

    def _change(self, account: bytes, amount: int) -> None:
        self.totals[account] += amount

    def _fee(self, account: bytes, amount: int) -> None:
        self.totals[account] += amount
        self.fees[account] += amount


accounts = st.sampled_from(ACCOUNTS)
amounts = st.one_of(st.integers(1, 40), st.integers(1, 10**16))
kinds = st.sampled_from(["transfer", "repatriate", "leave", "come", "slash", "dust", "hold", "force"])
ops = st.lists(st.tuples(kinds, accounts, accounts, amounts), max_size=8)
unforced = st.lists(st.tuples(kinds.filter(lambda kind: kind != "force"), accounts, accounts, amounts), max_size=8)
shares = st.lists(st.tuples(accounts, st.integers(0, 30)), max_size=3)
