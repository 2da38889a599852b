"""A relay chain with validators, written block by block, and the truth about who authored and who voted.

    relay = RelaySessions(validators=12, cores=3, per_group=3, seed=1)
    relay.offline(7)                       # validator 7 authors and votes no more; relay.planned says who backs
    for _ in range(20):
        relay.block()
    relay.rotate(join=[12], leave=[0])     # the next block is the first of a new session
    relay.block(absent=[5])
    relay.ledger[1, stash(5)]              # of tests.relay_encoding; Counts(authored=..., given=..., missed=...)

Bytes are made in `tests.relay_encoding`. Validators are numbers; `stash(number)` is the account. Sessions, groups and
votes are as in the runtime: `SessionInfo` and `AccountKeys` list the active validators in an order of their own, the
block that opens a session still carries votes of the session before, groups rotate over cores.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

from tests.data import data_path
from tests.relay_encoding import (
    DISABLED,
    INHERENT,
    INITIALIZATION,
    ITEM,
    NEW_SESSION,
    OFFENCE,
    PASEO_2025,
    PRIMARY,
    SECONDARY_VRF,
    Layout,
    Session,
    digest,
    hexadecimal,
    opening,
    receipt,
    stash,
    u32,
    vector,
    vote,
)
from tests.scripted_chain import TIMESTAMP, ScriptedChain, Written, compact

PASEO = ("paseo", 1_006_002)
SLOT_MS = 6000


class Counts(NamedTuple):
    """What one validator did in one session."""

    authored: int = 0
    given: int = 0
    missed: int = 0


class Record(NamedTuple):
    """What one block holds. `slot` and `disabled` (validators) are for `fork`."""

    session: int
    author: int
    votes_session: int
    given: tuple[int, ...]
    missed: tuple[int, ...]
    slot: int
    disabled: tuple[int, ...]


class RelaySessions:
    """Appends blocks to `chain` (whose genesis has no state of sessions). The first session has no NewSession event."""

    def __init__(
        self,
        validators: int,
        cores: int,
        per_group: int,
        *,
        seed: int = 0,
        metadata: Mapping[int, bytes] | None = None,
        spec: tuple[str, int] = PASEO,
        layout: Layout = PASEO_2025,
        first_session: int = 0,
        rotation: int = 10,
        salt: str = "",
    ) -> None:
        metadata = metadata or {15: data_path("metadata", "paseo.v15.2025-08.scale").read_bytes()}
        self.chain = ScriptedChain(spec=spec, metadata=metadata, salt=salt)
        self.layout, self.cores, self.per_group, self.rotation = layout, cores, per_group, rotation
        self.records: dict[int, Record] = {}
        self.sessions: dict[int, Session] = {}
        self._random = Random(seed)
        self._slot = self.chain.start_ms // SLOT_MS
        self._genesis_slot = self._slot + 1
        self._disabled: tuple[int, ...] = ()
        self._events: list[bytes] = []
        self._offline: dict[int, tuple[int, int | None]] = {}
        self._slack: dict[int, int] = {}
        self._chances: dict[int, int] = {}
        self.planned: Session | None = self._drawn(first_session, tuple(range(validators)), None)
        """The session that the next block opens."""

    @property
    def next(self) -> int:
        """The number of the next block."""
        return self.chain.tip.number + 1

    @property
    def session(self) -> Session:
        """The session of the best block."""
        return self.sessions[self.records[self.chain.tip.number].session]

    @property
    def ledger(self) -> dict[tuple[int, bytes], Counts]:
        """Of all blocks, by session and account."""
        return self.counted(self.records)

    @property
    def blocks(self) -> dict[int, tuple[int, int]]:
        """First and last block of each session, by Session.CurrentIndex."""
        spans: dict[int, tuple[int, int]] = {}
        for number in sorted(self.records):
            session = self.records[number].session
            spans[session] = (spans.get(session, (number, number))[0], number)
        return spans

    def counted(self, numbers: Iterable[int]) -> dict[tuple[int, bytes], Counts]:
        """What these blocks alone say. Whoever is in a session's set stands there, even with nothing but zeros."""
        records = [self.records[number] for number in numbers]
        named = {session for record in records for session in (record.session, record.votes_session)}
        totals = {(session, who): [0, 0, 0] for session in named for who in self.sessions[session].validators}
        for record in records:
            totals[record.session, record.author][0] += 1
            for column, voters in ((1, record.given), (2, record.missed)):
                for who in voters:
                    totals[record.votes_session, who][column] += 1
        return {(session, stash(who)): Counts(*counts) for (session, who), counts in totals.items()}

    def offline(self, who: int, since: int | None = None, until: int | None = None) -> None:
        """From block `since` (default: the next) to before `until` this validator neither authors nor votes."""
        self._offline[who] = (self.next if since is None else since, until)

    def slack(self, who: int, every: int = 3) -> None:
        """From now on this validator misses every third of its votes."""
        self._slack[who] = every

    def disable(self, who: int) -> None:
        """From the next block to the session's end this validator is disabled: it authors nothing, misses its votes."""
        self._disabled = (*self._disabled, who)
        if self.layout.severities:
            self._events.append(INITIALIZATION + DISABLED + stash(who) + b"\0")

    def offend(self, kind: bytes = b"grandpa:equivoca", timeslot: bytes = bytes(16)) -> None:
        """The next block reports an offence."""
        assert len(kind) == 16
        self._events.append(INHERENT + OFFENCE + kind + compact(len(timeslot)) + timeslot + b"\0")

    def rotate(self, shuffle: bool = True, join: Collection[int] = (), leave: Collection[int] = ()) -> None:
        """The next block is the first of a new session; without `shuffle` order and groups stay where they can."""
        now = self.session
        validators = (*(who for who in now.validators if who not in leave), *join)
        self.planned = self._drawn(now.number + 1, validators, None if shuffle else now)

    def block(
        self,
        author: int | None = None,
        absent: Collection[int] = (),
        *,
        cores: Collection[int] | None = None,
        skip: int = 0,
        events: Sequence[bytes] = (),
        finalize: bool = True,
    ) -> Written:
        """Append a block: `cores` (default: all) have a candidate, the `absent` do not vote, `skip` slots are empty."""
        number, opens = self.next, self.planned is not None
        voting = self._opened(number) if opens else self.session
        session = self.sessions[max(self.sessions)]
        self._slot += skip + 1
        author = self._author(session, number) if author is None else author
        wanted = range(self.cores) if cores is None else sorted(cores)
        votes, given, missed = self._votes(voting, number, wanted if number > 1 else (), absent)
        storage = {**self._every_block(session), ITEM["ParaInherent.OnChainVotes"]: hexadecimal(votes)}
        if opens:
            before = self.sessions.get(session.number - 1)
            storage |= opening(session, before, min(self.sessions), self._genesis_slot, self.layout)
        self.records[number] = Record(session.number, author, voting.number, given, missed, self._slot, self._disabled)
        new = [INITIALIZATION + NEW_SESSION + u32(session.number) + b"\0"] if opens and number > 1 else []
        written = [*new, *self._events, *events]
        self._events.clear()
        logs = digest(self._random.randint(PRIMARY, SECONDARY_VRF), session.validators.index(author), self._slot)
        return self.chain.append(vector(written), storage=storage, logs=logs, finalize=finalize)

    def fork(self, at: int) -> None:
        """Drop the blocks above `at` (1 or higher), and what they counted. Faults stay planted."""
        self.chain.fork(at)
        self.records = {number: record for number, record in self.records.items() if number <= at}
        self.sessions = {n: session for n, session in self.sessions.items() if n <= self.records[at].session}
        self._slot, self._disabled, self.planned = self.records[at].slot, self.records[at].disabled, None
        self._events.clear()

    def is_offline(self, who: int, number: int) -> bool:
        """Whether this validator was planted to be offline in that block."""
        since, until = self._offline.get(who, (number + 1, None))
        return since <= number and (until is None or number < until)

    def _acts(self, who: int, number: int) -> bool:
        return who not in self._disabled and not self.is_offline(who, number)

    def _drawn(self, number: int, validators: tuple[int, ...], like: Session | None) -> Session:
        """A new session, its first block not known yet; in the order of the session `like`, or in a random one."""
        count = min(len(validators), self.cores * self.per_group)
        if like is None:
            validators = tuple(self._random.sample(validators, len(validators)))
        active = tuple(self._random.sample(range(len(validators)), count))
        if like is not None and len(like.validators) == len(validators):
            active = like.active
        base, larger = divmod(count, self.cores)
        starts = [group * base + min(group, larger) for group in range(self.cores + 1)]
        groups = tuple(tuple(range(starts[group], starts[group + 1])) for group in range(self.cores))
        return Session(number, 0, validators, active, groups)

    def _opened(self, number: int) -> Session:
        """Make the planned session the present one; the session whose votes this block still carries."""
        assert self.planned is not None
        opened, self.planned = replace(self.planned, first=number if self.records else 0), None
        before = self.session if self.records else opened
        self.sessions[opened.number] = opened
        if self.records:
            self._disabled = ()
        return before

    def _author(self, session: Session, number: int) -> int:
        return self._random.choice([who for who in session.validators if self._acts(who, number)])

    def _votes(
        self, voting: Session, number: int, cores: Iterable[int], absent: Collection[int]
    ) -> tuple[bytes, tuple[int, ...], tuple[int, ...]]:
        """OnChainVotes, who voted, who did not."""
        candidates, given, missed = [], list[int](), list[int]()
        parent = bytes.fromhex(self.chain.tip.hash[2:])
        for core in cores:
            group = voting.group(core, number, self.rotation)
            here = [index for index in group if self._present(voting.account(index), number, absent)]
            if here:
                backing = vector([vote(index, index == here[0]) for index in here])
                candidates.append(receipt(core, voting.number, parent, number) + backing)
                given += map(voting.account, here)
                missed += [voting.account(index) for index in group if index not in here]
        return u32(voting.number) + vector(candidates) + b"\0", tuple(given), tuple(missed)

    def _present(self, who: int, number: int, absent: Collection[int]) -> bool:
        if who in absent or not self._acts(who, number):
            return False
        self._chances[who] = self._chances.get(who, 0) + 1
        return who not in self._slack or self._chances[who] % self._slack[who] != 0

    def _every_block(self, session: Session) -> dict[str, str | None]:
        places = sorted(session.validators.index(who) for who in self._disabled)
        severity = u32(0) if self.layout.severities else b""
        return {
            TIMESTAMP: hexadecimal((self._slot * SLOT_MS).to_bytes(8, "little")),
            ITEM["Babe.CurrentSlot"]: hexadecimal(self._slot.to_bytes(8, "little")),
            ITEM["Session.DisabledValidators"]: hexadecimal(vector([u32(place) + severity for place in places])),
        }
