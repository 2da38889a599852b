"""What watchers ask of one block beyond its own request: storage at its hash, in one request for all of them, and its
extrinsics.

Storage that no endpoint has any more makes the block a hole: its conditions could not be judged. Extrinsics that no
endpoint has are left out, for they only say who and why; the alert then says that it does not know.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from paseo_watch.chain.block import Block, Hole
from paseo_watch.chain.patience import patient_rounds
from paseo_watch.chain.read import read_extrinsics, read_storage
from paseo_watch.clock import Clock
from paseo_watch.rpc.errors import Exhausted
from paseo_watch.rpc.pool import Pool


class Read(NamedTuple):
    """Raw storage (None = absent), and raw extrinsics or None where they were not asked for or not to be had."""

    storage: Mapping[bytes, bytes | None]
    extrinsics: Sequence[bytes] | None


NOTHING = Read({}, None)


async def read_answers(pool: Pool, clock: Clock, block: Block, keys: Sequence[bytes], extrinsics: bool) -> Read | Hole:
    """Wait for what may come, and say what cannot."""
    storage: Mapping[bytes, bytes | None] = {}
    if keys:
        try:
            storage = await patient_rounds(pool, clock, lambda connection: read_storage(connection, block.hash, keys))
        except Exhausted as exhausted:
            return Hole(block.chain, block.number, block.hash, "state_unavailable", str(exhausted))
    if not extrinsics:
        return Read(storage, None)
    try:
        return Read(
            storage, await patient_rounds(pool, clock, lambda connection: read_extrinsics(connection, block.hash))
        )
    except Exhausted:
        return Read(storage, None)
