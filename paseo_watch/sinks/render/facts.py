"""The figures and the people of an alert, read from its `data` by the vocabulary of the contract.

A watcher that uses that vocabulary needs no change here:

- `X_text` is a figure with the name X; AMOUNTS stand first, then STATES (a text or a number under its plain name), then
  all others. No alert shows more than MOST_FIGURES, and none that its title already holds word for word.
- `X` beside `X_key` is an account in the role X (`account`, `validator`), named where `X_name` has a name.
- `legs` are the accounts that something went from and to, `signer` is who signed for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.render.inert import brief
from paseo_watch.sinks.render.links import Link, about

AMOUNTS = ("amount", "balance", "limit")
STATES = ("track", "tally", "state", "session", "call")
IN_WORDS = ("call", "tally")
"""States that a text tells of in a sentence."""
MOST_FIGURES = 4
MOST_PEOPLE = 5
MORE_PEOPLE = "… and more accounts"
NAME_LIMIT = 50
VALUE_LIMIT = 200
"""By weight. An SS58 address weighs 48."""


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
    """At most MOST_FIGURES, the known first; no call and no tally that the text tells of."""
    others = (key.removesuffix("_text") for key in data if key.endswith("_text"))
    values = ((name, _value(data, name)) for name in dict.fromkeys((*AMOUNTS, *STATES, *others)))
    told = [
        Figure(_words(name), brief(value, VALUE_LIMIT))
        for name, value in values
        if value and value not in title and not (name in IN_WORDS and value in text)
    ]
    return tuple(told[:MOST_FIGURES])


def people(data: Mapping[str, Any], links: tuple[Link, ...]) -> tuple[tuple[Person, ...], bool]:
    """At most MOST_PEOPLE different accounts, each in its first role, and whether there are more."""
    found: dict[str, Person] = {}
    for person in _people(data, links):
        found.setdefault(person.address, person)
    return tuple(found.values())[:MOST_PEOPLE], len(found) > MOST_PEOPLE


def _people(data: Mapping[str, Any], links: tuple[Link, ...]) -> Iterator[Person]:
    for leg, role in _legs(data):
        yield from _person(leg, "account", role, links)
    for key in data:
        if f"{key}_key" in data:
            yield from _person({**data, "amount_text": ""}, key, _words(key), links)
    yield from _person({"signer": data.get("signer")}, "signer", "signed by", links)


def _legs(data: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each leg and its role. Where there are two, their amounts are the alert's and not said again."""
    found = data.get("legs")
    legs = [leg for leg in found if isinstance(leg, Mapping)] if isinstance(found, list | tuple) else []
    for leg in legs[: MOST_PEOPLE + 1]:
        role = {"out": "from", "in": "to"}.get(str(leg.get("direction")), "account")
        yield (leg if len(legs) > 2 else {**leg, "amount_text": ""}), role


def _person(data: Mapping[str, Any], key: str, role: str, links: tuple[Link, ...]) -> Iterator[Person]:
    address = data.get(key)
    if isinstance(address, str) and address:
        yield Person(
            role,
            brief(data.get(f"{key}_name") or "", 2 * NAME_LIMIT),
            brief(address, VALUE_LIMIT),
            brief(data.get("amount_text") or "", 2 * NAME_LIMIT),
            about(links, address),
        )


def _value(data: Mapping[str, Any], name: str) -> str:
    value = data.get(f"{name}_text", data.get(name) if name in STATES else None)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _words(name: str) -> str:
    return brief(name.replace("_", " "), NAME_LIMIT)
