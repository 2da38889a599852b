"""Writes the Python source of decoders.

One `Source` is the body of one function. Positions are symbolic (a variable and a constant added to it), so that a
run of fixed-size fields is unpacked by one call of `struct`, and a value becomes one expression where it can.
Nothing from the metadata enters the source but integers and `repr` of strings.

What generated code finds in its namespace is in `compile.Compiler`; its functions are
`f(b, p, d) -> (value, position)` with the bytes, a position, and how deep it may still go.
"""

import dataclasses
from dataclasses import dataclass
from struct import calcsize
from typing import NamedTuple

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.layout import INLINE, MAX_EMPTY, SIZES, Layout, field_names, is_option, is_plain, named
from paseo_watch.chain.scale.registry import (
    Array,
    Bits,
    Compact,
    Composite,
    Enum,
    Field,
    Primitive,
    Sequence,
    Tuple,
    Type,
)

# How a fixed-size primitive is read: its format in the terms of `struct`, and what becomes of what that gives.
LEAVES = {
    "bool": ("B", "BOOL[{}]"), "char": ("I", "char_({})"), "u8": ("B", "{}"), "u16": ("H", "{}"), "u32": ("I", "{}"),
    "u64": ("Q", "{}"), "u128": ("16s", 'whole({}, "little")'), "u256": ("32s", 'whole({}, "little")'),
    "i8": ("b", "{}"), "i16": ("h", "{}"), "i32": ("i", "{}"), "i64": ("q", "{}"),
    "i128": ("16s", 'whole({}, "little", signed=True)'), "i256": ("32s", 'whole({}, "little", signed=True)'),
}  # fmt: skip


class Position(NamedTuple):
    """A place in the bytes: the variable `base` plus `offset`."""

    base: str
    offset: int = 0

    def __add__(self, size: int) -> "Position":  # type: ignore[override]
        return Position(self.base, self.offset + size)

    def __str__(self) -> str:
        return f"{self.base} + {self.offset}" if self.offset else self.base


@dataclass(slots=True)
class Run:
    """Fixed-size leaves that follow each other in the bytes, read by one line of code."""

    at: Position
    indent: int
    end: int
    formats: list[str] = dataclasses.field(default_factory=list)
    names: list[str] = dataclasses.field(default_factory=list)

    def takes(self, at: Position, indent: int) -> bool:
        return (self.at.base, self.end, self.indent) == (at.base, at.offset, indent)

    def line(self) -> str:
        """One leaf of bytes is a slice; all else is what a struct of that format, named F<format>, unpacks."""
        if len(self.names) == 1 and self.formats[0][-1] in "sB":
            end = Position(self.at.base, self.end)
            return (
                f"{self.names[0]} = b[{self.at}]" if self.formats[0] == "B" else f"{self.names[0]} = b[{self.at}:{end}]"
            )
        return f"{', '.join(self.names)}, = F{''.join(self.formats)}(b, {self.at})"


class Source:
    """The lines of one function that decodes (`value`) or steps over (`skip`) a value."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._lines: list[str | Run] = []
        self.empties: set[int] = set()  # types whose one value the namespace must hold as K<id>
        self.enums: set[int] = set()  # V<id>: variant index -> function
        self.skips: set[int] = set()  # W<id>: variant index -> size or function
        self.plains: set[int] = set()  # C<id>: variant index -> value
        self.formats: set[str] = set()  # F<format>: struct.unpack_from of that format
        self.calls = False
        self._run: Run | None = None
        self._indent = 1
        self._names = 0

    def line(self, text: str) -> None:
        self._lines.append("    " * self._indent + text)

    def lines(self) -> list[str]:
        """The code so far; also fills `formats`."""
        lines = []
        for line in self._lines:
            if isinstance(line, Run):
                self.formats.add("".join(line.formats))
                line = "    " * line.indent + line.line()
            lines.append(line)
        return lines

    def leaf(self, code: str, at: Position) -> str:
        """The name of a fixed-size leaf, by its format in the terms of `struct`."""
        run = self._run
        if run is None or not run.takes(at, self._indent):
            run = self._run = Run(at, self._indent, at.offset)
            self._lines.append(run)
        name = self.name()
        run.names.append(name)
        run.formats.append(code)
        run.end += calcsize(f"<{code}")
        return name

    def name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    # --- values: each returns the expression of the value and the position after it

    def value(self, type_id: int, at: Position) -> tuple[str, Position]:
        """Decode in place what is cheap, call a function for the rest."""
        type_id, kind = self.layout.resolve(type_id)
        fixed = self.layout.fixed(type_id)
        if fixed == 0:
            self.empties.add(type_id)
            return f"K{type_id}", at
        if is_plain(kind):
            self.plains.add(type_id)
            return f"C{type_id}[{self.leaf('B', at)}]", at + 1
        if isinstance(kind, Enum) and not is_option(kind):
            self.enums.add(type_id)
            return self._call(f"V{type_id}[b[{at}]]", at + 1)
        if self.layout.cost(type_id) > INLINE:
            return self._call(f"D[{type_id}]", at)
        return self.body(type_id, kind, at)

    def _call(self, function: str, at: Position) -> tuple[str, Position]:
        self.calls = True
        value, after = self.name(), self.name()
        self.line(f"{value}, {after} = {function}(b, {at}, d - 1)")
        return value, Position(after)

    def body(self, type_id: int, kind: Type, at: Position) -> tuple[str, Position]:
        """Decode in place, whatever it costs."""
        match kind:
            case Primitive(name):
                return self._primitive(name, at)
            case Compact(inner):
                return self.compact(at, f"{(1 << self.layout.compact_width(inner)) - 1}")
            case Composite(_, _, fields):
                return self.fields(fields, at)
            case Tuple(elements):
                values, at = self.values(tuple(Field(None, element) for element in elements), at)
                return self.together(values), at
            case Sequence(element):
                return self._sequence(element, at)
            case Array(length, element):
                return self._array(length, element, at)
            case Bits(store):
                return self._bits(store, at)
            case Enum(_, _, variants):
                return self._option(variants[1].fields[0].type, at)
        raise MetadataError(f"type {type_id} cannot be decoded")

    def _primitive(self, name: str, at: Position) -> tuple[str, Position]:
        if name == "str":
            size, start = self.compact(at)
            after = self.name()
            self.line(f"{after} = {start} + {size}")
            return f"text(b, {start}, {after})", Position(after)
        code, shape = LEAVES[name]
        return shape.format(self.leaf(code, at)), at + SIZES[name]

    def compact(self, at: Position, limit: str = "") -> tuple[str, Position]:
        """A compact integer; those of one byte, the most, without a call."""
        value, after = self.name(), self.name()
        self.line(f"{value} = b[{at}]")
        self.line(f"if {value} & 3: {value}, {after} = compact(b, {at}{limit and ', ' + limit})")
        self.line(f"else: {value} >>= 2; {after} = {at + 1}")
        return value, Position(after)

    def fields(self, fields: tuple[Field, ...], at: Position) -> tuple[str, Position]:
        """A dict for named fields, the value itself for a single unnamed one, a tuple otherwise."""
        if len(fields) == 1 and not named(fields):
            return self.value(fields[0].type, at)
        values, at = self.values(fields, at)
        if named(fields):
            return self.mapping(fields, values), at
        return self.together(values), at

    @staticmethod
    def together(values: list[str]) -> str:
        return f"({', '.join(values)}{',' if len(values) == 1 else ''})"

    def values(self, fields: tuple[Field, ...], at: Position) -> tuple[list[str], Position]:
        values = []
        for field in fields:
            value, at = self.value(field.type, at)
            values.append(value)
        return values, at

    @staticmethod
    def mapping(fields: tuple[Field, ...], values: list[str]) -> str:
        pairs = zip(field_names(fields), values, strict=True)
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in pairs) + "}"

    def _sequence(self, element: int, at: Position) -> tuple[str, Position]:
        count, start = self.compact(at)
        if self.layout.types[element] == Primitive("u8"):
            after = self.name()
            self.line(f"{after} = {start} + {count}")
            return f"b[{start}:{after}]", Position(after)
        if self.layout.fixed(element) == 0:
            self.line(f"if {count} > {MAX_EMPTY}: too_many({count}, {start})")
            return f"[{self.value(element, start)[0]}] * {count}", start
        return self._repeat(count, element, start)

    def _array(self, length: int, element: int, at: Position) -> tuple[str, Position]:
        if self.layout.types[element] == Primitive("u8"):
            return self.leaf(f"{length}s", at), at + length
        return self._repeat(str(length), element, at)

    def _repeat(self, count: str, element: int, at: Position) -> tuple[str, Position]:
        """A list of elements that take bytes; refused before it begins where the bytes cannot hold it."""
        values, after = self.name(), self.name()
        least, fixed = self.layout.least(element), self.layout.fixed(element)
        self.line(f"if {count} * {least} > len(b) - ({at}): too_many({count}, {at})")
        self.line(f"{values} = []")
        if fixed is None:
            self.line(f"{after} = {at}")
            self.line(f"for _ in range({count}):")
        else:
            self.line(f"for {after} in range({at}, {at} + {count} * {fixed}, {fixed}):")
        self._indent += 1
        value, end = self.value(element, Position(after))
        self.line(f"{values}.append({value})")
        if fixed is None:
            self.line(f"{after} = {end}")
        self._indent -= 1
        if fixed is not None:
            self.line(f"{after} = {at} + {count} * {fixed}")
        return values, Position(after)

    def _bits(self, store: int, at: Position) -> tuple[str, Position]:
        count, start = self.compact(at)
        after = self.name()
        self.line(f"{after} = {start} + {self._bit_bytes(store, count)}")
        return f"({count}, b[{start}:{after}])", Position(after)

    def _bit_bytes(self, store: int, count: str) -> str:
        size = self.layout.fixed(store)
        if size not in (1, 2, 4, 8):
            raise MetadataError(f"bits cannot be stored in type {store}")
        return f"({count} + {8 * size - 1}) // {8 * size} * {size}"

    def _option(self, inner: int, at: Position) -> tuple[str, Position]:
        tag, value, after = self.name(), self.name(), self.name()
        self.line(f"{tag} = b[{at}]")
        self.line(f"if {tag} == 1:")
        self._indent += 1
        some, end = self.value(inner, at + 1)
        self.line(f"{value} = ('Some', {some})" if self.layout.may_be_none(inner) else f"{value} = {some}")
        self.line(f"{after} = {end}")
        self._indent -= 1
        self.line(f"elif {tag}: bad_option({tag}, {at})")
        self.line(f"else: {value} = None; {after} = {at + 1}")
        return value, Position(after)

    # --- stepping over: each returns the position after

    def skip(self, type_id: int, at: Position) -> Position:
        type_id, kind = self.layout.resolve(type_id)
        fixed = self.layout.fixed(type_id)
        if fixed is not None:
            return at + fixed
        if isinstance(kind, Enum) and not is_option(kind):
            return self._skip_enum(type_id, at)
        if self.layout.cost(type_id) > INLINE:
            self.calls = True
            after = self.name()
            self.line(f"{after} = S[{type_id}](b, {at}, d - 1)")
            return Position(after)
        return self.skip_body(type_id, kind, at)

    def skip_body(self, type_id: int, kind: Type, at: Position) -> Position:
        match kind:
            case Primitive("str"):
                return self._skip_sized(1, at)
            case Compact():
                return self._skip_compact(at)
            case Composite() | Tuple():
                return self.skip_all(self.layout.members(kind) or (), at)
            case Sequence(element):
                size = self.layout.fixed(element)
                return self._skip_sized(size, at) if size is not None else self._skip_repeat(*self.compact(at), element)
            case Array(length, element):
                return self._skip_repeat(str(length), at, element)
            case Bits(store):
                count, start = self.compact(at)
                return self._let(f"{start} + {self._bit_bytes(store, count)}")
            case Enum(_, _, variants):
                return self._skip_option(variants[1].fields[0].type, at)
        raise MetadataError(f"type {type_id} cannot be stepped over")

    def skip_all(self, types: tuple[int, ...], at: Position) -> Position:
        for type_id in types:
            at = self.skip(type_id, at)
        return at

    def _let(self, expression: str) -> Position:
        after = self.name()
        self.line(f"{after} = {expression}")
        return Position(after)

    def _skip_sized(self, size: int, at: Position) -> Position:
        count, start = self.compact(at)
        return self._let(f"{start} + {count} * {size}")

    def _skip_compact(self, at: Position) -> Position:
        return self._let(f"{at} + WIDTH[b[{at}]]")

    def _skip_enum(self, type_id: int, at: Position) -> Position:
        self.skips.add(type_id)
        self.calls = True
        step, after = self.name(), self.name()
        self.line(f"{step} = W{type_id}[b[{at}]]")
        self.line(f"if {step}.__class__ is int: {after} = {at + 1} + {step}")
        self.line(f"else: {after} = {step}(b, {at + 1}, d - 1)")
        return Position(after)

    def _skip_repeat(self, count: str, at: Position, element: int) -> Position:
        after = self._let(str(at))
        self.line(f"for _ in range({count}):")
        self._indent += 1
        self.line(f"{after} = {self.skip(element, after)}")
        self._indent -= 1
        return after

    def _skip_option(self, inner: int, at: Position) -> Position:
        tag, after = self.name(), self.name()
        self.line(f"{tag} = b[{at}]")
        self.line(f"if {tag} == 1:")
        self._indent += 1
        self.line(f"{after} = {self.skip(inner, at + 1)}")
        self._indent -= 1
        self.line(f"elif {tag}: bad_option({tag}, {at})")
        self.line(f"else: {after} = {at + 1}")
        return Position(after)
