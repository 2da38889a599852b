"""Validators as alerts write them: the vocabulary that all their data share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.watcher import EventObservation, Json

ACCOUNT_BYTES = 32


def person(who: str, names: Names) -> dict[str, Json]:
    """`validator`, `validator_key`, `validator_name` of an account in hexadecimal."""
    account = bytes.fromhex(who)
    return {"validator": names.address(account), "validator_key": "0x" + who, "validator_name": names.name(account)}


def listed(who: str, names: Names) -> dict[str, Json]:
    """One of several accounts."""
    account = bytes.fromhex(who)
    return {"account": names.address(account), "account_key": "0x" + who, "account_name": names.name(account)}


def leg(who: str, amount: int, names: Names) -> dict[str, Json]:
    """One of several accounts that lost something; `amount` in planck."""
    return {
        **listed(who, names),
        "direction": "out",
        "amount": str(amount),
        "amount_text": names.amount(amount, NATIVE),
    }


def labels(who: str, names: Names) -> dict[str, str]:
    """A named account's name; nobody else's."""
    named = names.name(bytes.fromhex(who))
    return {"validator": named} if named else {}


def first_named(who: Iterable[str], names: Names) -> dict[str, str]:
    """The label of the first account that has a name."""
    return next((found for each in who if (found := labels(each, names))), {})


def picked(who: Sequence[str], most: int, names: Names) -> list[str]:
    """The first so many, in their order. Those that have a name are never cut for others: somebody watches them."""
    chosen = set(sorted(who, key=lambda each: names.name(bytes.fromhex(each)) is None)[:most])
    return [each for each in who if each in chosen]


def about(
    block: Block,
    rule: str,
    severity: str,
    who: str,
    what: str,
    text: str,
    names: Names,
    *,
    session: int | None,
    state: str | None = None,
    event: Event | None = None,
    more: Mapping[str, Json] | None = None,
) -> EventObservation:
    """One account and what became of it in a block, by an event or by what is stored."""
    account = bytes.fromhex(who)
    at = None if event is None else place(block, event)
    return EventObservation(
        rule=rule,
        severity=severity,
        key=f"{state or ''}{who}" if event is None else str(event.index),
        title=f"{names.short(account)} {what}",
        text=text,
        labels=({"state": state} if state else {}) | labels(who, names),
        data={**person(who, names), "session": session, **(more or {})},
        links=names.links(block.number, at, [account]),
        extrinsic=at,
    )


def place(block: Block, event: Event) -> str | None:
    """N-i, None for a hook."""
    return f"{block.number}-{event.phase}" if event.phase >= 0 else None


def account_of(value: Any) -> str | None:
    """In hexadecimal; None for what is no account of 32 bytes."""
    return value.hex() if isinstance(value, bytes) and len(value) == ACCOUNT_BYTES else None


def accounts_of(value: Any) -> list[str] | None:
    """A list of accounts in hexadecimal; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(each, bytes) and len(each) == ACCOUNT_BYTES for each in value):
        return None
    return [each.hex() for each in value]
