"""A referendum as stored: `ReferendumInfoFor`, as far as it matters here.

Source: pallet-referenda `types.rs`, ReferendumInfo: `Ongoing(ReferendumStatus)`, `Approved`, `Rejected`, `Cancelled`,
`TimedOut` (each with a moment and deposits), `Killed(moment)`. Moments are numbers of the instance's clock.
"""

from dataclasses import dataclass
from typing import Any

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.opengov.instances import INFO

ENDS = {
    "Approved": "approved",
    "Rejected": "rejected",
    "Cancelled": "cancelled",
    "TimedOut": "timed_out",
    "Killed": "killed",
}
"""Variants of an ended referendum to the states of the contract."""


@dataclass(frozen=True, slots=True)
class Info:
    """`end` is the state in which it ended, None while it goes on; then the other fields say where it stands.

    `since` is when its decision began, `confirming` when its confirmation is through; None where they have not begun.
    """

    end: str | None
    track: int | None = None
    proposal: Any = None
    submitted: int = 0
    deposit: bool = False
    since: int | None = None
    confirming: int | None = None
    tally: Any = None

    @property
    def phase(self) -> str:
        """One of PHASES, or its end."""
        if self.end is not None:
            return self.end
        if self.since is None:
            return "preparing"
        return "deciding" if self.confirming is None else "confirming"


PHASES = ("preparing", "deciding", "confirming")


def read(runtime: Runtime, pallet: str, raw: bytes | None) -> Info | None:
    """None for a value that is absent or has another shape."""
    if raw is None:
        return None
    try:
        value = runtime.decode_storage(pallet, INFO, raw)
    except ScaleError:
        return None
    match value:
        case ("Ongoing", {"track": int(track), "submitted": int(submitted), "proposal": proposal, **status}):
            since, confirming = _deciding(status.get("deciding"))
            deposit = status.get("decision_deposit") is not None
            return Info(None, track, proposal, submitted, deposit, since, confirming, status.get("tally"))
        case (str(variant), _) if variant in ENDS:
            return Info(ENDS[variant])
    return None


def frozen(info: Info, now: int | None) -> bool:
    """Whether it counts from a moment that its clock has not reached: the clock was set back (a relaunched relay)."""
    return now is not None and info.end is None and max(info.submitted, info.since or 0) > now


def _deciding(value: Any) -> tuple[int | None, int | None]:
    match value:
        case {"since": int(since), "confirming": int(end)}:
            return since, end
        case {"since": int(since)}:
            return since, None
    return None, None
