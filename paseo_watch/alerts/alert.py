"""An alert as data: identity, labels, and the notification that programs and people get.

Identities are BLAKE2b-128 over canonical JSON, in hexadecimal. They depend on the chain's genesis, the block's hash and
what happened, never on when we looked or how we write it (an address changes with its prefix, an account's name with
the configuration): the same happening has the same identity in every run, and that is what every later "not twice"
stands on.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paseo_watch.chain.block import BlockRef, ChainId

Notification = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """Where and when observations were made.

    `block` and `time_ms` (the chain's clock) are None for what a Tick brought; `now_ms` is the service's own clock.
    `chain` is None for what concerns the whole service.
    """

    network: str
    chain: ChainId | None
    block: BlockRef | None
    time_ms: int | None
    now_ms: int
    late: bool = False

    @property
    def chain_name(self) -> str:
        """The configured name of the chain; `-` for the whole service."""
        return self.chain.name if self.chain else "-"

    @property
    def moment(self) -> str:
        """What tells this moment from others: the block's hash, else our clock."""
        return self.block.hash.hex() if self.block else str(self.now_ms)


@dataclass(frozen=True, slots=True)
class Firing:
    """A condition that holds, as stored. `since_ms` is the time of the block that brought it, else our clock."""

    fingerprint: str
    rule: str
    severity: str
    labels: Mapping[str, str]
    since_ms: int
    notification: Notification


def identity(*parts: object) -> str:
    """32 hexadecimal digits for these parts (text, numbers, lists, mappings)."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def fingerprint(where: Where, rule: str, *what: str) -> str:
    """Of the alert. `what` is a condition's key (the same firing and resolved), or an event's moment and key."""
    genesis = where.chain.genesis.hex() if where.chain else ""
    return identity(where.network, where.chain_name, genesis, rule, what)


def iso(milliseconds: int) -> str:
    """Unix milliseconds as ISO 8601 in UTC, to the second: `2026-11-21T20:59:06Z`."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def block_data(where: Where) -> Mapping[str, Any] | None:
    """`{number, hash, time}` of the block, None where there is none; `time` is the chain's clock."""
    if where.block is None:
        return None
    return {
        "number": where.block.number,
        "hash": "0x" + where.block.hash.hex(),
        "time": None if where.time_ms is None else iso(where.time_ms),
    }
