"""Votes as people read them: in percent, rounded down, as the runtime rounds (Perbill's `from_rational`).

Sources: pallet-conviction-voting `types.rs`, Tally {ayes, nays, support}, in planck; its electorate is what is issued
and active (`TotalIssuance` - `InactiveIssuance` of pallet-balances). pallet-ranked-collective `lib.rs`, Tally
{bare_ayes, ayes, nays}: votes by rank, and heads.
"""

from dataclasses import dataclass
from typing import Any

from paseo_watch.watchers.watcher import Json


@dataclass(frozen=True, slots=True)
class Tally:
    """`support` is planck, or heads in a ranked collective (`ranked`); `electorate` planck, None where not known."""

    ayes: int
    nays: int
    support: int
    ranked: bool
    electorate: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody has voted."""
        return not (self.ayes or self.nays or self.support)

    @property
    def text(self) -> str:
        """`87.5 % aye, 3.21 % support`."""
        if self.ranked:
            heads = f"{self.support:,} member" + ("" if self.support == 1 else "s")
            votes = f"{self.ayes:,} to {self.nays:,} votes, {heads} for it"
            return f"{_percent(self.ayes, self.ayes + self.nays)} aye, {votes}" if self.ayes + self.nays else "no votes"
        if not self.ayes + self.nays and not self.support:
            return "no votes"
        aye = f"{_percent(self.ayes, self.ayes + self.nays)} aye" if self.ayes + self.nays else "no aye and no nay"
        return f"{aye}, {_percent(self.support, self.electorate)} support" if self.electorate else aye

    @property
    def data(self) -> Json:
        """For programs: amounts as text in planck; percentages as text, null where there is nothing to divide by."""
        return {
            "ayes": str(self.ayes),
            "nays": str(self.nays),
            "support": str(self.support),
            "electorate": None if self.electorate is None else str(self.electorate),
            "approval_percent": _number(self.ayes, self.ayes + self.nays),
            "support_percent": None if self.ranked else _number(self.support, self.electorate),
        }


def read(value: Any, electorate: int | None) -> Tally | None:
    """None for what is no tally."""
    match value:
        case {"ayes": int(ayes), "nays": int(nays)} if ayes < 0 or nays < 0:
            return None
        case {"bare_ayes": int(bare), "ayes": int(ayes), "nays": int(nays)} if bare >= 0:
            return Tally(ayes, nays, bare, True)
        case {"ayes": int(ayes), "nays": int(nays), "support": int(support)} if support >= 0:
            return Tally(ayes, nays, support, False, electorate)
    return None


def _percent(part: int, whole: int | None) -> str:
    number = _number(part, whole)
    return "no" if number is None else f"{number} %"


def _number(part: int, whole: int | None) -> str | None:
    """Two decimals at most, rounded down; what is more than all counts as all."""
    if not whole:
        return None
    hundredths = min(part, whole) * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
