"""Validators as alerts write them: the vocabulary that all their data share."""

from collections.abc import Mapping
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.watcher import EventObservation, Json

ACCOUNT_BYTES = 32
NOBODY = bytes(ACCOUNT_BYTES).hex()


def person(who: str, names: Names) -> dict[str, Json]:
    """`validator`, `validator_key`, `validator_name` of an account in hexadecimal."""
    account = bytes.fromhex(who)
    return {"validator": names.address(account), "validator_key": "0x" + who, "validator_name": names.name(account)}


def leg(who: str, amount: int, names: Names) -> dict[str, Json]:
    """One of several accounts that lost something; `amount` in planck."""
    account = bytes.fromhex(who)
    return {
        "account": names.address(account),
        "account_key": "0x" + who,
        "account_name": names.name(account),
        "direction": "out",
        "amount": str(amount),
        "amount_text": names.amount(amount, NATIVE),
    }


def labels(who: str, names: Names) -> dict[str, str]:
    """A named account's name; nobody else's."""
    named = names.name(bytes.fromhex(who))
    return {"validator": named} if named else {}


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


def account_of(value: Any) -> str:
    """In hexadecimal; NOBODY for what is no account of 32 bytes."""
    return value.hex() if isinstance(value, bytes) and len(value) == ACCOUNT_BYTES else NOBODY


def accounts_of(value: Any) -> list[str] | None:
    """A list of accounts in hexadecimal; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(each, bytes) and len(each) == ACCOUNT_BYTES for each in value):
        return None
    return [each.hex() for each in value]
