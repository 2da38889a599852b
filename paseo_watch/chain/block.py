"""The frozen values that leave the chain layer: a block, and the hole that stands where a block could not be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event


class BlockRef(NamedTuple):
    """Where a chain stands: number and hash (32 bytes) of one finalized block."""

    number: int
    hash: bytes


class ChainId(NamedTuple):
    """What state is keyed by: the configured name together with the genesis hash (32 bytes).

    The name alone would carry state over a relaunch (Paseo, July 2026); the genesis alone would mix two
    chains of a development node that all share one.
    """

    name: str
    genesis: bytes


class SpecVersion(NamedTuple):
    """`System.LastRuntimeUpgrade`: the runtime that executed the block in whose state it stands."""

    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Block:
    """One finalized block, decoded.

    `events` holds the events that some watcher asked for (`index` still counts all of the block's).
    `storage` holds the raw values, at this block's hash, of the keys that watchers want at every block;
    None where the key is absent. `time_ms` is `Timestamp.Now`, the chain's clock, in Unix milliseconds;
    None on a chain without that pallet. `late` marks a block that was a hole when the cursor passed it.
    """

    chain: ChainId
    number: int
    hash: bytes
    parent_hash: bytes
    time_ms: int | None
    spec: SpecVersion
    runtime: Runtime
    events: Sequence[Event]
    storage: Mapping[bytes, bytes | None]
    digest: tuple[bytes, ...] = ()
    late: bool = False

    @property
    def ref(self) -> BlockRef:
        """Number and hash of this block."""
        return BlockRef(self.number, self.hash)


@dataclass(frozen=True, slots=True)
class Hole:
    """A finalized block that could not be read or decoded after everything was tried.

    `reason` is one of `undecodable`, `state_unavailable`, `unreadable`; `detail` says more, for people. `events_raw` is
    the undecoded `System.Events` value if it was to be had: evidence. Healing asks a node again, for to decode it the
    runtime must be had too.
    """

    chain: ChainId
    number: int
    hash: bytes
    reason: str
    detail: str
    events_raw: bytes | None = None
