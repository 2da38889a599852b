"""Validators without a sign of life: session after session in the active set, no block and no backing vote.

State rows: `dead/<account>` {"sessions", "firing"}: the sessions since the last sign of life, at most MOST. A session
of which too little was seen proves nothing: it counts neither as dead nor as alive.
"""

from collections.abc import Collection, Iterator

from paseo_watch.watchers.validators.session import Session
from paseo_watch.watchers.watcher import Json, State

PREFIX = "dead/"
MOST = 100
ENOUGH = 800
"""Per mille of a session's blocks that must have been seen for silence to prove something (domain practice: 80 %)."""

Verdict = tuple[str, Json, str | None]
"""An account, its new row (None deletes it), and what to tell: "offline", "alive", "left", "allowed" or nothing."""


def dead_key(account: str) -> str:
    """The state key of an account in hexadecimal."""
    return PREFIX + account


def silent(state: State) -> Iterator[str]:
    """Accounts without a sign of life for a session at least."""
    return (key.removeprefix(PREFIX) for key in state if key.startswith(PREFIX))


def closed(
    state: State, session: Session, limit: int, active: Collection[str], awake: Collection[str]
) -> Iterator[Verdict]:
    """What a session that is over says of its validators; `active` is the set that follows it, `awake` are those who
    gave a sign of life behind it. The same session may be judged again, when late blocks tell more of it.
    """
    for account in silent(state):
        if account not in active:
            yield account, None, "left" if state[dead_key(account)]["firing"] else None
    if session.coverage is None or session.coverage < ENOUGH:
        return
    for account in session.validators:
        if account in active and account not in awake and not session.works[account].alive:
            row = state.get(dead_key(account))
            if row is None or session.number not in row["sessions"]:
                yield _dead(account, row, session.number, limit)


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
        if (firing := len(row["sessions"]) >= limit) != row["firing"]:
            yield account, {**row, "firing": firing}, "offline" if firing else "allowed"


def _dead(account: str, row: Json, session: int, limit: int) -> Verdict:
    sessions = sorted([*(row["sessions"] if row else ()), session])[-MOST:]
    fired = bool(row and row["firing"])
    firing = fired or len(sessions) >= limit
    return account, {"sessions": sessions, "firing": firing}, "offline" if firing and not fired else None
