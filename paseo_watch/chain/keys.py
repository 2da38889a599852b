"""Storage keys that every Substrate chain has, known without metadata, and the two values read through them.

A key of a plain value is twox128(pallet) ++ twox128(item) (Substrate: frame/support/src/storage/generator/value.rs).
"""

from paseo_watch.chain.block import SpecVersion
from paseo_watch.chain.scale.compact import SHORT_READ
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.hashers import twox128
from paseo_watch.chain.scale.reader import Reader


def plain_key(pallet: str, item: str) -> bytes:
    """The 32 bytes of a storage value that is no map."""
    return twox128(pallet.encode()) + twox128(item.encode())


EVENTS = plain_key("System", "Events")
LAST_RUNTIME_UPGRADE = plain_key("System", "LastRuntimeUpgrade")
NOW = plain_key("Timestamp", "Now")
CODE = b":code"

MAX_TIME_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z: what RFC 3339 and Python's datetime can say

ALWAYS = (EVENTS, LAST_RUNTIME_UPGRADE, NOW)
"""What is read of every block, whatever watchers want."""


def decode_last_runtime_upgrade(raw: bytes) -> SpecVersion:
    """`LastRuntimeUpgradeInfo {spec_version: Compact<u32>, spec_name: Text}` (frame/system/src/lib.rs)."""
    reader = Reader(raw)
    try:
        version = reader.compact()
        name = reader.text()
    except SHORT_READ as error:
        raise ScaleError("System.LastRuntimeUpgrade ends too early") from error
    if reader.position != len(raw):
        raise ScaleError(f"System.LastRuntimeUpgrade has {len(raw) - reader.position} bytes too many")
    return SpecVersion(name, version)


def decode_now(raw: bytes) -> int:
    """`Timestamp.Now`: Unix milliseconds as a little-endian u64, the chain's clock; the year 9999 is the last."""
    if len(raw) != 8:
        raise ScaleError(f"Timestamp.Now has {len(raw)} bytes, expected 8")
    now_ms = int.from_bytes(raw, "little")
    if now_ms > MAX_TIME_MS:
        raise ScaleError(f"Timestamp.Now is {now_ms} ms, expected at most {MAX_TIME_MS}, the end of the year 9999")
    return now_ms
