"""What is remembered of a referendum, and which of its milestones were told.

State rows: `ref/<pallet>/<index>` (see Row). A milestone has a key, so that what a round told is not told again by the
event that a healed hole brings late, nor the other way round. It is the state, and for a confirmation, which can begin
and be aborted many times, its state with
- the moment at which it would be through, `confirming:500`: its beginning, and its abortion where a round found it;
- the block, `confirm_aborted:#123`, where an event told it and that moment is not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from paseo_watch.watchers.opengov.info import PHASES, Info
from paseo_watch.watchers.watcher import Json, State

PREFIX = "ref/"
MOST_CONFIRMATIONS = 200
"""Milestones of confirmations that are remembered of one referendum; all others are."""

_LEADS_TO = {"submitted": "preparing", "deposit_placed": "preparing", "confirm_aborted": "deciding"}
AFTER_APPROVAL = ("executed", "execution_failed", "call_unavailable")
_FIRST = ("submitted", "deposit_placed", "deciding")


def row_key(pallet: str, index: int) -> str:
    """The state key of a referendum's row."""
    return f"{PREFIX}{pallet}/{index}"


def which(key: str) -> tuple[str, int]:
    """The referendum of a row's key."""
    _, pallet, index = key.split("/")
    return pallet, int(index)


@dataclass(frozen=True, slots=True)
class Row:
    """`phase` as Info.phase, then one of AFTER_APPROVAL. `told` holds milestone keys in the order in which they came.

    `lookup` names the preimage, `call` and `names` what it calls (as `proposal.Calls`), `why_not` why that is not
    known. `ended_ms` is the chain's clock, None while it goes on. `confirming` is when the confirmation will be through
    that was under way when we last looked, `seen_at` the block in which it was first seen. `readable` is False for one
    that was there but could not be read.
    """

    phase: str
    track: int | None = None
    told: tuple[str, ...] = ()
    lookup: Json = None
    call: str | None = None
    names: tuple[str, ...] = ()
    why_not: str = ""
    frozen: bool = False
    ended_ms: int | None = None
    confirming: int | None = None
    readable: bool = True
    seen_at: int | None = None

    @classmethod
    def of(cls, state: State, pallet: str, index: int) -> Self | None:
        """As stored, None where nothing is."""
        found = state.get(row_key(pallet, index))
        if found is None:
            return None
        return cls(**{**found, "told": tuple(found["told"]), "names": tuple(found["names"])})

    @property
    def json(self) -> Json:
        """To be stored."""
        return {
            "phase": self.phase,
            "track": self.track,
            "told": list(self.told),
            "lookup": self.lookup,
            "call": self.call,
            "names": list(self.names),
            "why_not": self.why_not,
            "frozen": self.frozen,
            "ended_ms": self.ended_ms,
            "confirming": self.confirming,
            "readable": self.readable,
            "seen_at": self.seen_at,
        }

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended, as far as we know."""
        return self.phase in PHASES

    @property
    def is_blank(self) -> bool:
        """Whether all that is known is that it is there."""
        return not self.readable and not self.told

    def having_told(self, *keys: str) -> Self:
        """The same with these milestones told."""
        told = dict.fromkeys((*self.told, *keys))
        old = [key for key in told if ":" in key][:-MOST_CONFIRMATIONS]
        return replace(self, told=tuple(key for key in told if key not in old))


def phase_after(before: str, state: str, info: Info | None) -> str:
    """The phase behind a milestone: what is stored says it, and where that was not read, the milestone itself."""
    if state in AFTER_APPROVAL:
        return state
    phase = _LEADS_TO.get(state, state) if info is None else info.phase
    return before if before in AFTER_APPROVAL and phase == "approved" else phase


def confirming_after(row: Row, state: str, info: Info | None) -> int | None:
    """`Row.confirming` behind a milestone."""
    if info is not None:
        return info.confirming
    return row.confirming if state in ("deposit_placed", "deciding") else None


def milestone(state: str, info: Info | None, number: int) -> str:
    """The key of a milestone that an event of block `number` brings; `info` is the referendum after that block."""
    if state == "confirming":
        end = None if info is None else info.confirming
        return f"confirming:#{number}" if end is None else f"confirming:{end}"
    return f"confirm_aborted:#{number}" if state == "confirm_aborted" else state


def aborted_late(row: Row, before: int | None, number: int) -> Row:
    """The row, after an event comes late and says that a confirmation was aborted in block `number`.

    It ended the one that was last seen going on, if that was seen before, or else one of which a round found that out
    already: then it is noted as told by that block. `before` is later than the end of every confirmation that had
    begun by then; None where nobody knows.
    """
    seen_before = row.seen_at is not None and row.seen_at < number
    if row.confirming is not None and (seen_before or before is None or row.confirming < before):
        return replace(row, confirming=None)
    moments = (key.removeprefix("confirm_aborted:") for key in row.told if key.startswith("confirm_aborted:"))
    ends = [int(moment) for moment in moments if moment.isdigit() and (before is None or int(moment) < before)]
    if not ends:
        return row
    found = f"confirm_aborted:{max(ends)}"
    return replace(row, told=tuple(f"confirm_aborted:#{number}" if key == found else key for key in row.told))


def passed_before(state: str) -> tuple[str, ...]:
    """The milestones that a referendum has passed before it comes to a state, confirmations left out."""
    return _FIRST[: _FIRST.index(state)] if state in _FIRST else _FIRST


def reached(row: Row, info: Info) -> Iterator[tuple[str, str]]:
    """(state, key) of every milestone that a referendum must have passed to stand where it does."""
    if info.end is not None:
        yield info.end, info.end
        return
    yield "submitted", "submitted"
    if info.deposit:
        yield "deposit_placed", "deposit_placed"
    if info.since is not None:
        yield "deciding", "deciding"
    if row.confirming is not None and row.confirming != info.confirming:
        yield "confirm_aborted", f"confirm_aborted:{row.confirming}"
    if info.confirming is not None and not _told_without_moment(row):
        yield "confirming", f"confirming:{info.confirming}"


def _told_without_moment(row: Row) -> bool:
    """Whether the last that was told of a confirmation is that it began, before anybody could read until when."""
    last = next((key for key in reversed(row.told) if ":" in key), "")
    return row.confirming is None and last.startswith("confirming:#")


def missed(row: Row, info: Info) -> list[tuple[str, str]]:
    """The milestones that were passed and not told."""
    return [(state, key) for state, key in reached(row, info) if key not in row.told]
