"""Sessions and their validators as observations."""

from collections.abc import Iterator, Sequence

from paseo_watch.chain.block import Block
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.people import labels, listed, person
from paseo_watch.watchers.validators.session import PER_MILLE, Session
from paseo_watch.watchers.watcher import ConditionObservation, EventObservation, Json

ACTIVE_SET, SESSION, OFFLINE = "active-set", "session", "validator-offline"
MOST = 20
"""Validators that one alert lists by name; its data holds MOST_DATA."""
MOST_DATA = 100
SHORT_RUN = 2
"""Sessions that follow one another and are written one by one."""


def active_set(block: Block, session: int, before: Sequence[str], now: Sequence[str], names: Names) -> EventObservation:
    """Who came in and who left with a session."""
    joined = sorted(set(now) - set(before))
    left = sorted(set(before) - set(now))
    lines = [f"Joined: {_listing(joined, names)}."] if joined else []
    lines += [f"Left: {_listing(left, names)}."] if left else []
    return EventObservation(
        rule=ACTIVE_SET,
        severity="info",
        key=str(session),
        title=f"The active set changed: {len(joined)} joined, {len(left)} left",
        text="\n".join([*lines, f"Active validators: {len(now)}; before: {len(before)}."]),
        labels={},
        data={
            "session": session,
            "joined": [listed(who, names) for who in joined[:MOST_DATA]],
            "left": [listed(who, names) for who in left[:MOST_DATA]],
            "joined_count": len(joined),
            "left_count": len(left),
            "validators": len(now),
        },
        links=names.links(block.number, None, []),
    )


def over(block: Block, session: Session, number: int, names: Names) -> EventObservation:
    """A session ended, in figures; `number` is the next one that was seen."""
    sums = session.sums
    votes, missed = sums["votes"], sums["missed_votes"]
    lines = [
        f"{sums['authored']:,} blocks by {sum(work.authored > 0 for work in session.works.values())} of "
        f"{len(session.validators)} validators."
    ]
    if votes or missed:
        lines.append(f"{votes:,} backing votes, {missed:,} missed ({_share(missed, votes + missed)}).")
    if session.coverage is None:
        lines.append("How much of it was seen is not known; what was not seen is not counted.")
    elif session.coverage < PER_MILLE:
        lines.append(f"Seen: {_share(session.coverage, PER_MILLE)} of its blocks; the rest is not counted.")
    lines += _unseen(session.number + 1, number - 1)
    return EventObservation(
        rule=SESSION,
        severity="info",
        key=str(session.number),
        title=f"Session {session.number} ended",
        text="\n".join(lines),
        labels={},
        data=sums,
        links=names.links(block.number, None, []),
    )


def offline(
    who: str, verdict: str, row: Json, session: Session | None, number: int, severity: str, names: Names
) -> ConditionObservation:
    """A validator is offline, or no longer (`offline.Verdict`). `session` is the one that was closed, if one was."""
    account = bytes.fromhex(who)
    name, active = names.short(account), verdict == "offline"
    if active:
        title = f"{name} is offline"
        text = "\n".join(_offline(names.account(account), row["sessions"], session))
    elif verdict == "left":
        title, text = f"{name} has left the active set", "Whether it works again is not known: it has no duty any more."
    elif verdict == "allowed":
        title = f"{name} does not count as offline any more"
        text = f"Still without a sign of life in {_count(len(row['sessions']))}; offline_sessions allows that now."
    elif verdict == "excused":
        title = f"{name} does not count as offline any more"
        text = f"It was disabled in session {number}: it was not allowed to work there; its silence proves nothing."
    else:
        title, text = f"{name} works again", f"{names.account(account)} made a block or backed one."
    return ConditionObservation(
        rule=OFFLINE,
        severity=severity,
        active=active,
        key=who,
        title=title,
        text=text,
        labels=labels(who, names),
        data={**person(who, names), "session": number, "sessions": row["sessions"] if active else []},
        links=names.links(None, None, [account]),
    )


def _offline(name: str, sessions: Sequence[int], session: Session | None) -> Iterator[str]:
    """Since when, and what a validator like it did in the last of these sessions."""
    yield f"{name} is in the active set and gave no sign of life {_when(sessions)}: no block, no backing vote."
    if session is not None and len(session.validators) > 1:
        blocks = sum(work.authored for work in session.works.values())
        yield f"The other validators made {blocks / (len(session.validators) - 1):.1f} blocks each in the last one."
    yield "Check the node, its clock and its session keys."


def _when(sessions: Sequence[int]) -> str:
    """`since session 5 (3 sessions)`; where others lie between, which they are: `in sessions 0, 1 and 8`."""
    runs = list[list[int]]()
    for number in sessions:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    if len(runs) == 1:
        return f"since session {sessions[0]} ({_count(len(sessions))})"
    *before, last = (part for run in runs for part in _run(run))
    return f"in sessions {', '.join(before)} and {last}"


def _run(run: Sequence[int]) -> list[str]:
    """A long one by its ends: a limit of 100 sessions is to fit into a message."""
    return [f"{run[0]} to {run[-1]}"] if len(run) > SHORT_RUN else [str(number) for number in run]


def _count(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _unseen(first: int, last: int) -> list[str]:
    if first > last:
        return []
    return [f"Session {first} was not seen." if first == last else f"Sessions {first} to {last} were not seen."]


def _listing(accounts: Sequence[str], names: Names) -> str:
    return names.listing([bytes.fromhex(who) for who in accounts], MOST)


def _share(part: int, whole: int) -> str:
    """In percent, one decimal, rounded down."""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"
