"""What is remembered of a referendum, and which of its milestones were told.

State rows: `ref/<pallet>/<index>` (see Row). A milestone has a key, so that what a round told is not told again by the
event that a healed hole brings late, nor the other way round: its state, and for a confirmation, which can begin and be
aborted many times, the moment at which it would be through.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from paseo_watch.watchers.opengov.info import PHASES, Info
from paseo_watch.watchers.watcher import Json, State

PREFIX = "ref/"
MOST_TOLD = 200
"""Milestones that are remembered of one referendum; only one that keeps falling back has more than ten."""

_LEADS_TO = {"submitted": "preparing", "deposit_placed": "preparing", "confirm_aborted": "deciding"}
AFTER_APPROVAL = ("executed", "execution_failed", "call_unavailable")


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
    known. `ended_ms` is the chain's clock, None while it goes on.
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
        }

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended, as far as we know."""
        return self.phase in PHASES

    def having_told(self, *keys: str) -> Self:
        """The same with these milestones told."""
        return replace(self, told=tuple(dict.fromkeys((*self.told, *keys)))[-MOST_TOLD:])


def phase_after(before: str, state: str, info: Info | None) -> str:
    """The phase behind a milestone: what is stored says it, and where that was not read, the milestone itself."""
    if state in AFTER_APPROVAL:
        return state
    phase = _LEADS_TO.get(state, state) if info is None else info.phase
    return before if before in AFTER_APPROVAL and phase == "approved" else phase


def open_confirmation(told: tuple[str, ...]) -> str | None:
    """What tells apart the confirmation that was told last and not told as aborted."""
    for key in reversed(told):
        state, _, moment = key.partition(":")
        if state == "confirming" and f"confirm_aborted:{moment}" not in told:
            return moment
    return None


def milestone(state: str, row: Row, info: Info | None, number: int) -> str:
    """The key of a milestone that an event of block `number` brings; `info` is the referendum after that block."""
    if state == "confirming":
        end = info.confirming if info is not None and info.end is None else None
        return f"confirming:{number if end is None else end}"
    if state == "confirm_aborted":
        moment = open_confirmation(row.told)
        return f"confirm_aborted:{number if moment is None else moment}"
    return state


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
    before = open_confirmation(row.told)
    now = None if info.confirming is None else str(info.confirming)
    if before is not None and before != now:
        yield "confirm_aborted", f"confirm_aborted:{before}"
    if now is not None:
        yield "confirming", f"confirming:{now}"


def missed(row: Row, info: Info) -> list[tuple[str, str]]:
    """The milestones that were passed and not told."""
    if row.phase in AFTER_APPROVAL and info.end == "approved":
        return []
    return [(state, key) for state, key in reached(row, info) if key not in row.told]
