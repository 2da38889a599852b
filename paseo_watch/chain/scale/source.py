"""Writes the Python source of decoders.

One `Source` is the body of one function; a value becomes one expression where it can. Nothing from the metadata
enters the source but integers and `repr` of strings.

What generated code finds in its namespace is in `compile.Compiler`; its functions are
`f(b, p, d) -> (value, position)` with the bytes, a position, and how deep it may still go.
"""

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.layout import INLINE, MAX_EMPTY, SIZES, field_names, is_option, is_plain, named
from paseo_watch.chain.scale.lines import Lines, Position
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


class Source(Lines):
    """The lines of one function that decodes. Each method returns a value's expression and the position after."""

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
                return self.compact(at, (1 << self.layout.compact_width(inner)) - 1)
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
        self.line(f"{after} = {start} + {self.bit_bytes(store, count)}")
        return f"({count}, b[{start}:{after}])", Position(after)

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
