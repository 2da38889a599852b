"""Watchers of a chain, built from the configuration, and the documents that they want."""

from collections.abc import Callable, Iterable, Sequence

from paseo_watch.chain.runtimes import Interest
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.units import NATIVE, Unit
from paseo_watch.config.model import Config
from paseo_watch.watchers.accounts import AccountsWatcher
from paseo_watch.watchers.registry import WATCHERS, Document, Explorer, WatcherSetting
from paseo_watch.watchers.service import ServiceWatcher
from paseo_watch.watchers.watcher import Needs, Watcher


def chain_watchers(config: Config, name: str) -> Callable[[int], Sequence[Watcher]]:
    """What builds the chain's watchers, once its SS58 prefix is known."""

    def make(prefix: int) -> Sequence[Watcher]:
        setting = _setting(config, name, prefix)
        configured = [WATCHERS[kind].build(options, setting) for kind, options in config.watch.watchers.items()]
        figures = (AccountsWatcher(setting),) if config.http else ()  # only for who can look at them
        return (ServiceWatcher(), *configured, *figures)

    return make


def interest(runtime: Runtime, needs: Iterable[Needs]) -> Interest:
    """What all watchers together want of every block of a runtime."""
    events, keys = set[tuple[str, str]](), set[bytes]()
    for each in needs:
        events |= each.events
        keys |= each.keys
    return Interest(runtime.watch(events), tuple(sorted(keys)))


def chain_documents(config: Config, name: str) -> tuple[Document, ...]:
    """Every document that the chain's watchers want."""
    return tuple(
        document
        for kind, options in config.watch.watchers.items()
        for document in WATCHERS[kind].documents(options)
        if document.chains is None or name in document.chains
    )


def _setting(config: Config, name: str, prefix: int) -> WatcherSetting:
    explorer = config.chains[name].explorer
    return WatcherSetting(
        chain=name,
        network=config.network,
        ss58_prefix=prefix,
        units=_units(config, name),
        accounts=config.accounts,
        explorer=Explorer(explorer.block, explorer.extrinsic, explorer.account, explorer.referendum),
    )


def _units(config: Config, name: str) -> dict[str, Unit]:
    """The chain's own token and the assets; another chain's token would be taken for this one's."""
    token = config.chains[name].token
    return {symbol: unit for symbol, unit in config.unit_table.items() if symbol == token or unit.asset != NATIVE}
