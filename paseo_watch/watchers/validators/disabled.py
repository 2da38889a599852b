"""Who is disabled: kept from making blocks and from voting until it is enabled again.

Source: pallet-session `lib.rs`, DisabledValidators: places in Validators, since 2025 each with a severity; cleared when
an elected set begins, and not with every session. (Older runtimes have no event for it, so that what is stored is
compared.) State row: `disabled` {"accounts"}, as it was after the last block. Who was disabled in a session stands in
that session's own row (`session`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.people import about
from paseo_watch.watchers.validators.sight import DISABLED, stored
from paseo_watch.watchers.watcher import EventObservation

RULE = "validator-disabled"


def read(block: Block, validators: Sequence[str]) -> list[int] | None:
    """The places in `validators` that are disabled after a block, each once; None where that cannot be read."""
    value = stored(block.runtime, block.storage, DISABLED)
    if not isinstance(value, list):
        return None
    places = [_place(each) for each in value]
    if not all(0 <= place < len(validators) for place in places):
        return None
    return list(dict.fromkeys(int(place) for place in places))


def changed(
    block: Block,
    before: Sequence[str],
    now: Sequence[str],
    validators: Sequence[str],
    session: int,
    severity: str,
    names: Names,
) -> Iterator[EventObservation]:
    """Who was disabled by this block, and who no longer is; `validators` is the active set."""
    for who in now:
        if who not in before:
            text = (
                "It makes no blocks, and its votes do not count, until it is enabled again: when the next elected set "
                "begins, at the latest."
            )
            yield about(block, RULE, severity, who, "was disabled", text, names, session=session, state="disabled")
    for who in before:
        if who not in now:
            text = "It may make blocks and vote again." if who in validators else "It has left the active set."
            yield about(
                block, RULE, "info", who, "is no longer disabled", text, names, session=session, state="enabled"
            )


def _place(value: Any) -> int:
    """A place by itself, or with its severity behind it; -1 for anything else."""
    match value:
        case int(place) | (int(place), *_):
            return place
    return -1
