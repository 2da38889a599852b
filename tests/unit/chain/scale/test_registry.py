"""Type definitions, read when asked for."""

import pytest

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.registry import (
    MAX_FIELDS,
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
    Variant,
    skip_texts,
    walk_types,
)  # fmt: skip
from tests.unit.chain.scale.building import Types


def registry(types: Types) -> Registry:
    data = types.encode()
    offsets, end = walk_types(data, 0, skip_texts)
    assert end == len(data)
    return Registry(data, offsets)


def test_every_kind_of_definition_is_read() -> None:
    types = Types()
    u8 = types.primitive("u8")
    types.composite("a::B", {"T": u8}, x=u8)
    types.wrapper(u8, u8)
    types.enum(("None", 0, []), ("Named", 9, [("x", u8)]), path="C")
    types.sequence(u8)
    types.array(300, u8)
    types.tuple(u8, u8)
    types.compact(u8)
    types.bits(u8, u8)
    read = registry(types)
    assert [read[i] for i in range(len(read))] == [
        Primitive("u8"),
        Composite(("a", "B"), {"T": 0}, (Field("x", 0),)),
        Composite((), {}, (Field(None, 0), Field(None, 0))),
        Enum(("C",), {}, (Variant("None", 0, ()), Variant("Named", 9, (Field("x", 0),)))),
        Sequence(0), Array(300, 0), Tuple((0, 0)), Compact(0), Bits(0),
    ]  # fmt: skip


def test_all_primitives_have_their_names() -> None:
    types = Types()
    names = [
        "bool",
        "char",
        "str",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "u256",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "i256",
    ]
    for name in names:
        types.primitive(name)
    read = registry(types)
    assert [read[i] for i in range(len(names))] == [Primitive(name) for name in names]


def test_type_ids_above_63_take_more_bytes() -> None:
    types = Types()
    for _ in range(20000):
        types.primitive("u8")
    types.composite(x=19999)
    types.sequence(100)
    read = registry(types)
    assert read[20000] == Composite((), {}, (Field("x", 19999),))
    assert read[20001] == Sequence(100)


def test_a_256_bit_integer_is_a_number_and_not_its_four_words() -> None:
    types = Types()
    types.wrapper(types.array(4, types.primitive("u64")), path="primitive_types::U256")
    assert registry(types)[2] == Primitive("u256")


def test_a_type_that_is_not_there_is_named() -> None:
    types = Types()
    types.primitive("u8")
    with pytest.raises(MetadataError, match="type 7 is not in the registry, which has 1 types"):
        registry(types)[7]


def test_ids_out_of_order_are_refused() -> None:
    with pytest.raises(MetadataError, match="type 1 at byte 2 of the registry, expected type 0"):
        walk_types(b"\x04\x04", 0, skip_texts)


@pytest.mark.parametrize(("definition", "message"), [(b"\x08", "unknown tag 8"), (b"\x05\x0f", "unknown index 15")])
def test_unknown_definitions_are_refused(definition: bytes, message: str) -> None:
    types = Types()
    types.add(definition)
    with pytest.raises(MetadataError, match=message):
        registry(types)[0]


def test_a_type_with_absurdly_many_fields_is_refused() -> None:
    types = Types()
    types.tuple(*[0] * (MAX_FIELDS + 1))
    with pytest.raises(MetadataError, match="1025 fields"):
        registry(types)[0]
