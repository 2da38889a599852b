"""Encoding of the values that storage maps use as keys, and the keys themselves.

Values have the shape that the decoder gives them (see `compile`). Source of a key's layout: frame-support
`storage/types/{map,double_map,nmap}.rs`: twox128 of the pallet's prefix, twox128 of the item, each key hashed.
"""

from collections.abc import Sequence as Values
from typing import Any

from paseo_watch.chain.scale.compact import encode_compact
from paseo_watch.chain.scale.errors import KeyValueError, ScaleError
from paseo_watch.chain.scale.hashers import BY_NAME, twox128
from paseo_watch.chain.scale.layout import SIZES, Layout, is_option, named
from paseo_watch.chain.scale.metadata import Pallet, StorageItem
from paseo_watch.chain.scale.registry import (
    Array,
    Compact,
    Composite,
    Enum,
    Field,
    Primitive,
    Sequence,
    Tuple,
    Type,
    Variant,
)

MAX_DEPTH = 32  # keys are small; the deepest in use is an XCM location


def storage_key(layout: Layout, pallet: Pallet, item: StorageItem, keys: Values[Any]) -> bytes:
    """The key of a value; of all values below a prefix where fewer keys are given than the map has.

    Raises KeyValueError for too many keys and for values that do not fit.
    """
    types = key_types(layout, item)
    if len(keys) > len(types):
        raise KeyValueError(f"{pallet.name}.{item.name} takes {len(types)} keys, {len(keys)} were given")
    parts = [twox128(pallet.prefix.encode()), twox128(item.name.encode())]
    for hasher, type_id, value in zip(item.hashers, types, keys, strict=False):
        parts.append(BY_NAME[hasher](encode(layout, type_id, value)))
    return b"".join(parts)


def key_types(layout: Layout, item: StorageItem) -> tuple[int, ...]:
    """One type per hasher. A map with several hashers names one tuple type."""
    if item.key is None:
        return ()
    if len(item.hashers) == 1:
        return (item.key,)
    members = layout.members(layout.types[item.key])
    if members is None or len(members) != len(item.hashers):
        raise KeyValueError(f"the metadata gives {item.name} {len(item.hashers)} hashers, but not as many keys")
    return members


def encode(layout: Layout, type_id: int, value: Any, depth: int = MAX_DEPTH) -> bytes:
    """SCALE bytes of a value of a type. Raises KeyValueError."""
    if depth == 0:
        raise KeyValueError(f"a key is nested more than {MAX_DEPTH} levels deep")
    _, kind = layout.resolve(type_id)
    try:
        return _encode(layout, kind, value, depth - 1)
    except KeyValueError:
        raise
    except (TypeError, KeyError, ValueError, OverflowError, AttributeError, ScaleError) as error:
        wanted = type(kind).__name__ if not isinstance(kind, Primitive) else kind.name
        raise KeyValueError(f"{str(value)[:80]!r} is not a value of type {type_id} ({wanted})") from error


def _encode(layout: Layout, kind: Type, value: Any, depth: int) -> bytes:
    match kind:
        case Primitive(name):
            return _primitive(name, value)
        case Compact():
            return encode_compact(value)
        case Composite(_, _, fields):
            return _fields(layout, fields, value, depth)
        case Tuple(elements):
            return _fields(layout, tuple(Field(None, element) for element in elements), value, depth, unwrap=False)
        case Sequence(element):
            return encode_compact(len(value)) + _elements(layout, element, value, depth)
        case Array(length, element):
            if len(value) != length:
                raise ValueError(f"{len(value)} elements, expected {length}")
            return _elements(layout, element, value, depth)
        case Enum():
            return _enum(layout, kind, value, depth)
    raise TypeError(f"{type(kind).__name__} cannot be a key")


def _primitive(name: str, value: Any) -> bytes:
    if name == "str":
        text: bytes = value.encode()
        return encode_compact(len(text)) + text
    if name == "bool":
        return bytes([(False, True).index(value)])
    if name == "char":
        return ord(value).to_bytes(4, "little")
    number: int = value
    return number.to_bytes(SIZES[name], "little", signed=name.startswith("i"))


def _elements(layout: Layout, element: int, values: Any, depth: int) -> bytes:
    if layout.types[element] == Primitive("u8"):
        return bytes(memoryview(values))  # refuses anything but bytes
    return b"".join(encode(layout, element, value, depth) for value in values)


def _fields(layout: Layout, fields: tuple[Field, ...], value: Any, depth: int, *, unwrap: bool = True) -> bytes:
    if unwrap and len(fields) == 1 and not named(fields):
        return encode(layout, fields[0].type, value, depth)
    values = [value[field.name] for field in fields] if named(fields) else value
    pairs = zip(fields, values, strict=True)
    return b"".join(encode(layout, field.type, part, depth) for field, part in pairs)


def _enum(layout: Layout, kind: Enum, value: Any, depth: int) -> bytes:
    if is_option(kind):
        return _option(layout, kind.variants[1], value, depth)
    name, payload = value
    (variant,) = (v for v in kind.variants if v.name == name)
    return bytes([variant.index]) + (_fields(layout, variant.fields, payload, depth) if variant.fields else b"")


def _option(layout: Layout, some: Variant, value: Any, depth: int) -> bytes:
    if value is None:
        return b"\0"
    inner = some.fields[0].type
    if layout.may_be_none(inner):
        tag, value = value
        if tag != "Some":
            raise ValueError("expected ('Some', value)")
    return b"\1" + encode(layout, inner, value, depth)
