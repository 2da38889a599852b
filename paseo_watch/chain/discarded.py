"""Runs of blocks whose state no endpoint has any more, told from a few answers instead of block by block.

A node discards states from below: it keeps those of the last blocks (256 by default; Substrate: sc-state-db, `window`).
So the state of a block is gone where that of a later one is, and where a node's states begin is found by halving.
"""

from collections.abc import Set

from paseo_watch.chain.block import BlockRef, ChainId, Hole
from paseo_watch.chain.keys import LAST_RUNTIME_UPGRADE
from paseo_watch.chain.read import read_headers, read_storage
from paseo_watch.chain.scale.header import Header
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, EndpointError, Exhausted, StateDiscarded, UnknownBlock
from paseo_watch.rpc.pool import Pool

RUN = 64  # blocks in one go; their headers take 6 s at an endpoint that is asked ten times a second


class Discarded(EndpointError):
    """Of the blocks that were asked about, the first `count` have no state at this endpoint."""

    kind = "state_discarded"
    definite = True

    def __init__(self, count: int, first: int, said: StateDiscarded) -> None:
        super().__init__(f"no state from #{first} to #{first + count - 1}: {said}")
        self.count = count


async def discarded_run(pool: Pool, chain: ChainId, position: BlockRef, last: int, away: Set[str]) -> list[Hole]:
    """The blocks right above `position`, up to `last`, whose state every endpoint has discarded.

    None of them where an endpoint has the next block's state or does not say. `away` names endpoints that need not say:
    they were waited for long enough already.
    """
    if last <= position.number:
        return []
    headers: list[Header] = []
    try:
        headers = await pool.each(lambda connection: _headers_above(connection, position, last))
        await pool.each(lambda connection: _probe(connection, headers))
    except Exhausted as exhausted:
        run = headers[: _agreed(exhausted, away)]
        return [Hole(chain, header.number, header.hash, "state_unavailable", str(exhausted)) for header in run]
    return []


def silent(exhausted: Exhausted) -> frozenset[str]:
    """The endpoints that gave no answer that counts."""
    return frozenset(name for name, cause in exhausted.causes.items() if not _definite(cause))


def _definite(cause: Exception) -> bool:
    return isinstance(cause, EndpointError) and cause.definite


def _agreed(exhausted: Exhausted, away: Set[str]) -> int:
    """How many blocks are gone at every endpoint."""
    counts = [cause.count for cause in exhausted.causes.values() if isinstance(cause, Discarded)]
    others = {name: cause for name, cause in exhausted.causes.items() if not isinstance(cause, Discarded)}
    excused = all(name in away and not _definite(cause) for name, cause in others.items())
    return min(counts) if counts and excused else 0


async def _headers_above(connection: Connection, position: BlockRef, last: int) -> list[Header]:
    """By one endpoint for all: a header is the one whose hash links, whoever gives it."""
    headers = await read_headers(connection, position.number + 1, last)
    below = position.hash
    for header in headers:
        if header.parent_hash != below:
            raise BadAnswer(f"#{header.number} does not link to 0x{below.hex()} below it")
        below = header.hash
    return headers


async def _probe(connection: Connection, headers: list[Header]) -> None:
    """Raise Discarded for as many blocks as it holds for; return where the first one's state is there."""
    gone, there = 0, len(headers)
    said: StateDiscarded | None = None
    look = there - 1  # far below a node's states one look is enough
    while gone < there:
        refusal = await _refusal(connection, headers[look].hash)
        if refusal:
            said, gone = refusal, look + 1
        else:
            there = look
        look = (gone + there) // 2
    if said:
        raise Discarded(gone, headers[0].number, said)


async def _refusal(connection: Connection, at: bytes) -> StateDiscarded | None:
    """What the endpoint says of a state that it has no more; None where it gives the state."""
    try:
        await read_storage(connection, at, [LAST_RUNTIME_UPGRADE])
    except UnknownBlock:
        raise  # no word on its state: another node behind the same address may have the block
    except StateDiscarded as refusal:
        return refusal
    return None
