"""What no single key can know: names that must exist elsewhere, things that must not be there twice."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from paseo_watch.chain import ss58
from paseo_watch.chain.units import Amount, AmountError
from paseo_watch.config.explain import nearest
from paseo_watch.config.model import Config
from paseo_watch.config.problem import KeyPath, key_text, quoted
from paseo_watch.config.sections import Route
from paseo_watch.config.shape import Shape

Finding = tuple[KeyPath, str]


def check(config: Config, shape: Shape) -> Iterator[Finding]:
    """Every finding, with the path of the key that it is about."""
    yield from _chains(config)
    yield from _receivers(config)
    receivers = tuple(receiver.name for receiver in config.receivers)
    yield from _root(config.route, receivers)
    if config.heartbeat and config.heartbeat.receiver:
        yield from _known(config.heartbeat.receiver, receivers, ("heartbeat", "receiver"), "receiver")
    yield from _rules(config, shape)


def _chains(config: Config) -> Iterator[Finding]:
    native = [symbol for symbol, unit in config.units.items() if unit.pallet is None]
    for name, chain in config.chains.items():
        if chain.enabled and not chain.endpoints:
            yield ("chains", name), "enabled, but without endpoints; expected at least one, or enabled: false"
        yield from _known(chain.token, native, ("chains", name, "token"), "token")
        urls = [endpoint.url for endpoint in chain.endpoints]
        for index, url in enumerate(urls):
            if url in urls[:index]:  # a URL may hold a key and is not repeated
                yield ("chains", name, "endpoints", index), f"the same node as endpoints[{urls.index(url)}]"
    if not config.followed:
        yield ("chains",), "no chain is enabled; expected at least one (or extends: paseo for the built-in ones)"


def _receivers(config: Config) -> Iterator[Finding]:
    yield from _twice((("receivers", i, "name"), one.name) for i, one in enumerate(config.receivers))
    files = ((path, value) for path, value in _leaves(config.receivers, ("receivers",)) if isinstance(value, Path))
    yield from _twice(files)
    yield from _conflicts(config)


def _conflicts(config: Config) -> Iterator[Finding]:
    """What the options of one kind of sink say of each other, told at the later of two receivers."""
    for (_, first), (index, one) in combinations(enumerate(config.receivers), 2):
        for kind in one.sinks.keys() & first.sinks.keys():
            if wrong := one.sinks[kind].conflict(first.sinks[kind], first.name):
                yield ("receivers", index, kind), wrong


def _twice(values: Iterator[tuple[KeyPath, Any]]) -> Iterator[Finding]:
    seen: dict[object, KeyPath] = {}
    for path, value in values:
        if value in seen:
            yield path, f"{quoted(str(value))} is taken by {key_text(seen[value][:-1])}; expected another"
        seen.setdefault(value, path)


def _root(route: Route, receivers: tuple[str, ...]) -> Iterator[Finding]:
    if route.receiver is None:
        yield ("route", "receiver"), f"missing; {nearest('', receivers)}"
    if route.matchers or route.continues:
        yield ("route",), "the root matches everything; expected matchers and continue only below routes"
    yield from _routes(route, ("route",), receivers)


def _routes(route: Route, path: KeyPath, receivers: tuple[str, ...]) -> Iterator[Finding]:
    if route.receiver is not None:
        yield from _known(route.receiver, receivers, (*path, "receiver"), "receiver")
    for index, child in enumerate(route.routes):
        yield from _routes(child, (*path, "routes", index), receivers)


def _known(name: str, known: tuple[str, ...] | list[str], path: KeyPath, what: str) -> Iterator[Finding]:
    if name not in known:
        yield path, f"unknown {what} {quoted(name)}; {nearest(name, known)}"


def _rules(config: Config, shape: Shape) -> Iterator[Finding]:
    rules = [
        (("watch", watcher, index, "name"), rule.name)
        for watcher, options in config.watch.watchers.items()
        for index, rule in enumerate(options if isinstance(options, list | tuple) else ())
        if hasattr(rule, "name")
    ]
    yield from _twice(iter(rules))
    for path, value in _leaves(config.watch, ("watch",)):
        yield from _rule_value(config, shape, path, value)


def _rule_value(config: Config, shape: Shape, path: KeyPath, value: object) -> Iterator[Finding]:
    if isinstance(value, Amount):
        try:
            value.planck(config.unit_table)
        except AmountError as error:
            yield path, str(error)
    elif isinstance(value, str):
        formats = shape.at(path).formats
        if "chain" in formats:
            yield from _known(value, tuple(config.chains), path, "chain")
        if "account" in formats and not _is_account(value):
            yield from _known(value, tuple(config.accounts), path, "account")


def _is_account(text: str) -> bool:
    try:
        return len(ss58.decode(text)[0]) == 32
    except ss58.AddressError:
        return False


def _leaves(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    match value:
        case BaseModel():
            for name, field in type(value).model_fields.items():
                yield from _leaves(getattr(value, name), (*path, field.alias or name))
        case Mapping():
            for key, one in value.items():
                yield from _leaves(one, (*path, str(key)))
        case list() | tuple():
            for index, one in enumerate(value):
                yield from _leaves(one, (*path, index))
        case _:
            yield path, value
