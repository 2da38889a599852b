"""A chain that a test writes block by block, for `tests.scripted_node`.

Headers are real: parent hashes link, and a block's hash is the BLAKE2b-256 of its SCALE header, encoded here and not
by the code under test. State is carried from block to block; what a block sets stays until it is set again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import xxhash

SECOND = 1000


def storage_key(pallet: str, item: str) -> str:
    """The key of a plain storage value: twox128(pallet) ++ twox128(item), as hexadecimal text."""
    return "0x" + _twox128(pallet) + _twox128(item)


def _twox128(name: str) -> str:
    halves = (xxhash.xxh64_intdigest(name.encode(), seed) for seed in (0, 1))
    return b"".join(half.to_bytes(8, "little") for half in halves).hex()


EVENTS = storage_key("System", "Events")
LAST_RUNTIME_UPGRADE = storage_key("System", "LastRuntimeUpgrade")
TIMESTAMP = storage_key("Timestamp", "Now")


def compact(value: int) -> bytes:
    """SCALE's compact encoding, all four modes."""
    if value < 2**6:
        return (value << 2).to_bytes(1, "little")
    if value < 2**14:
        return (value << 2 | 1).to_bytes(2, "little")
    if value < 2**30:
        return (value << 2 | 2).to_bytes(4, "little")
    length = (value.bit_length() + 7) // 8
    return bytes([(length - 4) << 2 | 3]) + value.to_bytes(length, "little")


def header_hash(header: Mapping[str, Any]) -> str:
    """BLAKE2b-256 of parent hash ++ compact number ++ state root ++ extrinsics root ++ digest items."""
    logs = [bytes.fromhex(log[2:]) for log in header["digest"]["logs"]]
    fields = [
        bytes.fromhex(header["parentHash"][2:]),
        compact(int(header["number"], 16)),
        bytes.fromhex(header["stateRoot"][2:]),
        bytes.fromhex(header["extrinsicsRoot"][2:]),
        compact(len(logs)),
        *logs,
    ]
    return "0x" + blake2b(b"".join(fields), digest_size=32).hexdigest()


@dataclass(frozen=True)
class Written:
    """One block as it was written: `hash` and every key and value of `state` are hexadecimal text."""

    number: int
    hash: str
    header: Mapping[str, Any]
    extrinsics: Sequence[str]
    state: Mapping[str, str]
    spec: tuple[str, int]
    metadata: Mapping[int, bytes] = field(repr=False)


class ScriptedChain:
    """Implements `ChainSource`. Starts with a genesis block; `append` adds blocks, finalized unless said otherwise.

    `metadata` is by metadata version (14, 15, 16). `salt` goes into every block's roots: two chains with different
    salts differ from the genesis on, and `fork` and `reset` change it. Blocks that a fork or a reset leaves behind
    are still known by their hash, as on a node.
    """

    def __init__(
        self,
        *,
        salt: str = "",
        spec: tuple[str, int] = ("scripted", 1),
        metadata: Mapping[int, bytes] | None = None,
        block_ms: int = 6 * SECOND,
        start_ms: int = 1_700_000_000_000,
    ) -> None:
        self.salt = salt
        self.spec = spec
        self.block_ms = block_ms
        self.start_ms = start_ms
        self.written: dict[str, Written] = {}
        self.best_chain: list[Written] = []
        self._metadata = dict(metadata or {})
        self._finalized = 0
        self._write((), {}, ())

    @property
    def genesis(self) -> bytes:
        """The genesis hash, 32 bytes."""
        return bytes.fromhex(self.best_chain[0].hash[2:])

    @property
    def tip(self) -> Written:
        """The best block."""
        return self.best_chain[-1]

    def append(
        self,
        events: bytes = b"\0",
        *,
        storage: Mapping[str, str | None] | None = None,
        extrinsics: Sequence[str] = (),
        logs: Sequence[str] = (),
        finalize: bool = True,
    ) -> Written:
        """Add a block with these SCALE-encoded events (default: none) and changes of state (None removes)."""
        changes = {EVENTS: "0x" + events.hex(), **(storage or {})}
        block = self._write(extrinsics, changes, logs)
        if finalize:
            self._finalized = block.number
        return block

    def extend(self, count: int) -> None:
        """Add that many empty blocks."""
        for _ in range(count):
            self.append()

    def finalize(self, number: int) -> None:
        """Say that everything up to this block is final."""
        self._finalized = number

    def fork(self, at: int, salt: str = "fork") -> None:
        """Drop the best chain's blocks above `at`; what is appended now has other hashes. May go below finality."""
        del self.best_chain[at + 1 :]
        self._finalized = min(self._finalized, at)
        self.salt += salt

    def reset(self, salt: str = "reset") -> None:
        """A new genesis, as in a relaunch: numbers begin again."""
        self.best_chain.clear()
        self._finalized = 0
        self.salt += salt
        self._write((), {}, ())

    def upgrade(self, version: int, metadata: Mapping[int, bytes] | None = None, name: str | None = None) -> None:
        """From the next block on, this runtime executes; `metadata` None keeps the present one."""
        self.spec = (name or self.spec[0], version)
        self._metadata = dict(self._metadata if metadata is None else metadata)

    def finalized(self) -> int:
        return self._finalized

    def best(self) -> int:
        return self.tip.number

    def block_hash(self, number: int) -> str | None:
        return self.best_chain[number].hash if 0 <= number < len(self.best_chain) else None

    def header(self, hash: str) -> Mapping[str, Any] | None:
        block = self.written.get(hash)
        return None if block is None else block.header

    def block(self, hash: str) -> Mapping[str, Any] | None:
        block = self.written.get(hash)
        if block is None:
            return None
        return {
            "block": {"header": block.header, "extrinsics": list(block.extrinsics)},
            "justifications": None,
        }

    def storage(self, hash: str, key_hex: str) -> str | None:
        return self.written[hash].state.get(key_hex)

    def runtime_version(self, hash: str) -> Mapping[str, Any]:
        name, version = self.written[hash].spec
        return {
            "specName": name,
            "implName": name,
            "specVersion": version,
            "transactionVersion": 1,
            "apis": [],
        }

    def metadata(self, hash: str, version: int) -> bytes | None:
        return self.written[hash].metadata.get(version)

    def properties(self) -> Mapping[str, Any]:
        return {"ss58Format": 42, "tokenDecimals": 10, "tokenSymbol": "PAS"}

    def chain(self) -> str:
        return "Scripted"

    def _write(self, extrinsics: Sequence[str], changes: Mapping[str, str | None], logs: Sequence[str]) -> Written:
        number = len(self.best_chain)
        parent = self.best_chain[-1] if self.best_chain else None
        own = {LAST_RUNTIME_UPGRADE: self._last_runtime_upgrade(), TIMESTAMP: self._timestamp(number)}
        before = dict(parent.state) if parent else {}
        state = {key: value for key, value in (before | own | dict(changes)).items() if value is not None}
        header = {
            "parentHash": parent.hash if parent else "0x" + "00" * 32,
            "number": hex(number),
            "stateRoot": _root(f"state {self.salt} {number}"),
            "extrinsicsRoot": _root(f"extrinsics {self.salt} {number}"),
            "digest": {"logs": list(logs)},
        }
        block = Written(number, header_hash(header), header, extrinsics, state, self.spec, self._metadata)
        self.written[block.hash] = block
        self.best_chain.append(block)
        return block

    def _last_runtime_upgrade(self) -> str:
        name, version = self.spec
        return "0x" + (compact(version) + compact(len(name)) + name.encode()).hex()

    def _timestamp(self, number: int) -> str:
        return "0x" + (self.start_ms + number * self.block_ms).to_bytes(8, "little").hex()


def _root(text: str) -> str:
    return "0x" + blake2b(text.encode(), digest_size=32).hexdigest()
