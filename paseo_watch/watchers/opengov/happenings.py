"""What a block's events say about referenda.

Sources: pallet-referenda `lib.rs`, Event. (`Approved` is declared and never deposited: approval is `Confirmed`.) The
call of an approved referendum is a task of the Scheduler under the id blake2-256 of ("assembly", "enactment", index)
(pallet-referenda `lib.rs`, schedule_enactment); pallet-scheduler `lib.rs` says what became of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.dispatch_error import dispatch_error, failure
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.watchers.opengov.instances import MAX_INDEX

STATES: Mapping[str, str] = MappingProxyType(
    {
        "Submitted": "submitted",
        "DecisionDepositPlaced": "deposit_placed",
        "DecisionStarted": "deciding",
        "ConfirmStarted": "confirming",
        "ConfirmAborted": "confirm_aborted",
        "Confirmed": "approved",
        "Rejected": "rejected",
        "TimedOut": "timed_out",
        "Cancelled": "cancelled",
        "Killed": "killed",
    }
)
"""Events of an instance to the states of the contract; refunds, metadata and slashed deposits are none."""

SCHEDULER = "Scheduler"
DISPATCHED, UNAVAILABLE, OVERWEIGHT = "Dispatched", "CallUnavailable", "PermanentlyOverweight"
ENACTED = (DISPATCHED, UNAVAILABLE, OVERWEIGHT)

FAILURES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("Utility", "BatchInterrupted"): "error",
        ("Utility", "ItemFailed"): "error",
        ("Utility", "DispatchedAs"): "result",
        ("Whitelist", "WhitelistedCallDispatched"): "result",
        ("Proxy", "ProxyExecuted"): "result",
        ("Sudo", "Sudid"): "sudo_result",
    }
)
"""Events of wrappers that succeed although what is inside them fails, and the field that says how."""
MESSAGE = ("MessageQueue", "Processed")
"""Ends what a message from another chain did in the same hook: none of it belongs to a task that follows."""
MOST_FAILURES = 5

FindReferendum = Callable[[bytes], tuple[str, int] | None]
"""The pallet and index whose enactment has this id; None where it is nobody's."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event about one referendum. `error` is set where its call failed, `inner` holds what failed inside a call
    that counts as executed. `extrinsic` is N-i, None in a hook.
    """

    pallet: str
    index: int
    state: str
    fields: Mapping[str, Any]
    extrinsic: str | None
    error: str = ""
    inner: tuple[str, ...] = ()

    @property
    def which(self) -> tuple[str, int]:
        """The referendum."""
        return self.pallet, self.index


def watched(pallets: Sequence[str]) -> set[tuple[str, str]]:
    """The events that are asked for."""
    own = {(pallet, name) for pallet in pallets for name in STATES}
    return own | {(SCHEDULER, name) for name in ENACTED} | set(FAILURES) | {MESSAGE}


@lru_cache(8192)
def enactment_id(index: int) -> bytes:
    """The Scheduler's name of an approved referendum's call, 32 bytes."""
    name = b"enactment"
    return blake2b(b"assembly" + bytes([len(name) << 2]) + name + index.to_bytes(4, "little"), digest_size=32).digest()


def happenings(block: Block, pallets: Sequence[str], find: FindReferendum) -> Iterator[Happening]:
    """In the order of the events."""
    inner: list[tuple[int, str]] = []  # phase and error, since the last task
    for event in block.events:
        if event.pallet in pallets and event.name in STATES:
            index = event.fields.get("index")
            if type(index) is int and 0 <= index <= MAX_INDEX:  # a bool is no index
                place = f"{block.number}-{event.phase}" if event.phase >= 0 else None
                yield Happening(event.pallet, index, STATES[event.name], event.fields, place)
        elif (event.pallet, event.name) in FAILURES:
            error = event.fields.get(FAILURES[event.pallet, event.name])
            error = error if event.name in ("BatchInterrupted", "ItemFailed") else failure(error)
            if error is not None:
                inner.append((event.phase, dispatch_error(block.runtime, error)))
        elif (event.pallet, event.name) == MESSAGE:
            inner.clear()
        elif event.pallet == SCHEDULER and event.name in ENACTED:
            within = tuple(text for phase, text in inner if phase == event.phase)[:MOST_FAILURES]
            inner.clear()
            if (found := _enacted(block.runtime, event, find, within)) is not None:
                yield found


def _enacted(runtime: Runtime, event: Event, find: FindReferendum, inner: tuple[str, ...]) -> Happening | None:
    id_ = event.fields.get("id")
    which = find(id_) if isinstance(id_, bytes) else None
    if which is None:
        return None
    if event.name == UNAVAILABLE:
        return Happening(*which, "call_unavailable", {}, None)
    if event.name == OVERWEIGHT:
        return Happening(*which, "execution_failed", {}, None, "its weight fits no block")
    if "result" not in event.fields:
        return None  # nobody knows; `needs` says so
    error = failure(event.fields["result"])
    if error is None:
        return Happening(*which, "executed", {}, None, inner=inner)
    return Happening(*which, "execution_failed", {}, None, dispatch_error(runtime, error))
