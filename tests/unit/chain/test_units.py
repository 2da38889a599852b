"""Amounts: what is read, what is refused, and that showing and reading are exact."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from paseo_watch.chain.units import MAX_PLANCK, NATIVE, Amount, AmountError, Unit, format_amount

PAS = Unit("PAS", 10)
UNITS = {"PAS": PAS, "USDT": Unit("USDT", 6, "Assets/1984")}


@pytest.mark.parametrize(
    ("text", "planck"),
    [
        ("10000 PAS", 100_000_000_000_000),
        ("0.5 PAS", 5_000_000_000),
        ("1_000 PAS", 10_000_000_000_000),
        ("250 planck", 250),
        ("0.0000000001 PAS", 1),
        ("1.5000000000000 PAS", 15_000_000_000),
        ("5000PAS", 50_000_000_000_000),
        ("0 PAS", 0),
        (" 7 USDT ", 7_000_000),
    ],
)
def test_an_amount_is_read_to_the_planck(text: str, planck: int) -> None:
    assert Amount.parse(text).planck(UNITS) == planck


@pytest.mark.parametrize(
    "text",
    [
        *("", "PAS", "10000", "10,000 PAS", "-1 PAS", "1e3 PAS", "1. PAS", ".5 PAS", "1__0 PAS", "_1 PAS", "1 2 PAS"),
        *("٣ PAS", "1 PAS PAS", "1 " + "A" * 21, "1" * 80 + " PAS", "0x10 PAS", "1\nPAS", "NaN PAS"),
    ],
)
def test_text_that_is_no_amount_is_refused_with_examples(text: str) -> None:
    with pytest.raises(AmountError, match=r"10000 PAS, 0\.5 PAS"):
        Amount.parse(text)


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AmountError, match="unknown unit 'DOT'; known are PAS, USDT, planck"):
        Amount.parse("1 DOT").planck(UNITS)


@pytest.mark.parametrize("text", ["0.00000000001 PAS", "1.00000000005 PAS", "0.5 planck", "0.0000001 USDT"])
def test_an_amount_that_is_not_whole_planck_is_refused_and_not_rounded(text: str) -> None:
    with pytest.raises(AmountError, match="not whole planck"):
        Amount.parse(text).planck(UNITS)


def test_an_amount_larger_than_a_balance_can_be_is_refused() -> None:
    assert Amount.parse(f"{MAX_PLANCK} planck").planck(UNITS) == MAX_PLANCK
    with pytest.raises(AmountError, match="more than a chain can count"):
        Amount.parse(f"{MAX_PLANCK + 1} planck").planck(UNITS)


def test_a_unit_says_which_asset_is_meant() -> None:
    assert Amount.parse("1 USDT").unit(UNITS).asset == "Assets/1984"
    assert Amount.parse("1 planck").unit(UNITS).asset == NATIVE


@pytest.mark.parametrize(
    ("planck", "unit", "text"),
    [
        (120_000_000_000_000, PAS, "12,000 PAS"),
        (5_000_000_000, PAS, "0.5 PAS"),
        (1, PAS, "0.0000000001 PAS"),
        (0, PAS, "0 PAS"),
        (-15_000_000_000, PAS, "-1.5 PAS"),
        (-1, PAS, "-0.0000000001 PAS"),
        (12_345_678_901_234, PAS, "1,234.5678901234 PAS"),
        (10**40, PAS, "1,000,000,000,000,000,000,000,000,000,000 PAS"),
        (1_234_567, Unit("planck", 0), "1,234,567 planck"),
    ],
)
def test_an_amount_is_shown_exactly(planck: int, unit: Unit, text: str) -> None:
    assert format_amount(planck, unit) == text


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, MAX_PLANCK), st.integers(0, 18))
def test_what_is_shown_reads_back_as_the_same_planck(planck: int, decimals: int) -> None:
    unit = Unit("X", decimals)
    assert Amount.parse(format_amount(planck, unit).replace(",", "_")).planck({"X": unit}) == planck


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80))
def test_any_text_is_an_amount_or_our_error(text: str) -> None:
    try:
        amount = Amount.parse(text)
    except AmountError:
        return
    assert amount.number >= 0
    assert amount.symbol in text


class Rule(BaseModel):
    threshold: Amount


def test_a_pydantic_field_takes_text_and_gives_it_back() -> None:
    rule = Rule.model_validate({"threshold": "10_000 PAS"})
    assert rule.threshold == Amount(Decimal(10000), "PAS")
    assert rule.model_dump_json() == '{"threshold":"10000 PAS"}'


@pytest.mark.parametrize("value", [10000, 1.5, None, ["1 PAS"], "ten PAS"])
def test_a_pydantic_field_refuses_what_has_no_unit(value: object) -> None:
    with pytest.raises(ValidationError, match="a unit, like 10000 PAS"):
        Rule.model_validate({"threshold": value})


def test_the_json_schema_is_a_pattern_that_the_examples_fit() -> None:
    import re

    schema = TypeAdapter(Amount).json_schema()
    assert schema["type"] == "string"
    assert all(re.search(schema["pattern"], example) for example in schema["examples"])
    assert not re.search(schema["pattern"], "10,000 PAS")
