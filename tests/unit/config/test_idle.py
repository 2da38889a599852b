"""Rules that are only for chains which are not followed."""

import pytest

from paseo_watch.config.idle import idle_rules
from paseo_watch.config.load import load
from paseo_watch.config.model import Config
from paseo_watch.watchers.balances.rules import BalanceRule


def only_for(*chains: str) -> Config:
    """The built-in configuration with one rule, for these chains; coretime is not enabled in it."""
    config = load(None, {})
    rule = BalanceRule.model_validate({"name": "moves", "threshold": "1 PAS", "chains": chains or None})
    return config.model_copy(update={"watch": config.watch.model_copy(update={"balances": (rule,)})})


def test_a_rule_only_for_chains_that_are_not_followed_is_told() -> None:
    """It would never run and never say so."""
    assert list(idle_rules(only_for("coretime", "collectives"))) == [
        "rule moves: watches nothing, none of its chains is followed (coretime, collectives)"
    ]


@pytest.mark.parametrize("chains", [(), ("relay",), ("coretime", "relay")])
def test_a_rule_for_a_followed_chain_is_not(chains: tuple[str, ...]) -> None:
    """One chain that is followed is enough, and every chain is meant where none is named."""
    assert list(idle_rules(only_for(*chains))) == []


def test_the_built_in_rules_all_run() -> None:
    assert list(idle_rules(load(None, {}))) == []


def test_without_a_watcher_there_is_no_rule() -> None:
    config = load(None, {})
    assert list(idle_rules(config.model_copy(update={"watch": type(config.watch)()}))) == []
