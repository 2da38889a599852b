"""Decoders for the types of one runtime, compiled on first use.

Values: int for integers and compacts, bool, str, bytes for byte arrays and vectors (so accounts and hashes), the value
inside for newtypes, dict for named fields, tuple for unnamed ones and for tuples, list for sequences and arrays,
None or the value for an option (`("Some", value)` where the value itself may be None or takes no bytes),
`(variant, payload)` for other enums with None, value, tuple or dict as payload, `(bit length, bytes)` for bit
sequences, `Call` for the runtime's calls.
"""

import struct
from collections.abc import Callable
from typing import Any, NoReturn

from paseo_watch.chain.scale.compact import SHORT_READ, compact
from paseo_watch.chain.scale.errors import (
    MetadataError,
    ScaleError,
    TooDeepError,
    TrailingBytesError,
    TruncatedError,
    UnknownVariantError,
)
from paseo_watch.chain.scale.layout import INLINE, Layout, is_option
from paseo_watch.chain.scale.lines import Lines, Position
from paseo_watch.chain.scale.registry import Enum, Field, Registry, Type, Variant
from paseo_watch.chain.scale.skip import Skip
from paseo_watch.chain.scale.source import Source
from paseo_watch.chain.scale.values import Call

# How deep decoders may call each other. The SDK refuses extrinsics nested deeper than 256 (sp-runtime
# `generic/unchecked_extrinsic.rs`, MAX_EXTRINSIC_DEPTH), and a nested call costs two levels here.
# Each level is one Python frame, so this must leave room below the interpreter's limit of 1000.
DEPTH = 600

# What reading bytes that do not fit raises inside generated code, besides ScaleError.
FAILED_READ = (*SHORT_READ, UnicodeDecodeError)

Decoder = Callable[[bytes, int, int], tuple[Any, int]]
Skipper = Callable[[bytes, int, int], int]


class Lazy(dict[int, Any]):
    """Entries made when first asked for."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[int], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: int) -> Any:
        value = self[key] = self._make(key)
        return value


class Plain(dict[int, Any]):
    """The values of an enum without payloads, by index."""

    __slots__ = ("_what",)

    def __init__(self, values: dict[int, Any], what: str) -> None:
        super().__init__(values)
        self._what = what

    def __missing__(self, index: int) -> NoReturn:
        raise UnknownVariantError(f"{self._what} has no variant {index}, only {sorted(self)}")


class Compiler:
    """Decoders and skippers of one runtime. `call_type` is the id of the RuntimeCall enum, where it is known."""

    def __init__(self, types: Registry, call_type: int | None = None) -> None:
        self.types = types
        self.layout = Layout(types)
        self._call_type = call_type
        self.decoders = Lazy(self._decoder)
        self.skippers = Lazy(self._skipper)
        self.namespace: dict[str, Any] = {
            "whole": int.from_bytes,
            "compact": compact,
            "text": _text,
            "char_": _char,
            "BOOL": Plain({0: False, 1: True}, "bool"),
            "WIDTH": bytes((1, 2, 4, (first >> 2) + 5)[first & 3] for first in range(256)),
            "too_many": _too_many,
            "bad_option": _bad_option,
            "too_deep": _too_deep,
            "new": tuple.__new__,
            "Call": Call,
            "D": self.decoders,
            "S": self.skippers,
        }

    def decode(self, type_id: int, data: bytes) -> Any:
        """The value, which must take all of `data`; ScaleError otherwise."""
        try:
            value, end = self.decoders[type_id](data, 0, DEPTH)
        except FAILED_READ as error:
            raise self.failure(type_id, data, error) from error
        if end > len(data):
            raise TruncatedError(f"{self.name(type_id)} needs {end} bytes, {len(data)} are there")
        if end < len(data):
            raise TrailingBytesError(f"{self.name(type_id)} ends at byte {end}, {len(data) - end} bytes are left")
        return value

    def failure(self, type_id: int, data: bytes, error: Exception) -> ScaleError:
        if isinstance(error, UnicodeDecodeError):
            return ScaleError(f"{self.name(type_id)} holds text that is not UTF-8: {error.reason}")
        return TruncatedError(f"{self.name(type_id)} is cut short: the value goes on after byte {len(data)}")

    def name(self, type_id: int) -> str:
        """A type as one would write it, for messages."""
        kind = self.types[type_id]
        path = "::".join(getattr(kind, "path", ()))
        return f"{path or type(kind).__name__} (type {type_id})"

    # --- functions

    def define(self, source: Lines, signature: str, result: str, name: str) -> Any:
        """Turn a source into a function."""
        lines = source.lines()
        self._provide(source)
        guard = ["    if d <= 0: too_deep()"] if source.calls else []
        text = "\n".join([f"def made({signature}):", *guard, *lines, f"    return {result}"])
        made: dict[str, Any] = {}
        # The source is written by this package; of the metadata it holds integers and repr() of strings only.
        exec(compile(text, f"<decoder of {name}>", "exec"), self.namespace, made)  # noqa: S102
        return made["made"]

    def _provide(self, source: Lines) -> None:
        """What the source names must be there before it runs; tables fill themselves later."""
        space = self.namespace
        for code in source.formats:
            space.setdefault(f"F{code}", struct.Struct(f"<{code}").unpack_from)
        for type_id in source.empties:
            space.setdefault(f"K{type_id}", self.layout.empty(type_id))
        for type_id in source.plains:
            if f"C{type_id}" not in space:
                space[f"C{type_id}"] = self._plain(type_id)
        for type_id in source.enums:
            if f"V{type_id}" not in space:
                space[f"V{type_id}"] = self._variants(type_id)
        for type_id in source.skips:
            if f"W{type_id}" not in space:
                space[f"W{type_id}"] = self._by_index(type_id, self.variant_skipper)

    def _decoder(self, type_id: int) -> Decoder:
        source = Source(self.layout)
        known, kind = self.layout.resolve(type_id)
        at = Position("p")
        value, end = source.value(known, at) if self._is_inlined(known, kind) else source.body(known, kind, at)
        function: Decoder = self.define(source, "b, p, d", f"{value}, {end}", self.name(type_id))
        return function

    def _is_inlined(self, type_id: int, kind: Type) -> bool:
        """Whether a user of the type has its code in place; a function for it must then not call itself."""
        return self.layout.cost(type_id) <= INLINE or (isinstance(kind, Enum) and not is_option(kind))

    def _skipper(self, type_id: int) -> Skipper:
        source = Skip(self.layout)
        known, kind = self.layout.resolve(type_id)
        at = Position("p")
        inline = self._is_inlined(known, kind) or self.layout.fixed(known) is not None
        end = source.skip(known, at) if inline else source.body(known, kind, at)
        function: Skipper = self.define(source, "b, p, d", str(end), f"{self.name(type_id)}, skipped")
        return function

    # --- enums

    def enum(self, type_id: int) -> Enum:
        kind = self.layout.resolve(type_id)[1]
        if not isinstance(kind, Enum):
            raise MetadataError(f"{self.name(type_id)} is not an enum")
        return kind

    def by_index(self, type_id: int) -> dict[int, Variant]:
        return {variant.index: variant for variant in self.enum(type_id).variants}

    def _by_index(self, type_id: int, make: Callable[[Variant], Any]) -> Lazy:
        known, what = self.by_index(type_id), self.name(type_id)

        def entry(index: int) -> Any:
            if index not in known:
                raise UnknownVariantError(f"{what} has no variant {index}, only {sorted(known)}")
            return make(known[index])

        return Lazy(entry)

    def _plain(self, type_id: int) -> Plain:
        return Plain({v.index: (v.name, None) for v in self.enum(type_id).variants}, self.name(type_id))

    def _variants(self, type_id: int) -> Lazy:
        make = self._pallet_calls if type_id == self._call_type else self._variant
        return self._by_index(type_id, make)

    def _variant(self, variant: Variant) -> Decoder:
        source = Source(self.layout)
        value, end = source.fields(variant.fields, Position("p")) if variant.fields else ("None", Position("p"))
        return self._function(source, f"({variant.name!r}, {value}), {end}", variant.name)

    def _function(self, source: Source, result: str, name: str) -> Decoder:
        function: Decoder = self.define(source, "b, p, d", result, name)
        return function

    def variant_skipper(self, variant: Variant) -> int | Skipper:
        """The size of the payload where it is fixed, else a function that finds its end."""
        source = Skip(self.layout)
        end = source.skip_all(tuple(field.type for field in variant.fields), Position("p"))
        if end.base == "p":
            return end.offset
        function: Skipper = self.define(source, "b, p, d", str(end), f"{variant.name}, skipped")
        return function

    def arguments(self, source: Source, fields: tuple[Field, ...], at: Position) -> tuple[str, Position]:
        """The fields of an event or a call, always as a dict."""
        values, end = source.values(fields, at)
        return source.mapping(fields, values), end

    # --- calls

    def _pallet_calls(self, pallet: Variant) -> Decoder:
        """RuntimeCall's variants are pallets, with the pallet's own enum of calls inside."""
        if len(pallet.fields) != 1:
            raise MetadataError(f"the calls of pallet {pallet.name} are not one enum")
        table = f"A{pallet.index}"
        self.namespace[table] = self._by_index(pallet.fields[0].type, lambda call: self._call(pallet.name, call))
        source = Source(self.layout)
        source.calls = True
        return self._function(source, f"{table}[b[p]](b, p + 1, d - 1)", pallet.name)

    def _call(self, pallet: str, call: Variant) -> Decoder:
        source = Source(self.layout)
        args, end = self.arguments(source, call.fields, Position("p"))
        return self._function(source, f"new(Call, ({pallet!r}, {call.name!r}, {args})), {end}", call.name)


def _text(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode()


def _char(point: int) -> str:
    if point > 0x10FFFF or 0xD800 <= point < 0xE000:
        raise ScaleError(f"the character 0x{point:x} is no Unicode scalar value")
    return chr(point)


def _too_many(count: int, position: int) -> NoReturn:
    raise TruncatedError(f"{count} elements are announced before byte {position}, more than the bytes can hold")


def _bad_option(tag: int, position: int) -> NoReturn:
    raise UnknownVariantError(f"option at byte {position} has the tag {tag}, expected 0 or 1")


def _too_deep() -> NoReturn:
    raise TooDeepError(f"the value is nested more than {DEPTH} levels deep")
