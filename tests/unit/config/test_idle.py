"""Rules that are only for chains which are not followed."""

import pytest

from paseo_watch.config.idle import idle_rules, watched
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


def test_where_nothing_is_watched_it_is_said() -> None:
    """`opengov:` with nothing behind it takes the inherited one away, which looks like leaving it as it is."""
    config = load(None, {})
    nothing = config.model_copy(update={"watch": type(config.watch)()})
    (sentence,) = idle_rules(nothing)
    assert sentence.startswith("watch: nothing is watched")
    assert watched(nothing) == "nothing (not balances, opengov, validators)"


def test_what_is_watched_is_named_by_watcher_and_rule() -> None:
    """So that one that is missing is seen."""
    config = load(None, {})
    assert watched(config) == "balances (large-move, policy-cap), opengov, validators"
    few = config.model_copy(update={"watch": config.watch.model_copy(update={"opengov": None})})
    assert watched(few) == "balances (large-move, policy-cap), validators (not opengov)"
