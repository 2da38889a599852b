"""Events about staking: offences, slashes, chilled stashes, eras.

Sources: pallet-offences `lib.rs`, Offence {kind, timeslot}, kinds as consensus pallets name them (16 bytes);
pallet-staking `pallet/mod.rs` (SlashReported, Slashed, Chilled, EraPaid); pallet-staking-async (OffenceReported,
SlashCancelled). Fractions are Perbill.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.people import about, account_of, leg, person, place
from paseo_watch.watchers.watcher import EventObservation

OFFENCE, SLASH, CHILLED, ERA = "offence", "slash", "validator-chilled", "era"
KINDS: Mapping[bytes, str] = MappingProxyType(
    {
        b"babe:equivocatio": "two blocks for one slot (BABE equivocation)",
        b"grandpa:equivoca": "two votes in one round of finality (GRANDPA equivocation)",
        b"beefy:equivocati": "two votes in one round of BEEFY (BEEFY equivocation)",
        b"disputes:slashin": "a lost dispute about a parachain's block",
        b"im-online:offlin": "no sign of life in a session (im-online)",
    }
)
MOST = 20
"""Accounts that one alert lists."""


def told(block: Block, severity: str, sessions: bool, session: int | None, names: Names) -> Iterator[EventObservation]:
    """What a block's events say; slashes of one block are one alert. `sessions`: eras too."""
    slashed: list[Event] = []
    for event in block.events:
        match (event.pallet, event.name):
            case ("Offences", "Offence"):
                yield _offence(block, event, severity, session, names)
            case ("Staking", "SlashReported" | "OffenceReported"):
                yield _reported(block, event, severity, session, names)
            case ("Staking", "SlashCancelled"):
                yield _cancelled(block, event, session, names)
            case ("Staking", "Chilled"):
                yield _chilled(block, event, session, names)
            case ("Staking", "Slashed"):
                slashed.append(event)
            case ("Staking", "EraPaid") if sessions:
                yield _era(block, event, names)
    if slashed:
        yield _slashed(block, slashed, severity, session, names)


def _offence(block: Block, event: Event, severity: str, session: int | None, names: Names) -> EventObservation:
    kind = event.fields.get("kind")
    known = KINDS.get(kind, "") if isinstance(kind, bytes) else ""
    return EventObservation(
        rule=OFFENCE,
        severity=severity,
        key=str(event.index),
        title=f"Offence reported: {known or f'kind {_printable(kind)}'}",
        text="Who committed it, this event does not say; what follows from it (disabled, slashed) is told by itself.",
        labels={},
        data={"kind": _printable(kind), "timeslot": _hex(event.fields.get("timeslot")), "session": session},
        links=names.links(block.number, place(block, event), []),
        extrinsic=place(block, event),
    )


def _reported(block: Block, event: Event, severity: str, session: int | None, names: Names) -> EventObservation:
    who = account_of(event.fields.get("validator"))
    fraction = _whole(event.fields.get("fraction"))
    era = _whole(event.fields.get("slash_era", event.fields.get("offence_era")))
    share = _percent(fraction)
    text = (
        f"An offence in {_era_name(era)} may cost {share} of what is staked on it; a slash is applied some eras later."
    )
    if fraction == 0:
        text = f"An offence in {_era_name(era)} was reported; it costs nothing this time."
    more = {"era": era, "fraction": fraction, "fraction_text": share}
    what = "is reported for an offence"
    return about(block, OFFENCE, severity, who, what, text, names, session=session, event=event, more=more)


def _cancelled(block: Block, event: Event, session: int | None, names: Names) -> EventObservation:
    who, era = account_of(event.fields.get("validator")), _whole(event.fields.get("slash_era"))
    text = f"The slash that was due in {_era_name(era)} will not be applied."
    what, state = "is not slashed after all", "cancelled"
    return about(
        block, SLASH, "info", who, what, text, names, session=session, state=state, event=event, more={"era": era}
    )


def _chilled(block: Block, event: Event, session: int | None, names: Names) -> EventObservation:
    who = account_of(event.fields.get("stash"))
    text = "The stash no longer stands as a validator (or nominator) from the next election on."
    return about(block, CHILLED, "info", who, "was chilled", text, names, session=session, event=event)


def _slashed(
    block: Block, events: Sequence[Event], severity: str, session: int | None, names: Names
) -> EventObservation:
    """All slashes of a block: a validator's comes with those of everybody who nominated it."""
    ranked, first = _ranked(events), events[0]
    total = sum(amount for _, amount in ranked)
    people = f"{len(ranked)} accounts" if len(ranked) > 1 else names.short(bytes.fromhex(ranked[0][0]))
    shown = (f"{names.short(bytes.fromhex(who))}: {names.amount(amount, NATIVE)}" for who, amount in ranked[:MOST])
    more = f" and {len(ranked) - MOST} more" if len(ranked) > MOST else ""
    return EventObservation(
        rule=SLASH,
        severity=severity,
        key=str(first.index),
        title=f"Slashed: {names.amount(total, NATIVE)} of {people}",
        text=f"{', '.join(shown)}{more}.",
        labels={"state": "applied"},
        data={
            **person(ranked[0][0], names),
            "session": session,
            "amount": str(total),
            "amount_text": names.amount(total, NATIVE),
            "legs": [leg(who, amount, names) for who, amount in ranked[:MOST]],
            "legs_omitted": max(0, len(ranked) - MOST),
        },
        links=names.links(block.number, place(block, first), [bytes.fromhex(ranked[0][0])]),
        extrinsic=place(block, first),
    )


def _ranked(events: Sequence[Event]) -> list[tuple[str, int]]:
    """Accounts and what each lost in planck, the largest first."""
    amounts: dict[str, int] = {}
    for event in events:
        who, amount = account_of(event.fields.get("staker")), event.fields.get("amount")
        amounts[who] = amounts.get(who, 0) + (_whole(amount) or 0)
    return sorted(amounts.items(), key=lambda item: (-item[1], item[0]))


def _era(block: Block, event: Event, names: Names) -> EventObservation:
    era, payout, rest = (_whole(event.fields.get(name)) for name in ("era_index", "validator_payout", "remainder"))
    paid = "an amount that is not known" if payout is None else names.amount(payout, NATIVE)
    kept = f"; {names.amount(rest, NATIVE)} go elsewhere" if rest else ""
    return EventObservation(
        rule=ERA,
        severity="info",
        key=str(event.index),
        title=f"{_era_name(era).capitalize()} ended",
        text=f"Validators and nominators get {paid} for it{kept}.",
        labels={},
        data={"era": era, "payout": None if payout is None else str(payout), "payout_text": paid},
        links=names.links(block.number, place(block, event), []),
        extrinsic=place(block, event),
    )


def _whole(value: Any) -> int | None:
    """A number that is none below zero; None for whatever else a runtime may put in its place."""
    return value if isinstance(value, int) and value >= 0 else None


def _era_name(era: int | None) -> str:
    return "an era" if era is None else f"era {era}"


def _percent(fraction: int | None) -> str:
    """A Perbill (parts of 10^9) in percent, as exact as it is."""
    if fraction is None:
        return "a share"
    whole, rest = divmod(fraction * 100, 10**9)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{whole}{'.' if decimals else ''}{decimals} %"


def _printable(kind: Any) -> str:
    text = kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:32]


def _hex(value: Any) -> str | None:
    return "0x" + value[:64].hex() if isinstance(value, bytes) else None
