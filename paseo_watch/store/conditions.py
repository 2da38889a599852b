"""Conditions that hold now: what fired and has not resolved, so that a restart neither repeats nor forgets it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy import delete as delete_from

from paseo_watch.store.tables import chains, conditions
from paseo_watch.store.upsert import Upsert

_upsert = Upsert(conditions)


@dataclass(frozen=True, slots=True)
class Condition:
    """One row. `chain_id` None: of the service as a whole. `notification`: the alert as data, when it fired."""

    fingerprint: str
    chain_id: int | None
    rule: str
    severity: str
    labels: Mapping[str, str]
    notification: Mapping[str, Any]
    since_ms: int


def load(conn: Connection, chain_id: int | None) -> tuple[Condition, ...]:
    """The conditions of one chain (None: the service's own), the longest lasting first."""
    query = select(*conditions.c).where(conditions.c.chain_id.is_not_distinct_from(chain_id))
    ordered = query.order_by(conditions.c.since_ms, conditions.c.fingerprint)
    return tuple(Condition(*row) for row in conn.execute(ordered))


def by_chain(conn: Connection) -> tuple[tuple[str, bytes, Condition], ...]:
    """The conditions of every chain that was ever registered, with its name and its genesis."""
    query = select(chains.c.name, chains.c.genesis, *conditions.c).join(chains, chains.c.id == conditions.c.chain_id)
    ordered = query.order_by(conditions.c.since_ms, conditions.c.fingerprint)
    return tuple((row[0], bytes(row[1]), Condition(*row[2:])) for row in conn.execute(ordered))


def put(conn: Connection, firing: Iterable[Condition]) -> None:
    """Store conditions by fingerprint; one that is there already is replaced."""
    _upsert(conn, [asdict(condition) for condition in firing])


def delete(conn: Connection, fingerprints: Iterable[str]) -> None:
    """Remove conditions that resolved; unknown fingerprints are ignored."""
    gone = [{"gone": fingerprint} for fingerprint in fingerprints]
    if gone:
        conn.execute(delete_from(conditions).where(conditions.c.fingerprint == bindparam("gone")), gone)
