"""Cursors: the last finalized block of a chain that was committed, or passed as a stored hole."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from paseo_watch.store.errors import CursorConflict
from paseo_watch.store.tables import cursors
from paseo_watch.store.upsert import InsertNew

_insert_new = InsertNew(cursors)
_move = (
    update(cursors)
    .where(cursors.c.chain_id == bindparam("at_chain"))
    .where(cursors.c.number == bindparam("at_number"), cursors.c.hash == bindparam("at_hash"))
)


class Cursor(NamedTuple):
    """Where a chain stands; `moved_ms` by the service's own clock."""

    number: int
    hash: bytes
    moved_ms: int


def read(conn: Connection, chain_id: int) -> Cursor | None:
    """The stored cursor, None before the first block."""
    query = select(cursors.c.number, cursors.c.hash, cursors.c.moved_ms)
    row = conn.execute(query.where(cursors.c.chain_id == chain_id)).one_or_none()
    return None if row is None else Cursor(*row)


def advance(
    conn: Connection, chain_id: int, expected: tuple[int, bytes] | None, number: int, hash: bytes, now_ms: int
) -> None:
    """Move the cursor from `expected` (number, hash; None: there is none yet) forward to `number`, `hash`.

    Raises CursorConflict where the stored cursor is another one, or `number` is not above the expected one:
    the transaction must not be committed then.
    """
    moved = {"number": number, "hash": hash, "moved_ms": now_ms}
    if expected is None:
        done = _insert_new(conn, [{"chain_id": chain_id, **moved}])
    elif number <= expected[0]:
        raise CursorConflict(f"chain {chain_id}: the cursor can't move back from {expected[0]} to {number}")
    else:
        here = {"at_chain": chain_id, "at_number": expected[0], "at_hash": expected[1]}
        done = conn.execute(_move, {**here, **moved}).rowcount
    if done != 1:
        raise CursorConflict(_conflict(conn, chain_id, expected))


def _conflict(conn: Connection, chain_id: int, expected: tuple[int, bytes] | None) -> str:
    stored = read(conn, chain_id)
    there = "nothing" if stored is None else f"{stored.number} (0x{stored.hash.hex()})"
    wanted = "nothing" if expected is None else f"{expected[0]} (0x{expected[1].hex()})"
    return f"chain {chain_id}: the stored cursor is {there}, expected {wanted}; read it again and go on from there"
