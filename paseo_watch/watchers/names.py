"""How accounts, amounts and places are written for people on one chain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paseo_watch.chain import ss58
from paseo_watch.chain.units import PLANCK, Unit, format_amount
from paseo_watch.watchers.pots import pot_name
from paseo_watch.watchers.setting import WatcherSetting

_MAX_ASSET = 120


@dataclass(frozen=True, slots=True)
class Names:
    """Writes with a chain's SS58 prefix, units and named accounts."""

    setting: WatcherSetting

    def address(self, account: bytes) -> str:
        """SS58 text with the chain's prefix."""
        return ss58.encode(account, self.setting.ss58_prefix)

    def name(self, account: bytes) -> str | None:
        """The configuration's name for an account, the first by alphabet where it has several."""
        return min((name for name, key in self.setting.accounts.items() if key == account), default=None)

    def account(self, account: bytes) -> str:
        """`treasury (5EYC…)`, or the address alone for an account without a name."""
        name = self.name(account) or pot_name(account)
        return f"{name} ({self.address(account)})" if name else self.address(account)

    def short(self, account: bytes) -> str:
        """For titles: the name, or the address cut in the middle."""
        address = self.address(account)
        return self.name(account) or pot_name(account) or f"{address[:6]}…{address[-4:]}"

    def listing(self, accounts: Sequence[bytes], most: int = 3) -> str:
        """`a, b, c and 4 more`."""
        shown = ", ".join(self.account(account) for account in accounts[:most])
        return f"{shown} and {len(accounts) - most} more" if len(accounts) > most else shown

    def amount(self, planck: int, asset: str) -> str:
        """An amount of an asset in its unit; in planck, and of what, where the asset has none."""
        unit = self.setting.unit_of(asset)
        return format_amount(planck, unit) + (f" of {self.asset(asset)}" if unit.symbol == PLANCK.symbol else "")

    def asset(self, asset: str) -> str:
        """For labels and texts: the symbol of its unit, else the asset's own id, cut."""
        unit: Unit = self.setting.unit_of(asset)
        if unit.symbol != PLANCK.symbol:
            return unit.symbol
        return asset if len(asset) <= _MAX_ASSET else asset[: _MAX_ASSET - 1] + "…"

    def links(self, number: int | None, extrinsic: str | None, accounts: Iterable[bytes]) -> tuple[str, ...]:
        """Links to the extrinsic or else the block, and to the accounts, as far as templates are configured."""
        found = []
        explorer = self.setting.explorer
        if extrinsic is not None and explorer.extrinsic:
            found.append(_filled(explorer.extrinsic, "extrinsic", extrinsic))
        elif number is not None and explorer.block:
            found.append(_filled(explorer.block, "number", str(number)))
        if explorer.account:
            found += [_filled(explorer.account, "account", self.address(account)) for account in accounts]
        return tuple(found)

    def referendum(self, index: int) -> tuple[str, ...]:
        """The link to a referendum, where a template is configured."""
        template = self.setting.explorer.referendum
        return (_filled(template, "referendum", str(index)),) if template else ()


def _filled(template: str, name: str, value: str) -> str:
    return template.replace("{" + name + "}", value)
