"""Watchers of a chain, built from the configuration."""

import argparse
from types import SimpleNamespace
from typing import Any

import pytest

from paseo_watch.app.watchers import chain_documents, chain_watchers, interest
from paseo_watch.cli.configuration import load_config
from paseo_watch.config.load import load
from paseo_watch.config.model import Config
from paseo_watch.watchers.watcher import Needs


@pytest.fixture(name="config")
def _config() -> Config:
    """The built-in one: the cap is Asset Hub's alone."""
    return load_config(argparse.Namespace(config=None))


def test_every_chain_watches_itself_first_then_what_is_configured(config: Config) -> None:
    """The service's own watcher and the named accounts' need no configuration."""
    for name in config.chains:
        assert [watcher.name for watcher in chain_watchers(config, name)(42)] == [
            "service",
            "balances",
            "opengov",
            "validators",
            "accounts",
        ]


def test_without_any_watcher_a_chain_still_watches_itself() -> None:
    """A configuration may only follow."""
    nothing = load(None, {}).model_copy(update={"watch": type(load(None, {}).watch)()})
    assert [watcher.name for watcher in chain_watchers(nothing, "relay")(42)] == ["service", "accounts"]


def test_where_nobody_can_look_at_figures_none_are_read(config: Config) -> None:
    """A recording that was made before an account got its name can still be replayed."""
    silent = config.model_copy(update={"http": False})
    assert "accounts" not in [watcher.name for watcher in chain_watchers(silent, "relay")(42)]


def test_a_condition_belongs_to_the_chains_that_its_rule_names(config: Config) -> None:
    """It ends where it does not belong any more."""
    rules = {name: chain_watchers(config, name)(42)[1].rules for name in ("relay", "asset-hub")}
    assert rules == {"relay": frozenset(), "asset-hub": {"policy-cap"}}


def test_a_document_is_loaded_for_the_chains_that_want_it(config: Config) -> None:
    """And for no other."""
    assert [document.name for document in chain_documents(config, "asset-hub")] == ["whitelist:policy-cap"]
    assert chain_documents(config, "relay") == ()


def test_a_blocks_interest_is_what_all_watchers_need_together() -> None:
    """What two need is asked for once, what one needs for the others' sake too."""
    runtime: Any = SimpleNamespace(watch=sorted)
    transfer, slashed = ("Balances", "Transfer"), ("Staking", "Slashed")
    found = interest(
        runtime,
        [
            Needs(frozenset({transfer}), frozenset({b"b", b"a"})),
            Needs(),
            Needs(frozenset({slashed}), frozenset({b"b", b"c"})),
        ],
    )
    assert found.watch == [transfer, slashed]  # type: ignore[comparison-overlap]
    assert found.keys == (b"a", b"b", b"c")
