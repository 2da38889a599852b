"""What a rule about balances says: as written in the configuration, and as resolved for one chain."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from paseo_watch.chain import ss58
from paseo_watch.chain.units import NATIVE, Amount, AmountError, Unit
from paseo_watch.errors import Expected, PermanentError
from paseo_watch.watchers.setting import WatcherSetting

KINDS = ("threshold", "cap", "watch", "below")
_BELONGS = {
    "exclude": "threshold",
    "exclude_pots": "threshold",
    "whitelist": "cap",
    "accounts": "below",
    "recover": "below",
}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class RuleError(PermanentError):
    """A rule that cannot be resolved for a chain: an unknown account, or a unit that does not fit."""


def _https(value: str) -> str:
    if _SCHEME.match(value) and not (value.startswith("https://") and _has_host(value)):
        raise Expected("expected a path or an https URL with a host")
    return value


def _has_host(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        host.encode("idna")  # what looks it up would raise: a part that is empty or over 63 characters
    except ValueError:
        return False
    return bool(host)


Account = Annotated[str, WithJsonSchema({"type": "string", "format": "account"})]
Chain = Annotated[str, WithJsonSchema({"type": "string", "format": "chain"})]
Location = Annotated[str, AfterValidator(_https), WithJsonSchema({"type": "string", "format": "path-or-url"})]


class BalanceRule(BaseModel):
    """One rule about balances: exactly one of `threshold`, `cap`, `watch` and `below`.

    Accounts are names from `accounts` or SS58 text of any prefix.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, populate_by_name=True
    )

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")
    """What alerts call the rule; unique."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """How bad it is."""
    chains: tuple[Chain, ...] | None = Field(None, min_length=1)
    """Where the rule applies; every chain by default."""
    threshold: Amount | None = None
    """A move: an account gains or loses at least this much in one extrinsic or hook, fees aside."""
    exclude: tuple[Account, ...] = ()
    """With threshold: these accounts' own change never raises the alert. A counterparty's still does."""
    exclude_pots: bool = False
    """With threshold: exclude pots of pallets and sovereign accounts too (treasury, staking rewards and the like)."""
    cap: Amount | None = None
    """A condition: an account that is no pot and not on the whitelist holds more than this, free and reserved."""
    whitelist: Location | None = None
    """With cap: accounts that may hold more, in Paseo's whitelist format; a path or an https URL."""
    watch: tuple[Account, ...] | None = Field(None, min_length=1)
    """Any move of these accounts, of any size and asset, fees aside."""
    accounts: tuple[Account, ...] | None = Field(None, min_length=1)
    """With below: whose balance is meant."""
    below: Amount | None = None
    """A condition: the free balance of one of `accounts` is less than this."""
    recover: Amount | None = None
    """With below: the balance at which the condition ends; 1.1 times `below` by default."""

    @property
    def kind(self) -> str:
        """Which of KINDS this rule is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            told = f"both {' and '.join(given)}" if given else "none"
            raise Expected(f"expected exactly one of {', '.join(KINDS)}, found {told}")
        for key, kind in _BELONGS.items():
            if key in self.model_fields_set and kind != given[0]:
                raise Expected(f"{key} goes with {kind}, not with {given[0]}")
        if self.below is not None and self.accounts is None:
            raise Expected("below needs accounts: whose balance is meant")
        return self


BalanceOptions = tuple[BalanceRule, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Moves of at least `planck` of the unit's asset."""

    name: str
    severity: str
    unit: Unit
    planck: int
    exclude: frozenset[bytes]
    exclude_pots: bool


@dataclass(frozen=True, slots=True)
class Cap:
    """Accounts over `planck` in total. `whitelisted` says whether a whitelist belongs to the rule."""

    name: str
    severity: str
    unit: Unit
    planck: int
    whitelisted: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """Any move of the accounts."""

    name: str
    severity: str
    accounts: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Low:
    """Accounts with less than `planck` free; over again at `recover`."""

    name: str
    severity: str
    unit: Unit
    accounts: tuple[bytes, ...]
    planck: int
    recover: int


Rule = Threshold | Cap | Watched | Low


def resolve(options: Iterable[BalanceRule], setting: WatcherSetting) -> tuple[Rule, ...]:
    """The rules that apply to a chain, with amounts in planck and accounts as bytes. Raises RuleError."""
    return tuple(_rule(rule, setting) for rule in options if rule.chains is None or setting.chain in rule.chains)


def _rule(rule: BalanceRule, setting: WatcherSetting) -> Rule:
    name, severity = rule.name, rule.severity
    if rule.threshold is not None:
        unit, planck = _amount(rule, rule.threshold, setting, native=False)
        return Threshold(name, severity, unit, planck, _accounts(rule, rule.exclude, setting), rule.exclude_pots)
    if rule.cap is not None:
        unit, planck = _amount(rule, rule.cap, setting)
        return Cap(name, severity, unit, planck, rule.whitelist is not None)
    if rule.watch is not None:
        return Watched(name, severity, _accounts(rule, rule.watch, setting))
    assert rule.below is not None  # BalanceRule holds exactly one kind
    unit, planck = _amount(rule, rule.below, setting)
    recover = -(-planck * 11 // 10) if rule.recover is None else _amount(rule, rule.recover, setting)[1]
    if recover < planck:
        raise RuleError(f"rule {name}: recover is less than below, expected at least as much")
    accounts = tuple(sorted(_accounts(rule, rule.accounts or (), setting)))
    return Low(name, severity, unit, accounts, planck, recover)


def _amount(rule: BalanceRule, amount: Amount, setting: WatcherSetting, native: bool = True) -> tuple[Unit, int]:
    try:
        unit, planck = amount.unit(setting.units), amount.planck(setting.units)
    except AmountError as error:
        raise RuleError(f"rule {rule.name}: {error}") from error
    if native and unit.asset != NATIVE:
        raise RuleError(f"rule {rule.name}: {rule.kind} is about a chain's own token, not about {unit.symbol}")
    return unit, planck


def _accounts(rule: BalanceRule, names: Iterable[str], setting: WatcherSetting) -> frozenset[bytes]:
    return frozenset(_account(rule, name, setting) for name in names)


def _account(rule: BalanceRule, name: str, setting: WatcherSetting) -> bytes:
    if name in setting.accounts:
        return setting.accounts[name]
    try:
        account, _ = ss58.decode(name)
    except ss58.AddressError as error:
        raise RuleError(f"rule {rule.name}: {name!r} is neither a named account nor an address: {error}") from error
    return account
