"""Single steps in the lives of referenda on a real relay runtime of 2024, and what @polkadot/api saw of them.

Votes, deposits and proposals are real extrinsics. Periods of days are jumped over in storage: the referendum is made
older and its alarm is moved to the next block; the runtime then decides by itself what becomes of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from tests.chopsticks import PAS, Chopsticks
from tests.e2e.chopsticks.agenda import bring_forward, bring_named_forward
from tests.e2e.chopsticks.seen import Call, Event, build, call, encoded, furnish, http, innermost, signed

FIRST_BLOCK = 1_000_000
"""The chain's height jumps here before anything happens: numbers need room for what began weeks ago."""

START = {"//Alice": 70_000_000, "//Bob": 40_000_000, "//Charlie": 15_000_000, "//Dave": 5_000_000, "//Poor": 10}
"""What each account begins with, in PAS; some 115 million are issued."""

BY_ROOT = {"system": "Root"}

PERIODS = {"submitted": "preparePeriod", "since": "decisionPeriod", "confirming": "confirmPeriod"}
"""Which of a track's periods follows a moment of a referendum; `confirming` already is the end of its own."""

STATES = {
    "referenda.Submitted": "submitted",
    "referenda.DecisionDepositPlaced": "deposit_placed",
    "referenda.DecisionStarted": "deciding",
    "referenda.ConfirmStarted": "confirming",
    "referenda.ConfirmAborted": "confirm_aborted",
    "referenda.Confirmed": "approved",
    "referenda.Rejected": "rejected",
    "referenda.TimedOut": "timed_out",
    "referenda.Cancelled": "cancelled",
    "referenda.Killed": "killed",
}
ENDED = {"approved", "rejected", "timed_out", "cancelled", "killed"}


class Milestone(NamedTuple):
    """A referendum came to this state in this block."""

    block: int
    referendum: int
    state: str


class Vote(NamedTuple):
    """A standard vote without conviction multiplier: locked once, so that it counts as much as its balance."""

    voter: str
    aye: bool
    amount: int


@dataclass(frozen=True)
class Proposal:
    """What is proposed, from which track; `lookup` stores it as a preimage, which may then be `missing`."""

    call: Call
    origin: dict[str, str] = field(default_factory=lambda: BY_ROOT)
    lookup: bool = False
    missing: bool = False
    deposit: bool = True
    votes: Sequence[Vote] = ()


def enactment_name(index: int) -> bytes:
    """The name under which the Scheduler enacts a referendum."""
    scale = b"assembly" + bytes([len("enactment") << 2]) + b"enactment" + index.to_bytes(4, "little")
    return blake2b(scale, digest_size=32).digest()


def ballot(index: int, vote: Vote) -> Call:
    """The call that casts a vote."""
    standard = {"vote": {"aye": vote.aye, "conviction": "Locked1x"}, "balance": vote.amount * PAS}
    return call("ConvictionVoting", "vote", index, {"Standard": standard})


class ReferendumSteps:
    """Submits referenda and takes them from one state to the next, one or many in a block."""

    def __init__(self, chain: Chopsticks) -> None:
        self.chain = chain
        self.said: list[Milestone] = []
        """Every milestone, in the order of the chain."""
        self.calls: dict[int, list[str]] = {}
        """Names of the innermost calls that a referendum proposes, such as `System.remark`; none if nobody knows."""
        self.errors: dict[int, str] = {}
        """Why an enactment failed, such as `Token.FundsUnavailable`."""
        self.tallies: dict[tuple[int, int], dict[str, int]] = {}
        """Ayes, nays and support after a block, by block and referendum, in planck; up to the block of its end."""
        self._enactments: dict[str, int] = {}
        self._ongoing: set[int] = set()

    def begin(self) -> None:
        """Fund the dev accounts, take the Sudo key, and jump to a height from which weeks can be taken."""
        furnish(self.chain, START)
        if self.chain.height() < FIRST_BLOCK:
            self.chain.rpc("dev_newBlock", {"unsafeBlockHeight": FIRST_BLOCK})
        tracks = json.loads(self.chain.driver.ask("constant", url=http(self.chain), pallet="Referenda", name="Tracks"))
        self._tracks: dict[int, Any] = {int(number): track for number, track in tracks}

    def submit(self, *proposals: Proposal) -> list[int]:
        """One block that submits these, with their decision deposits and first votes; their indexes."""
        first = int(self.chain.query("Referenda", "ReferendumCount"))
        wishes: list[tuple[str, Call]] = []
        for index, proposal in enumerate(proposals, first):
            self.calls[index] = [] if proposal.missing else list(innermost(proposal.call))
            self._enactments["0x" + enactment_name(index).hex()] = index
            wishes += self._submission(index, proposal)
        self.block(*wishes)
        return list(range(first, first + len(proposals)))

    def end_preparation(self, *indexes: int) -> None:
        """One block in which the referenda begin to be decided, and to be confirmed if they pass."""
        self.age("submitted", *indexes)
        self.block()

    def end_decision(self, *indexes: int) -> None:
        """One block in which the decision period is over."""
        self.age("since", *indexes)
        self.block()

    def end_confirmation(self, *indexes: int) -> None:
        """One block in which the confirmation period is over."""
        self.age("confirming", *indexes)
        self.block()

    def enact(self, *indexes: int) -> None:
        """One block in which the Scheduler does what was approved."""
        self.make_due(*indexes)
        self.block()

    def age(self, moment: str, *indexes: int) -> None:
        """Put that moment so far into the past that the period after it (PERIODS) ends with the next block."""
        for index in indexes:
            track = self._tracks[self._ongoing_info(index)["track"]]
            self._age(index, moment, int(track[PERIODS[moment]]))

    def let_time_out(self, index: int) -> None:
        """The same for the time within which somebody has to place the decision deposit."""
        self._age(index, "submitted", self.chain.constant("Referenda", "UndecidingTimeout"))

    def make_due(self, *indexes: int) -> None:
        """Let the Scheduler enact these in the next block."""
        for index in indexes:
            bring_named_forward(self.chain, enactment_name(index), self.chain.height() + 1)

    def vote(self, index: int, vote: Vote) -> None:
        """One block with a vote, or a changed one; what follows from it comes a block later."""
        self.block((vote.voter, ballot(index, vote)))

    def block(self, *wishes: tuple[str, Call]) -> None:
        """One block with these calls, each signed by the account in front of it."""
        number, events = build(self.chain, *[signed(self.chain, signer, wish) for signer, wish in wishes])
        for event in events:
            self._take_in(number, event)
        for index in sorted(self._ongoing):
            self._keep_tally(number, index, self._ongoing_info(index)["tally"])

    def _submission(self, index: int, proposal: Proposal) -> list[tuple[str, Call]]:
        raw = encoded(self.chain, proposal.call)
        bounded: dict[str, Any] = {"Inline": raw}
        wishes = []
        if proposal.lookup:
            bounded = {"Lookup": {"hash": blake2b(raw, digest_size=32).digest(), "len": len(raw)}}
            if not proposal.missing:
                wishes.append(("//Dave", call("Preimage", "note_preimage", raw)))
        wishes.append(("//Dave", call("Referenda", "submit", proposal.origin, bounded, {"After": 0})))
        if proposal.deposit:
            wishes.append(("//Alice", call("Referenda", "place_decision_deposit", index)))
        return wishes + [(vote.voter, ballot(index, vote)) for vote in proposal.votes]

    def _age(self, index: int, moment: str, blocks: int) -> None:
        info, following = self._ongoing_info(index), self.chain.height() + 1
        holder = info if moment == "submitted" else info["deciding"]
        holder[moment] -= blocks
        task = tuple(info["alarm"][1])
        info["alarm"] = [following, list(bring_forward(self.chain, task, following))]
        self.chain.set_storage({"Referenda": {"ReferendumInfoFor": [[[index], {"ongoing": info}]]}})

    def _take_in(self, number: int, event: Event) -> None:
        if (known := self._milestone(event)) is None:
            return
        index, state = known
        self.said.append(Milestone(number, index, state))
        if event.error:
            self.errors[index] = event.error
        if "tally" in event.data:
            self._keep_tally(number, index, event.data["tally"])
        if state == "submitted":
            self._ongoing.add(index)
        elif state in ENDED:
            self._ongoing.discard(index)

    def _milestone(self, event: Event) -> tuple[int, str] | None:
        """The referendum that an event is about, and its new state."""
        if event.name in STATES:
            return event.data["index"], STATES[event.name]
        if event.name not in ("scheduler.Dispatched", "scheduler.CallUnavailable"):
            return None
        index = self._enactments.get(str(event.data["id"]))
        if index is None:
            return None
        if event.method == "CallUnavailable":
            return index, "call_unavailable"
        return index, "execution_failed" if event.error else "executed"

    def _keep_tally(self, number: int, index: int, tally: dict[str, Any]) -> None:
        self.tallies[number, index] = {name: int(amount) for name, amount in tally.items()}

    def _ongoing_info(self, index: int) -> dict[str, Any]:
        info: dict[str, Any] = self.chain.query("Referenda", "ReferendumInfoFor", index)["ongoing"]
        return info
