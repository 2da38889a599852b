"""Who made a block: the BABE pre-digest in its header.

Source: sp-consensus-babe `digests.rs`, PreDigest: Primary (1), SecondaryPlain (2), SecondaryVRF (3), each beginning
with the authority's index (u32) and the slot (u64); sp-runtime `generic/digest.rs`, DigestItem::PreRuntime (6).
"""

from collections.abc import Iterable

from paseo_watch.chain.scale.compact import SHORT_READ, compact
from paseo_watch.chain.scale.errors import ScaleError

_PRE_RUNTIME, _BABE = 6, b"BABE"
_KINDS = (1, 2, 3)


def authority_index(digest: Iterable[bytes]) -> int | None:
    """The author's place in the session's validators; None where no item says it."""
    for item in digest:
        if item[:5] == bytes([_PRE_RUNTIME]) + _BABE:
            try:
                length, start = compact(item, 5)
            except (*SHORT_READ, ScaleError):
                return None
            data = item[start:]
            if len(data) == length >= 13 and data[0] in _KINDS:
                return int.from_bytes(data[1:5], "little")
    return None
