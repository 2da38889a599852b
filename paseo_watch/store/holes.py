"""Holes: finalized blocks that the cursor passed unread. A row stays open until its block is read."""

from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, bindparam, func, literal, select, update

from paseo_watch.store.tables import holes
from paseo_watch.store.upsert import Upsert

_upsert = Upsert(holes, keep=("found_ms", "attempts"))
_count_open = (  # built once: every commit asks
    select(func.count())
    .select_from(holes)
    .where(holes.c.chain_id == bindparam("of_chain"), holes.c.healed_ms.is_(None))
)


@dataclass(frozen=True, slots=True)
class StoredHole:
    """One row. `hash`, `events_raw`: None where not to be had; `healed_ms`: None while it is open."""

    chain_id: int
    number: int
    hash: bytes | None
    reason: str
    detail: str
    events_raw: bytes | None
    found_ms: int
    attempts: int
    next_attempt_ms: int
    healed_ms: int | None


def put(
    conn: Connection,
    chain_id: int,
    number: int,
    hash: bytes | None,
    reason: str,
    detail: str,
    events_raw: bytes | None,
    now_ms: int,
    next_attempt_ms: int,
) -> None:
    """Store a hole. One that is there already is open again, and keeps when it was found and how often tried."""
    row = {
        "chain_id": chain_id,
        "number": number,
        "hash": hash,
        "reason": reason,
        "detail": detail,
        "events_raw": events_raw,
        "found_ms": now_ms,
        "attempts": 0,
        "next_attempt_ms": next_attempt_ms,
        "healed_ms": None,
    }
    _upsert(conn, [row])


def due(conn: Connection, chain_id: int, now_ms: int, limit: int = 1) -> tuple[StoredHole, ...]:
    """Open holes whose next attempt has come, the longest due first, with their raw events."""
    ready = (holes.c.chain_id == chain_id, holes.c.healed_ms.is_(None), holes.c.next_attempt_ms <= now_ms)
    query = select(*holes.c).where(*ready).order_by(holes.c.next_attempt_ms, holes.c.number).limit(limit)
    return tuple(StoredHole(*row) for row in conn.execute(query))


def attempted(conn: Connection, chain_id: int, number: int, reason: str, detail: str, next_attempt_ms: int) -> None:
    """Note a vain attempt, why it failed this time, and when to try again."""
    changes = {"reason": reason, "detail": detail, "next_attempt_ms": next_attempt_ms}
    here = (holes.c.chain_id == chain_id, holes.c.number == number)
    conn.execute(update(holes).where(*here).values(attempts=holes.c.attempts + 1, **changes))


def healed(conn: Connection, chain_id: int, number: int, now_ms: int) -> bool:
    """Close a hole; False where none was open, so that what healing brings is not committed twice."""
    here = (holes.c.chain_id == chain_id, holes.c.number == number, holes.c.healed_ms.is_(None))
    return conn.execute(update(holes).where(*here).values(healed_ms=now_ms)).rowcount == 1


def open_count(conn: Connection, chain_id: int) -> int:
    """How many holes of a chain are open."""
    return conn.execute(_count_open, {"of_chain": chain_id}).scalar_one()


def list(conn: Connection, limit: int, *, chain_id: int | None = None) -> tuple[StoredHole, ...]:
    """Open holes of one chain or of all, the last found first, without their raw events (None)."""
    columns = [c if c.name != "events_raw" else literal(None, LargeBinary()).label("events_raw") for c in holes.c]
    query = select(*columns).where(holes.c.healed_ms.is_(None)).order_by(holes.c.found_ms.desc(), holes.c.number)
    if chain_id is not None:
        query = query.where(holes.c.chain_id == chain_id)
    return tuple(StoredHole(*row) for row in conn.execute(query.limit(limit)))
