"""Block headers: JSON of a node in, the hash computed here.

Source: sp-runtime `src/generic/header.rs` and `digest.rs`: parent hash, compact number, state root, extrinsics root,
digest items; the block's hash is the blake2-256 of that.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from paseo_watch.chain.scale.compact import encode_compact
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.hashers import blake2_256

# DigestItem::RuntimeEnvironmentUpdated: the code changed in this block (sp-runtime `generic/digest.rs`).
RUNTIME_ENVIRONMENT_UPDATED = 8

_MAX_NUMBER = (1 << 64) - 1
_MAX_DIGEST_ITEM = 1 << 20  # a session change of a thousand authorities is under 50 kB


class Header(NamedTuple):
    """`digest` holds the items as SCALE bytes. `hash` is computed from the rest."""

    parent_hash: bytes
    number: int
    state_root: bytes
    extrinsics_root: bytes
    digest: tuple[bytes, ...]
    hash: bytes

    def code_changed(self) -> bool:
        return any(item[0] == RUNTIME_ENVIRONMENT_UPDATED for item in self.digest)


def encode_header(
    parent_hash: bytes, number: int, state_root: bytes, extrinsics_root: bytes, digest: tuple[bytes, ...]
) -> bytes:
    """The SCALE bytes of a header."""
    items = encode_compact(len(digest)) + b"".join(digest)
    return parent_hash + encode_compact(number) + state_root + extrinsics_root + items


def read_header(answer: Any) -> Header:
    """A header as `chain_getHeader` and the head subscriptions give it; ScaleError for anything else."""
    header = _mapping(answer, "the header")
    parent_hash, state_root, extrinsics_root = (
        _hex(header.get(key), key, 32) for key in ("parentHash", "stateRoot", "extrinsicsRoot")
    )
    number = _number(header.get("number"))
    logs = _mapping(header.get("digest"), "digest").get("logs")
    if not isinstance(logs, list):
        raise ScaleError(f"header.digest.logs is {str(logs)[:80]!r}, expected a list")
    digest = tuple(_hex(log, "digest.logs") for log in logs)
    encoded = encode_header(parent_hash, number, state_root, extrinsics_root, digest)
    return Header(parent_hash, number, state_root, extrinsics_root, digest, blake2_256(encoded))


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ScaleError(f"{what} is {str(value)[:80]!r}, expected an object")
    return value


def _number(value: Any) -> int:
    if isinstance(value, str) and value.startswith("0x") and len(value) <= 18:
        try:
            number = int(value, 16)
        except ValueError:
            number = -1
        if 0 <= number <= _MAX_NUMBER:
            return number
    raise ScaleError(f"header.number is {str(value)[:80]!r}, expected 0x and up to 16 hex digits")


def _hex(value: Any, what: str, size: int | None = None) -> bytes:
    """Bytes from 0x-prefixed hex: exactly `size` of them, or at least one."""
    if isinstance(value, str) and value.startswith("0x") and len(value) <= 2 + 2 * _MAX_DIGEST_ITEM:
        try:
            data = bytes.fromhex(value[2:])
        except ValueError:
            data = b""
        if len(data) == size or (size is None and data):
            return data
    raise ScaleError(f"header.{what} is {str(value)[:80]!r}, expected 0x and {size or 'some'} bytes in hex")
