"""What the store holds of a chain when it is put together; both functions bear being repeated."""

from collections.abc import Sequence

from sqlalchemy import Connection

from paseo_watch.chain.block import BlockRef, ChainId
from paseo_watch.pipeline.commit import recalled
from paseo_watch.pipeline.decide import Memory
from paseo_watch.store import chains, conditions, cursors, holes, watcher_state
from paseo_watch.watchers.watcher import Watcher


def recall(
    conn: Connection, chain: ChainId, watchers: Sequence[Watcher], now_ms: int
) -> tuple[chains.Registered, cursors.Cursor | None, Memory, int]:
    """What the store holds of a chain."""
    registered = chains.register(conn, chain.name, chain.genesis, now_ms)
    firing = {held.fingerprint: recalled(held) for held in conditions.load(conn, registered.id)}
    names = dict.fromkeys([w.name for w in watchers] + [held.notification["watcher"] for held in firing.values()])
    states = {name: watcher_state.load(conn, registered.id, name) for name in names}
    at = cursors.read(conn, registered.id)
    return registered, at, Memory(states, firing), holes.open_count(conn, registered.id)


def begin(conn: Connection, chain_id: int, first: BlockRef, now_ms: int) -> BlockRef:
    """The first start: the place below the first block becomes the cursor, so that a crash now skips nothing."""
    there = cursors.read(conn, chain_id)
    if there:  # written by this very transaction, and the answer was lost
        return BlockRef(there.number, there.hash)
    cursors.advance(conn, chain_id, None, first.number, first.hash, now_ms)
    return first
