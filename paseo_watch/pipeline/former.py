"""Conditions of chains that are not followed any more: disabled, renamed, or with another genesis.

Their cursors stay in the store, so that a chain that comes back goes on there; but nobody would ever see their
conditions end, and whoever was told that they hold would wait for ever. What the watcher of such a condition remembers
goes with it, so that what still holds when the chain comes back fires anew.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Routed, end
from paseo_watch.chain.block import ChainId
from paseo_watch.pipeline.commit import Destinations, enqueue, recalled
from paseo_watch.pipeline.decide import no_longer
from paseo_watch.store import conditions, watcher_state

WHY = "This chain, or this history of it, is not followed any more"


def end_former(
    conn: Connection,
    former: Callable[[ChainId], bool],
    network: str,
    tree: Route,
    destinations: Destinations,
    now_ms: int,
) -> tuple[Routed, ...]:
    """End what is stored as firing on `former` chains, and tell it; a repetition finds nothing left to end."""
    routed: list[Routed] = []
    ended: list[str] = []
    watchers: set[tuple[int | None, str]] = set()
    for name, genesis, condition in conditions.by_chain(conn):
        chain, held = ChainId(name, genesis), recalled(condition)
        if former(chain):
            where = Where(network, chain, None, None, now_ms)
            routed.append(end(tree, held, no_longer(held, WHY), where))
            ended.append(held.fingerprint)
            watchers.add((condition.chain_id, held.notification["watcher"]))
    conditions.delete(conn, ended)
    for chain_id, watcher in watchers:
        if chain_id is not None:
            watcher_state.apply(conn, chain_id, watcher, dict.fromkeys(watcher_state.load(conn, chain_id, watcher)))
    enqueue(conn, routed, destinations, now_ms)
    return tuple(routed)
