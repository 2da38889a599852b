"""A relay chain driven through the watcher, as the pipeline would, and a runtime whose values are made up."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from paseo_watch.chain.block import Block, ChainId, SpecVersion
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import Unit
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.sight import READ
from paseo_watch.watchers.validators.watcher import ValidatorsWatcher, build
from paseo_watch.watchers.watcher import Answers, Json, Observation, Step, Wants
from tests.data import data_path
from tests.relay_encoding import PASEO_2025, Layout, stash
from tests.relay_sessions import Counts, RelaySessions
from tests.scripted_chain import EVENTS, Written

RELAY_2025, RELAY_2026 = "paseo.v15.2025-08.scale", "polkadot.v16.scale"
RELAY_2024, RELAY_2023 = "polkadot.v14.1002000.scale", "polkadot.v14.9370.scale"
HUB, PEOPLE = "asset-hub-paseo.v16.2026-02.scale", "people-paseo.v15.2025-08.scale"

ALICE, BOB = (bytes([n]) * 32 for n in (1, 2))
PAS = 10**10


@cache
def real(name: str) -> Runtime:
    """The runtime of one of the files of metadata."""
    return Runtime.from_metadata(data_path("metadata", name).read_bytes())


def setting(**changes: Any) -> WatcherSetting:
    given: dict[str, Any] = {
        "chain": "relay",
        "network": "paseo",
        "ss58_prefix": 42,
        "units": {"PAS": Unit("PAS", 10)},
        "accounts": {"alice": ALICE, "zero": stash(0)},
    }
    return WatcherSetting(**{**given, **changes})


NAMES = Names(setting())


def watcher(chain: str = "relay", **options: Any) -> ValidatorsWatcher:
    return build(ValidatorsOptions.model_validate(options), setting(chain=chain))


def block(
    storage: Mapping[bytes, bytes | None] | None = None,
    *,
    events: Sequence[Event] = (),
    of: Runtime | None = None,
    number: int = 101,
    digest: tuple[bytes, ...] = (),
    late: bool = False,
) -> Block:
    return Block(
        chain=ChainId("relay", bytes(32)),
        number=number,
        hash=number.to_bytes(32, "big"),
        parent_hash=(number - 1).to_bytes(32, "big"),
        time_ms=1_700_000_000_000,
        spec=SpecVersion("paseo", 1),
        runtime=of or real(RELAY_2025),
        events=events,
        storage=storage or {},
        digest=digest,
        late=late,
    )


def relay(
    validators: int = 7, cores: int = 2, per_group: int = 3, *, name: str = RELAY_2025, layout: Layout = PASEO_2025,
    seed: int = 1,
) -> RelaySessions:  # fmt: skip
    """A small one: six of seven back candidates, the seventh only makes blocks."""
    metadata = {15: data_path("metadata", name).read_bytes()}
    return RelaySessions(validators, cores, per_group, metadata=metadata, layout=layout, seed=seed)


def sessions(chain: RelaySessions, *lengths: int) -> None:
    """Sessions of so many blocks each, shuffled anew each time."""
    for position, length in enumerate(lengths):
        if position:
            chain.rotate()
        for _ in range(length):
            chain.block()


class Drive:
    """Takes written blocks through a watcher; state and facts go through JSON each time, as through the store."""

    def __init__(self, name: str = RELAY_2025, **options: Any) -> None:
        self.runtime = real(name)
        self.options = options
        self.watcher = watcher(**options)
        self.state: dict[str, Any] = {}
        self.facts: dict[tuple[str, str], Any] = {}
        self.told: list[Observation] = []
        self.asked: list[Wants] = []
        self.last = Step()

    def restart(self, **options: Any) -> None:
        """A new process with the same store, and perhaps another configuration."""
        self.watcher = watcher(**{**self.options, **options})

    def take(self, written: Written, *, late: bool = False) -> Step:
        """One block: what it wants is read from that block's own state, until it wants no more."""
        state = {bytes.fromhex(key[2:]): bytes.fromhex(value[2:]) for key, value in written.state.items()}
        needs = self.watcher.needs(self.runtime)
        seen = block(
            {key: state.get(key) for key in needs.keys},
            events=self.runtime.decode_events(
                bytes.fromhex(written.state[EVENTS][2:]), self.runtime.watch(needs.events)
            ),
            of=self.runtime,
            number=written.number,
            digest=tuple(bytes.fromhex(log[2:]) for log in written.header["digest"]["logs"]),
            late=late,
        )
        wants = self.watcher.wants(self.state, seen)
        answers = Answers({key: state.get(key) for key in wants.keys})
        assert self.watcher.wants(self.state, seen, answers) == wants
        self.asked.append(wants)
        return self.keep(self.watcher.step(self.state, seen, answers))

    def keep(self, step: Step) -> Step:
        """Commit what a step changes."""
        stored = json.loads(json.dumps(dict(step.changes), allow_nan=False))
        self.state = {key: value for key, value in {**self.state, **stored}.items() if value is not None}
        for fact in step.facts:
            self.facts[fact.kind, fact.key] = json.loads(json.dumps(dict(fact.content), allow_nan=False))
        self.told += step.observations
        self.last = step
        return step

    def run(self, chain: RelaySessions, *, without: Sequence[int] = ()) -> "Drive":
        """All blocks behind the genesis in their order, holes left out."""
        for written in chain.chain.best_chain[1:]:
            if written.number not in without:
                self.take(written)
        return self

    def heal(self, chain: RelaySessions, *numbers: int) -> "Drive":
        """Holes, late, in this order."""
        for number in numbers:
            self.take(chain.chain.best_chain[number], late=True)
        return self

    def rows(self) -> dict[tuple[int, bytes], Counts]:
        """What the facts say of each validator in each session."""
        return {
            (row["session"], bytes.fromhex(row["validator_key"][2:])): Counts(
                row["authored"], row["votes"], row["missed_votes"]
            )
            for (kind, _), row in self.facts.items()
            if kind == "validator-session"
        }

    def summary(self, session: int) -> Any:
        return self.facts["session", f"{session:010}"]

    def about(self, rule: str) -> list[tuple[str, str, bool | None]]:
        """Whom it was about, the title, and whether a condition holds; None for an event."""
        return [
            (str(each.data.get("validator_key", ""))[2:], each.title, getattr(each, "active", None))
            for each in self.told
            if each.rule == rule
        ]


def truth(chain: RelaySessions, *over: int) -> dict[tuple[int, bytes], Counts]:
    """The ledger of these sessions."""
    return {(session, who): counts for (session, who), counts in chain.ledger.items() if session in over}


class MadeUp:
    """A runtime that has everything and whose values are given, by `Pallet.item`; a ScaleError is raised."""

    def __init__(self, values: Mapping[str, Any], lacks: Sequence[str] = ()) -> None:
        self._values = values
        self._lacks = frozenset(lacks)

    def pallets(self) -> tuple[str, ...]:
        return tuple({"Babe", "Session", "Staking"} - self._lacks)

    def has_event(self, pallet: str, name: str) -> bool:
        return not {pallet, name, f"{pallet}.{name}"} & self._lacks

    def event_fields(self, pallet: str, name: str) -> tuple[str, ...]:
        fields = READ.get((pallet, name), frozenset())
        return tuple(field for field in sorted(fields) if f"{pallet}.{name}.{field}" not in self._lacks)

    def has_storage(self, pallet: str, item: str) -> bool:
        return not {pallet, f"{pallet}.{item}"} & self._lacks

    def storage_key(self, pallet: str, item: str, *keys: int) -> bytes:
        return f"{pallet}.{item}{keys or ''}".encode()

    def storage_value(self, pallet: str, item: str, raw: bytes | None) -> Any:
        return self.storage_default(pallet, item) if raw is None else self.decode_storage(pallet, item, raw)

    def storage_default(self, pallet: str, item: str) -> Any:
        return self.decode_storage(pallet, item, b"")

    def decode_storage(self, pallet: str, item: str, raw: bytes) -> Any:
        value = self._values[f"{pallet}.{item}"]
        if isinstance(value, ScaleError):
            raise value
        return value


def made_up(values: Mapping[str, Any] | None = None, lacks: Sequence[str] = (), **items: Any) -> Runtime:
    return cast(Runtime, MadeUp({**(values or {}), **items}, lacks))


def json_of(value: Json) -> str:
    """As the store writes it."""
    return json.dumps(value, allow_nan=False)
