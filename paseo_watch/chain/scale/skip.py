"""Writes the Python source of functions that step over a value and build nothing.

What is fixed in size is one addition, whatever it holds; bytes that are stepped over are not checked.
"""

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.layout import INLINE, is_option
from paseo_watch.chain.scale.lines import Lines, Position
from paseo_watch.chain.scale.registry import Array, Bits, Compact, Composite, Enum, Primitive, Sequence, Tuple, Type


class Skip(Lines):
    """The lines of one function that steps over values. Each method returns the position after."""

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
        return self.body(type_id, kind, at)

    def body(self, type_id: int, kind: Type, at: Position) -> Position:
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
                return self._let(f"{start} + {self.bit_bytes(store, count)}")
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
        self.line(f"if type({step}) is int: {after} = {at + 1} + {step}")
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
