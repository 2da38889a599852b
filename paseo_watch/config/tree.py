"""A YAML document as plain values that still know where they stand.

Scalars are read by the YAML 1.2 core schema, not by 1.1: `on`, `no` and `1:30` are text, and so is `0x3740`, since
hashes and accounts are what hexadecimal digits mean here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from paseo_watch.config.problem import KeyPath, Place
from paseo_watch.config.source import Source

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """Which source, and which line in it, counted from 1."""

    source: Source
    line: int

    @property
    def place(self) -> Place:
        """For a message."""
        return Place(self.source.shown, self.line)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `secret` marks text that came out of the environment or a file: never shown.

    `comment` marks nothing where a comment stands instead of a value (`room: #alerts:example.org`).
    """

    mark: Mark
    value: bool | int | float | str | None
    secret: bool = False
    comment: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, and its value; the mark is the key's."""

    mark: Mark
    node: "Node"


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping; `taken` says where a file that lies over another takes keys away."""

    mark: Mark
    entries: Mapping[str, Entry]
    taken: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    mark: Mark
    nodes: tuple["Node", ...]


Node: TypeAlias = Scalar | Branch | Items


def scalar_value(text: str) -> bool | int | float | str | None:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if len(text) <= 40 and _FLOAT.fullmatch(text) else text


def plain(node: Node) -> Plain:
    """The values alone, for validation."""
    match node:
        case Scalar(value=value):
            return value
        case Items(nodes=nodes):
            return [plain(child) for child in nodes]
        case Branch(entries=entries):
            return {key: plain(entry.node) for key, entry in entries.items()}


def scalars(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Scalar]]:
    """Every scalar below, with its path."""
    match node:
        case Scalar():
            yield path, node
        case Items(nodes=nodes):
            for index, child in enumerate(nodes):
                yield from scalars(child, (*path, index))
        case Branch(entries=entries):
            for key, entry in entries.items():
                yield from scalars(entry.node, (*path, key))


def locate(root: Node, path: KeyPath) -> Place:
    """The place of a path, or of the deepest part of it that exists: a key's own line, else its value's."""
    mark, node = root.mark, root
    for part in path:
        match node, part:
            case Branch(entries=entries), str() if part in entries:
                mark, node = entries[part].mark, entries[part].node
            case Items(nodes=nodes), int() if part < len(nodes):
                node = nodes[part]
                mark = node.mark
            case _:
                break
    return mark.place


def find(root: Node, path: KeyPath) -> Node | None:
    """The node at a path, if there is one."""
    node: Node = root
    for part in path:
        match node, part:
            case Branch(entries=entries), str() if part in entries:
                node = entries[part].node
            case Items(nodes=nodes), int() if 0 <= part < len(nodes):
                node = nodes[part]
            case _:
                return None
    return node


def without(branch: Branch, key: str) -> Branch:
    """The same mapping with one key fewer."""
    return replace(branch, entries={name: entry for name, entry in branch.entries.items() if name != key})
