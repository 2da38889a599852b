"""Instances that are watched no longer: a runtime upgrade took the pallet away, or put it to sleep.

So governance moved from Paseo's relay chain to its Asset Hub. What was remembered of its referenda is let go, and a
condition about one ends: nobody would ever see it end otherwise.

State row: `live` {"pallets"}, the instances as they were at the last block.
"""

from collections.abc import Collection

from paseo_watch.watchers.opengov.report import FROZEN, name
from paseo_watch.watchers.opengov.row import PREFIX, Row, which
from paseo_watch.watchers.watcher import ConditionObservation, Json, State, Step

LIVE = "live"


def let_go(state: State, live: Collection[str], severity: str) -> Step:
    """What another set of live instances ends; nothing where it is the one of the last block."""
    pallets = sorted(live)
    if state.get(LIVE, {"pallets": []})["pallets"] == pallets:
        return Step()
    rows = {key: which(key) for key in state if key.startswith(PREFIX)}
    gone = {key: referendum for key, referendum in rows.items() if referendum[0] not in live}
    scans = [key for key in state if key.startswith("scan/") and key.removeprefix("scan/") not in live]
    changes: dict[str, Json] = {**dict.fromkeys((*gone, *scans)), LIVE: {"pallets": pallets} if pallets else None}
    told = [ended(*referendum, severity) for referendum in gone.values() if _is_frozen(state, referendum)]
    return Step(tuple(told), changes)


def _is_frozen(state: State, referendum: tuple[str, int]) -> bool:
    row = Row.of(state, *referendum)
    return row is not None and row.frozen


def ended(pallet: str, index: int, severity: str) -> ConditionObservation:
    """The end of a frozen referendum that is not there any more."""
    return ConditionObservation(
        rule=FROZEN,
        severity=severity,
        active=False,
        key=f"{pallet}/{index}",
        title=f"{name(pallet, index, None)} is no longer watched",
        text="It is not there any more: a runtime upgrade took it away, or governance has moved to another chain.",
        labels={"pallet": pallet, "referendum": str(index)},
        data={"pallet": pallet, "referendum": index, "track": None, "state": "frozen", "calls": []},
    )
