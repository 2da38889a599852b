"""Small recordings for tests: blocks with headers that hash to their hashes, computed here with hashlib alone."""

import hashlib
import lzma
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

NOW = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb"
GENESIS = "0x" + "45" * 32
START_MS = 1_760_000_000_000


def header(number: int, parent: str) -> dict[str, Any]:
    """A header with empty roots and digest; `number` below 64, so that its compact form is one byte."""
    zero = "0x" + "00" * 32
    return {
        "parentHash": parent,
        "number": hex(number),
        "stateRoot": zero,
        "extrinsicsRoot": zero,
        "digest": {"logs": []},
    }


def hash_of(header: dict[str, Any]) -> str:
    """blake2-256 of parent ++ compact number ++ two roots ++ no digest items."""
    parent = bytes.fromhex(header["parentHash"][2:])
    encoded = parent + bytes([int(header["number"], 16) << 2]) + bytes(32) + bytes(32) + b"\0"
    return "0x" + hashlib.blake2b(encoded, digest_size=32).hexdigest()


def time_value(milliseconds: int) -> str:
    """`Timestamp.Now` as a node stores it."""
    return "0x" + milliseconds.to_bytes(8, "little").hex()


def about(parent: dict[str, Any]) -> dict[str, Any]:
    """The first line."""
    return {
        "kind": "about",
        "format": 1,
        "made_by": "paseo-watch 0.1.0",
        "network": "paseo",
        "chain": "relay",
        "genesis": GENESIS,
        "system_chain": "Paseo",
        "properties": {"ss58Format": 42, "tokenDecimals": 10, "tokenSymbol": "PAS"},
        "parent": parent,
    }


def runtime(version: int = 2_003_001, metadata: Sequence[str] = ("14",)) -> dict[str, Any]:
    """A runtime whose metadata is only the magic and its version byte."""
    held = {number: f"0x6d657461{int(number):02x}" for number in metadata}
    return {
        "kind": "runtime",
        "version": {"specName": "paseo", "specVersion": version},
        "code_hash": None,
        "metadata": held,
    }


def block(number: int, parent: str, **changes: Any) -> dict[str, Any]:
    """A block at `number` seconds times six after START_MS."""
    made = header(number, parent)
    line = {
        "kind": "block",
        "number": number,
        "hash": hash_of(made),
        "header": made,
        "extrinsics": ["0x0404"],
        "storage": {NOW: time_value(START_MS + 6000 * number), "0xaa": None},
        "runtime": 0,
    }
    return line | changes


def lines(count: int = 3, first: int = 10) -> list[dict[str, Any]]:
    """A whole, valid recording."""
    before = header(first - 1, GENESIS)
    made = [about(before), runtime()]
    parent = hash_of(before)
    for number in range(first, first + count):
        made.append(block(number, parent))
        parent = made[-1]["hash"]
    return made


def write(path: Path, lines: Iterable[Any]) -> Path:
    """Lines as they are (bytes stay bytes), each ended, packed."""
    texts = (line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)
    path.write_bytes(lzma.compress(b"".join(text + b"\n" for text in texts)))
    return path
