"""Backing votes: who gave one, and who was in the group and gave none.

Sources: polkadot primitives, ScrapedOnChainVotes {session, disputes, backing_validators_per_candidate: [(receipt,
[(index, vote)])]}. An index is a place in `AccountKeys(session)` and in the groups of `Sessions(session)`: those of
the session that the votes name. In the first block of a session that is still the one before (`initializer.rs`,
on_finalize, changes parachains' session after the block's votes were taken in).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.validators.people import accounts_of
from paseo_watch.watchers.validators.sight import ACCOUNT_KEYS, MOST_SESSION, SESSIONS, VOTES
from paseo_watch.watchers.watcher import Json

SESSION_BYTES = 4


class Votes(NamedTuple):
    """The session that they name, and for each candidate the places of those who backed it."""

    session: int
    backers: Sequence[frozenset[int]]


def named_session(raw: bytes | None) -> int | None:
    """The session alone, which comes first in the bytes; None where no candidate follows it."""
    if raw is None or len(raw) <= SESSION_BYTES or raw[SESSION_BYTES] == 0:
        return None
    return int.from_bytes(raw[:SESSION_BYTES], "little")


def read(runtime: Runtime, raw: bytes) -> Votes | None:
    """None for a value of another shape."""
    try:
        value = runtime.decode_storage(*VOTES, raw)
    except ScaleError:
        return None
    match value:
        case {"session": int(session), "backing_validators_per_candidate": list(candidates)}:
            if 0 <= session <= MOST_SESSION:
                return Votes(int(session), [frozenset(_places(candidate)) for candidate in candidates])
    return None


def read_session(runtime: Runtime, sessions: bytes | None, accounts: bytes | None) -> Json:
    """What votes of a session are resolved with: `{"accounts": [hex], "groups": [[place]]}`; None where it is not to be
    had."""
    if sessions is None or accounts is None:
        return None
    try:
        info = runtime.decode_storage(*SESSIONS, sessions)
        keys = accounts_of(runtime.decode_storage(*ACCOUNT_KEYS, accounts))
    except ScaleError:
        return None
    match info:
        case {"validator_groups": list(groups)} if keys is not None and all(map(_is_group, groups)):
            return {"accounts": keys, "groups": groups}
    return None


def duties(votes: Votes, groups: Sequence[Sequence[int]]) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """For each candidate: who voted, and who of its group did not. A candidate nobody backed is not among the votes."""
    of = {place: frozenset(group) for group in groups for place in group}
    for backers in votes.backers:
        group: frozenset[int] = of.get(min(backers), frozenset()) if backers else frozenset()
        yield backers, group - backers


def tallied(counts: Mapping[str, Json], votes: Votes, groups: Sequence[Sequence[int]]) -> dict[str, Json]:
    """`given` and `missed` by place, with these votes added."""
    given, missed = list(counts["given"]), list(counts["missed"])
    for voted, absent in duties(votes, groups):
        for place in voted:
            if place < len(given):
                given[place] += 1
        for place in absent:
            if place < len(missed):
                missed[place] += 1
    return {"given": given, "missed": missed}


def _places(candidate: Any) -> Iterator[int]:
    match candidate:
        case (_, list(attestations)):
            for attestation in attestations:
                match attestation:
                    case (int(place), _) if place >= 0:
                        yield place


def _is_group(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(place, int) and place >= 0 for place in value)
