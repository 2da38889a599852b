"""One block's worth of what happened to referenda, and of what a round found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from paseo_watch.chain.block import Block
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.opengov import proposal, reconcile, report
from paseo_watch.watchers.opengov.gone import ended
from paseo_watch.watchers.opengov.happenings import Happening
from paseo_watch.watchers.opengov.info import PHASES, Info, frozen
from paseo_watch.watchers.opengov.info import read as read_info
from paseo_watch.watchers.opengov.instances import INFO, Instance
from paseo_watch.watchers.opengov.report import Milestone
from paseo_watch.watchers.opengov.row import (
    AFTER_APPROVAL,
    PREFIX,
    Row,
    aborted_late,
    confirming_after,
    milestone,
    missed,
    passed_before,
    phase_after,
    reached,
    row_key,
    which,
)
from paseo_watch.watchers.opengov.stored import counts, electorate, enacted_at
from paseo_watch.watchers.opengov.tally import Tally
from paseo_watch.watchers.opengov.tally import read as read_tally
from paseo_watch.watchers.opengov.times import deadline, moment
from paseo_watch.watchers.watcher import Answers, Json, Observation, State, Step

MOST_UNREADABLE = 3

Which = tuple[str, int]


class Turn:
    """One block's worth of changes and observations."""

    def __init__(
        self,
        state: State,
        block: Block,
        answers: Answers,
        live: Mapping[str, Instance],
        names: Names,
        severity: str,
    ) -> None:
        self._state = state
        self._block = block
        self._storage = answers.storage
        self._live = live
        self._names = names
        self._severity = severity
        self._electorate = electorate(block.runtime, answers.storage)
        self._now = {pallet: each.now(block) for pallet, each in live.items()}
        self._rows: dict[Which, Row | None] = {}
        self._infos: dict[Which, Info | None] = {}
        self._observations: list[Observation] = []
        self._events: Sequence[Happening] = ()

    def step(self, found: Sequence[Happening]) -> Step:
        """Events first: what they tell, a round need not."""
        self._events = found
        for each in found:
            self._happened(each)
        there = counts(self._block.runtime, self._live, self._block.storage)
        round_ = reconcile.due(self._state, self._block, there)
        for referendum in round_:
            self._look(referendum)
        rows = {row_key(*referendum): row.json if row else None for referendum, row in self._rows.items()}
        rows = {key: row for key, row in rows.items() if row != self._state.get(key)}
        if not reconcile.is_open(self._state, self._block):
            return Step(tuple(self._observations), rows)
        changes: dict[str, Json] = {**reconcile.advanced(self._state, self._block, there, round_), **rows}
        return Step(tuple(self._observations), changes, tuple(self._blind()))

    def _happened(self, each: Happening) -> None:
        info = self._info(each.which)
        if each.state in AFTER_APPROVAL and info is not None and info.end != "approved":
            return  # a task that bears the name of an enactment and is none
        row = self._told_before(each, self._row(each, info), info)
        key = milestone(each.state, info, self._block.number)
        if key not in row.told:
            self._tell(each.which, row, info, Milestone(each.state, key, each.extrinsic, each.error, each.inner), each)
            row = row.having_told(key)
        old = self._block.late and each.state not in AFTER_APPROVAL  # where it stands now, later blocks have said
        self._rows[each.which] = row if old else self._moved(each.which, row, each.state, info)

    def _told_before(self, each: Happening, row: Row, info: Info | None) -> Row:
        """The row, after what must have come before this event and was not told."""
        if self._block.late and each.state == "confirm_aborted":
            return aborted_late(row, self._began_before(each.pallet, row), self._block.number)
        if info is not None and each.state in AFTER_APPROVAL:
            return self._caught_up(each.which, row, info)
        ended = row.confirming is not None and (info is None or info.confirming != row.confirming)
        if ended and each.state == "confirming" and not self._block.late:
            key = f"confirm_aborted:{row.confirming}"
            self._tell(each.which, row, info, Milestone("confirm_aborted", key, missed=True), None)
            return replace(row.having_told(key), confirming=None)
        return row

    def _began_before(self, pallet: str, row: Row) -> int | None:
        """Confirmations that began before this block are through before this moment, those that began later are not."""
        now, track = self._now[pallet], None if row.track is None else self._live[pallet].tracks.get(row.track)
        return None if now is None or track is None else now + track.confirm_period

    def _caught_up(self, referendum: Which, row: Row, info: Info) -> Row:
        for state, key in missed(row, info):
            self._tell(referendum, row, info, Milestone(state, key, missed=True), None)
            row = row.having_told(key)
        return row

    def _look(self, referendum: Which) -> None:
        """What a round sees of one referendum."""
        info = self._info(referendum)
        known = self._known(referendum)
        if info is None:
            self._lost(referendum, known)
            return
        row = self._found(referendum, info) if known is None or known.is_blank else known
        if row is not None:
            row = self._caught_up(referendum, self._with_calls(row, info), info)
            self._rows[referendum] = self._moved(referendum, row, info.phase, info)
        elif known is not None:
            self._rows[referendum] = None

    def _lost(self, referendum: Which, known: Row | None) -> None:
        """It cannot be read, or is not stored any more, as after a migration: then there is nothing left to follow."""
        key = self._key(referendum)
        if self._storage.get(key) is not None:
            self._rows[referendum] = replace(known or Row("preparing"), readable=False)
        elif key in self._storage and known is not None:
            self._rows[referendum] = None
            if known.frozen:
                self._observations.append(ended(*referendum, self._severity))

    def _found(self, referendum: Which, info: Info) -> Row | None:
        """A referendum that nothing is remembered of: noted in silence if it was there before us, else missed."""
        row = Row(info.phase, info.track, lookup=proposal.as_json(info.proposal))
        if reconcile.is_new(self._state, referendum):
            return row
        return row.having_told(*(key for _, key in reached(row, info))) if info.end is None else None

    def _row(self, each: Happening, info: Info | None) -> Row:
        """What is remembered, or the beginning of it, with calls as far as they can be known."""
        row = self._known(each.which)
        row = self._begun(each.which, each.state, info) if row is None or row.is_blank else row
        track = each.fields.get("track", info.track if info else None)
        row = replace(row, track=track if isinstance(track, int) else row.track)
        return self._with_calls(row, info, each.fields.get("proposal"))

    def _begun(self, referendum: Which, state: str, info: Info | None) -> Row:
        """The first that we hear of it. What one that was there before us had passed before this block stays untold."""
        if info is None:
            old = not reconcile.is_new(self._state, referendum)
            return Row("preparing").having_told(*(passed_before(state) if old else ()))
        ended = None if info.end is None else reconcile.clock_ms(self._block)
        row = Row(info.phase, info.track, ended_ms=ended)
        states = [each.state for each in self._events if each.which == referendum]
        if "submitted" in states or reconcile.is_new(self._state, referendum):
            return row
        now = {milestone(each, info, self._block.number) for each in states}
        return row.having_told(*(key for _, key in reached(row, info) if key not in now))

    def _with_calls(self, row: Row, info: Info | None, proposed: object = None) -> Row:
        if row.call is not None:
            return row
        what = proposed or (info.proposal if info else None)
        lookup = proposal.as_json(what) or row.lookup
        runtime = self._block.runtime
        found = (
            proposal.calls(runtime, what, self._storage) if what else proposal.looked_up(runtime, lookup, self._storage)
        )
        return replace(row, lookup=lookup, call=found.call, names=found.names, why_not=found.why_not)

    def _moved(self, referendum: Which, row: Row, state: str, info: Info | None) -> Row:
        """The row where the referendum stands after a milestone, and whether it is frozen."""
        phase = phase_after(row.phase, state, info)
        ended = self._ended(row, phase)
        own, now = self._live[referendum[0]], self._now[referendum[0]]
        is_frozen = frozen(info, now) if info is not None else row.frozen and phase in PHASES
        readable, confirming = row.readable or info is not None, confirming_after(row, state, info)
        seen_at = row.seen_at if confirming == row.confirming else self._block.number
        after = replace(row, phase=phase, ended_ms=ended, frozen=is_frozen, readable=readable)
        after = replace(after, confirming=confirming, seen_at=None if confirming is None else seen_at)
        if is_frozen != row.frozen:
            self._observations.append(report.frozen(own, referendum[1], after, info, now, self._severity))
        return after

    def _ended(self, row: Row, phase: str) -> int | None:
        """When it ended; an approved one ends anew with its execution, which may be months later."""
        executed = phase in AFTER_APPROVAL and row.phase not in AFTER_APPROVAL
        now_ms = reconcile.clock_ms(self._block)
        return None if phase in PHASES else now_ms if executed else row.ended_ms or now_ms

    def _tell(
        self, referendum: Which, row: Row, info: Info | None, told: Milestone, happened: Happening | None
    ) -> None:
        pallet, index = referendum
        own = self._live[pallet]
        tally = read_tally(happened.fields.get("tally") if happened else None, self._electorate)
        tally = tally or self._tally(info)
        when = self._next(own, index, told, info)
        told = replace(told, tally=tally, deadline=when)
        self._observations.append(report.event(own, index, row, told, self._block, self._severity, self._names))

    def _next(self, own: Instance, index: int, told: Milestone, info: Info | None) -> str:
        """What comes next; nothing where the block is old, for it may have come."""
        now, time_ms = self._now[own.pallet], self._block.time_ms
        if info is None or self._block.late or (told.state == "submitted" and info.deposit):
            return ""
        if told.state == "approved" and (at := enacted_at(self._block.runtime, self._storage, index)) is not None:
            return f"It is enacted {moment(own, at, now, time_ms)}."
        if frozen(info, now):
            ahead = max(info.submitted, info.since or 0)
            return f"It is frozen until {own.block_word} #{ahead:,}: its clock, at #{now or 0:,}, was set back."
        return deadline(own, info, now, time_ms)

    def _tally(self, info: Info | None) -> Tally | None:
        return read_tally(info.tally, self._electorate) if info is not None else None

    def _known(self, referendum: Which) -> Row | None:
        return self._rows.get(referendum) or Row.of(self._state, *referendum)

    def _info(self, referendum: Which) -> Info | None:
        if referendum not in self._infos:
            raw = self._storage.get(self._key(referendum))
            self._infos[referendum] = read_info(self._block.runtime, referendum[0], raw)
        return self._infos[referendum]

    def _key(self, referendum: Which) -> bytes:
        return self._block.runtime.storage_key(referendum[0], INFO, referendum[1])

    def _blind(self) -> Iterator[str]:
        """What could not be read, as a round leaves it."""
        before = {
            which(key) for key in self._state if key.startswith(PREFIX) and not self._state[key].get("readable", True)
        }
        now = {referendum for referendum, row in self._rows.items() if row is not None and not row.readable}
        unreadable = sorted((before - self._rows.keys()) | now)
        yield from (f"{pallet} {index} cannot be read" for pallet, index in unreadable[:MOST_UNREADABLE])
        if (more := len(unreadable) - MOST_UNREADABLE) > 0:
            yield f"{more} more cannot be read"
        yield from (f"the clock of {pallet} cannot be read" for pallet, at in self._now.items() if at is None)
