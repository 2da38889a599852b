"""What a referendum proposes: the calls by name, from the proposal itself or from its preimage.

Source: frame-support `traits/preimages.rs`, Bounded: `Inline` holds the call's bytes, `Lookup` names a preimage by hash
and length (`Preimage.PreimageFor((hash, len))`), `Legacy` by its hash alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from paseo_watch.chain.calls import describe, unwrap
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.watcher import Json

MAX_PREIMAGE = 100_000
"""Bytes of a preimage that is read; only calls that carry a whole runtime are larger."""
MOST_BYTES = 4_000_000
"""Bytes of all preimages that are asked for with one block: nodes refuse answers of more than some 15 MB, in hex."""
MOST_CALLS = 20

PREIMAGE = ("Preimage", "PreimageFor")


@dataclass(frozen=True, slots=True)
class Calls:
    """`call` in words, nested calls inside; `names` are the innermost ones, at most MOST_CALLS. `why_not` else."""

    call: str | None
    names: tuple[str, ...] = ()
    why_not: str = ""


def as_json(proposal: Any) -> Json:
    """A proposal as it can be remembered until its calls are known: `[hash, length]`, else None."""
    match proposal:
        case ("Lookup", {"hash": bytes(hash_), "len": int(length)}) if len(hash_) == 32 and 0 <= length < 1 << 32:
            return [hash_.hex(), length]
    return None


def preimage_key(runtime: Runtime, lookup: Json) -> bytes | None:
    """The storage key of what `as_json` remembered; None where this runtime keeps none, or it would be too large."""
    if lookup is None or lookup[1] > MAX_PREIMAGE or not runtime.has_storage(*PREIMAGE):
        return None
    try:
        return runtime.storage_key(*PREIMAGE, (bytes.fromhex(lookup[0]), lookup[1]))
    except ScaleError:
        return None


def calls(runtime: Runtime, proposal: Any, storage: Mapping[bytes, bytes | None]) -> Calls:
    """What a proposal calls. `storage` holds the preimage where it was asked for."""
    match proposal:
        case ("Inline", bytes(raw)):
            return _decoded(runtime, raw)
        case ("Legacy", _):
            return Calls(None, why_not="it names its call by a hash of the old kind, which is not looked up")
    return looked_up(runtime, as_json(proposal), storage)


def looked_up(runtime: Runtime, lookup: Json, storage: Mapping[bytes, bytes | None]) -> Calls:
    """The same for a preimage as `as_json` remembered it."""
    if lookup is None:
        return Calls(None, why_not="its proposal was not read")
    hash_, length = bytes.fromhex(lookup[0]), lookup[1]
    if length > MAX_PREIMAGE:
        return Calls(None, why_not=f"its preimage has {length:,} bytes, more than are read")
    key = preimage_key(runtime, lookup)
    if key is None:
        return Calls(None, why_not="this runtime keeps no preimages where they could be read")
    if key not in storage:
        return Calls(None, why_not="its preimage was not read yet")
    raw = preimage(runtime, storage[key])
    if raw is None:
        return Calls(None, why_not=f"the preimage {short(hash_)} is not on the chain")
    if len(raw) != length or blake2b(raw, digest_size=32).digest() != hash_:
        return Calls(None, why_not=f"what is stored as the preimage {short(hash_)} is another")
    return _decoded(runtime, raw)


def short(hash_: bytes) -> str:
    """`0xf6432f3a…3eddd4`; the whole of it is in the data."""
    text = hash_.hex()
    return f"0x{text[:8]}…{text[-6:]}" if len(text) > 16 else f"0x{text}"


def preimage(runtime: Runtime, stored: bytes | None) -> bytes | None:
    """The bytes in a stored preimage, which is a vector of them."""
    if stored is None:
        return None
    try:
        value = runtime.decode_storage(*PREIMAGE, stored)
    except ScaleError:
        return None
    return value if isinstance(value, bytes) else None


def _decoded(runtime: Runtime, raw: bytes) -> Calls:
    try:
        call = runtime.decode_call(raw)
    except ScaleError:
        return Calls(None, why_not="it cannot be decoded with the present runtime")
    innermost = [describe(leaf) for leaf in unwrap(call).calls]
    names = list(dict.fromkeys(innermost)) or [describe(call)]  # nested too deep: by its outermost calls
    return Calls(describe(call), tuple(names[:MOST_CALLS]))
