"""YAML text to a tree, within bounds.

Built on PyYAML's event stream (`yaml.parse`) and not on its constructors: nothing in a file can name a Python type, and
depth, size and aliases are counted while the text is read, so that a small hostile file cannot become a large tree.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from paseo_watch.config.problem import ConfigError, KeyPath, Place, Problem, quoted
from paseo_watch.config.source import Source
from paseo_watch.config.tree import Branch, Entry, Items, Mark, Node, Scalar, scalar_value

MAX_DEPTH = 32
MAX_NODES = 20_000
"""Nodes after aliases are written out: the guard against a "billion laughs" file."""

_COMMENT = re.compile(r"[ \t]*#")
_RESERVED = re.compile(r"'[@`%]' that cannot start any token")


def compose(source: Source, text: str) -> tuple[Branch, list[Problem]]:
    """The document's mapping and the problems that do not stop reading (keys given twice).

    An empty document is an empty mapping. Raises ConfigError for what is not one YAML mapping within the bounds.
    """
    reader = _Reader(source, text)
    return reader.document(), reader.problems


class _Reader:
    def __init__(self, source: Source, text: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._whole = text
        self._events = self._parse(text)
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._nodes = 0

    def document(self) -> Branch:
        next(self._events)  # the stream's start
        first = next(self._events)
        if isinstance(first, StreamEndEvent):
            return Branch(self._mark(first), {})
        root = self._node(next(self._events), (), 0)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, StreamEndEvent):
            raise self._error(after, (), "a second document; expected one YAML document a file")
        if isinstance(root, Scalar) and root.value is None:
            return Branch(root.mark, {})
        if not isinstance(root, Branch):
            raise self._error(first, (), "expected a mapping of keys at the top of the file")
        return root

    def _parse(self, text: str) -> Iterator[Event]:
        try:
            yield from yaml.parse(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = error.problem or "malformed"
            hint = "; put the value in quotes" if _RESERVED.search(what) else ""
            raise self._syntax(mark.line + 1 if mark else None, what + hint) from None
        except yaml.YAMLError:
            raise self._syntax(None, "a character that YAML does not allow (a control character?)") from None
        except (ValueError, OverflowError, IndexError, AttributeError, TypeError):
            # PyYAML lets some malformed escapes and directives through as the exception they happen to cause.
            raise self._syntax(None, "malformed escape or directive") from None

    def _syntax(self, line: int | None, what: str) -> ConfigError:
        return ConfigError([Problem(Place(self.source.shown, line), (), f"not valid YAML: {what}")])

    def _node(self, event: Event, path: KeyPath, depth: int) -> Node:
        assert isinstance(event, NodeEvent)
        if depth > MAX_DEPTH:
            raise self._error(event, path[:4], f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, AliasEvent):
            return self._alias(event, path)
        self._refuse_tag(event, path)
        before = self._nodes
        self._count(event, path, 1)
        node = self._content(event, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._nodes - before
        return node

    def _content(self, event: Event, path: KeyPath, depth: int) -> Node:
        match event:
            case MappingStartEvent():
                return self._mapping(event, path, depth)
            case SequenceStartEvent():
                return self._sequence(event, path, depth)
            case ScalarEvent():
                return self._scalar(event, path)
            case _:
                raise AssertionError(f"not a node: {event!r}")

    def _mapping(self, start: Event, path: KeyPath, depth: int) -> Branch:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, path)
            entry = Entry(self._mark(event), self._node(next(self._events), (*path, key), depth + 1))
            if key in entries:
                first = entries[key].mark.line
                self._note(event, (*path, key), f"given twice; the first is in line {first}")
            else:
                entries[key] = entry
        return Branch(self._mark(start), entries)

    def _key(self, event: Event, path: KeyPath) -> str:
        if not isinstance(event, ScalarEvent):
            raise self._error(event, path, "a key that is not text; expected one word before the colon")
        self._refuse_tag(event, path)
        self._count(event, path, 1)
        return self._text(event, path)

    def _sequence(self, start: Event, path: KeyPath, depth: int) -> Items:
        nodes: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            nodes.append(self._node(event, (*path, len(nodes)), depth + 1))
        return Items(self._mark(start), tuple(nodes))

    def _scalar(self, event: ScalarEvent, path: KeyPath) -> Scalar:
        text = self._text(event, path)
        if event.style:
            return Scalar(self._mark(event), text)
        assert event.start_mark is not None
        is_comment = not text and bool(_COMMENT.match(self._whole, event.start_mark.index))
        return Scalar(self._mark(event), scalar_value(text), comment=is_comment)

    def _text(self, event: ScalarEvent, path: KeyPath) -> str:
        text: str = event.value
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise self._error(event, path, "half of a surrogate pair; expected whole characters")
        return text

    def _alias(self, event: AliasEvent, path: KeyPath) -> Node:
        if event.anchor not in self._anchors:
            raise self._error(event, path, f"no anchor &{event.anchor} above this alias")
        node, size = self._anchors[event.anchor]
        self._count(event, path, size)
        return node

    def _refuse_tag(self, event: NodeEvent, path: KeyPath) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            raise self._error(event, path, f"the tag {quoted(tag)}; tags are not allowed here")

    def _count(self, event: Event, path: KeyPath, size: int) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            raise self._error(event, path[:4], f"more than {MAX_NODES} values (aliases written out)")

    def _mark(self, event: Event) -> Mark:
        assert event.start_mark is not None
        return Mark(self.source, event.start_mark.line + 1)

    def _note(self, event: Event, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(self._mark(event).place, path, message))

    def _error(self, event: Event, path: KeyPath, message: str) -> ConfigError:
        return ConfigError([*self.problems, Problem(self._mark(event).place, path, message)])
