"""One block of a relay chain: counted to its session, and what a session's end brings.

Order matters: the author belongs to the session that the block's state names, votes to the session that they name,
which in the first block of a session is the one before. So that one is closed behind the votes of this block.
"""

from collections.abc import Sequence
from itertools import pairwise

from paseo_watch.chain.block import Block
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators import disabled, offline, report, session, votes
from paseo_watch.watchers.validators.author import authority_index
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.people import accounts_of
from paseo_watch.watchers.validators.session import begins, count_key, para_key, running, session_key
from paseo_watch.watchers.validators.sight import (
    ACCOUNT_KEYS,
    CURRENT,
    EPOCH_START,
    MOST_SESSION,
    SESSIONS,
    VALIDATORS,
    VOTES,
    Sight,
    Storage,
    stored,
)
from paseo_watch.watchers.watcher import Fact, Json, Observation, State, Step


def wanted(state: State, block: Block, seen: Sight) -> frozenset[bytes]:
    """Storage that tells who is in a session that is not known yet, and who is in its groups."""
    runtime, keys = block.runtime, set[bytes]()
    number = current(block)
    if number is not None and begins(state, number, block.late):
        keys.add(runtime.storage_key(*VALIDATORS))
        if seen.starts:
            keys.add(runtime.storage_key(*EPOCH_START))
    named = votes.named_session(block.storage.get(runtime.storage_key(*VOTES))) if seen.votes else None
    if named is not None and para_key(named) not in state and _counts(state, block, named):
        keys |= {runtime.storage_key(*item, named) for item in (SESSIONS, ACCOUNT_KEYS)}
    return frozenset(keys)


def current(block: Block) -> int | None:
    """The session that a block belongs to; None where its state does not say."""
    number = stored(block.runtime, block.storage, CURRENT)
    return int(number) if isinstance(number, int) and 0 <= number <= MOST_SESSION else None


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
            return Step(blind=None if self._block.late else ("the running session cannot be read",))
        entered = begins(self._state, number, self._block.late) and self._enter(number)
        off = self._disabled(number)
        self._alive(self._author(number), number)
        named, backers = self._votes(number)
        if named is not None:
            self._alive(backers, named)
        if self._block.late:
            # Where a session begins, the one before it ended: late as well.
            self._again({number, *(() if named is None else (named,)), *((number - 1,) if entered else ())})
        else:
            self._turn(number)
            if off is not None:
                self._tell_disabled(off, number)
        blind = None if self._block.late else tuple(self._blind)
        return Step(tuple(self._told), self._changes, blind, tuple(self._facts))

    def _set(self, changes: dict[str, Json]) -> None:
        self._changes |= changes
        self._state |= changes
        for key, value in changes.items():
            if value is None:
                del self._state[key]

    def _enter(self, number: int) -> bool:
        """The rows of a session that is seen for the first time; whether they could be made."""
        accounts = accounts_of(stored(self._block.runtime, self._storage, VALIDATORS))
        if not accounts:
            self._blind.append(f"the active set of session {number} cannot be read")
            return False
        self._set(session.begun(number, self._start(), accounts))
        return True

    def _start(self) -> int | None:
        """The first block of the running session (BABE's epoch)."""
        match stored(self._block.runtime, self._storage, EPOCH_START) if self._seen.starts else None:
            case (int(), int(first)) if 0 <= first <= self._block.number:
                return max(first, 1)  # the genesis block, which nobody made, counts for nobody
        return None

    def _author(self, number: int) -> list[str]:
        """Count the block; who made it, as far as that is known."""
        count = self._state.get(count_key(number))
        if count is None:
            return []
        place = authority_index(self._block.digest)
        self._set({count_key(number): session.authored(count, place)})
        who: list[str] = self._state[session_key(number)]["validators"]
        return [] if place is None else who[place : place + 1]

    def _votes(self, number: int) -> tuple[int | None, list[str]]:
        """Count them; the session that they name and who gave one."""
        runtime = self._block.runtime
        raw = self._block.storage.get(runtime.storage_key(*VOTES)) if self._seen.votes else None
        if raw is None:
            return None, []
        found = votes.read(runtime, raw)
        if found is None:
            self._unresolved(self._named(raw, number), "backing votes cannot be read")
            return None, []
        if not any(found.backers):
            return None, []
        who = self._para(found.session)
        count = self._state.get(count_key(found.session))
        if who is None or count is None:
            if _counts(self._state, self._block, found.session):
                self._unresolved(found.session, f"backing votes of session {found.session} cannot be resolved")
            return None, []
        self._set({count_key(found.session): {**count, **votes.tallied(count, found, who["groups"])}})
        accounts = who["accounts"]
        return found.session, [accounts[place] for place in _places(found.backers) if place < len(accounts)]

    def _named(self, raw: bytes, number: int) -> int:
        """The session of votes that cannot be read: as their first bytes say, where that is one that is counted."""
        named = votes.named_session(raw)
        return number if named is None or count_key(named) not in self._state else named

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
            limit = self._options.offline_sessions
            self._judge(list(offline.seen(self._state, accounts, number, limit)), None, number)

    def _turn(self, number: int) -> None:
        """The first block of a new session closes the one before, and what late blocks told of since."""
        if session_key(number) not in self._state or self._before == number:
            return
        self._set({session.NOW: {"session": number}})
        first = number if self._before is None else self._before
        over = [each for each in session.kept(self._state) if each < number and (self._before or 0) <= each]
        for each, follows in pairwise([*over, number]):
            ended = self._closed(each, number)
            if self._options.sessions and ended is not None:
                self._told.append(report.over(self._block, ended, follows, self._names))
        if over:
            self._changed(over[-1], number)
        self._facts += session.unseen(first + 1, number, over)
        self._set(session.forgotten(self._state, over[-1] if over else number, number + 1))

    def _changed(self, before: int, number: int) -> None:
        """Tell who joined and who left."""
        then, now = (self._state[session_key(each)]["validators"] for each in (before, number))
        if set(then) != set(now):
            self._told.append(report.active_set(self._block, number, then, now, self._names))

    def _again(self, numbers: set[int]) -> None:
        """A late block changed a session that is over: its rows are written again, and it is judged again."""
        for number in sorted(numbers):
            if self._before is not None and number < self._before:
                self._closed(number, self._before)

    def _closed(self, number: int, now: int) -> session.Session | None:
        """What a session that is over came to, in the light of those behind it, of which `now` is running."""
        ended = session.read(self._state, number, self._last(number))
        if ended is None:
            return None
        self._facts += ended.facts()
        if self._state.get(session.OVER, {"session": -1})["session"] <= number:
            self._set({session.OVER: ended.sums})
        behind = [session.read(self._state, each) for each in session.kept(self._state) if each > number]
        awake = {who for each in behind if each is not None for who, work in each.works.items() if work.alive}
        limit, active = self._options.offline_sessions, frozenset(self._state[session_key(now)]["validators"])
        self._judge(list(offline.closed(self._state, ended, limit, active, awake)), ended, number)
        return ended

    def _last(self, number: int) -> int | None:
        """The last block of a session, where it is known when the one behind it began."""
        follows = self._state.get(session_key(number + 1))
        return None if follows is None or follows["first"] is None else follows["first"] - 1

    def _judge(self, verdicts: Sequence[offline.Verdict], ended: session.Session | None, number: int) -> None:
        for who, row, verdict in verdicts:
            if verdict is not None:
                self._told.append(report.offline(who, verdict, row, ended, number, self._options.severity, self._names))
            self._set({offline.dead_key(who): row})

    def _disabled(self, number: int) -> list[str] | None:
        """Who is disabled behind this block, noted for its session; None where nobody can say."""
        if not self._seen.disabled or session_key(number) not in self._state:
            return None
        validators = self._state[session_key(number)]["validators"]
        places = disabled.read(self._block, validators)
        if places is None:
            self._blind.append("who is disabled cannot be read")
            return None
        self._set({count_key(number): session.disabled(self._state[count_key(number)], places)})
        return list(dict.fromkeys(validators[place] for place in places))

    def _tell_disabled(self, now: Sequence[str], number: int) -> None:
        """In time only: a late block says nothing of who is disabled now."""
        validators = self._state[session_key(number)]["validators"]
        known = self._state.get("disabled")
        before = known["accounts"] if known else []
        if known is not None:  # else nobody knows since when
            severity = self._options.severity
            self._told += disabled.changed(self._block, before, now, validators, number, severity, self._names)
        if known is None or before != now:
            self._set({"disabled": {"accounts": list(now)}})


def _counts(state: State, block: Block, named: int) -> bool:
    """Whether votes of a session are counted: one that has rows, or gets them with this block."""
    return count_key(named) in state or (current(block) == named and begins(state, named, block.late))


def _places(backers: Sequence[frozenset[int]]) -> frozenset[int]:
    return frozenset[int]().union(*backers)
