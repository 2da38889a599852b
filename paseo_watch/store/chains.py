"""Chains: the configured name together with the genesis hash, which is what all other state is keyed by."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from paseo_watch.store.tables import chains
from paseo_watch.store.upsert import InsertNew

_insert_new = InsertNew(chains)


class Registered(NamedTuple):
    """A chain's key. `other_genesis`: earlier histories under the same name, oldest first."""

    id: int
    is_new: bool
    other_genesis: tuple[bytes, ...]


def register(conn: Connection, name: str, genesis: bytes, now_ms: int) -> Registered:
    """The key of the chain with this name and genesis (32 bytes); made at the first call."""
    new = _insert_new(conn, [{"name": name, "genesis": genesis, "first_seen_ms": now_ms}])
    rows = conn.execute(select(chains.c.genesis, chains.c.id).where(chains.c.name == name)).all()
    ids = {bytes(row.genesis): row.id for row in rows}
    others = sorted((other for other in ids if other != genesis), key=lambda other: ids[other])
    return Registered(ids[genesis], new == 1, tuple(others))


def latest_genesis(conn: Connection, name: str) -> bytes | None:
    """The genesis last registered under this name, None where there is none: what to pin an endpoint to."""
    query = select(chains.c.genesis).where(chains.c.name == name).order_by(chains.c.id.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none()
