"""The configuration that a command runs with."""

import argparse
from pathlib import Path

import pytest

from paseo_watch.cli.configuration import at_endpoint, for_one_chain, known_chain, load_config
from paseo_watch.cli.errors import WrongInput
from paseo_watch.config.model import Config


@pytest.fixture(name="config")
def _config() -> Config:
    """The built-in one."""
    return load_config(argparse.Namespace(config=None))


def test_without_a_file_the_built_in_configuration_is_used(config: Config) -> None:
    """Four chains are followed, three stand ready."""
    assert list(config.followed) == ["relay", "asset-hub", "people", "bulletin"]
    assert set(config.chains) - set(config.followed) == {"bridge-hub", "coretime", "collectives"}


def test_an_unknown_chain_is_told_with_the_known_ones(config: Config) -> None:
    """A chain that is not enabled is known."""
    assert known_chain(config, "coretime").enabled is False
    with pytest.raises(WrongInput, match="there is no chain 'relais' in the configuration; there are relay, asset-hub"):
        known_chain(config, "relais")


def test_a_replay_has_a_store_of_its_own_and_touches_nothing_else(config: Config, tmp_path: Path) -> None:
    """One chain from its block on, no page, no heartbeat; the chain is enabled by being asked for."""
    one = for_one_chain(config, "coretime", config.chains["coretime"], 7, tmp_path)
    assert list(one.followed) == ["coretime"]
    assert one.followed["coretime"].start == 7
    assert one.store.url.get_secret_value() == f"sqlite:///{tmp_path}/replay.db"
    assert (one.http, one.heartbeat) == (None, None)
    assert config.chains["coretime"].enabled is False


def test_a_chain_at_one_endpoint_is_asked_there_and_nowhere_else(config: Config) -> None:
    """Under the genesis that is said, and not under the configured one."""
    there = at_endpoint(config.chains["relay"], "ws://127.0.0.1:9944", None)
    assert [one.url.get_secret_value() for one in there.endpoints] == ["ws://127.0.0.1:9944"]
    assert there.genesis is None
    assert there.ss58_prefix == config.chains["relay"].ss58_prefix
