"""Asset Hub with OpenGov, written block by block, and what should be told of its referenda.

    hub = HubReferenda(hands, data_path("metadata", "asset-hub-paseo.v16.2026-02.scale"), clock=1_000)
    index = hub.submit(1, hub.call("System", "remark", "0x00"))
    with hub.together():                   # one block for both
        hub.place_deposit(index)
        hub.vote(index, ayes=5 * PAS, nays=0, support=5 * PAS)
    hub.advance(300)
    hub.start_deciding(index, silently=True)   # its block's number goes to `hub.unreadable`: the test hides its events
    hub.confirm(index)
    hub.approve(index)
    hub.dispatched(index, error={"BadOrigin": None})
    hub.said                               # [(block, index, "submitted"), (block, index, "deposit"), ...]

Blocks are made by `tests.e2e.hub_blocks`; the clock is the relay chain's. A method appends a block, unless inside
`together`. Deadlines are the caller's: nothing happens by itself.
"""

from pathlib import Path
from typing import Any

from tests.chopsticks import PAS
from tests.e2e.hub_blocks import (
    SUBMISSION_DEPOSIT,
    SUBMITTER,
    VOTER,
    Event,
    HubBlocks,
    Referendum,
    deposit,
    preimage_hash,
)
from tests.polkadot_api import Driver

UNDECIDING, DECISION, CONFIRM = 43_200, 403_200, 14_400
"""Relay blocks: the constant UndecidingTimeout, and the periods of most tracks."""


class HubReferenda(HubBlocks):
    """The chain and its referenda. The states of `said`: submitted, deposit, deciding, confirming, aborted, confirmed,
    rejected, timed out, cancelled, killed, executed, failed, unavailable. `count` is the first referendum's index."""

    def __init__(self, hands: Driver, metadata: Path, *, count: int = 0, **settings: Any) -> None:
        super().__init__(hands, metadata, **settings)
        self.referenda: dict[int, Referendum] = {}
        self._count = count
        self._agenda: dict[int, list[Any]] = {}
        self.set("Referenda", "ReferendumCount", value=count)
        self.idle()

    def submit(
        self,
        track: int,
        call: bytes,
        *,
        inline: bool = False,
        noted: bool = True,
        enactment: Any = None,
        silently: bool = False,
    ) -> int:
        """A new referendum: its call inline, or by a preimage that is there or (`noted` False) is not."""
        alarm = self.clock + UNDECIDING
        one = self._new(track, call, inline, noted, enactment=enactment or {"After": 100}, alarm=[alarm, [alarm, 0]])
        events: list[Event] = [
            ("Balances", "Reserved", [SUBMITTER, SUBMISSION_DEPOSIT]),
            ("Scheduler", "Scheduled", [alarm, 0]),
            ("Referenda", "Submitted", [one.index, track, one.proposal]),
        ]
        self._changed(one, "submitted", extrinsic=events, silently=silently)
        return one.index

    def plant(self, track: int, call: bytes, *, inline: bool = False, noted: bool = True, **fields: Any) -> int:
        """A referendum is there without an event, as from before the first block: `fields` as in `Referendum`."""
        one = self._new(track, call, inline, noted, **fields)
        self._changed(one, None)
        return one.index

    def note_preimage(self, index: int, *, silently: bool = False) -> None:
        """The missing preimage of a referendum comes."""
        one = self.referenda[index]
        self._preimage(one, there=True)
        self._changed(one, None, extrinsic=[("Preimage", "Noted", [one.hash])], silently=silently)

    def clear_preimage(self, index: int, *, silently: bool = False) -> None:
        """The preimage of a referendum goes."""
        one = self.referenda[index]
        self._preimage(one, there=False)
        self._changed(one, None, extrinsic=[("Preimage", "Cleared", [one.hash])], silently=silently)

    def place_deposit(self, index: int, amount: int = 1_000 * PAS, *, silently: bool = False) -> None:
        """Somebody places the decision deposit."""
        one = self.referenda[index]
        one.decision_deposit = deposit(amount)
        placed = ("Referenda", "DecisionDepositPlaced", [index, SUBMITTER, amount])
        events: list[Event] = [("Balances", "Reserved", [SUBMITTER, amount]), placed]
        self._changed(one, "deposit", extrinsic=events, silently=silently)

    def vote(self, index: int, ayes: int, nays: int, support: int, *, silently: bool = False) -> None:
        """Somebody votes, and the tally is now this. This runtime's event does not name the referendum."""
        one = self.referenda[index]
        one.tally = {"ayes": ayes, "nays": nays, "support": support}
        vote = {"Standard": {"vote": "0x81", "balance": support}}
        self._changed(one, None, extrinsic=[("ConvictionVoting", "Voted", [VOTER, vote])], silently=silently)

    def queue(self, index: int, *, silently: bool = False) -> None:
        """The track decides as many as it may: this one waits. No event says so."""
        self.referenda[index].in_queue = True
        self._nudged(self.referenda[index], None, [], silently)

    def start_deciding(self, index: int, *, silently: bool = False) -> None:
        """Its preparation is over, and the deposit is there."""
        one = self.referenda[index]
        one.in_queue, one.deciding = False, {"since": self.hook_clock, "confirming": None}
        one.alarm = [self.hook_clock + DECISION, [self.hook_clock + DECISION, 0]]
        started = ("Referenda", "DecisionStarted", [index, one.track, one.proposal, one.tally])
        self._nudged(one, "deciding", [started, ("Scheduler", "Scheduled", one.alarm[1])], silently)

    def confirm(self, index: int, period: int = CONFIRM, *, silently: bool = False) -> None:
        """It passes now: confirmation starts."""
        one = self.referenda[index]
        one.deciding = {**(one.deciding or {}), "confirming": self.hook_clock + period}
        self._nudged(one, "confirming", [("Referenda", "ConfirmStarted", [index])], silently)

    def abort(self, index: int, *, silently: bool = False) -> None:
        """It passes no more: confirmation ends."""
        one = self.referenda[index]
        one.deciding = {**(one.deciding or {}), "confirming": None}
        self._nudged(one, "aborted", [("Referenda", "ConfirmAborted", [index])], silently)

    def approve(self, index: int, after: int = 100, *, silently: bool = False) -> None:
        """Confirmed: its call is scheduled so many relay blocks ahead."""
        one = self.referenda[index]
        when = self.hook_clock + after
        agenda = self._agenda.setdefault(when, [])
        one.task = (when, len(agenda))
        task = {"maybeId": one.task_name, "priority": 63, "call": one.proposal, "maybePeriodic": None}
        agenda.append({**task, "origin": one.origin})
        self.set("Scheduler", "Agenda", when, value=agenda)
        self.set("Scheduler", "Lookup", one.task_name, value=one.task)
        one.ended = ("Approved", [self.hook_clock, one.submission_deposit, one.decision_deposit])
        confirmed = ("Referenda", "Confirmed", [index, one.tally])
        self._nudged(one, "confirmed", [("Scheduler", "Scheduled", one.task), confirmed], silently)

    def reject(self, index: int, *, silently: bool = False) -> None:
        """The decision period ends without approval."""
        self._ends(index, "Rejected", self.hook_clock)
        self._nudged(self.referenda[index], "rejected", [self._tallied(index, "Rejected")], silently)

    def time_out(self, index: int, *, silently: bool = False) -> None:
        """The decision deposit never came."""
        self._ends(index, "TimedOut", self.hook_clock)
        self._nudged(self.referenda[index], "timed out", [self._tallied(index, "TimedOut")], silently)

    def cancel(self, index: int, *, silently: bool = False) -> None:
        """Cancelled by an origin that may."""
        self._ends(index, "Cancelled", self.clock)
        events = [self._tallied(index, "Cancelled")]
        self._changed(self.referenda[index], "cancelled", extrinsic=events, silently=silently)

    def kill(self, index: int, *, silently: bool = False) -> None:
        """Killed by an origin that may: its deposits are slashed."""
        one = self.referenda[index]
        deposits = [held for held in (one.submission_deposit, one.decision_deposit) if held]
        slashed: list[Event] = [("Referenda", "DepositSlashed", [held["who"], held["amount"]]) for held in deposits]
        one.ended = ("Killed", self.clock)
        self._changed(one, "killed", extrinsic=[self._tallied(index, "Killed"), *slashed], silently=silently)

    def refund(self, index: int, *, silently: bool = False) -> None:
        """Both deposits of one that has ended are given back."""
        one = self.referenda[index]
        assert one.ended is not None
        held = [
            ("DecisionDepositRefunded", one.decision_deposit),
            ("SubmissionDepositRefunded", one.submission_deposit),
        ]
        events: list[Event] = [("Referenda", name, [index, back["who"], back["amount"]]) for name, back in held if back]
        one.ended = (one.ended[0], [one.ended[1][0], None, None])
        self._changed(one, None, extrinsic=events, silently=silently)

    def dispatched(self, index: int, *, error: Any = None, silently: bool = False) -> None:
        """The scheduler executes the call; the clock goes on to that moment. `error` is a DispatchError as JSON."""
        result = {"Ok": None} if error is None else {"Err": error}
        when, place = self._due(index)
        self._agenda[when][place] = None
        self.set("Scheduler", "Agenda", when, value=self._agenda[when] if any(self._agenda[when]) else None)
        self._executed(index, "Dispatched", [result], "executed" if error is None else "failed", silently)

    def call_unavailable(self, index: int, *, silently: bool = False) -> None:
        """The scheduler finds no preimage. As in the runtime the task loses its name and stays in the agenda."""
        self._due(index)
        self._executed(index, "CallUnavailable", [], "unavailable", silently)

    def _new(self, track: int, call: bytes, inline: bool, noted: bool, **fields: Any) -> Referendum:
        index, self._count = self._count, self._count + 1
        proposal = {"Inline": call} if inline else {"Lookup": {"hash": preimage_hash(call), "len": len(call)}}
        one = self.referenda[index] = Referendum(index, track, call, proposal, **{"submitted": self.clock, **fields})
        if not inline and noted:
            self._preimage(one, there=True)
        self.set("Referenda", "ReferendumCount", value=self._count)
        return one

    def _preimage(self, one: Referendum, there: bool) -> None:
        ticket = {"maybeTicket": [SUBMITTER, PAS], "count": 1, "maybeLen": len(one.call)}
        status = ticket if there else {"maybeTicket": None, "count": 1, "maybeLen": None}
        self.set("Preimage", "RequestStatusFor", one.hash, value={"Requested": status})
        self.set("Preimage", "PreimageFor", [one.hash, len(one.call)], value=one.call if there else None)

    def _ends(self, index: int, variant: str, now: int) -> None:
        one = self.referenda[index]
        one.ended = (variant, [now, one.submission_deposit, one.decision_deposit])

    def _tallied(self, index: int, event: str) -> Event:
        return ("Referenda", event, [index, self.referenda[index].tally])

    def _nudged(self, one: Referendum, state: str | None, events: list[Event], silently: bool) -> None:
        """By the referendum's alarm: a task of the scheduler, without a name."""
        alarm = ("Scheduler", "Dispatched", [[self.hook_clock, 0], None, {"Ok": None}])
        self._changed(one, state, hook=[*events, alarm], silently=silently)

    def _due(self, index: int) -> tuple[int, int]:
        """The place of the enactment; the clock goes on until a hook sees that it is due."""
        task = self.referenda[index].task
        assert task is not None
        self.advance(max(0, task[0] - self.hook_clock))
        return task

    def _executed(self, index: int, event: str, more: list[Any], state: str, silently: bool) -> None:
        one = self.referenda[index]
        self.set("Scheduler", "Lookup", one.task_name, value=None)
        self.says(index, state)
        self.happens([("Scheduler", event, [one.task, one.task_name, *more])], silently=silently)

    def _changed(self, one: Referendum, state: str | None, *, silently: bool = False, **events: list[Event]) -> None:
        """Store the referendum, and what its track counts."""
        self.set("Referenda", "ReferendumInfoFor", one.index, value=one.info())
        ongoing = [each for each in self.referenda.values() if each.track == one.track and not each.ended]
        queue = [[each.index, each.tally["ayes"]] for each in ongoing if each.in_queue]
        self.set("Referenda", "DecidingCount", one.track, value=sum(each.deciding is not None for each in ongoing))
        self.set("Referenda", "TrackQueue", one.track, value=queue or None)
        if state:
            self.says(one.index, state)
        self.happens(**events, silently=silently)
