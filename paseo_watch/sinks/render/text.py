"""The message as plain text: the body of a Matrix message, and what phones and text clients show."""

from collections.abc import Iterator

from paseo_watch.sinks.render.facts import MORE_PEOPLE
from paseo_watch.sinks.render.inert import unlinked
from paseo_watch.sinks.render.message import Message, Person


def text(message: Message) -> str:
    """Lines parted by line breaks; the first holds mark, title and chain. At most 12,000 bytes of UTF-8."""
    return "\n".join(_lines(message))


def _lines(message: Message) -> Iterator[str]:
    yield unlinked(message.headline)
    yield from (unlinked(line) for line in message.short_lines)
    yield from (unlinked(f"{figure.name}: {figure.value}") for figure in message.figures)
    yield from (_person(person) for person in message.people)
    if message.more_people:
        yield MORE_PEOPLE
    yield unlinked(" · ".join(origin(message)))
    yield from (link.url or unlinked(link.name) for link in message.every_link)


def origin(message: Message) -> Iterator[str]:
    """Where, when and by which rule, for the last line."""
    where = message.where
    yield where.spot
    yield message.when.shown + (f" ({message.when.age})" if message.when.age else "")
    if message.lasted:
        yield f"lasted {message.lasted}"
    yield f"{message.severity} {message.rule}"


def _person(person: Person) -> str:
    return unlinked(" ".join(each for each in (person.amount, person.role, person.name, person.address) if each))
