"""All watchers by the key under `watch` that makes them. A new watcher is one package and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from paseo_watch.watchers.accounts import GAUGES as ACCOUNTS_GAUGES
from paseo_watch.watchers.balances.rules import BalanceOptions
from paseo_watch.watchers.balances.watcher import build as build_balances
from paseo_watch.watchers.balances.watcher import documents as balances_documents
from paseo_watch.watchers.document import Document
from paseo_watch.watchers.opengov.options import OpenGovOptions
from paseo_watch.watchers.opengov.watcher import GAUGES as OPENGOV_GAUGES
from paseo_watch.watchers.opengov.watcher import build as build_opengov
from paseo_watch.watchers.setting import Explorer, WatcherSetting
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.readings import GAUGES as VALIDATORS_GAUGES
from paseo_watch.watchers.validators.watcher import build as build_validators
from paseo_watch.watchers.watcher import Gauge, Watcher

__all__ = ["WATCHERS", "Document", "Explorer", "WatcherKind", "WatcherSetting"]


@dataclass(frozen=True, slots=True)
class WatcherKind:
    """One kind of watcher: its key, the type of its options, how one is built for a chain, what it wants loaded and
    what it shows.

    `build` raises a PermanentError for options that do not fit the chain.
    """

    name: str
    options: Any
    build: Callable[[Any, WatcherSetting], Watcher]
    documents: Callable[[Any], tuple[Document, ...]] = lambda options: ()
    gauges: tuple[Gauge, ...] = ()


WATCHERS: Mapping[str, WatcherKind] = MappingProxyType(
    {
        "balances": WatcherKind("balances", BalanceOptions, build_balances, balances_documents),
        "opengov": WatcherKind("opengov", OpenGovOptions, build_opengov, gauges=OPENGOV_GAUGES),
        "validators": WatcherKind("validators", ValidatorsOptions, build_validators, gauges=VALIDATORS_GAUGES),
    }
)

GAUGES: tuple[Gauge, ...] = (*ACCOUNTS_GAUGES, *(gauge for kind in WATCHERS.values() for gauge in kind.gauges))
"""What watchers show, whichever are configured; named accounts are shown in any case."""
