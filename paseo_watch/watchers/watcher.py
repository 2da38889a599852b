"""What a watcher is: it says what it needs, then turns inputs into observations and state changes, purely.

The life of a block for one watcher:

    needs(runtime)              once a runtime: events to decode, keys to read at every block, what it is blind to
    wants(state, block, answers) known only now: more keys, or the block's extrinsics (read at that block's hash);
                                asked again with what was answered, for what leads further, until it wants no more
    step(state, input, answers) observations, and changes of state that commit in the block's transaction

State is a mapping of text keys to JSON values, stored row by row, so that a block writes only what changed. What is
worth keeping for reports, and is never read back to decide, is a Fact instead. What a state comes to in figures for
Prometheus is a function of it too: `readings(state)`, so that a restart takes no figure back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime

Json = Any  # None, bool, int, float, str, list, dict: whatever json can say
State = Mapping[str, Json]

SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed: `now_ms` is the service's own clock, Unix milliseconds, UTC."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document from outside arrived whole and valid: `name` says which (for example `whitelist:policy-cap`)."""

    name: str
    content: Json
    now_ms: int


@dataclass(frozen=True, slots=True)
class EndpointVitals:
    """How one endpoint is: `state` as in telemetry's `endpoint_state`; `since_ms` by our clock."""

    endpoint: str
    state: str
    reason: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """How the watching of one chain itself is, at `now_ms` of our clock: our own failures as facts like any other.

    `progress_ms` is when the last block was processed in this run, or when the run began; `progressed` tells the two
    apart. `best_ms` and `finalized_ms` are when these heads last rose, None before the first. `former` holds the
    genesis hashes of earlier histories under this chain's name.
    """

    now_ms: int
    endpoints: tuple[EndpointVitals, ...]
    holes: int
    halted: str | None
    finalized: int | None
    processed: int
    progress_ms: int
    progressed: bool
    former: tuple[bytes, ...] = ()
    best: int | None = None
    best_ms: int | None = None
    finalized_ms: int | None = None


Input = Block | Tick | Loaded | Vitals


@dataclass(frozen=True, slots=True)
class Needs:
    """What a watcher asks of every block of one runtime.

    `events` are pairs of pallet and event name ("*" for all of the pallet). `keys` are storage keys that ride in
    the block's own request. `blind` holds one sentence for each thing it should watch and cannot on this runtime.
    """

    events: frozenset[tuple[str, str]] = frozenset()
    keys: frozenset[bytes] = frozenset()
    blind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wants:
    """What a watcher asks after seeing one block: storage at its hash, and whether it needs the extrinsics.

    All of it each time, what was answered already too.
    """

    keys: frozenset[bytes] = frozenset()
    extrinsics: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What was read for `Wants`: raw storage (None = absent) and raw extrinsics, length prefix included.

    `extrinsics` is None where nobody asked for them or they were not to be had (then the watcher says so in its text).
    """

    storage: Mapping[bytes, bytes | None] = field(default_factory=dict)
    extrinsics: Sequence[bytes] | None = None


NO_ANSWERS = Answers()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventObservation:
    """Something happened once, in one block; it never resolves.

    `key` tells it from others of the same rule in the same block (an extrinsic, a segment, an account), so that the
    same happening always gets the same identity. `extrinsic` is "N-i" or None for a hook.
    """

    rule: str
    severity: str
    key: str
    title: str
    text: str
    labels: Mapping[str, str]
    data: Mapping[str, Json]
    links: Sequence[str] = ()
    extrinsic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionObservation:
    """Something lasts: `active` says whether it holds now.

    `key` tells it from others of the same rule, firing and resolved alike: what it is about (an account in hexadecimal,
    an endpoint), never how that is shown. `labels` are for routing and display and may change while it lasts.
    """

    rule: str
    severity: str
    active: bool
    key: str
    title: str
    text: str
    labels: Mapping[str, str]
    data: Mapping[str, Json]
    links: Sequence[str] = ()


Observation = EventObservation | ConditionObservation


@dataclass(frozen=True, slots=True)
class Fact:
    """Something established that reports are made of: stored once under its kind and key, or again in its place.

    It commits with the block, is kept as long as the store's retention says, and no watcher ever reads it back.
    """

    kind: str
    key: str
    content: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that a watcher shows. `labels` come after `chain`, which every figure has.

    Label values are closed sets named in `help`, names from the configuration, or bounded by the watcher.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a gauge shows now, for one set of values of its labels."""

    gauge: Gauge
    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet: a text for each column; `tone` is how it is doing: good, busy, warn, bad, or off."""

    cells: tuple[str, ...]
    tone: str = "off"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table for the status page: what a state comes to for people. What matters most stands first.

    `left_out` rows are not shown, so that a page stays a page. Texts may be a chain's: whoever shows them escapes them.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    left_out: int = 0


MOST_ROWS = 50
"""Rows of a sheet."""


def sheet(title: str, columns: tuple[str, ...], rows: Sequence[SheetRow]) -> Sheet:
    """A sheet of the first MOST_ROWS of these rows, which says how many there are beyond."""
    return Sheet(title, columns, tuple(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS))


@dataclass(frozen=True, slots=True)
class Step:
    """What one input gave: observations in order, state changes (None deletes the key), and facts to keep.

    `blind` says what cannot be seen just now beyond what the runtime lacks; None leaves what was said before.
    """

    observations: tuple[Observation, ...] = ()
    changes: Mapping[str, Json] = field(default_factory=dict)
    blind: tuple[str, ...] | None = None
    facts: tuple[Fact, ...] = ()


class Watcher(Protocol):
    """One concern on one chain. Built by the composition root from configuration; holds no mutable state.

    A watcher derives from this class; what has a body here need not be written.
    """

    @property
    def name(self) -> str:
        """The watcher's name: `balances`; its state rows are keyed by it."""
        ...

    @property
    def rules(self) -> frozenset[str]:
        """The rules of its conditions: one that is stored under another rule is ended at the next start."""
        ...

    def obsolete(self, state: State) -> frozenset[str]:
        """Keys of the state that belong to rules which it no longer has: they are deleted at the next start."""
        ...

    def needs(self, runtime: Runtime) -> Needs:
        """What it asks of every block of this runtime, and what it is blind to on it."""
        ...

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        """What it asks of this block beyond `needs`, in the light of what was answered so far."""
        ...

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        """Observations and state changes for one input."""
        ...

    def explain(self, runtime: Runtime, storage: Mapping[bytes, bytes | None]) -> tuple[str, ...]:
        """What it found on this runtime and why, in sentences for `doctor`; `storage` holds the keys of `needs`."""
        return ()

    def readings(self, state: State) -> Iterable[Reading]:
        """What a state comes to in figures."""
        return ()

    def sheets(self, state: State, runtime: Runtime) -> Iterable[Sheet]:
        """What a state comes to on the status page; `runtime` is that of the last block, for what it names."""
        return ()
