"""Blocks as a node tells them, checked and not yet decoded.

A finalized block costs one request where its header was pushed: `state_queryStorageAt` with every key at once. In a gap
come one `chain_getBlockHash` for all of it and one `chain_getHeader` a block, all in one batch. What the node says is
checked: a header must have the hash that was asked for (computed here), the numbers must fit, every key that was asked
for must be told of (an absent one as null), and the state must hold what every block leaves there: the runtime that
made it, and events (at least that of its own Timestamp.set).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paseo_watch.chain.keys import EVENTS, LAST_RUNTIME_UPGRADE
from paseo_watch.chain.patience import NotThere
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.header import Header, read_header
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, EndpointError
from paseo_watch.rpc.hexadecimal import from_hex

NEVER_ABSENT = {LAST_RUNTIME_UPGRADE: "LastRuntimeUpgrade", EVENTS: "Events"}
"""Plain values of the pallet System that stand in the state of every block but the genesis."""


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block's header and the raw values at its hash; `failure` says why there are no values."""

    header: Header
    storage: Mapping[bytes, bytes | None]
    failure: EndpointError | None = None


async def read_blocks(
    connection: Connection, first: int, last: int, pushed: Mapping[int, Header], keys: Sequence[bytes]
) -> list[RawBlock]:
    """Blocks first..last by one endpoint. `pushed` holds headers that heads brought, by number.

    Raises NotThere, or the connection's errors, where not even the headers are to be had.
    """
    headers = {n: pushed[n] for n in range(first, last + 1) if n in pushed}
    missing = [n for n in range(first, last + 1) if n not in headers]
    hashes = await _hashes(connection, missing, headers)
    calls: list[tuple[str, Sequence[Any]]] = [("chain_getHeader", ["0x" + hashes[n].hex()]) for n in missing]
    wanted = ["0x" + key.hex() for key in keys]
    for number in range(first, last + 1):
        at = headers[number].hash if number in headers else hashes[number]
        calls.append(("state_queryStorageAt", [wanted, "0x" + at.hex()]))
    answers = await _ask(connection, calls)
    for number, answer in zip(missing, answers, strict=False):
        headers[number] = _header(answer, number, hashes[number])
    values = answers[len(missing) :]
    return [_raw(headers[first + i], answer, keys) for i, answer in enumerate(values)]


async def read_headers(connection: Connection, first: int, last: int) -> list[Header]:
    """The headers of blocks first..last as one endpoint finalized them; whether they link is the caller's to see."""
    numbers = range(first, last + 1)
    hashes = await _hashes(connection, numbers, {})
    answers = await _ask(connection, [("chain_getHeader", ["0x" + hashes[n].hex()]) for n in numbers])
    return [_header(answer, n, hashes[n]) for n, answer in zip(numbers, answers, strict=True)]


async def read_storage(connection: Connection, at: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
    """The raw values of these keys at one block's hash, None where the node says that a key is absent."""
    answer = await connection.request("state_queryStorageAt", [["0x" + key.hex() for key in keys], "0x" + at.hex()])
    return _values(answer, at, keys)


async def read_extrinsics(connection: Connection, at: bytes) -> tuple[bytes, ...]:
    """The extrinsics of one block, each with its length prefix."""
    answer = await connection.request("chain_getBlock", ["0x" + at.hex()])
    try:
        texts = answer["block"]["extrinsics"]
    except (TypeError, KeyError) as error:
        raise BadAnswer(f"chain_getBlock answered {str(answer)[:80]!r}, expected a block") from error
    if not isinstance(texts, list):
        raise BadAnswer("chain_getBlock answered a block whose extrinsics are no list")
    return tuple(from_hex(text, "chain_getBlock") for text in texts)


async def block_hash(connection: Connection, number: int) -> bytes:
    """The hash of one finalized block; raises NotThere where the endpoint has none."""
    return (await _hashes(connection, [number], {}))[number]


async def finalized_header(connection: Connection) -> Header:
    """The finalized head. A node asked for the header of null would give the best one."""
    head = from_hex(await connection.request("chain_getFinalizedHead"), "chain_getFinalizedHead", size=32)
    header = parse_header(await connection.request("chain_getHeader", ["0x" + head.hex()]))
    if header.hash != head:
        raise BadAnswer(f"the header given for the finalized head 0x{head.hex()} is that of 0x{header.hash.hex()}")
    return header


async def _ask(connection: Connection, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    if len(calls) > 1:
        return await connection.batch(calls)
    method, params = calls[0]
    try:
        return [await connection.request(method, params)]
    except EndpointError as failure:
        if not failure.definite:
            raise  # a lost connection is the endpoint's failure, not this block's
        return [failure]


async def _hashes(connection: Connection, missing: Sequence[int], headers: Mapping[int, Header]) -> dict[int, bytes]:
    """Hashes of the missing blocks; the one below a known header is its parent and costs nothing."""
    known = {n: headers[n + 1].parent_hash for n in missing if n + 1 in headers}
    unknown = [n for n in missing if n not in known]
    if not unknown:
        return known
    answer = await connection.request("chain_getBlockHash", [unknown])
    if not isinstance(answer, list) or len(answer) != len(unknown):
        raise BadAnswer(f"chain_getBlockHash answered {str(answer)[:80]!r}, expected {len(unknown)} hashes")
    for number, text in zip(unknown, answer, strict=True):
        if text is None:
            raise NotThere(f"no block #{number} at this endpoint")
        known[number] = from_hex(text, "chain_getBlockHash", size=32)
    return known


def parse_header(answer: Any) -> Header:
    """A header as JSON-RPC gives it; raises BadAnswer."""
    try:
        return read_header(answer)
    except ScaleError as error:
        raise BadAnswer(f"not a header: {error}") from error


def _header(answer: Any, number: int, expected: bytes) -> Header:
    if isinstance(answer, Exception):
        raise answer
    if answer is None:
        raise NotThere(f"no header for #{number} at this endpoint")
    header = parse_header(answer)
    if header.hash != expected or header.number != number:
        raise BadAnswer(
            f"the header given for #{number} 0x{expected.hex()} is that of #{header.number} 0x{header.hash.hex()}"
        )
    return header


def _raw(header: Header, answer: Any, keys: Sequence[bytes]) -> RawBlock:
    try:
        if isinstance(answer, Exception):
            raise answer
        storage = _values(answer, header.hash, keys)
        for key, item in NEVER_ABSENT.items():
            if storage[key] is None and header.number > 0:
                raise BadAnswer(f"the state of #{header.number} has no System.{item}")
    except EndpointError as failure:
        return RawBlock(header, {}, failure)
    return RawBlock(header, storage)


def _values(answer: Any, at: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
    try:
        (change_set,) = answer
        if change_set["block"] != "0x" + at.hex():
            raise BadAnswer(f"state_queryStorageAt answered for {str(change_set['block'])[:80]}, not 0x{at.hex()}")
        told = _told(change_set["changes"])
    except (TypeError, KeyError, ValueError) as error:
        raise BadAnswer(f"state_queryStorageAt answered {str(answer)[:80]!r}, expected one change set") from error
    return {key: _value(told, key) for key in keys}


def _told(changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, text in changes:
        if told.setdefault(key, text) != text:
            raise BadAnswer(f"state_queryStorageAt gave two values for {key[:80]}")
    return told


def _value(told: Mapping[str, Any], key: bytes) -> bytes | None:
    """An absent value is told as null. A key left out says nothing, and must not pass for an absent one."""
    name = "0x" + key.hex()
    if name not in told:
        raise BadAnswer(f"state_queryStorageAt left out {name}, which was asked for")
    text = told[name]
    return None if text is None else from_hex(text, "state_queryStorageAt")
