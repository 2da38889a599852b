"""Referenda on a real relay runtime of 2024, each driven to an end of its own.

    referenda = Referenda(chain)
    referenda.begin()
    index = referenda.executed()
    referenda.said  # [Milestone(1000001, 0, "submitted"), …]

`side_by_side` has nearly all ends in eight blocks; the others take their time, one after another.
"""

from tests.chopsticks import PAS
from tests.e2e.chopsticks.referendum_steps import Proposal, ReferendumSteps, Vote, ballot
from tests.e2e.chopsticks.seen import Call, call, sudo

BY_SMALL_TIPPER = {"Origins": "SmallTipper"}
BY_BIG_TIPPER = {"Origins": "BigTipper"}

AYES = (Vote("//Alice", True, 60_000_000), Vote("//Charlie", True, 12_000_000))
"""Enough to pass from the first block of any track's decision period."""


def remark(text: bytes) -> Call:
    """A call that does nothing."""
    return call("System", "remark", text)


class Referenda(ReferendumSteps):
    """Every method that is named after an end builds the blocks of one whole life, and returns its index."""

    def executed(self) -> int:
        """Approved and enacted: two calls in a batch, inline in the proposal."""
        pay = call("Balances", "force_transfer", self._id("//Dave"), self._id("//Bob"), 3 * PAS)
        (index,) = self.submit(Proposal(call("Utility", "batch", [remark(b"paid"), pay]), votes=AYES))
        return self._approved_and_enacted(index)

    def executed_from_preimage(self) -> int:
        """Approved and enacted: a proposal that is only a hash, with its preimage noted."""
        long = remark(b"*" * 200)
        (index,) = self.submit(Proposal(long, lookup=True, votes=AYES))
        return self._approved_and_enacted(index)

    def execution_failed(self) -> int:
        """Approved, but what it would move is not there."""
        pay = call("Balances", "force_transfer", self._id("//Poor"), self._id("//Bob"), 1_000_000 * PAS)
        (index,) = self.submit(Proposal(pay, votes=AYES))
        return self._approved_and_enacted(index)

    def call_unavailable(self) -> int:
        """Approved, but nobody ever noted the preimage."""
        long = remark(b"?" * 200)
        (index,) = self.submit(Proposal(long, lookup=True, missing=True, votes=AYES))
        return self._approved_and_enacted(index)

    def rejected(self) -> int:
        """More nays than ayes when the decision period ends."""
        against = (Vote("//Bob", False, 30_000_000), Vote("//Charlie", True, 10_000_000))
        (index,) = self.submit(Proposal(remark(b"rejected"), votes=against))
        self.end_preparation(index)
        self.end_decision(index)
        return index

    def timed_out(self) -> int:
        """Nobody placed the decision deposit."""
        (index,) = self.submit(Proposal(remark(b"late"), deposit=False))
        self.let_time_out(index)
        self.block()
        return index

    def cancelled(self) -> int:
        """Root cancels it while it is being prepared."""
        (index,) = self.submit(Proposal(remark(b"cancelled")))
        self.block(("//Root", sudo(call("Referenda", "cancel", index))))
        return index

    def killed(self) -> int:
        """Root kills it while it is being decided: its deposits are slashed."""
        votes = (Vote("//Charlie", True, 10_000_000),)
        (index,) = self.submit(Proposal(remark(b"killed"), votes=votes))
        self.end_preparation(index)
        self.block(("//Root", sudo(call("Referenda", "kill", index))))
        return index

    def confirmation_aborted(self) -> int:
        """Nays interrupt the confirmation, their voter turns, and it is confirmed and executed in the end."""
        (index,) = self.submit(Proposal(remark(b"confirmed in the end"), votes=AYES))
        self.end_preparation(index)
        self.vote(index, Vote("//Bob", False, 35_000_000))
        self.block()
        self.vote(index, Vote("//Bob", True, 35_000_000))
        self.block()
        self.end_confirmation(index)
        self.enact(index)
        return index

    def two_in_one_block(self) -> tuple[int, int]:
        """Two of different tracks go side by side: one pays out, the other asks for more than its track may give."""
        one, other = self.submit(
            Proposal(self._spending(5), BY_SMALL_TIPPER, votes=AYES),
            Proposal(self._spending(5_000_000), BY_BIG_TIPPER, votes=AYES),
        )
        self.end_preparation(one, other)
        self.end_confirmation(one, other)
        self.enact(one, other)
        return one, other

    def side_by_side(self) -> list[int]:
        """Eight at once in eight blocks: executed, failed, unavailable, rejected, late, cancelled, killed, aborted."""
        pay = call("Balances", "force_transfer", self._id("//Dave"), self._id("//Bob"), 2 * PAS)
        against = (Vote("//Bob", False, 30_000_000),)
        executed, failed, unavailable, rejected, late, cancelled, killed, aborted = everything = self.submit(
            Proposal(call("Utility", "batch_all", [remark(b"one of eight"), pay]), votes=AYES),
            Proposal(self._spending(5_000_000), BY_SMALL_TIPPER, votes=AYES),
            Proposal(self._spending(1), BY_BIG_TIPPER, lookup=True, missing=True, votes=AYES),
            Proposal(self._spending(2), BY_SMALL_TIPPER, votes=against),
            Proposal(self._spending(3), BY_SMALL_TIPPER, deposit=False),
            Proposal(self._spending(4), BY_SMALL_TIPPER),
            Proposal(self._spending(5), BY_BIG_TIPPER),
            Proposal(self._spending(6), BY_BIG_TIPPER, votes=AYES),
        )
        self.age("submitted", executed, failed, unavailable, rejected, killed, aborted)
        self.let_time_out(late)
        self.block(("//Root", sudo(call("Referenda", "cancel", cancelled))))
        self.age("since", rejected)
        self.age("confirming", executed, failed, unavailable)
        nay, aye = Vote("//Bob", False, 35_000_000), Vote("//Bob", True, 35_000_000)
        self.block(("//Bob", ballot(aborted, nay)), ("//Root", sudo(call("Referenda", "kill", killed))))
        self.enact(executed, failed, unavailable)
        self.vote(aborted, aye)
        self.block()
        self.end_confirmation(aborted)
        self.enact(aborted)
        return everything

    def _approved_and_enacted(self, index: int) -> int:
        self.end_preparation(index)
        self.end_confirmation(index)
        self.enact(index)
        return index

    def _spending(self, amount: int) -> Call:
        return call("Treasury", "spend_local", amount * PAS, self._id("//Bob"))

    def _id(self, name: str) -> dict[str, str]:
        return {"Id": self.chain.driver.address(name)}
