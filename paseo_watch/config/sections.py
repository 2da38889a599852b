"""The sections of a configuration that do not depend on what the registries hold."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, SecretStr, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from paseo_watch.alerts import route as alerts
from paseo_watch.chain import ss58
from paseo_watch.chain.units import NATIVE, Unit
from paseo_watch.config.fields import (
    Duration,
    Genesis,
    HttpUrl,
    Listen,
    ListenAddress,
    MatcherText,
    Name,
    NodeUrl,
    Section,
    StoreUrl,
    Symbol,
    parse_duration,
    url_host,
)
from paseo_watch.errors import Expected
from paseo_watch.store.housekeeping import PRUNED

MAX_ENDPOINTS = 32
Whole = Annotated[int, Field(ge=0, le=2**32 - 1)]


def _a_day(value: timedelta) -> timedelta:
    if value < timedelta(days=1):
        raise Expected("expected a day or more, such as 90d")
    return value


class Shorthand(Section):
    """A section that may also be written as one plain value: the value of its key `SHORT`."""

    SHORT: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        return value if isinstance(value, dict | list | Section | None) else {cls.SHORT: value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [whole["properties"][cls.SHORT], whole]}


class Endpoint(Shorthand):
    """A node to ask, over WebSocket; also written as its URL alone. The first of a chain is preferred."""

    SHORT = "url"

    url: NodeUrl
    """ws:// or wss://. It may hold a key: only its host is ever shown."""
    requests_per_second: Annotated[float, Field(gt=0, le=10_000)] = 10.0
    """How fast this node may be asked."""
    burst: Annotated[int, Field(ge=1, le=100_000)] = 20
    """How many requests may be sent at once before that rate holds."""

    @property
    def host(self) -> str:
        """What may be shown of the URL: host, and port where it is given."""
        return url_host(self.url.get_secret_value())


class UnitOptions(Shorthand):
    """A unit that amounts are written in; also written as its decimals alone, for a chain's own token."""

    SHORT = "decimals"

    decimals: Annotated[int, Field(ge=0, le=38)]
    """1 unit is 10 ** decimals planck."""
    pallet: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")] | None = None
    """The fungibles pallet of an asset: Assets, ForeignAssets or PoolAssets. Without it: the chain's own token."""
    id: int | Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    """The asset's id in that pallet: a number, or canonical JSON of a location."""

    @model_validator(mode="after")
    def _asset_is_whole(self) -> Self:
        if (self.pallet is None) is not (self.id is None):
            raise Expected("pallet and id belong together; expected both for an asset, none for a chain's token")
        return self

    def unit(self, symbol: str) -> Unit:
        """The unit under its symbol."""
        return Unit(symbol, self.decimals, NATIVE if self.pallet is None else f"{self.pallet}/{self.id}")


class Explorer(Section):
    """Templates of links: {number}, {extrinsic} (N-i), {account} (SS58) and {referendum} (its index) are filled in."""

    block: str | None = None
    """Link to a block, with {number}."""
    extrinsic: str | None = None
    """Link to an extrinsic, with {extrinsic}."""
    account: str | None = None
    """Link to an account, with {account}."""
    referendum: str | None = None
    """Link to a referendum of the pallet Referenda, with {referendum}."""

    @field_validator("block", "extrinsic", "account", "referendum")
    @classmethod
    def _links(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith("https://") and value.isprintable() and " " not in value):
            raise Expected("expected a link that begins with https://")
        return value

    @model_validator(mode="after")
    def _placeholders(self) -> Self:
        names = {"block": "number", "extrinsic": "extrinsic", "account": "account", "referendum": "referendum"}
        for key, name in names.items():
            if (value := getattr(self, key)) is not None and f"{{{name}}}" not in value:
                raise Expected(f"{key}: expected {{{name}}} in the link")
        return self


class Chain(Section):
    """A chain to follow."""

    endpoints: Annotated[tuple[Endpoint, ...], Field(max_length=MAX_ENDPOINTS)] = ()
    """Its nodes, in order of preference. May be empty only while the chain is not enabled."""
    genesis: Genesis | None = None
    """The hash of block 0. A node with another is never used. Not given: learned at first contact, then kept."""
    para_id: Whole | None = None
    """The parachain's id; none for a relay chain."""
    start: Literal["latest"] | Whole = "latest"
    """Where the very first run begins: the current finalized block, or a block number. Later runs go on from there."""
    enabled: bool = True
    """false: not followed."""
    disabled_reason: Annotated[str, Field(max_length=500)] | None = None
    """Why it is not enabled, for the status page and `doctor`."""
    ss58_prefix: Annotated[int, Field(ge=0, le=16383)] | None = None
    """The prefix of addresses in messages. Not given: what the chain's metadata says."""
    token: Symbol = "PAS"  # noqa: S105 (a currency, not a secret)
    """The unit of the chain's own token, one of `units`."""
    quiet_after: Duration = parse_duration("60s")
    """No new head for this long: the node counts as silent and the next one is asked."""
    explorer: Explorer = Explorer()
    """Links in messages; none by default."""

    @field_validator("ss58_prefix")
    @classmethod
    def _prefix(cls, value: int | None) -> int | None:
        if value is not None and not ss58.is_prefix(value):
            free = " and ".join(map(str, ss58.RESERVED))
            raise Expected(
                f"{value} is reserved; expected a whole number from 0 to {ss58.MAX_PREFIX} other than {free}"
            )
        return value


class Route(Section):
    """Who gets an alert: the first child whose matchers all hold, else this route's receiver (as in Alertmanager)."""

    receiver: Name | None = None
    """The name of a receiver. A child without one has its parent's."""
    matchers: tuple[MatcherText, ...] = ()
    """All must hold: label="value", with =, !=, =~ or !~. Labels: rule, watcher, severity, network, chain and more."""
    continues: Annotated[bool, Field(alias="continue")] = False
    """true: the next siblings are looked at as well."""
    routes: tuple["Route", ...] = ()
    """Children, tried in order."""

    def tree(self, parent: str = "") -> alerts.Route:
        """The same tree for the router, every node with the receiver that it has or inherits."""
        receiver = self.receiver or parent
        children = tuple(child.tree(receiver) for child in self.routes)
        return alerts.Route(receiver, self.matchers, children, self.continues)


Kept = Annotated[Duration, AfterValidator(_a_day)]


class Retention(Section):
    """How long what has ended is kept, by table; a day at least, since what a healed hole or a restored backup brings
    again is known by what is stored.
    """

    deliveries: Kept = parse_duration("90d")
    """Alerts that were delivered."""
    notifications: Kept = parse_duration("90d")
    """Alerts as data, once all their deliveries are gone: not less than deliveries."""
    holes: Kept = parse_duration("90d")
    """Blocks that could not be read at first and were read later."""
    facts: Kept = parse_duration("400d")
    """What reports are made of: one row for each validator and session."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.notifications < self.deliveries:
            raise Expected("expected notifications to be kept as long as deliveries, or longer: these point to them")
        return self


class Store(Section):
    """Where everything that must survive a restart is kept."""

    url: StoreUrl = SecretStr("sqlite:///paseo-watch.db")
    """sqlite:/// and a file, or postgresql://USER@HOST/DATABASE."""
    retention: Retention = Retention()
    """What has ended is forgotten after this time; what is open is always kept."""
    most_rows: Annotated[int, Field(ge=1000, le=1_000_000_000)] = 6_000_000
    """Ended rows that each of these tables may hold: beyond them the oldest go early, and the log says so."""

    @property
    def ages_ms(self) -> dict[str, int]:
        """How long each table's ended rows are kept, as the store asks for it."""
        return {name: getattr(self.retention, name) // timedelta(milliseconds=1) for name in PRUNED}


class Http(Section):
    """Metrics, health and the status page."""

    listen: ListenAddress = Listen("127.0.0.1", 9615)
    """host:port. Nothing here asks for a password: leave it on the loopback, or put a proxy before it."""


class Heartbeat(Section):
    """A sign of life, sent as long as all is well: what watches the watcher notices when it stays away."""

    url: HttpUrl | None = None
    """Asked with GET. It may hold a key: only its host is ever shown."""
    receiver: Name | None = None
    """Or the receiver that gets the sign of life."""
    every: Duration = parse_duration("5m")
    """How often."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url is None) is (self.receiver is None):
            raise Expected("expected either url or receiver")
        return self


class Cache(Section):
    """What can be had again: metadata of runtimes."""

    path: Path = Path(".cache/paseo-watch")
    """A folder; made where it is missing."""
