"""A runtime whose storage is Python literals, referenda as they are stored, and events about them."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from paseo_watch.chain.block import Block, ChainId, SpecVersion
from paseo_watch.chain.keys import plain_key
from paseo_watch.chain.scale.errors import KeyValueError, NotInMetadataError, ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import INITIALIZATION, Call, Event
from paseo_watch.watchers.opengov.happenings import enactment_id
from paseo_watch.watchers.opengov.options import OpenGovOptions
from paseo_watch.watchers.opengov.watcher import OpenGovWatcher, build
from paseo_watch.watchers.setting import Explorer, WatcherSetting

PAS = 10**10
GENESIS_MS = 1_700_000_000_000
CONFIRM = 400
"""The confirmation period of both tracks, in blocks of the clock."""
TALLY = {"ayes": 7 * PAS, "nays": 1 * PAS, "support": 3 * PAS}

OF_AN_INSTANCE = {
    "Submitted": ("index", "track", "proposal"),
    "DecisionDepositPlaced": ("index", "who", "amount"),
    "DecisionDepositRefunded": ("index", "who", "amount"),
    "DecisionStarted": ("index", "track", "proposal", "tally"),
    "MetadataSet": ("index", "hash"),
    "Approved": ("index",),
    **dict.fromkeys(("ConfirmStarted", "ConfirmAborted"), ("index",)),
    **dict.fromkeys(("Confirmed", "Rejected", "TimedOut", "Cancelled", "Killed"), ("index", "tally")),
}
OTHERS = {
    ("Scheduler", "Dispatched"): ("task", "id", "result"),
    ("Scheduler", "CallUnavailable"): ("task", "id"),
    ("Scheduler", "PermanentlyOverweight"): ("task", "id"),
    ("Utility", "BatchInterrupted"): ("index", "error"),
    ("Utility", "ItemFailed"): ("error",),
    ("Utility", "DispatchedAs"): ("result",),
    ("Whitelist", "WhitelistedCallDispatched"): ("call_hash", "result"),
    ("Proxy", "ProxyExecuted"): ("result",),
    ("Sudo", "Sudid"): ("sudo_result",),
    ("MessageQueue", "Processed"): ("id", "origin", "weight_used", "success"),
    ("ConvictionVoting", "Voted"): ("who", "vote"),
}
STORED = {("Scheduler", "Lookup"), ("Preimage", "PreimageFor")} | {
    ("Balances", item) for item in ("TotalIssuance", "InactiveIssuance")
}
RELAY_NUMBER = ("ParachainSystem", "LastRelayChainBlockNumber")


def track(number: int, name: bytes, prepare: int = 100, decision: int = 2_000) -> tuple[int, dict[str, Any]]:
    return number, {
        "name": name.ljust(25, b"\0"),
        "prepare_period": prepare,
        "decision_period": decision,
        "confirm_period": CONFIRM,
    }


TRACKS = [track(0, b"root"), track(30, b"small_tipper")]


class PalletDouble:
    """Only its constants are looked at."""

    def __init__(self, constants: Mapping[str, Any]) -> None:
        self.constants = constants


class RuntimeDouble:
    """An Asset Hub with one instance, if nothing else is said. Values are stored as their `repr`."""

    def __init__(
        self,
        instances: Sequence[str] = ("Referenda",),
        para: bool = True,
        more: Sequence[str] = (),
        ranked: Sequence[str] = (),
        tracks: Any = TRACKS,
        without: Sequence[tuple[str, str]] = (),
        widest: int = (1 << 32) - 1,
    ) -> None:
        self._instances, self._ranked, self._more, self._widest = instances, ranked, more, widest
        self._constants = {"Tracks": tracks, "UndecidingTimeout": 700}
        events = {(pallet, name): fields for pallet in instances for name, fields in OF_AN_INSTANCE.items()}
        self._events = {pair: fields for pair, fields in (events | OTHERS).items() if pair not in without}
        stored = STORED | {(pallet, item) for pallet in instances for item in ("ReferendumInfoFor", "ReferendumCount")}
        self._stored = (stored | ({RELAY_NUMBER} if para else set())) - set(without)

    def pallets(self) -> tuple[str, ...]:
        return (*self._instances, "Scheduler", "Balances", *self._more)

    def pallet(self, name: str) -> PalletDouble:
        return PalletDouble(self._constants if name in self._instances else {})

    def constant(self, pallet: str, name: str) -> Any:
        if self._constants[name] == b"damaged":
            raise ScaleError("damaged")
        return self._constants[name]

    def has_event(self, pallet: str, name: str) -> bool:
        return (pallet, name) in self._events

    def event_fields(self, pallet: str, name: str) -> tuple[str, ...]:
        return self._events[pallet, name]

    def has_storage(self, pallet: str, item: str) -> bool:
        return (pallet, item) in self._stored

    def storage_parameter(self, pallet: str, item: str, parameter: str) -> tuple[str, ...] | None:
        return ("bare_ayes", "ayes", "nays") if pallet in self._ranked else ("ayes", "nays", "support")

    def storage_key(self, pallet: str, item: str, *keys: Any) -> bytes:
        if (pallet, item) not in self._stored:
            raise NotInMetadataError(f"no {pallet}.{item}")
        if item == "ReferendumInfoFor" and keys and keys[0] > self._widest:
            raise KeyValueError("too large")
        return key(pallet, item, *keys)

    def decode_storage(self, pallet: str, item: str, raw: bytes) -> Any:
        if raw == b"damaged":
            raise ScaleError("damaged")
        return ast.literal_eval(raw.decode())

    def storage_value(self, pallet: str, item: str, raw: bytes | None) -> Any:
        return self.storage_default(pallet, item) if raw is None else self.decode_storage(pallet, item, raw)

    def storage_default(self, pallet: str, item: str) -> Any:
        return 0

    def module_error(self, pallet_index: int, error: bytes) -> tuple[str, str] | None:
        return ("Balances", "InsufficientBalance") if (pallet_index, error[:1]) == (10, b"\2") else None

    def decode_call(self, raw: bytes) -> Call:
        """`Utility.batch(System.remark,System.remark)`: names alone."""
        if not re.fullmatch(rb"[A-Za-z]+\.[\w.,()]+", raw):
            raise ScaleError("damaged")
        return _call(raw.decode())


def _call(text: str) -> Call:
    outer, _, inner = text.partition("(")
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or (letter == "," and depth == 0):
            parts.append(inner[start:place])
            start = place + 1
    pallet, name = outer.split(".")
    return Call(pallet, name, {"calls": [_call(part) for part in parts if part]})


def key(pallet: str, item: str, *keys: Any) -> bytes:
    return plain_key(pallet, item) if pallet == "Balances" else repr((pallet, item, *keys)).encode()


def runtime(**settings: Any) -> Runtime:
    return cast(Runtime, RuntimeDouble(**settings))


def setting(chain: str = "asset-hub") -> WatcherSetting:
    return WatcherSetting(chain, "paseo", 42, explorer=Explorer(block="https://explorer/block/{number}"))


def watcher(chain: str = "asset-hub", **options: Any) -> OpenGovWatcher:
    return build(OpenGovOptions.model_validate(options), setting(chain))


def ongoing(submitted: int = 900, call: bytes = b"System.remark", **status: Any) -> tuple[str, dict[str, Any]]:
    """A referendum that goes on: its call inline, its decision deposit missing, if nothing else is said."""
    deciding = status.pop("deciding", None)
    if isinstance(deciding, int):
        deciding = {"since": deciding, "confirming": status.pop("confirming", None)}
    plain = {
        "track": 30,
        "submitted": submitted,
        "proposal": ("Inline", call),
        "decision_deposit": None,
        "tally": TALLY,
    }
    return "Ongoing", {**plain, "deciding": deciding, **status}


def confirming(end: int) -> tuple[str, dict[str, Any]]:
    return ongoing(decision_deposit={"amount": 1}, deciding=950, confirming=end)


PLACED = ongoing(decision_deposit={"amount": 1})
DECIDING = ongoing(decision_deposit={"amount": 1}, deciding=950)
APPROVED = ("Approved", (1_000, None, None))


def event(name: str, index: int, pallet: str = "Referenda", **fields: Any) -> Event:
    return Event(0, INITIALIZATION, pallet, name, {"index": index, **fields})


def dispatched(index: int, result: Any = ("Ok", None), name: str = "Dispatched") -> Event:
    return Event(0, INITIALIZATION, "Scheduler", name, {"task": (1, 0), "id": enactment_id(index), "result": result})


def block(
    events: Sequence[Event] = (), of: Runtime | None = None, storage: Mapping[bytes, bytes | None] | None = None,
    number: int = 100, late: bool = False, time_ms: int | None = GENESIS_MS,
) -> Block:  # fmt: skip
    return Block(
        chain=ChainId("asset-hub", bytes(32)),
        number=number,
        hash=number.to_bytes(32, "big"),
        parent_hash=(number - 1).to_bytes(32, "big"),
        time_ms=time_ms,
        spec=SpecVersion("asset-hub-paseo", 2_004_002),
        runtime=of or runtime(),
        events=events,
        storage=storage or {},
        late=late,
    )
