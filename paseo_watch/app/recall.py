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
    """What the store holds of a chain. The state of watchers that are gone is loaded too, so that it can be let go: one
    that came back to it after months would take everything since for missed."""
    registered = chains.register(conn, chain.name, chain.genesis, now_ms)
    firing = {each.fingerprint: recalled(each) for each in conditions.load(conn, registered.id)}
    held = [each.notification["watcher"] for each in firing.values()]
    names = dict.fromkeys([*(w.name for w in watchers), *held, *watcher_state.watchers(conn, registered.id)])
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
