"""The configuration that a command runs with: as loaded, or bent to a recording or to a stretch of history."""

import argparse
import os
from pathlib import Path

from pydantic import SecretStr, ValidationError

from paseo_watch.app.chain import DEFAULT_SS58_PREFIX
from paseo_watch.app.watchers import chain_watchers
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.cli.errors import UnknownName, WrongInput
from paseo_watch.config.load import load
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Chain, Endpoint, Store
from paseo_watch.errors import PermanentError


def load_config(flags: argparse.Namespace) -> Config:
    """What -c names, or the built-in. Raises ConfigError, and WrongInput for a rule that does not fit its chain."""
    return with_fitting_rules(load(flags.config, os.environ))


def with_fitting_rules(config: Config) -> Config:
    """The same, once every watcher of every followed chain could be built. Raises WrongInput."""
    for name, chain in config.followed.items():
        try:
            chain_watchers(config, name)(DEFAULT_SS58_PREFIX if chain.ss58_prefix is None else chain.ss58_prefix)
        except PermanentError as error:
            raise WrongInput(f"chain {name}: {error}") from error
    return config


def keys_at_every_block(config: Config, name: str, runtime: Runtime) -> frozenset[bytes]:
    """The storage keys that the rules of this configuration read at every block of a chain."""
    prefix = config.chains[name].ss58_prefix
    watchers = chain_watchers(config, name)(DEFAULT_SS58_PREFIX if prefix is None else prefix)
    return frozenset().union(*(watcher.needs(runtime).keys for watcher in watchers))


def known_chain(config: Config, name: str) -> Chain:
    """A configured chain, enabled or not; raises UnknownName with the names that there are."""
    if name not in config.chains:
        raise UnknownName(f"there is no chain {name!r} in the configuration; there are {', '.join(config.chains)}")
    return config.chains[name]


def for_one_chain(config: Config, name: str, chain: Chain, start: int, folder: Path) -> Config:
    """Only this chain, from `start` on, with a store of its own, without HTTP and heartbeat. Raises WrongInput."""
    bent = config.model_copy(
        update={
            "chains": {name: chain.model_copy(update={"start": start, "enabled": True})},
            "store": Store(url=SecretStr(f"sqlite:///{folder / 'replay.db'}")),
            "http": None,
            "heartbeat": None,
        }
    )
    return with_fitting_rules(bent)


def at_endpoint(chain: Chain, url: str, genesis: bytes | None) -> Chain:
    """The chain, asked at this one endpoint, as fast as it answers. Raises WrongInput for what is no URL of a node."""
    try:
        endpoint = Endpoint(url=SecretStr(url), requests_per_second=10_000, burst=100_000)
    except ValidationError as error:
        raise WrongInput("--url: expected a URL that begins with ws:// or wss://, with a host") from error
    return chain.model_copy(update={"endpoints": (endpoint,), "genesis": genesis})
