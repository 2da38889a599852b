"""The figures and the people of an alert, read from its `data` by the vocabulary of the contract.

A watcher that uses that vocabulary needs no change here:

- `X_text` beside `X` is a figure with the name X; the known ones stand first, in the order of KNOWN. No alert shows
  more than MOST_FIGURES, and none that its title already holds word for word.
- `X` beside `X_key` is an account in the role X (`account`, `validator`), with its name where `X_name` has one.
- `legs` are the accounts that a move is from and to, `signer` who signed for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.render.inert import weight
from paseo_watch.sinks.render.links import Link

MOST_FIGURES = 4
MOST_PEOPLE = 5
NAME_LIMIT = 60
VALUE_LIMIT = 240
KNOWN = ("amount", "balance", "limit", "track", "tally", "state", "session", "call")

_TOLD_ALREADY = frozenset({"call", "direction"})  # the text has them in a sentence


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that matters, named."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Person:
    """An account: its part in the alert, its address; a name and an amount of its own may be empty."""

    role: str
    name: str
    address: str
    amount: str
    link: Link | None

    @property
    def short(self) -> str:
        """The address cut in the middle, as titles have it."""
        return f"{self.address[:6]}…{self.address[-4:]}" if len(self.address) > 20 else self.address


def figures(data: Mapping[str, Any], title: str, text: str) -> tuple[Figure, ...]:
    """At most MOST_FIGURES, the known first."""
    others = [key.removesuffix("_text") for key in data if key.endswith("_text")]
    names = dict.fromkeys([*KNOWN, *others])
    found = ((name, _value(data, name)) for name in names)
    told = [
        Figure(_label(name), clean(value, VALUE_LIMIT, weight))
        for name, value in found
        if value and value not in title and not (name in _TOLD_ALREADY and value in text)
    ]
    return tuple(told[:MOST_FIGURES])


def people(data: Mapping[str, Any], links: tuple[Link, ...]) -> tuple[Person, ...]:
    """At most MOST_PEOPLE different accounts; one that stands twice keeps its first role."""
    found: dict[str, Person] = {}
    for person in _people(data, links):
        found.setdefault(person.address, person)
    return tuple(found.values())[:MOST_PEOPLE]


def _people(data: Mapping[str, Any], links: tuple[Link, ...]) -> Iterator[Person]:
    legs = [leg for leg in _list(data.get("legs"))[:MOST_PEOPLE] if isinstance(leg, Mapping)]
    for leg in legs:
        role = {"out": "from", "in": "to"}.get(str(leg.get("direction")), "account")
        yield from _person(leg, "account", role, links, amount=len(legs) > 2)
    for key in data:
        if f"{key}_key" in data:
            yield from _person(data, key, _label(key), links)
    yield from _person(data, "signer", "signed by", links)


def _person(
    data: Mapping[str, Any], key: str, role: str, links: tuple[Link, ...], amount: bool = False
) -> Iterator[Person]:
    address = data.get(key)
    if isinstance(address, str) and address:
        yield Person(
            role,
            clean(str(data.get(f"{key}_name") or ""), NAME_LIMIT * 2, weight),
            clean(address, VALUE_LIMIT, weight),
            clean(str(data.get("amount_text") or ""), NAME_LIMIT * 2, weight) if amount else "",
            next((link for link in links if link.holds(address)), None),
        )


def _value(data: Mapping[str, Any], name: str) -> str:
    value = data.get(f"{name}_text", data.get(name) if name in KNOWN[3:] else None)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def _label(name: str) -> str:
    return clean(name.replace("_", " "), NAME_LIMIT, weight)


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
