"""In which unit an asset is shown."""

import pytest

from paseo_watch.chain.units import NATIVE, Unit
from paseo_watch.watchers.setting import WatcherSetting

PAS, DOT, USDT = Unit("PAS", 10), Unit("DOT", 10), Unit("USDT", 6, "Assets/1984")
UNITS = {"DOT": DOT, "PAS": PAS, "USDT": USDT}


@pytest.mark.parametrize(
    ("symbol", "asset", "unit"),
    [
        ("PAS", NATIVE, PAS),
        ("DOT", NATIVE, DOT),
        ("USDT", NATIVE, DOT),
        ("XYZ", NATIVE, DOT),
        ("PAS", "Assets/1984", USDT),
        ("PAS", "Assets/7", Unit("planck", 0, "Assets/7")),
    ],
)
def test_an_asset_is_shown_in_its_own_unit_or_in_planck(symbol: str, asset: str, unit: Unit) -> None:
    assert WatcherSetting("relay", "paseo", 42, symbol, UNITS).unit_of(asset) == unit


def test_without_units_everything_is_planck() -> None:
    assert WatcherSetting("relay", "paseo", 42).unit_of(NATIVE) == Unit("planck", 0, NATIVE)
