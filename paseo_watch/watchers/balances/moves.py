"""From a block's events to what each account gained or lost: groups, without fees, net per account and asset.

A group is one extrinsic, or one segment of a hook: the events of one phase up to and with a driver event (a message
processed, a task dispatched, an era paid), and what is left after the last one. Amounts are never summed over events:
a group's result is the net change of each account's total.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from paseo_watch.chain.scale.values import FINALIZATION, Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.balances.fees import payer_of, without_fees
from paseo_watch.watchers.balances.legs import BALANCE_SET, ENDOWED, ISSUED, RESCINDED, Entry, Leg, Vocabulary

# Events that end a segment of a hook: what stands before them in the same phase belongs to them.
DRIVERS: Mapping[str, frozenset[str]] = {
    "MessageQueue": frozenset({"Processed", "ProcessingFailed", "OverweightEnqueued"}),
    "Scheduler": frozenset({"Dispatched", "CallUnavailable", "PermanentlyOverweight", "PeriodicFailed", "RetryFailed"}),
    "Dap": frozenset({"IssuanceMinted", "StagingDrained"}),
    "Staking": frozenset({"EraPaid", "Rewarded", "Slashed", "ValidatorIncentivePaid", "PayoutStarted"}),
    "Treasury": frozenset({"Awarded", "Burnt", "Rollover"}),
    "DmpQueue": frozenset({"ExecutedDownward"}),
    "XcmpQueue": frozenset({"Success", "Fail"}),
}


@dataclass(frozen=True, slots=True)
class BalanceSet:
    """Root set an account's free balance, and no event says by how much it changed."""

    account: bytes
    free: int


@dataclass(frozen=True, slots=True)
class Group:
    """What one extrinsic or one hook segment did to balances.

    `key` names it within its block and does not depend on which other events are watched. `extrinsic` is None in a
    hook; `driver` is the event that ended a hook's segment, None for the rest. `nets` holds no zeros. `touched` are
    all accounts whose total may differ, those that only paid or earned a fee too. `unknown` are changes whose size no
    event tells.
    """

    key: str
    extrinsic: int | None
    driver: str | None
    payer: bytes | None
    nets: Mapping[tuple[bytes, str], int]
    touched: frozenset[bytes]
    unknown: tuple[BalanceSet, ...] = ()

    def of(self, asset: str) -> dict[bytes, int]:
        """Net change by account of one asset."""
        return {account: amount for (account, which), amount in self.nets.items() if which == asset}

    def assets(self) -> list[str]:
        """The assets that moved, native first, then by name."""
        return sorted({asset for _, asset in self.nets}, key=lambda asset: (asset != NATIVE, asset))


@dataclass(slots=True)
class _Cut:
    """The entries of one phase that belong together, while they are being collected."""

    phase: int
    driver: str | None = None
    entries: list[Entry] = field(default_factory=list)


def groups(events: Iterable[Event], words: Vocabulary) -> list[Group]:
    """The groups of a block in order of where they end; those that touch no balance are left out."""
    return [group for cut in _cuts(events, words) if (group := _group(cut, words)) is not None]


def _cuts(events: Iterable[Event], words: Vocabulary) -> Iterator[_Cut]:
    running: dict[int, _Cut] = {}
    for event in events:
        cut = running.get(event.phase)
        if cut is None:
            cut = running[event.phase] = _Cut(event.phase)
        cut.entries.append(words.read(event))
        if event.phase < 0 and event.name in DRIVERS.get(event.pallet, ()):
            cut.driver = f"{event.pallet}.{event.name}"
            yield running.pop(event.phase)
    yield from running.values()


def _group(cut: _Cut, words: Vocabulary) -> Group | None:
    sets = list(_balances_set(cut.entries, words))
    touching = [event.index for event, legs in cut.entries if legs] + [index for index, _ in sets]
    if not touching:
        return None
    in_extrinsic = cut.phase >= 0
    kept = without_fees(cut.entries, words) if in_extrinsic else cut.entries
    legs = [leg for entry in kept for leg in entry.legs]
    legs += [found for _, found in sets if isinstance(found, Leg)]
    touched = {leg.account for entry in cut.entries for leg in entry.legs} | {found.account for _, found in sets}
    return Group(
        key=_key(cut.phase, min(touching)),
        extrinsic=cut.phase if in_extrinsic else None,
        driver=cut.driver,
        payer=payer_of(cut.entries) if in_extrinsic else None,
        nets=_nets(legs),
        touched=frozenset(touched),
        unknown=tuple(found for _, found in sets if isinstance(found, BalanceSet)),
    )


def _key(phase: int, first_index: int) -> str:
    if phase >= 0:
        return f"extrinsic-{phase}"
    return f"{'finalization' if phase == FINALIZATION else 'initialization'}-{first_index}"


def _nets(legs: Iterable[Leg]) -> dict[tuple[bytes, str], int]:
    nets: dict[tuple[bytes, str], int] = {}
    for account, asset, amount in legs:
        nets[account, asset] = nets.get((account, asset), 0) + amount
    return {key: amount for key, amount in nets.items() if amount}


def _balances_set(entries: Sequence[Entry], words: Vocabulary) -> Iterator[tuple[int, Leg | BalanceSet]]:
    """Each `BalanceSet` as a leg, or as unknown where its size is not told, with the event's index.

    `force_set_balance` drops an imbalance of the difference just before `BalanceSet` (pallet-balances lib.rs), which
    since 2024 emits `Issued` or `Rescinded`. Before that only a new account tells: it held nothing, and `Endowed`
    stands there instead.
    """
    before: Event | None = None
    for event, _ in entries:
        if event.pallet != words.native:
            continue
        if event.name == BALANCE_SET and (change := _change(event, before)) is not None:
            yield event.index, change
        before = event


def _change(event: Event, before: Event | None) -> Leg | BalanceSet | None:
    account, free = event.fields.get("who"), event.fields.get("free")
    if not isinstance(account, bytes) or not isinstance(free, int):
        return None
    if before is None or before.index != event.index - 1:
        return BalanceSet(account, free)
    amount = before.fields.get("amount")
    if before.name in ISSUED | RESCINDED and isinstance(amount, int):
        return Leg(account, NATIVE, amount if before.name in ISSUED else -amount)
    if before.name == ENDOWED and before.fields.get("account") == account and not event.fields.get("reserved"):
        return Leg(account, NATIVE, free)
    return BalanceSet(account, free)
