"""Who is disabled: kept from making blocks and from voting until the session ends.

Source: pallet-session `lib.rs`, DisabledValidators: places in Validators, since 2025 each with a severity. (Older
runtimes have no event for it, so that what is stored is compared.) State row: `disabled` {"accounts"}, as it was after
the last block.
"""

from collections.abc import Iterator, Sequence

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.people import about
from paseo_watch.watchers.validators.sight import DISABLED
from paseo_watch.watchers.watcher import EventObservation

RULE = "validator-disabled"


def read(block: Block, validators: Sequence[str]) -> list[str] | None:
    """The accounts that are disabled after a block, in hexadecimal; None where that cannot be read."""
    key = block.runtime.storage_key(*DISABLED)
    if key not in block.storage:
        return None
    raw = block.storage[key]
    try:
        value = [] if raw is None else block.runtime.decode_storage(*DISABLED, raw)
    except ScaleError:
        return None
    places = [each[0] if isinstance(each, tuple) else each for each in value] if isinstance(value, list) else []
    return [validators[place] for place in places if isinstance(place, int) and place < len(validators)]


def changed(
    block: Block, before: Sequence[str], now: Sequence[str], session: int, severity: str, names: Names
) -> Iterator[EventObservation]:
    """Who was disabled by this block, and who no longer is."""
    for who in now:
        if who not in before:
            text = "It makes no blocks, and its votes do not count, until it is enabled again or the session ends."
            yield about(block, RULE, severity, who, "was disabled", text, names, session=session, state="disabled")
    for who in before:
        if who not in now:
            text = "It may make blocks and vote again."
            yield about(
                block, RULE, "info", who, "is no longer disabled", text, names, session=session, state="enabled"
            )
