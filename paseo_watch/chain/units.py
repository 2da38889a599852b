"""Amounts as people write them, and as a chain counts them.

A chain counts in whole planck (the smallest step of an asset); people write `10000 PAS`. Both ways are exact: what
does not come out as whole planck is an error, and nothing is rounded to be shown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from paseo_watch.errors import PermanentError

NATIVE = "native"
MAX_PLANCK = 2**128 - 1  # balances are u128 (pallet-balances and pallet-assets, `type Balance`)

_MAX_TEXT = 64
_PATTERN = re.compile(
    r"(?P<number>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?)[ \t]*(?P<symbol>[A-Za-z][A-Za-z0-9.\-]{0,19})"
)
_EXAMPLES = "10000 PAS, 0.5 PAS, 1_000 PAS or 250 planck"


class AmountError(PermanentError, ValueError):
    """Text that is no amount, or an amount that does not fit its unit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One asset's unit: 1 `symbol` is 10 ** `decimals` planck.

    `asset` says of what: "native", or "<pallet>/<canonical id>" (`Assets/1984`) of an asset of a fungibles pallet.
    """

    symbol: str
    decimals: int
    asset: str = NATIVE


PLANCK = Unit("planck", 0)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as written, exact: a number and the symbol of its unit. A field type for pydantic models."""

    number: Decimal
    symbol: str

    @classmethod
    def parse(cls, text: str) -> "Amount":
        """`10000 PAS` and the like. Raises AmountError."""
        found = _PATTERN.fullmatch(text.strip()) if len(text) <= _MAX_TEXT else None
        if found is None:
            raise AmountError(f"expected a number and a unit, like {_EXAMPLES}")
        return cls(Decimal(found["number"].replace("_", "")), found["symbol"])

    def unit(self, units: Mapping[str, Unit]) -> Unit:
        """The unit by its symbol; `planck` is always there. Raises AmountError."""
        found = PLANCK if self.symbol == PLANCK.symbol else units.get(self.symbol)
        if found is None:
            raise AmountError(f"unknown unit {self.symbol!r}; known are {', '.join([*units, PLANCK.symbol])}")
        return found

    def planck(self, units: Mapping[str, Unit]) -> int:
        """The same amount in planck of its unit's asset. Raises AmountError."""
        unit = self.unit(units)
        whole, rest = _shift(self.number, unit.decimals)
        if rest:
            raise AmountError(f"{self} is not whole planck: {unit.symbol} has {unit.decimals} decimals")
        if whole > MAX_PLANCK:
            raise AmountError(f"{self} is more than a chain can count (2**128 - 1 planck)")
        return whole

    def __str__(self) -> str:
        return f"{self.number:f} {self.symbol}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validate, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^{_PATTERN.pattern.replace('?P<number>', '?:').replace('?P<symbol>', '?:')}$",
            "description": "An amount with its unit.",
            "examples": ["10000 PAS", "0.5 PAS", "1_000 PAS", "250 planck"],
        }


def format_amount(planck: int, unit: Unit) -> str:
    """`12,000 PAS`: exact, in groups of three, without trailing zeros, never in scientific notation."""
    whole, rest = divmod(abs(planck), 10**unit.decimals)
    fraction = f"{rest:0{unit.decimals}d}".rstrip("0") if rest else ""
    sign = "-" if planck < 0 else ""
    return f"{sign}{whole:,}{'.' if fraction else ''}{fraction} {unit.symbol}"


def _validate(value: object) -> Amount:
    if isinstance(value, Amount):
        return value
    if not isinstance(value, str):
        raise AmountError(f"expected text with a unit, like {_EXAMPLES}")
    return Amount.parse(value)


def _shift(number: Decimal, decimals: int) -> tuple[int, int]:
    """`number` * 10 ** `decimals` as whole part and remainder, in integers: Decimal's own arithmetic would round."""
    _, digits, exponent = number.as_tuple()
    coefficient = int("".join(map(str, digits)))
    shift = int(exponent) + decimals
    return (coefficient * 10**shift, 0) if shift >= 0 else divmod(coefficient, 10**-shift)
