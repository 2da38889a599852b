"""What is known about a type before any value of it is seen: newtypes, sizes, how much code it is worth.

Every walk here is bounded, because a registry from outside may hold types that contain themselves.
"""

from typing import Any

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.registry import (
    Array,
    Bits,
    Compact,
    Composite,
    Enum,
    Field,
    Primitive,
    Registry,
    Sequence,
    Tuple,
    Type,
)

SIZES = {
    "bool": 1, "char": 4, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16, "u256": 32,
    "i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16, "i256": 32,
}  # fmt: skip

# A type worth more than this many steps gets a function of its own; cheaper ones are written into their user.
INLINE = 48
# How deep composites, tuples and arrays may nest without an enum, option or sequence between them.
NESTING = 64
# No chain has a fixed-size value of 16 MiB; a registry that describes one is refused.
MAX_FIXED = 1 << 24
# Elements that take no bytes cost nothing to announce: more than this many are refused.
MAX_EMPTY = 1 << 14


def named(fields: tuple[Field, ...]) -> bool:
    return bool(fields) and fields[0].name is not None


def field_names(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """The names of fields; their positions where they have none."""
    if named(fields):
        return tuple(field.name or "" for field in fields)
    return tuple(str(index) for index in range(len(fields)))


def is_option(kind: Type) -> bool:
    if not (isinstance(kind, Enum) and kind.path == ("Option",)):
        return False
    return [(v.name, v.index, len(v.fields)) for v in kind.variants] == [("None", 0, 0), ("Some", 1, 1)]


def is_plain(kind: Type) -> bool:
    """An enum whose variants carry nothing: one byte, one of a few values."""
    return isinstance(kind, Enum) and bool(kind.variants) and all(not v.fields for v in kind.variants)


class Layout:
    """Answers about the types of one registry, each worked out once."""

    def __init__(self, types: Registry) -> None:
        self.types = types
        self._fixed: dict[int, int | None] = {}
        self._least: dict[int, int] = {}
        self._cost: dict[int, int] = {}
        self._empty: dict[int, Any] = {}

    def resolve(self, type_id: int) -> tuple[int, Type]:
        """The type behind newtypes: composites with a single unnamed field."""
        for _ in range(NESTING):
            kind = self.types[type_id]
            if not (isinstance(kind, Composite) and len(kind.fields) == 1 and not named(kind.fields)):
                return type_id, kind
            type_id = kind.fields[0].type
        raise MetadataError(f"type {type_id} wraps itself")

    def members(self, kind: Type) -> tuple[int, ...] | None:
        """The types of a composite's fields or a tuple's elements; None for other types."""
        if isinstance(kind, Composite):
            return tuple(field.type for field in kind.fields)
        return kind.elements if isinstance(kind, Tuple) else None

    def compact_width(self, type_id: int) -> int:
        """The bits of the unsigned integer behind a compact; 0 for a compact unit, which takes no bytes."""
        for _ in range(NESTING):
            _, kind = self.resolve(type_id)
            if isinstance(kind, Primitive) and kind.name in ("u8", "u16", "u32", "u64", "u128", "u256"):
                return int(kind.name[1:])
            members = self.members(kind)
            if members == ():
                return 0
            if members is None or len(members) != 1:
                break
            type_id = members[0]
        raise MetadataError(f"type {type_id} cannot be compact: it is not an unsigned integer")

    def fixed(self, type_id: int, level: int = 0) -> int | None:
        """The bytes of every value of this type, or None where they vary."""
        if type_id not in self._fixed:
            size = self._fixed_of(type_id, self._checked(type_id, level))
            if size is not None and size > MAX_FIXED:
                raise MetadataError(f"type {type_id} takes {size} bytes, at most {MAX_FIXED} are read")
            self._fixed[type_id] = size
        return self._fixed[type_id]

    def _fixed_of(self, type_id: int, level: int) -> int | None:
        _, kind = self.resolve(type_id)
        members = self.members(kind)
        if members is not None:
            sizes = [self.fixed(member, level) for member in members]
            return None if None in sizes else sum(size or 0 for size in sizes)
        match kind:
            case Primitive(name):
                return SIZES.get(name)
            case Array(length, element):
                size = self.fixed(element, level)
                return None if size is None else length * size
            case Compact(inner):
                return 0 if self.compact_width(inner) == 0 else None
            case Enum():
                return 1 if is_plain(kind) else None
        return None

    def least(self, type_id: int, level: int = 0) -> int:
        """The fewest bytes that a value of this type takes (a lower bound)."""
        if type_id not in self._least:
            fixed = self.fixed(type_id, level)
            self._least[type_id] = self._least_of(type_id, level) if fixed is None else fixed
        return self._least[type_id]

    def _least_of(self, type_id: int, level: int) -> int:
        level = self._checked(type_id, level)
        _, kind = self.resolve(type_id)
        members = self.members(kind)
        if members is not None:
            return sum(self.least(member, level) for member in members)
        if isinstance(kind, Array):
            return kind.length * self.least(kind.element, level)
        return 1

    def _checked(self, type_id: int, level: int) -> int:
        if level > NESTING:
            raise MetadataError(f"type {type_id} is nested in itself, or more than {NESTING} levels deep")
        return level + 1

    def cost(self, type_id: int, budget: int = INLINE) -> int:
        """About how many steps of code a value takes when written in place; more than `budget` ends the count."""
        known = self._cost.get(type_id)
        if known is None:
            known = self._cost_of(type_id, budget)
            if known <= budget:
                self._cost[type_id] = known
        return known

    def _cost_of(self, type_id: int, budget: int) -> int:
        _, kind = self.resolve(type_id)
        parts: tuple[int, ...]
        match kind:
            case Primitive() | Compact() | Bits():
                return 1
            case Sequence(element) | Array(_, element):
                total, parts = 4, (element,)
            case Enum() if is_option(kind):
                total, parts = 2, (kind.variants[1].fields[0].type,)
            case Enum():
                return 2
            case _:
                total, parts = 1, self.members(kind) or ()
        for part in parts:
            if total > budget:
                break
            total += self.cost(part, budget - total)
        return total

    def may_be_none(self, type_id: int) -> bool:
        """Whether the value of an option's inside could be taken for the option's own None, or for nothing."""
        _, kind = self.resolve(type_id)
        return is_option(kind) or self.fixed(type_id) == 0

    def empty(self, type_id: int) -> Any:
        """The one value of a type that takes no bytes; shared by all its users, so not to be changed."""
        if type_id not in self._empty:
            self._empty[type_id] = self._empty_of(type_id)
        return self._empty[type_id]

    def _empty_of(self, type_id: int) -> Any:
        _, kind = self.resolve(type_id)
        match kind:
            case Array(length, element):
                if length > MAX_EMPTY:
                    raise MetadataError(f"type {type_id} holds {length} elements that take no bytes")
                is_bytes = self.types[element] == Primitive("u8")
                return b"" if is_bytes else [self.empty(element) for _ in range(length)]
            case Composite(_, _, fields) if named(fields):
                return {field.name: self.empty(field.type) for field in fields}
            case _:
                return tuple(self.empty(member) for member in self.members(kind) or ())
