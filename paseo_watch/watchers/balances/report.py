"""Moves as observations: title, text and data."""

from collections.abc import Mapping
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.balances.moves import BalanceSet, Group
from paseo_watch.watchers.balances.origin import Origin
from paseo_watch.watchers.balances.rules import Threshold, Watched
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.watcher import EventObservation, Json

MAX_LEGS = 20


def ranked(nets: Mapping[bytes, int]) -> list[tuple[bytes, int]]:
    """Accounts and their net change, the largest first; out before in, then by key, where they are equal."""
    return sorted(nets.items(), key=lambda item: (-abs(item[1]), item[1] > 0, item[0]))


def large_move(
    rule: Threshold, block: Block, group: Group, account: bytes, origin: Origin, names: Names
) -> EventObservation:
    """One account's net change reached the threshold: one alert for the group, about that account."""
    asset = rule.unit.asset
    title = f"{names.amount(abs(group.nets[account, asset]), asset)} moved"
    return _move(rule, block, group, asset, account, f"{group.key}:{asset}", title, origin, names)


def watched_move(
    rule: Watched, block: Block, group: Group, asset: str, account: bytes, origin: Origin, names: Names
) -> EventObservation:
    """A watch-listed account gained or lost."""
    amount = group.nets[account, asset]
    title = f"{names.short(account)}: {names.amount(abs(amount), asset)} {_direction(amount)}"
    key = f"{group.key}:{asset}:{account.hex()}"
    return _move(rule, block, group, asset, account, key, title, origin, names)


def balance_set(
    rule: Threshold | Watched, block: Block, group: Group, change: BalanceSet, origin: Origin, names: Names
) -> EventObservation:
    """Root set a balance and the chain does not say by how much that changed it: told, whatever its size."""
    free = names.amount(change.free, NATIVE)
    account = change.account
    text = f"The free balance of {names.account(account)} was set to {free}; the change is not known. {origin.sentence}"
    return EventObservation(
        rule=rule.name,
        severity=rule.severity,
        key=f"{group.key}:set:{account.hex()}",
        title=f"{names.short(account)}: balance set to {free}",
        text=text,
        labels=_labels(NATIVE, account, None, names),
        data={
            **_account(account, names),
            "direction": None,
            "amount": None,
            "amount_text": "not known",
            "asset": NATIVE,
            "free": str(change.free),
            "free_text": free,
            "legs": [],
            "legs_omitted": 0,
            **_origin(origin),
        },
        links=names.links(block.number, origin.extrinsic, [account]),
        extrinsic=origin.extrinsic,
    )


def _move(
    rule: Threshold | Watched,
    block: Block,
    group: Group,
    asset: str,
    account: bytes,
    key: str,
    title: str,
    origin: Origin,
    names: Names,
) -> EventObservation:
    nets = group.of(asset)
    legs = ranked(nets)
    data: dict[str, Json] = {
        **_leg(account, nets[account], asset, names),
        "asset": asset,
        "legs": [_leg(who, amount, asset, names) for who, amount in legs[:MAX_LEGS]],
        "legs_omitted": max(0, len(legs) - MAX_LEGS),
        **_origin(origin),
    }
    return EventObservation(
        rule=rule.name,
        severity=rule.severity,
        key=key,
        title=title,
        text=f"{_story(legs, names)} {origin.sentence}",
        labels=_labels(asset, account, nets[account], names),
        data=data,
        links=names.links(block.number, origin.extrinsic, [account]),
        extrinsic=origin.extrinsic,
    )


def _story(legs: list[tuple[bytes, int]], names: Names) -> str:
    """From whom to whom."""
    out = [account for account, amount in legs if amount < 0]
    into = [account for account, amount in legs if amount > 0]
    if not out:
        return f"To {names.listing(into)}, from nobody on this chain (minted, or come from another chain)."
    if not into:
        return f"From {names.listing(out)}, to nobody on this chain (burnt, or gone to another chain)."
    return f"From {names.listing(out)} to {names.listing(into)}."


def _direction(amount: int) -> str:
    return "in" if amount > 0 else "out"


def _labels(asset: str, account: bytes, amount: int | None, names: Names) -> dict[str, str]:
    labels = {"asset": names.asset(asset)}
    if amount is not None:
        labels["direction"] = _direction(amount)
    name = names.name(account)
    return labels if name is None else {**labels, "account": name}


def _account(account: bytes, names: Names) -> dict[str, Json]:
    return {
        "account": names.address(account),
        "account_key": "0x" + account.hex(),
        "account_name": names.name(account),
    }


def _leg(account: bytes, amount: int, asset: str, names: Names) -> dict[str, Json]:
    return {
        **_account(account, names),
        "direction": _direction(amount),
        "amount": str(abs(amount)),
        "amount_text": names.amount(abs(amount), asset),
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {"signer": origin.signer, "actor": origin.actor, "call": origin.call}
