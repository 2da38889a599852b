"""The validators of the running session on the status page: who does not work first."""

from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.offline import is_offline, silent
from paseo_watch.watchers.validators.session import Session, Work, read, running
from paseo_watch.watchers.watcher import MOST_ROWS, Sheet, SheetRow, State

COLUMNS = ("Validator", "State", "Blocks", "Votes given", "Votes missed")
_TONES = {"offline": "bad", "disabled": "warn", "misses votes": "warn", "no sign yet": "off", "works": "good"}
_ORDER = tuple(_TONES)
MISSES = 0.1
"""Of its votes, the share from which a validator's misses are worth a look; no rule is about it."""


def sheets(state: State, limit: int, names: Names) -> tuple[Sheet, ...]:
    """Nothing before the first session."""
    number = running(state)
    session = None if number is None else read(state, number)
    if session is None:
        return ()
    offline = frozenset(who for who in silent(state) if is_offline(state, who, limit))
    found = [(_state(session, who, work, offline), work, who) for who, work in session.works.items()]
    found.sort(key=lambda each: (_ORDER.index(each[0]), -each[1].missed, each[2]))
    rows = tuple(_row(*each, names) for each in found[:MOST_ROWS])  # an address costs 25 µs, and there may be 600
    return (Sheet(f"Validators of session {session.number}", COLUMNS, rows, max(0, len(found) - MOST_ROWS)),)


def _state(session: Session, who: str, work: Work, offline: frozenset[str]) -> str:
    if who in offline:
        return "offline"
    if who in session.disabled:
        return "disabled"
    if work.missed and work.missed >= MISSES * (work.given + work.missed):
        return "misses votes"
    return "works" if work.alive else "no sign yet"


def _row(state: str, work: Work, who: str, names: Names) -> SheetRow:
    votes = (f"{work.given:,}", f"{work.missed:,}") if work.para or work.given or work.missed else ("–", "–")
    return SheetRow((names.short(bytes.fromhex(who)), state, f"{work.authored:,}", *votes), _TONES[state])
