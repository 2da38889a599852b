"""A recording as a chain that a node can serve, released block by block."""

from collections.abc import Mapping
from typing import Any

from paseo_watch.chain.keys import NOW
from paseo_watch.recording.recording import RecordedBlock, Recording
from paseo_watch.recording.source import NotHeld

TIMESTAMP_NOW = "0x" + NOW.hex()
"""Storage key of `Timestamp.Now`. Its value is u64, little-endian: Unix milliseconds."""


class RecordedChain:
    """A `ChainSource` over a recording. Block by block becomes known; each is best and finalized at once.

    Only what was recorded is held: another storage key, or the body of a block recorded without one, is NotHeld.
    """

    def __init__(self, recording: Recording, released: int = 1) -> None:
        self._recording = recording
        self._by_hash = {block.hash: index for index, block in enumerate(recording.blocks)}
        self._metadata = [
            {int(version): bytes.fromhex(metadata[2:]) for version, metadata in runtime.metadata.items()}
            for runtime in recording.runtimes
        ]
        self._parent: str = recording.blocks[0].header["parentHash"]
        self._released = 0
        self.advance(released)

    def advance(self, count: int = 1) -> int:
        """Release up to `count` more blocks; how many there were."""
        before = self._released
        self._released = min(before + count, len(self._recording.blocks))
        return self._released - before

    @property
    def remaining(self) -> int:
        """Blocks not yet released."""
        return len(self._recording.blocks) - self._released

    @property
    def first(self) -> int:
        """Number of the first recorded block."""
        return self._recording.blocks[0].number

    @property
    def last(self) -> int:
        """Number of the last recorded block, released or not."""
        return self._recording.blocks[-1].number

    def next_time_ms(self) -> int | None:
        """`Timestamp.Now` of the next block to be released, the chain's clock; None where there is none."""
        return self._time_ms(self._released)

    def time_ms(self) -> int | None:
        """`Timestamp.Now` of the head, the chain's clock."""
        return self._time_ms(self._released - 1)

    def _time_ms(self, index: int) -> int | None:
        if not 0 <= index < len(self._recording.blocks):
            return None
        value = self._recording.blocks[index].storage.get(TIMESTAMP_NOW)
        return int.from_bytes(bytes.fromhex(value[2:])[:8], "little") if value else None

    # --- ChainSource

    def finalized(self) -> int:
        """Number of the last released block; of the block before the recording where none is released."""
        return self.first + self._released - 1

    def best(self) -> int:
        """The same: a recording has finalized blocks only."""
        return self.finalized()

    def block_hash(self, number: int) -> str | None:
        """The recorded genesis for 0; else the hash of a released block, or of the one before the first."""
        if number == 0:
            return self._recording.about.genesis
        if number == self.first - 1:
            return self._parent
        if self.first <= number <= self.finalized():
            return self._recording.blocks[number - self.first].hash
        return None

    def header(self, hash: str) -> Mapping[str, Any] | None:
        """The header of a released block, or of the one before the first."""
        if hash == self._parent:
            return self._recording.about.parent
        block = self._known(hash)
        return block.header if block else None

    def block(self, hash: str) -> Mapping[str, Any] | None:
        """Header and extrinsics, as `chain_getBlock` has them. Raises NotHeld."""
        block = self._known(hash)
        if block is None and hash != self._parent:
            return None
        if block is None or block.extrinsics is None:
            raise NotHeld(f"the recording has no extrinsics of block {hash}")
        return {"block": {"header": block.header, "extrinsics": block.extrinsics}, "justifications": None}

    def storage(self, hash: str, key_hex: str) -> str | None:
        """A recorded value. Raises NotHeld for a key that was not recorded at this block."""
        block = self._known(hash)
        if block is None or key_hex not in block.storage:
            raise NotHeld(f"the recording has no value of {key_hex} at block {hash}")
        return block.storage[key_hex]

    def runtime_version(self, hash: str) -> Mapping[str, Any]:
        """RuntimeVersion of the code in a block's state: that which executes the next block."""
        return self._recording.runtimes[self._runtime(hash)].version

    def metadata(self, hash: str, version: int) -> bytes | None:
        """Metadata of the code in a block's state, where that version was recorded."""
        return self._metadata[self._runtime(hash)].get(version)

    def properties(self) -> Mapping[str, Any]:
        """The recorded `system_properties`."""
        return self._recording.about.properties

    def chain(self) -> str:
        """The recorded `system_chain`."""
        return self._recording.about.system_chain

    def _known(self, hash: str) -> RecordedBlock | None:
        index = self._by_hash.get(hash)
        return self._recording.blocks[index] if index is not None and index < self._released else None

    def _runtime(self, hash: str) -> int:
        if hash == self._parent:
            return 0
        block = self._known(hash)
        if block is None:
            raise NotHeld(f"the recording has no block {hash}")
        return block.runtime
