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
from paseo_watch.watchers.validators.sight import ACCOUNT_KEYS, SESSIONS, VOTES
from paseo_watch.watchers.watcher import Json

SESSION_BYTES = 4


class Votes(NamedTuple):
    """The session that they name, and for each candidate the places of those who backed it."""

    session: int
    backers: Sequence[frozenset[int]]


def named_session(raw: bytes | None) -> int | None:
    """The session alone, which comes first in the bytes."""
    return int.from_bytes(raw[:SESSION_BYTES], "little") if raw is not None and len(raw) >= SESSION_BYTES else None


def read(runtime: Runtime, raw: bytes) -> Votes | None:
    """None for a value of another shape."""
    try:
        value = runtime.decode_storage(*VOTES, raw)
    except ScaleError:
        return None
    match value:
        case {"session": int(session), "backing_validators_per_candidate": list(candidates)}:
            return Votes(session, [frozenset(_places(candidate)) for candidate in candidates])
    return None


def read_session(runtime: Runtime, sessions: bytes | None, accounts: bytes | None) -> Json:
    """What votes of a session are resolved with: `{"accounts": [hex], "groups": [[place]]}`; None where it is not to be
    had."""
    if sessions is None or accounts is None:
        return None
    try:
        info, keys = runtime.decode_storage(*SESSIONS, sessions), runtime.decode_storage(*ACCOUNT_KEYS, accounts)
    except ScaleError:
        return None
    match info:
        case {"validator_groups": list(groups)} if isinstance(keys, list):
            if all(isinstance(key, bytes) for key in keys) and all(isinstance(group, list) for group in groups):
                return {"accounts": [key.hex() for key in keys], "groups": groups}
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
            yield from (place for place, *_ in attestations if isinstance(place, int))
