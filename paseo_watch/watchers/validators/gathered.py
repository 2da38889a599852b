"""Events of which a block may have many, as one alert: slashes, and stashes that are chilled."""

from collections.abc import Sequence

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.people import first_named, leg, listed, person, picked, place
from paseo_watch.watchers.watcher import EventObservation, Json

SLASH, CHILLED = "slash", "validator-chilled"
MOST = 5
"""Accounts that one alert names in its text; its data holds MOST_DATA."""
MOST_DATA = 20


def slashed(
    block: Block,
    losses: Sequence[tuple[Event, str, int]],
    severity: str,
    session: int | None,
    names: Names,
) -> EventObservation:
    """All slashes of a block: a validator's comes with those of everybody who nominated it, and no event says whose
    nominators they are. So no account of them is "the" validator.
    """
    amounts, first = _amounts(losses), losses[0][0]
    legs = picked(list(amounts), MOST_DATA, names)
    total = names.amount(sum(amounts.values()), NATIVE)
    people = f"{len(amounts)} accounts" if len(amounts) > 1 else names.short(bytes.fromhex(legs[0]))
    lines = [
        f"{names.short(bytes.fromhex(who))}: {names.amount(amounts[who], NATIVE)}" for who in picked(legs, MOST, names)
    ]
    return EventObservation(
        rule=SLASH,
        severity=severity,
        key=str(first.index),
        title=f"Slashed: {total} of {people}",
        text=f"{_cut(lines, len(amounts))}.",
        labels={"state": "applied"} | first_named(legs, names),
        data={
            "session": session,
            "amount": str(sum(amounts.values())),
            "amount_text": total,
            "legs": [leg(who, amounts[who], names) for who in legs],
            "legs_omitted": len(amounts) - len(legs),
        },
        links=_links(block, place(block, first), list(amounts), names),
        extrinsic=place(block, first),
    )


def chilled(block: Block, stashes: Sequence[tuple[Event, str]], session: int | None, names: Names) -> EventObservation:
    """All stashes that a block chilled; the chain chills many at once when it raises what they must bond."""
    who = list(dict.fromkeys(stash for _, stash in stashes))
    shown, one = picked(who, MOST_DATA, names), len(who) == 1
    places = {place(block, event) for event, _ in stashes}
    at = places.pop() if len(places) == 1 else None
    text = "The stash no longer stands as a validator (or nominator) from the next election on."
    if not one:
        lines = [names.account(bytes.fromhex(each)) for each in picked(shown, MOST, names)]
        after = "They no longer stand as validators (or nominators) from the next election on."
        text = f"{_cut(lines, len(who))}.\n{after}"
    about: dict[str, Json] = person(who[0], names) if one else {}
    return EventObservation(
        rule=CHILLED,
        severity="info",
        key=str(block.number),
        title=f"{names.short(bytes.fromhex(who[0]))} was chilled" if one else f"{len(who)} stashes were chilled",
        text=text,
        labels=first_named(shown, names),
        data={
            **about,
            "session": session,
            "chilled": [listed(each, names) for each in shown],
            "chilled_count": len(who),
        },
        links=_links(block, at, who, names),
        extrinsic=at,
    )


def _amounts(losses: Sequence[tuple[Event, str, int]]) -> dict[str, int]:
    """Accounts and what each lost in planck, the largest first."""
    amounts: dict[str, int] = {}
    for _, who, amount in losses:
        amounts[who] = amounts.get(who, 0) + amount
    return dict(sorted(amounts.items(), key=lambda item: (-item[1], item[0])))


def _cut(shown: Sequence[str], count: int) -> str:
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{', '.join(shown)}{more}"


def _links(block: Block, at: str | None, who: Sequence[str], names: Names) -> tuple[str, ...]:
    """To an account where there is one alone: which of several is meant, nobody can say."""
    return names.links(block.number, at, [bytes.fromhex(who[0])] if len(who) == 1 else [])
