"""One block of a relay chain: counted to its session, and what a session's end brings.

Order matters: the author belongs to the session that the block's state names, votes to the session that they name,
which in the first block of a session is the one before. So that one is closed behind the votes of this block.
"""

from collections.abc import Sequence
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators import disabled, offline, report, session, votes
from paseo_watch.watchers.validators.author import authority_index
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.session import count_key, para_key, running, session_key
from paseo_watch.watchers.validators.sight import (
    ACCOUNT_KEYS,
    CURRENT,
    EPOCH_START,
    SESSIONS,
    VALIDATORS,
    VOTES,
    Sight,
    Storage,
)
from paseo_watch.watchers.watcher import Fact, Json, Observation, State, Step

ACCOUNT_BYTES = 32


def wanted(state: State, block: Block, seen: Sight) -> frozenset[bytes]:
    """Storage that tells who is in a session that is not known yet, and who is in its groups."""
    runtime, keys = block.runtime, set[bytes]()
    number = current(block)
    if number is not None and session_key(number) not in state and not block.late:
        keys.add(runtime.storage_key(*VALIDATORS))
        if seen.starts:
            keys.add(runtime.storage_key(*EPOCH_START))
    named = votes.named_session(block.storage.get(runtime.storage_key(*VOTES))) if seen.votes else None
    if named is not None and para_key(named) not in state and _counts(state, block, named):
        keys |= {runtime.storage_key(*item, named) for item in (SESSIONS, ACCOUNT_KEYS)}
    return frozenset(keys)


def current(block: Block) -> int | None:
    """The session that a block belongs to; None where its state does not say."""
    raw = block.storage.get(block.runtime.storage_key(*CURRENT))
    return _decoded(block, CURRENT, raw) if raw is not None else 0 if _is_asked(block) else None


class Turn:
    """Everything that one block changes."""

    def __init__(
        self, state: State, block: Block, storage: Storage, seen: Sight, options: ValidatorsOptions, names: Names
    ) -> None:
        self._block = block
        self._storage = storage
        self._seen = seen
        self._options = options
        self._names = names
        self._before = running(state)
        self._state: dict[str, Json] = dict(state)
        self._changes: dict[str, Json] = {}
        self._told: list[Observation] = []
        self._facts: list[Fact] = []
        self._blind: list[str] = []

    def step(self) -> Step:
        """Count it; close what it ends; judge."""
        number = current(self._block)
        if number is None:
            return Step(blind=("the running session cannot be read",))
        if not self._block.late:
            self._enter(number)
        author = self._author(number)
        named, backers = self._votes(number)
        self._alive([who for who in (author,) if who is not None], number)
        if named is not None:
            self._alive(backers, named)
        if self._block.late:
            self._again({number, *(() if named is None else (named,))})
        else:
            self._turn(number, author)
            self._disabled(number)
        blind = None if self._block.late else tuple(self._blind)
        return Step(tuple(self._told), self._changes, blind, tuple(self._facts))

    def _set(self, changes: dict[str, Json]) -> None:
        self._changes |= changes
        self._state |= changes
        for key, value in changes.items():
            if value is None:
                del self._state[key]

    def _enter(self, number: int) -> None:
        """The rows of a session that is seen for the first time."""
        if session_key(number) in self._state:
            return
        accounts = _decoded_accounts(self._block, self._storage.get(self._block.runtime.storage_key(*VALIDATORS)))
        if accounts is None:
            self._blind.append(f"the active set of session {number} cannot be read")
            return
        self._set(session.begun(number, self._start(), accounts))

    def _start(self) -> int | None:
        """The first block of the running session (BABE's epoch)."""
        value = _decoded(self._block, EPOCH_START, self._storage.get(self._block.runtime.storage_key(*EPOCH_START)))
        match value:
            case (int(), int(first)) if first <= self._block.number:
                return max(first, 1)  # the genesis block, which nobody made, counts for nobody
        return None

    def _author(self, number: int) -> str | None:
        count = self._state.get(count_key(number))
        if count is None:
            return None
        place = authority_index(self._block.digest)
        self._set({count_key(number): session.authored(count, place, self._block.number)})
        who = self._state[session_key(number)]["validators"]
        return who[place] if place is not None and place < len(who) else None

    def _votes(self, number: int) -> tuple[int | None, list[str]]:
        """Count them; the session that they name and who gave one."""
        runtime = self._block.runtime
        raw = self._block.storage.get(runtime.storage_key(*VOTES)) if self._seen.votes else None
        if raw is None:
            return None, []
        found = votes.read(runtime, raw)
        if found is None:
            self._unresolved(number, "backing votes cannot be read")
            return None, []
        if not any(found.backers):
            return None, []
        who = self._para(found.session)
        count = self._state.get(count_key(found.session))
        if who is None or count is None:
            if _counts(self._state, self._block, found.session):
                self._unresolved(number, f"backing votes of session {found.session} cannot be resolved")
            return None, []
        self._set({count_key(found.session): {**count, **votes.tallied(count, found, who["groups"])}})
        accounts = who["accounts"]
        return found.session, [accounts[place] for place in _places(found.backers) if place < len(accounts)]

    def _para(self, named: int) -> Json:
        """What votes of a session are resolved with; noted when it is first had."""
        if para_key(named) not in self._state:
            runtime = self._block.runtime
            keys = [runtime.storage_key(*item, named) for item in (SESSIONS, ACCOUNT_KEYS)]
            found = votes.read_session(runtime, *(self._storage.get(key) for key in keys))
            count = self._state.get(count_key(named))
            if found is None or count is None:
                return None
            nobody = [0] * len(found["accounts"])
            self._set({para_key(named): found, count_key(named): {**count, "given": nobody, "missed": nobody}})
        return self._state[para_key(named)]

    def _unresolved(self, number: int, why: str) -> None:
        self._blind.append(why)
        if (count := self._state.get(count_key(number))) is not None:
            self._set({count_key(number): {**count, "unresolved": count["unresolved"] + 1}})

    def _alive(self, accounts: Sequence[str], number: int) -> None:
        """Signs of life end what lasts, at once."""
        if any(True for _ in offline.silent(self._state)):
            self._judge(list(offline.seen(self._state, accounts, number)), None, number)

    def _turn(self, number: int, author: str | None) -> None:
        """The first block of a new session closes the one before; the first block of all only begins."""
        if session_key(number) not in self._state or self._before == number:
            return
        self._set({session.NOW: {"session": number}})
        if self._before is None:
            return
        ended = session.read(self._state, self._before, self._last(number))
        now = self._state[session_key(number)]["validators"]
        if ended is not None:
            awake = {who for who in (author,) if who is not None}
            verdicts = list(offline.closed(self._state, ended, self._options.offline_sessions, frozenset(now), awake))
            self._judge(verdicts, ended, ended.number)
            if set(ended.validators) != set(now):
                self._told.append(report.active_set(self._block, number, ended.validators, now, self._names))
            if self._options.sessions:
                self._told.append(report.over(self._block, ended, self._names))
            self._facts += ended.facts()
            self._set({session.OVER: ended.sums})
        self._facts += session.unseen(self._before + 1, number)
        self._set(session.forgotten(self._state, self._before))

    def _last(self, number: int) -> int | None:
        """The last block of the session before, where the new one's first is known and they follow each other."""
        first = self._state[session_key(number)]["first"]
        return first - 1 if first is not None and self._before == number - 1 else None

    def _again(self, numbers: set[int]) -> None:
        """A late block changed sessions that are over: their rows are written again."""
        for number in sorted(numbers):
            follows = self._state.get(session_key(number + 1))
            last = None if follows is None or follows["first"] is None else follows["first"] - 1
            ended = (
                session.read(self._state, number, last) if self._before is not None and number < self._before else None
            )
            if ended is not None:
                self._facts += ended.facts()
                if self._state.get(session.OVER, {}).get("session") == number:
                    self._set({session.OVER: ended.sums})

    def _judge(self, verdicts: Sequence[offline.Verdict], ended: session.Session | None, number: int) -> None:
        for who, row, verdict in verdicts:
            if verdict is not None:
                self._told.append(report.offline(who, verdict, row, ended, number, self._options.severity, self._names))
            self._set({offline.dead_key(who): row})

    def _disabled(self, number: int) -> None:
        if not self._seen.disabled or session_key(number) not in self._state:
            return
        now = disabled.read(self._block, self._state[session_key(number)]["validators"])
        if now is None:
            self._blind.append("who is disabled cannot be read")
            return
        known = self._state.get("disabled")
        before = known["accounts"] if known else []
        if known is not None or not now:
            severity = self._options.severity
            self._told += disabled.changed(self._block, before, now, number, severity, self._names)
        if before != now or known is None:
            self._set({"disabled": {"accounts": now}})


def _counts(state: State, block: Block, named: int) -> bool:
    """Whether votes of a session are counted: the running one, or the one before, as far as they are known."""
    number = current(block)
    if count_key(named) in state:
        return True
    return not block.late and number == named


def _places(backers: Sequence[frozenset[int]]) -> frozenset[int]:
    return frozenset[int]().union(*backers)


def _is_asked(block: Block) -> bool:
    return block.runtime.storage_key(*CURRENT) in block.storage


def _decoded(block: Block, item: tuple[str, str], raw: bytes | None) -> Any:
    if raw is None:
        return None
    try:
        return block.runtime.decode_storage(*item, raw)
    except ScaleError:
        return None


def _decoded_accounts(block: Block, raw: bytes | None) -> list[str] | None:
    value = _decoded(block, VALIDATORS, raw)
    if not isinstance(value, list) or not all(isinstance(each, bytes) and len(each) == ACCOUNT_BYTES for each in value):
        return None
    return [each.hex() for each in value]
