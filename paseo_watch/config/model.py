"""The configuration as values: checked, frozen, amounts still with their units, paths absolute, secrets wrapped.

`build` makes the model for what the registries hold: each sink and each watcher brings the options type that lives
beside it, and nothing here changes when one is added.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self, cast

from pydantic import Field, create_model, model_validator

from paseo_watch.chain.units import Unit
from paseo_watch.config.fields import AccountKey, Name, Section, Symbol
from paseo_watch.config.problem import one_of
from paseo_watch.config.sections import Cache, Chain, Heartbeat, Http, Route, Store, UnitOptions
from paseo_watch.sinks.registry import SinkKind, SinkOptions
from paseo_watch.watchers.registry import WatcherKind


class Receiver(Section):
    """Somebody who gets alerts: a name, and one or more sinks."""

    name: Name
    """What routes call it."""

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        """The sinks that this version has."""
        return tuple(key for key in cls.model_fields if key not in Receiver.model_fields)

    @property
    def sinks(self) -> Mapping[str, SinkOptions]:
        """The options of each sink that was given, by its kind."""
        return {kind: getattr(self, kind) for kind in self.kinds() if getattr(self, kind) is not None}

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        if not self.sinks:
            raise ValueError(f"no sink; expected {one_of(self.kinds())} ({{}} where one needs no options)")
        return self


class Watch(Section):
    """What to watch: each watcher by its name, with its own options."""

    @property
    def watchers(self) -> Mapping[str, Any]:
        """The options of each watcher that was given, by its name."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: options for name, options in found.items() if options is not None}


class Config(Section):
    """The whole configuration. Made by `load.load`; `build` gives `watch` and `receivers` their keys."""

    network: Name = "paseo"
    """The network's name, on every alert."""
    units: Mapping[Symbol, UnitOptions] = Field({"PAS": UnitOptions(decimals=10)})
    """Units of amounts, by symbol."""
    chains: Mapping[Name, Chain] = Field({})
    """Chains, by a name of your choice; alerts carry it as the label `chain`."""
    accounts: Mapping[Name, AccountKey] = Field({})
    """Names for accounts; rules and messages use them."""
    watch: Watch = Watch()
    """What to watch: each watcher by its name, with its own options."""
    receivers: tuple[Receiver, ...] = ()
    """Who can get alerts."""
    route: Route = Route()
    """Who gets which alert. The root matches everything and must name a receiver."""
    store: Store = Store()
    """Where everything that must survive a restart is kept."""
    http: Http | Literal[False] = Http()
    """Metrics, health and the status page; false: none."""
    heartbeat: Heartbeat | None = None
    """A sign of life (dead man's switch); none by default."""
    cache: Cache = Cache()
    """What can be had again: metadata of runtimes."""

    @property
    def followed(self) -> Mapping[str, Chain]:
        """The chains that are enabled."""
        return {name: chain for name, chain in self.chains.items() if chain.enabled}

    @property
    def unit_table(self) -> Mapping[str, Unit]:
        """Every unit by its symbol."""
        return {symbol: options.unit(symbol) for symbol, options in self.units.items()}


def build(sinks: Mapping[str, SinkKind], watchers: Mapping[str, WatcherKind]) -> type[Config]:
    """The model for these registries."""
    sink_fields = {kind: _optional(one.options, "The sink") for kind, one in sinks.items()}
    watcher_fields = {name: _optional(one.options, "The watcher") for name, one in watchers.items()}
    receiver = _extended("Receiver", Receiver, sink_fields)
    watch = _extended("Watch", Watch, watcher_fields)
    described = {name: field.description for name, field in Config.model_fields.items()}
    fields = {
        "watch": (watch, Field(watch(), description=described["watch"])),
        "receivers": (tuple[receiver, ...], Field((), description=described["receivers"])),  # type: ignore[valid-type]
    }
    return cast(type[Config], _extended("Config", Config, fields))


def _optional(options: Any, what: str) -> tuple[Any, Any]:
    return options | None, Field(None, description=f"{what}'s own options.")


def _extended(name: str, base: type[Section], fields: Mapping[str, Any]) -> type[Section]:
    made: Any = create_model
    extended: type[Section] = made(name, __base__=base, __doc__=base.__doc__, **fields)
    return extended
