"""Validators without a sign of life: session after session in the active set, no block and no backing vote.

State rows: `dead/<account>` {"sessions", "firing"}: the sessions since the last sign of life that prove it. Of those
who are not offline only the ones near the last closed session are kept; of those who are, all, at most MOST. A session
of which too little was seen proves nothing, nor does one in which the validator was disabled, for it was not allowed
to work: these count neither as dead nor as alive.
"""

from collections.abc import Collection, Iterator

from paseo_watch.watchers.validators.session import OVER, Session
from paseo_watch.watchers.watcher import Json, State

PREFIX = "dead/"
BRIDGED = 2
"""So many sessions among the silent ones may prove nothing. Were there more, it may well have worked in between."""
MOST = 100 + BRIDGED
"""What the highest limit (`options`) looks at."""
ENOUGH = 800
"""Per mille of a session's blocks that must have been seen for silence to prove something (domain practice: 80 %)."""

Verdict = tuple[str, Json, str | None]
"""An account, its new row (None deletes it), and what to tell: "offline", "alive", "left", "excused" (it was disabled),
"allowed" or nothing."""


def dead_key(account: str) -> str:
    """The state key of an account in hexadecimal."""
    return PREFIX + account


def silent(state: State) -> Iterator[str]:
    """Accounts without a sign of life for a session at least."""
    return (key.removeprefix(PREFIX) for key in state if key.startswith(PREFIX))


def is_offline(state: State, account: str, limit: int) -> bool:
    """Whether a silent account is offline by this limit."""
    return len(_counting(state[dead_key(account)], limit, _latest(state))) >= limit


def closed(
    state: State, session: Session, limit: int, active: Collection[str], awake: Collection[str]
) -> Iterator[Verdict]:
    """What a session that is over says of its validators; `active` is the set that follows it, `awake` are those who
    gave a sign of life behind it. The same session may be judged again, when late blocks tell more of it.
    """
    proves = session.coverage is not None and session.coverage >= ENOUGH
    latest = max(session.number, _latest(state))
    for account in dict.fromkeys((*session.validators, *silent(state))):
        row = state.get(dead_key(account))
        if account not in active:
            if row is not None:
                yield account, None, "left" if row["firing"] else None
            continue
        dead = proves and account not in awake and account in session.validators and not session.works[account].alive
        after, verdict = _judged(row, session.number, dead, account in session.disabled, limit, latest)
        if after != row:
            yield account, after, verdict


def seen(state: State, accounts: Collection[str], session: int, limit: int) -> Iterator[Verdict]:
    """Signs of life in a session: what was counted up to it is void. A late block's may be from before."""
    for account in accounts:
        row = state.get(dead_key(account))
        if row is not None:
            after = [each for each in row["sessions"] if each > session]
            firing = row["firing"] and len(after) >= limit
            verdict = "alive" if row["firing"] and not firing else None
            yield account, {"sessions": after, "firing": firing} if after else None, verdict


def judged_again(state: State, limit: int) -> Iterator[Verdict]:
    """What another limit decides over what is remembered."""
    for account in silent(state):
        row = state[dead_key(account)]
        sessions = _counting(row, limit, _latest(state))
        if (firing := len(sessions) >= limit) != row["firing"]:
            yield account, {"sessions": sessions, "firing": firing}, "offline" if firing else "allowed"


def _judged(row: Json, number: int, dead: bool, disabled: bool, limit: int, latest: int) -> tuple[Json, str | None]:
    """A row with what one session adds, or takes back, and what to tell of it."""
    row = row or {"sessions": [], "firing": False}
    known = number in row["sessions"]
    sessions = [each for each in row["sessions"] if not disabled or each != number]
    if dead and not disabled and not known:
        sessions = sorted([*sessions, number])[-MOST:]
    sessions = _counting({**row, "sessions": sessions}, limit, latest)
    firing = len(sessions) >= limit or (row["firing"] and not (known and disabled))
    verdict = None if firing == row["firing"] else "offline" if firing else "excused"
    return ({"sessions": sessions, "firing": firing} if sessions else None), verdict


def _counting(row: Json, limit: int, latest: int) -> list[int]:
    """The sessions of a row that count together: none too long ago, unless the validator is offline already."""
    sessions: list[int] = row["sessions"]
    return sessions if row["firing"] else [each for each in sessions if each > latest - limit - BRIDGED]


def _latest(state: State) -> int:
    """The last session that was closed."""
    return int(state[OVER]["session"]) if OVER in state else -1
