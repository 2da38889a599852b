"""The Referenda instances of a runtime: which there are, which of them are alive, and how to read them.

An instance is any pallet that stores `ReferendumInfoFor` and has the constant `Tracks` (pallet-referenda; the
Fellowship's and the Ambassadors' too). One on a relay chain that has handed staking and governance over to its Asset
Hub is dormant: the pallet is still there, with every call of it filtered (Paseo: relay/paseo/src/lib.rs
`PostAhmFilter`). Such a relay chain is known by its pallet StakingAhClient.

The clock is that of the instance's `BlockNumberProvider`, of which metadata says nothing. On Asset Hub, referenda by
conviction voting count relay blocks (asset-hub-paseo/src/governance/mod.rs); Fellowships count their own chain's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime

MOST = 8
"""Instances that are looked at on one runtime; no chain has more than three."""
RELAY_BLOCK_MS = 6_000
"""A relay chain's slot: BABE's `ExpectedBlockTime` on Polkadot, Kusama and Paseo."""
HANDED_OVER = "StakingAhClient"

MAX_INDEX = (1 << 32) - 1
"""pallet-referenda `lib.rs`, ReferendumIndex."""

_MAX_NAME = 40
_PALLET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")  # what a Rust name can hold; our state keys are made of it
INFO, COUNT = "ReferendumInfoFor", "ReferendumCount"
RELAY_NUMBER = ("ParachainSystem", "LastRelayChainBlockNumber")


@dataclass(frozen=True, slots=True)
class Track:
    """One track's name and periods, in blocks of the instance's clock."""

    name: str
    prepare_period: int
    decision_period: int
    confirm_period: int


@dataclass(frozen=True, slots=True)
class Instance:
    """One pallet. `ranked` tells a Fellowship's tally from that of conviction voting.

    `clock` says whose blocks it counts; `block_ms` is their length, None where nobody can say.
    """

    pallet: str
    ranked: bool
    clock: Literal["relay", "own"]
    block_ms: int | None
    undeciding_timeout: int
    tracks: Mapping[int, Track]

    @property
    def block_word(self) -> str:
        """What a number of its clock is called."""
        return "relay block" if self.clock == "relay" else "block"

    def now(self, block: Block) -> int | None:
        """Where its clock stands in the state of a block; None where that cannot be read."""
        if self.clock == "own":
            return block.number
        return relay_number(block.runtime, block.storage)


def relay_number(runtime: Runtime, storage: Mapping[bytes, bytes | None]) -> int | None:
    """The relay chain's height as a parachain's state has it; None where it is not there."""
    key = relay_key(runtime)
    raw = None if key is None else storage.get(key)
    if raw is None:
        return None
    try:
        number = runtime.decode_storage(*RELAY_NUMBER, raw)
    except ScaleError:
        return None
    return number if isinstance(number, int) else None


def relay_key(runtime: Runtime) -> bytes | None:
    """Where that stands; None where this runtime keeps no such thing."""
    try:
        return runtime.storage_key(*RELAY_NUMBER) if runtime.has_storage(*RELAY_NUMBER) else None
    except ScaleError:
        return None


def has_event(runtime: Runtime, pallet: str, name: str, *fields: str) -> bool:
    """Whether a runtime has an event with (at least) these fields."""
    try:
        return runtime.has_event(pallet, name) and {*fields} <= {*runtime.event_fields(pallet, name)}
    except ScaleError:
        return False  # the metadata's events are no enum


def dormant(runtime: Runtime) -> bool:
    """Whether this is a relay chain whose governance has moved to its Asset Hub."""
    return HANDED_OVER in runtime.pallets() and not runtime.has_storage(*RELAY_NUMBER)


def pallets(runtime: Runtime) -> tuple[str, ...]:
    """The pallets that are instances, dormant or not."""
    return tuple(name for name in runtime.pallets() if _is_instance(runtime, name))[:MOST]


def instance(runtime: Runtime, pallet: str) -> Instance:
    """How to read one of `pallets`. What the metadata does not tell in the known shape is left out."""
    ranked = _is_ranked(runtime, pallet)
    para = runtime.has_storage(*RELAY_NUMBER)
    relay = para and not ranked
    timeout = _constant(runtime, pallet, "UndecidingTimeout")
    return Instance(
        pallet=pallet,
        ranked=ranked,
        clock="relay" if relay else "own",
        block_ms=None if para and ranked else RELAY_BLOCK_MS,
        undeciding_timeout=timeout if isinstance(timeout, int) else 0,
        tracks=_tracks(_constant(runtime, pallet, "Tracks")),
    )


def _is_instance(runtime: Runtime, pallet: str) -> bool:
    stores = runtime.has_storage(pallet, INFO) and runtime.has_storage(pallet, COUNT)
    if not stores or not _PALLET.fullmatch(pallet) or "Tracks" not in runtime.pallet(pallet).constants:
        return False
    try:
        runtime.storage_key(pallet, INFO, MAX_INDEX)
        runtime.storage_key(pallet, COUNT)
    except ScaleError:
        return False  # its referenda have no such numbers
    return True


def _is_ranked(runtime: Runtime, pallet: str) -> bool:
    """A ranked collective's tally has `bare_ayes` (pallet-ranked-collective `Tally`)."""
    try:
        found = runtime.storage_parameter(pallet, INFO, "Tally")
    except ScaleError:
        return False
    return found is not None and "bare_ayes" in found


def _constant(runtime: Runtime, pallet: str, name: str) -> Any:
    try:
        return runtime.constant(pallet, name)
    except ScaleError:
        return None


def _tracks(constant: Any) -> dict[int, Track]:
    """`[(id, TrackInfo)]`; the name is text, or bytes padded with NUL (pallet-referenda `types.rs`, StringLike)."""
    found = {}
    for entry in constant if isinstance(constant, list) else ():
        match entry:
            case (int(number), {"prepare_period": int(prepare), "decision_period": int(decision), **info}):
                confirm = info.get("confirm_period")
                name = _name(info.get("name"), number)
                found[number] = Track(name, prepare, decision, confirm if isinstance(confirm, int) else 0)
    return found


def _name(raw: Any, number: int) -> str:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw or "")
    kept = "".join(c for c in text.rstrip("\0") if c.isascii() and (c.isalnum() or c in "_- "))[:_MAX_NAME]
    return kept or f"track {number}"
