"""Referenda on the status page: those that are not over, the newest first."""

from collections.abc import Mapping

from paseo_watch.watchers.opengov.info import PHASES
from paseo_watch.watchers.opengov.instances import Instance
from paseo_watch.watchers.opengov.row import PREFIX, Row, which
from paseo_watch.watchers.watcher import Sheet, SheetRow, State, sheet

COLUMNS = ("Referendum", "Track", "Phase", "What it calls")
OPEN = (*PHASES, "approved")
_TONES = {"preparing": "off", "deciding": "busy", "confirming": "good", "approved": "good"}


def sheets(state: State, live: Mapping[str, Instance]) -> tuple[Sheet, ...]:
    """One for each instance that has any; `live` knows the tracks' names."""
    found: dict[str, list[tuple[int, Row]]] = {}
    for key in state:
        if key.startswith(PREFIX):
            pallet, index = which(key)
            row = Row.of(state, pallet, index)
            if row is not None and row.phase in OPEN:
                found.setdefault(pallet, []).append((index, row))
    return tuple(
        sheet(
            _title(pallet), COLUMNS, [_row(*each, live.get(pallet)) for each in sorted(rows, key=_index, reverse=True)]
        )
        for pallet, rows in sorted(found.items())
    )


def _index(found: tuple[int, Row]) -> int:
    return found[0]


def _title(pallet: str) -> str:
    return "Referenda" if pallet == "Referenda" else f"Referenda of {pallet}"


def _row(index: int, row: Row, instance: Instance | None) -> SheetRow:
    track = None if row.track is None or instance is None else instance.tracks.get(row.track)
    name = track.name if track is not None else "–" if row.track is None else f"track {row.track}"
    phase = "cannot be read" if not row.readable else f"{row.phase}, frozen" if row.frozen else row.phase
    calls = row.call or row.why_not or "not known"
    return SheetRow((f"#{index}", name, phase, calls), "warn" if row.frozen or not row.readable else _TONES[row.phase])
