"""Which events move value, and how: the vocabulary of one runtime, and each event as signed legs.

Sources: pallet-balances `Event` (polkadot-sdk substrate/frame/balances/src/lib.rs) and pallet-assets `Event`
(substrate/frame/assets/src/lib.rs), in the spellings of 2022 to 2026; checked against the metadata of Paseo's chains.
What is moved is the total of an account, free and reserved together: events about reserves, holds, locks and freezes
of one owner move nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE

# event: ((field that names the account, sign), ...), field of the amount
_NATIVE: dict[str, tuple[tuple[tuple[str, int], ...], str]] = {
    "Transfer": ((("from", -1), ("to", 1)), "amount"),
    "ReserveRepatriated": ((("from", -1), ("to", 1)), "amount"),
    "TransferOnHold": ((("source", -1), ("dest", 1)), "amount"),
    "TransferAndHold": ((("source", -1), ("dest", 1)), "transferred"),
    "Deposit": ((("who", 1),), "amount"),
    "Minted": ((("who", 1),), "amount"),
    "Restored": ((("who", 1),), "amount"),
    "Withdraw": ((("who", -1),), "amount"),
    "Burned": ((("who", -1),), "amount"),
    "BurnedHeld": ((("who", -1),), "amount"),
    "Slashed": ((("who", -1),), "amount"),
    "Suspended": ((("who", -1),), "amount"),
    "DustLost": ((("account", -1),), "amount"),
}
_FUNGIBLE: dict[str, tuple[tuple[tuple[str, int], ...], str]] = {
    "Transferred": ((("from", -1), ("to", 1)), "amount"),
    "TransferredApproved": ((("owner", -1), ("destination", 1)), "amount"),
    "Issued": ((("owner", 1),), "amount"),
    "Deposited": ((("who", 1),), "amount"),
    "Burned": ((("owner", -1),), "balance"),
    "Withdrawn": ((("who", -1),), "amount"),
}
# Imbalances that were dropped: they say how much issuance changed, of nobody's account.
ISSUED = frozenset({"Issued", "MintedCredit"})
RESCINDED = frozenset({"Rescinded", "BurnedDebt"})
BALANCE_SET = "BalanceSet"
ENDOWED = "Endowed"
_ENDOWED = {"account", "free_balance"}
_TRANSFERRED = {"asset_id", "from", "to", "amount"}
_ACCOUNT_BYTES = (20, 32)


class Leg(NamedTuple):
    """One account's total of one asset changed by `amount` planck: more if positive, less if negative."""

    account: bytes
    asset: str
    amount: int


class Entry(NamedTuple):
    """An event and the legs that it means."""

    event: Event
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one runtime calls things: its native-token pallet (None if there is none) and its fungibles pallets."""

    native: str | None
    fungibles: frozenset[str]

    def read(self, event: Event) -> Entry:
        """The event with its legs: none for one that moves nothing or is not about balances."""
        if event.pallet == self.native:
            found = _NATIVE.get(event.name)
            return Entry(event, _legs(*found, event, NATIVE) if found else ())
        if event.pallet in self.fungibles and event.name in _FUNGIBLE and "asset_id" in event.fields:
            asset = asset_name(event.pallet, event.fields["asset_id"])
            return Entry(event, _legs(*_FUNGIBLE[event.name], event, asset))
        return Entry(event, ())


def vocabulary(runtime: Runtime, pallets: Iterable[str]) -> Vocabulary:
    """What this runtime calls things, with the fungibles pallets among `pallets`.

    Pallets are told by their events; where several could be the native token's, `Balances` is.
    """
    fungibles = (pallet for pallet in pallets if _has(runtime, pallet, "Transferred", _TRANSFERRED))
    return Vocabulary(_native(runtime), frozenset(fungibles))


def _native(runtime: Runtime) -> str | None:
    candidates = ("Balances", *runtime.pallets())
    return next((pallet for pallet in candidates if _has(runtime, pallet, ENDOWED, _ENDOWED)), None)


def native_events() -> frozenset[str]:
    """The names of all events of the native-token pallet that are needed to tell what moved."""
    return frozenset(_NATIVE) | ISSUED | RESCINDED | {BALANCE_SET, ENDOWED}


def fungible_events() -> frozenset[str]:
    """The names of all events of a fungibles pallet that move value."""
    return frozenset(_FUNGIBLE)


def asset_name(pallet: str, asset_id: Any) -> str:
    """`Assets/1984`, or a location as canonical JSON: `ForeignAssets/{"interior":…,"parents":1}`."""
    text = str(asset_id) if isinstance(asset_id, int) else canonical(asset_id)
    return f"{pallet}/{text}"


def canonical(value: Any) -> str:
    """A decoded value as JSON with sorted keys and no spaces; bytes as 0x…, an enum as {"Variant": payload}."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return value[0] if value[1] is None else {value[0]: _plain(value[1])}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _legs(accounts: tuple[tuple[str, int], ...], amount_field: str, event: Event, asset: str) -> tuple[Leg, ...]:
    amount = event.fields.get(amount_field)
    if not isinstance(amount, int):
        return ()
    named = [(event.fields.get(field), sign) for field, sign in accounts]
    return tuple([Leg(who, asset, sign * amount) for who, sign in named if _is_account(who)])


def _is_account(value: object) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and len(value) in _ACCOUNT_BYTES


def _has(runtime: Runtime, pallet: str, event: str, fields: set[str]) -> bool:
    return runtime.has_event(pallet, event) and fields <= set(runtime.event_fields(pallet, event))
