"""The type registry of a runtime (scale-info's PortableRegistry): where each type lies, read when asked for.

Loading walks over all types once and keeps only their offsets; a definition is parsed when a decoder for it is
compiled. Most types of a runtime are never needed, so this is what makes loading fast and small.
Source of the layout: scale-info 2.x, `src/ty/*.rs`, `src/portable.rs`.
"""

from collections.abc import Callable
from typing import NamedTuple

from paseo_watch.chain.scale.compact import SHORT_READ, compact
from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.reader import Reader

PRIMITIVES = (
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "u256", "i8", "i16", "i32", "i64", "i128", "i256",
)  # fmt: skip

_U256 = ("primitive_types", "U256")

# No runtime comes near; metadata that does is refused before it can cost memory.
MAX_FIELDS = 1024

# Skips over a documentation vector: (data, position) -> position after it.
Documentation = Callable[[bytes, int], int]


class Field(NamedTuple):
    name: str | None
    type: int


class Variant(NamedTuple):
    name: str
    index: int  # type: ignore[assignment]  # shadows tuple.index, which nothing here calls
    fields: tuple[Field, ...]


class Primitive(NamedTuple):
    name: str


class Composite(NamedTuple):
    path: tuple[str, ...]
    parameters: dict[str, int]
    fields: tuple[Field, ...]


class Enum(NamedTuple):
    path: tuple[str, ...]
    parameters: dict[str, int]
    variants: tuple[Variant, ...]


class Sequence(NamedTuple):
    element: int


class Array(NamedTuple):
    length: int
    element: int


class Tuple(NamedTuple):
    elements: tuple[int, ...]


class Compact(NamedTuple):
    inner: int


class Bits(NamedTuple):
    store: int


Type = Primitive | Composite | Enum | Sequence | Array | Tuple | Compact | Bits


class Registry:
    """The types of one runtime, by id."""

    __slots__ = ("_data", "_offsets", "_parsed")

    def __init__(self, data: bytes, offsets: list[int]) -> None:
        self._data = data
        self._offsets = offsets
        self._parsed: dict[int, Type] = {}

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, type_id: int) -> Type:
        known = self._parsed.get(type_id)
        if known is None:
            known = self._parsed[type_id] = self._parse(type_id)
        return known

    def _parse(self, type_id: int) -> Type:
        if not 0 <= type_id < len(self._offsets):
            raise MetadataError(f"type {type_id} is not in the registry, which has {len(self._offsets)} types")
        reader = Reader(self._data, self._offsets[type_id])
        try:
            return _type(reader)
        except SHORT_READ as error:
            raise MetadataError(f"type {type_id} ends early at byte {reader.position} of the metadata") from error


def _type(reader: Reader) -> Type:
    path = tuple(reader.text() for _ in range(reader.compact()))
    parameters = dict(pair for _ in range(reader.compact()) if (pair := _parameter(reader)))
    match reader.byte():
        case 0:
            # A 256-bit integer is described by its four words; a number is what it means.
            return Primitive("u256") if path == _U256 else Composite(path, parameters, _fields(reader))
        case 1:
            return Enum(path, parameters, tuple(_variant(reader) for _ in range(reader.compact())))
        case 2:
            return Sequence(reader.compact())
        case 3:
            return Array(reader.u32(), reader.compact())
        case 4:
            return Tuple(tuple(reader.compact() for _ in range(_bounded(reader))))
        case 5:
            return _primitive(reader)
        case 6:
            return Compact(reader.compact())
        case 7:
            return Bits(reader.compact())
        case tag:
            raise MetadataError(f"type definition with the unknown tag {tag} at byte {reader.position - 1}")


def _parameter(reader: Reader) -> tuple[str, int] | None:
    name = reader.text()
    return (name, reader.compact()) if reader.option() else None


def _primitive(reader: Reader) -> Primitive:
    index = reader.byte()
    if index >= len(PRIMITIVES):
        raise MetadataError(f"primitive type with the unknown index {index} at byte {reader.position - 1}")
    return Primitive(PRIMITIVES[index])


def _bounded(reader: Reader) -> int:
    count = reader.compact()
    if count > MAX_FIELDS:
        raise MetadataError(f"a type with {count} fields at byte {reader.position}, at most {MAX_FIELDS} are read")
    return count


def _fields(reader: Reader) -> tuple[Field, ...]:
    return tuple(_field(reader) for _ in range(_bounded(reader)))


def _field(reader: Reader) -> Field:
    name = reader.text() if reader.option() else None
    type_id = reader.compact()
    if reader.option():
        reader.position = skip_text(reader.data, reader.position)
    reader.position = skip_texts(reader.data, reader.position)
    return Field(name, type_id)


def _variant(reader: Reader) -> Variant:
    name = reader.text()
    fields = _fields(reader)
    index = reader.byte()
    reader.position = skip_texts(reader.data, reader.position)
    return Variant(name, index, fields)


# --- walking over all types, without keeping any -------------------------------------------------------------

# Bytes that a compact integer takes, by its first byte.
_WIDTH = bytes((1, 2, 4, (first >> 2) + 5)[first & 3] for first in range(256))


def skip_text(data: bytes, position: int) -> int:
    """The position after a string (or any Vec<u8>)."""
    size, position = compact(data, position)
    return position + size


def skip_texts(data: bytes, position: int) -> int:
    """The position after a Vec<String>, which documentation is."""
    count = data[position]
    if count & 3:
        count, position = compact(data, position)
    else:
        count, position = count >> 2, position + 1
    for _ in range(count):
        size = data[position]
        if size & 3:
            size, position = compact(data, position)
            position += size
        else:
            position += 1 + (size >> 2)
    return position


def walk_types(data: bytes, position: int, documentation: Documentation) -> tuple[list[int], int]:
    """The offset of every type's body (after its id), and the position after the registry."""
    count, position = compact(data, position)
    offsets: list[int] = []
    for expected in range(count):
        type_id, position = compact(data, position)
        if type_id != expected:
            raise MetadataError(f"type {type_id} at byte {position} of the registry, expected type {expected}")
        offsets.append(position)
        position = _skip_parameters(data, skip_texts(data, position))
        tag = data[position]
        if tag >= len(_SKIPPERS):
            raise MetadataError(f"type definition with the unknown tag {tag} at byte {position}")
        position = _SKIPPERS[tag](data, position + 1, documentation)
        position = documentation(data, position) if data[position] else position + 1
    return offsets, position


def _skip_parameters(data: bytes, position: int) -> int:
    count, position = compact(data, position)
    for _ in range(count):
        position = skip_text(data, position)
        position += 1 + _WIDTH[data[position + 1]] if data[position] else 1
    return position


def _skip_fields(data: bytes, position: int, documentation: Documentation) -> int:
    """Inlined by hand: a runtime has some ten thousand fields, and this loop is most of the time of loading."""
    count = data[position]
    if count & 3:
        count, position = compact(data, position)
    else:
        count, position = count >> 2, position + 1
    for _ in range(count):
        if data[position]:
            size = data[position + 1]
            position = position + 2 + (size >> 2) if size & 3 == 0 else skip_text(data, position + 1)
        else:
            position += 1
        position += _WIDTH[data[position]]
        if data[position]:
            size = data[position + 1]
            position = position + 2 + (size >> 2) if size & 3 == 0 else skip_text(data, position + 1)
        else:
            position += 1
        position = documentation(data, position) if data[position] else position + 1
    return position


def _skip_variants(data: bytes, position: int, documentation: Documentation) -> int:
    count, position = compact(data, position)
    for _ in range(count):
        size = data[position]
        position = position + 1 + (size >> 2) if size & 3 == 0 else skip_text(data, position)
        position = _skip_fields(data, position, documentation) if data[position] else position + 1
        position += 1  # the index
        position = documentation(data, position) if data[position] else position + 1
    return position


def _skip_one(data: bytes, position: int, _: Documentation) -> int:
    return position + _WIDTH[data[position]]


def _skip_array(data: bytes, position: int, _: Documentation) -> int:
    return position + 4 + _WIDTH[data[position + 4]]


def _skip_tuple(data: bytes, position: int, _: Documentation) -> int:
    count, position = compact(data, position)
    for _index in range(count):
        position += _WIDTH[data[position]]
    return position


def _skip_primitive(data: bytes, position: int, _: Documentation) -> int:
    return position + 1


def _skip_bits(data: bytes, position: int, _: Documentation) -> int:
    position += _WIDTH[data[position]]
    return position + _WIDTH[data[position]]


# By the tag of the definition, in scale-info's order.
_SKIPPERS: tuple[Callable[[bytes, int, Documentation], int], ...] = (
    _skip_fields, _skip_variants, _skip_one, _skip_array, _skip_tuple, _skip_primitive, _skip_one, _skip_bits,
)  # fmt: skip
