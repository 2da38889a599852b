"""What a node that serves needs to know about a chain: the port between the server and a recording or a test chain."""

from collections.abc import Mapping
from typing import Any, Protocol

from paseo_watch.errors import PermanentError


class NotHeld(PermanentError):
    """The source never held what was asked for: neither a value nor the knowledge that there is none."""


class ChainSource(Protocol):
    """One chain as far as it is known now. Hashes and keys are hexadecimal text with 0x, as in the RPC.

    All of it is synchronous and quick: a source keeps its blocks in memory.
    """

    def finalized(self) -> int:
        """Number of the finalized head."""
        ...

    def best(self) -> int:
        """Number of the best head; at least the finalized one."""
        ...

    def block_hash(self, number: int) -> str | None:
        """Hash of the block of that number on the best chain; None where there is none."""
        ...

    def header(self, hash: str) -> Mapping[str, Any] | None:
        """The header as JSON (parentHash, number, stateRoot, extrinsicsRoot, digest.logs); None for an unknown hash."""
        ...

    def block(self, hash: str) -> Mapping[str, Any] | None:
        """The result of `chain_getBlock`; None for an unknown hash. Raises NotHeld where the body was not kept."""
        ...

    def storage(self, hash: str, key_hex: str) -> str | None:
        """The value of one key in the state of a known block; None where it is absent. Raises NotHeld."""
        ...

    def runtime_version(self, hash: str) -> Mapping[str, Any]:
        """The result of `state_getRuntimeVersion` in the state of a known block."""
        ...

    def metadata(self, hash: str, version: int) -> bytes | None:
        """Metadata of that version (14, 15, 16) beginning with `meta`, in the state of a known block."""
        ...

    def properties(self) -> Mapping[str, Any]:
        """The result of `system_properties`."""
        ...

    def chain(self) -> str:
        """The result of `system_chain`."""
        ...
