"""Events about staking: offences, slashes, chilled stashes, eras.

Sources: pallet-offences `lib.rs`, Offence {kind, timeslot}, kinds as consensus pallets name them (16 bytes);
pallet-staking `pallet/mod.rs` (SlashReported, Slashed, Chilled, EraPaid); pallet-staking-async (OffenceReported,
SlashCancelled). Fractions are Perbill.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.gathered import SLASH, chilled, slashed
from paseo_watch.watchers.validators.people import about, account_of, place
from paseo_watch.watchers.watcher import EventObservation

OFFENCE, ERA = "offence", "era"
KINDS: Mapping[bytes, str] = MappingProxyType(
    {
        b"babe:equivocatio": "two blocks for one slot (BABE equivocation)",
        b"grandpa:equivoca": "two votes in one round of finality (GRANDPA equivocation)",
        b"beefy:equivocati": "two votes in one round of BEEFY (BEEFY equivocation)",
        b"disputes:slashin": "a lost dispute about a parachain's block",
        b"im-online:offlin": "no sign of life in a session (im-online)",
    }
)
ACCOUNTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("Staking", "SlashReported"): "validator",
        ("Staking", "OffenceReported"): "validator",
        ("Staking", "SlashCancelled"): "validator",
        ("Staking", "Slashed"): "staker",
        ("Staking", "Chilled"): "stash",
    }
)
"""Events about an account, and the field that holds it."""


def told(block: Block, severity: str, sessions: bool, session: int | None, names: Names) -> Iterator[EventObservation]:
    """What a block's events say; of slashes one alert, of chilled stashes too. `sessions`: eras as well."""
    slashes, stashes = list[tuple[Event, str, int]](), list[tuple[Event, str]]()
    for event in block.events:
        who = _who(event)
        match (event.pallet, event.name):
            case ("Offences", "Offence"):
                yield _offence(block, event, severity, session, names)
            case ("Staking", "SlashReported" | "OffenceReported") if who is not None:
                yield _reported(block, event, who, severity, session, names)
            case ("Staking", "SlashCancelled") if who is not None:
                yield _cancelled(block, event, who, session, names)
            case ("Staking", "Chilled") if who is not None:
                stashes.append((event, who))
            case ("Staking", "Slashed") if who is not None and (lost := _whole(event.fields.get("amount"))) is not None:
                slashes.append((event, who, lost))
            case ("Staking", "EraPaid") if sessions:
                yield _era(block, event, names)
    if stashes:
        yield chilled(block, stashes, session, names)
    if slashes:
        yield slashed(block, slashes, severity, session, names)


def unreadable(block: Block) -> tuple[str, ...]:
    """What is told of nobody, since whose account it is or how much was lost cannot be read."""
    names = {f"{event.pallet}.{event.name}" for event in block.events if not _is_readable(event)}
    return tuple(f"what {name} says cannot be read" for name in sorted(names))


def _who(event: Event) -> str | None:
    """Whom an event is about, in hexadecimal."""
    return account_of(event.fields.get(ACCOUNTS.get((event.pallet, event.name), "")))


def _is_readable(event: Event) -> bool:
    of = event.pallet, event.name
    if of == ("Staking", "Slashed") and _whole(event.fields.get("amount")) is None:
        return False
    return of not in ACCOUNTS or _who(event) is not None


def _offence(block: Block, event: Event, severity: str, session: int | None, names: Names) -> EventObservation:
    kind = event.fields.get("kind")
    known = KINDS.get(kind, "") if isinstance(kind, bytes) else ""
    return EventObservation(
        rule=OFFENCE,
        severity=severity,
        key=str(event.index),
        title=f"Offence reported: {known or f'kind {_printable(kind)}'}",
        text="The event does not name the offender; disabling and slashes are told separately.",
        labels={},
        data={"kind": _printable(kind), "timeslot": _hex(event.fields.get("timeslot")), "session": session},
        links=names.links(block.number, place(block, event), []),
        extrinsic=place(block, event),
    )


def _reported(
    block: Block, event: Event, who: str, severity: str, session: int | None, names: Names
) -> EventObservation:
    fraction = _whole(event.fields.get("fraction"))
    era = _whole(event.fields.get("slash_era", event.fields.get("offence_era")))
    share = _percent(fraction)
    text = (
        f"An offence in {_era_name(era)} may cost {share} of what is staked on it; a slash is applied some eras later."
    )
    if fraction == 0:
        text = f"An offence in {_era_name(era)} was reported; it costs nothing this time."
    more = {"era": era, "fraction": fraction, "fraction_text": share}
    what = "was reported for an offence"
    return about(block, OFFENCE, severity, who, what, text, names, session=session, event=event, more=more)


def _cancelled(block: Block, event: Event, who: str, session: int | None, names: Names) -> EventObservation:
    era = _whole(event.fields.get("slash_era"))
    text = f"The slash that was due in {_era_name(era)} will not be applied."
    what, state = "is not slashed after all", "cancelled"
    return about(
        block, SLASH, "info", who, what, text, names, session=session, state=state, event=event, more={"era": era}
    )


def _era(block: Block, event: Event, names: Names) -> EventObservation:
    era, payout, rest = (_whole(event.fields.get(name)) for name in ("era_index", "validator_payout", "remainder"))
    paid = "an amount that is not known" if payout is None else names.amount(payout, NATIVE)
    kept = f"; {names.amount(rest, NATIVE)} are not paid to stakers" if rest else ""
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
