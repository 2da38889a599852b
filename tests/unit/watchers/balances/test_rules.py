"""Rules as written: what is refused and why; and as resolved for one chain."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from paseo_watch.chain.units import PLANCK, Unit
from paseo_watch.watchers.balances.rules import BalanceOptions, BalanceRule, Cap, Low, RuleError, Threshold, Watched
from paseo_watch.watchers.balances.rules import resolve as resolve_all
from tests.unit.watchers.balances.doubles import ALICE, DAVE, PAS, TREASURY, setting

ADDRESS = "5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT"  # ALICE's, bytes of ones


def rule(**keys: Any) -> BalanceRule:
    return BalanceRule.model_validate({"name": "r", **keys})


def resolved(**keys: Any) -> Any:
    (only,) = resolve_all([rule(**keys)], setting())
    return only


def test_the_contracts_example_is_read() -> None:
    """The four rules of contract.md, one of each kind."""
    options = TypeAdapter(BalanceOptions).validate_python(
        [
            {"name": "large-move", "threshold": "10000 PAS", "severity": "warning", "exclude": ["treasury"]},
            {"name": "policy-cap", "cap": "5000 PAS", "whitelist": "whitelist.yml", "chains": ["asset-hub"]},
            {"name": "core-accounts", "watch": ["treasury"], "severity": "info"},
            {"name": "faucet-low", "accounts": ["dave"], "below": "1000 PAS"},
        ]
    )
    assert [each.kind for each in options] == ["threshold", "cap", "watch", "below"]
    assert [each.severity for each in options] == ["warning", "warning", "info", "warning"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected exactly one of threshold, cap, watch, below, found none"),
        ({"threshold": "1 PAS", "cap": "2 PAS"}, "found both threshold and cap"),
        ({"cap": "2 PAS", "exclude": ["treasury"]}, "exclude goes with threshold, not with cap"),
        ({"threshold": "2 PAS", "whitelist": "w.yml"}, "whitelist goes with cap, not with threshold"),
        ({"watch": ["treasury"], "recover": "2 PAS"}, "recover goes with below, not with watch"),
        ({"below": "2 PAS"}, "below needs accounts"),
        ({"cap": "2 PAS", "accounts": ["treasury"]}, "accounts goes with below, not with cap"),
        ({"cap": "2 PAS", "whitelist": "http://example.org/w.yml"}, "expected a path or an https URL"),
        ({"cap": "2 PAS", "whitelist": "https:///w.yml"}, "expected a path or an https URL"),
        ({"cap": "2 PAS", "whitelist": f"https://{'a' * 64}.org/w.yml"}, "expected a path or an https URL"),
        ({"treshold": "1 PAS"}, "treshold\n  Extra inputs are not permitted"),
        ({"threshold": 10000}, "expected text with a unit"),
        ({"threshold": "1 PAS", "severity": "bad"}, "'info', 'warning' or 'critical'"),
        ({"threshold": "1 PAS", "chains": []}, "at least 1 item"),
        ({"watch": []}, "at least 1 item"),
        ({"threshold": "1 PAS", "name": "with/slash"}, "String should match pattern"),
    ],
)
def test_a_wrong_rule_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rule(**keys)
    assert message in str(refused.value)


def test_a_threshold_is_resolved_to_planck_and_bytes() -> None:
    expected = Threshold("r", "warning", Unit("PAS", 10), 10_000 * PAS, frozenset({TREASURY, ALICE}), False)
    assert resolved(threshold="10000 PAS", exclude=["treasury", ADDRESS]) == expected


def test_the_other_kinds_are_resolved() -> None:
    pas = Unit("PAS", 10)
    assert resolved(cap="5000 PAS") == Cap("r", "warning", pas, 5_000 * PAS, False)
    assert resolved(cap="5000 PAS", whitelist="https://example.org/w.yml").whitelisted
    assert resolved(watch=["dave"], severity="info") == Watched("r", "info", frozenset({DAVE}))
    assert resolved(below="9 planck", accounts=["dave"], recover="9 planck") == Low(
        "r", "warning", PLANCK, (DAVE,), 9, 9
    )


@pytest.mark.parametrize(("below", "recover"), [("1000 PAS", 1_100 * PAS), ("1 planck", 2), ("10 planck", 11)])
def test_recovery_is_a_tenth_above_by_default_rounded_up(below: str, recover: int) -> None:
    assert resolved(below=below, accounts=["dave"]).recover == recover


def test_a_rule_applies_to_its_chains_only() -> None:
    rules = [rule(threshold="1 PAS", chains=["asset-hub"]), rule(cap="1 PAS", chains=["relay", "people"])]
    assert [type(each) for each in resolve_all(rules, setting())] == [Cap]
    assert [type(each) for each in resolve_all(rules, setting(chain="asset-hub"))] == [Threshold]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"threshold": "1 DOT"}, "rule r: unknown unit 'DOT'"),
        ({"threshold": "0.1 planck"}, "rule r: 0.1 planck is not whole planck"),
        ({"cap": "1 USDT"}, "rule r: cap is about a chain's own token, not about USDT"),
        ({"below": "1 USDT", "accounts": ["dave"]}, "rule r: below is about a chain's own token"),
        ({"watch": ["nobody"]}, "rule r: 'nobody' is neither a named account nor an address"),
        ({"below": "2 PAS", "accounts": ["dave"], "recover": "1 PAS"}, "rule r: recover is less than below"),
    ],
)
def test_a_rule_that_does_not_fit_the_chain_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError) as refused:
        resolved(**keys)
    assert message in str(refused.value)


def test_the_schema_marks_what_the_configuration_checks() -> None:
    """Formats that the configuration's own checks go by: names of chains and accounts, and paths made absolute."""
    properties = BalanceRule.model_json_schema()["properties"]
    assert properties["exclude"]["items"]["format"] == "account"
    assert properties["chains"]["anyOf"][0]["items"]["format"] == "chain"
    assert properties["whitelist"]["anyOf"][0]["format"] == "path-or-url"
    assert all("description" in each for each in properties.values())
