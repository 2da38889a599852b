"""What every watcher of one chain may know beyond its own options."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paseo_watch.chain.units import NATIVE, PLANCK, Unit


@dataclass(frozen=True, slots=True)
class Explorer:
    """Templates of links into a block explorer, from configuration; None where there is none.

    `{number}`, `{extrinsic}` (N-i), `{account}` (SS58) and `{referendum}` (its index) are filled in; nothing else is.
    """

    block: str | None = None
    extrinsic: str | None = None
    account: str | None = None
    referendum: str | None = None


@dataclass(frozen=True, slots=True)
class WatcherSetting:
    """One chain as its watchers see it.

    `symbol` is the unit of the chain's own token, `units` go by symbol. `accounts` are the configuration's named
    accounts, by name, as 32 bytes.
    """

    chain: str
    network: str
    ss58_prefix: int
    symbol: str = "PAS"
    units: Mapping[str, Unit] = field(default_factory=dict)
    accounts: Mapping[str, bytes] = field(default_factory=dict)
    explorer: Explorer = Explorer()

    def unit_of(self, asset: str) -> Unit:
        """The unit in which amounts of an asset are shown: planck where none is configured."""
        own = self.units.get(self.symbol)
        if asset == NATIVE and own is not None and own.asset == NATIVE:
            return own
        return next((unit for unit in self.units.values() if unit.asset == asset), Unit(PLANCK.symbol, 0, asset))
