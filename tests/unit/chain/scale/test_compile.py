"""Values of every shape, and bytes that are no value."""

import sys
from typing import Any

import pytest

from paseo_watch.chain.scale.compile import DEPTH, Compiler
from paseo_watch.chain.scale.errors import (
    ScaleError,
    TooDeepError,
    TrailingBytesError,
    TruncatedError,
    UnknownVariantError,
)
from tests.unit.chain.scale.building import Types, compact
from tests.unit.chain.scale.test_registry import registry


def decode(types: Types, type_id: int, raw: str | bytes) -> Any:
    """Decodes, and steps over the same bytes: both must end at the end."""
    data = bytes.fromhex(raw) if isinstance(raw, str) else raw
    compiler = Compiler(registry(types))
    value = compiler.decode(type_id, data)
    assert compiler.skippers[type_id](data, 0, DEPTH) == len(data)
    return value


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("bool", "01", True), ("bool", "00", False), ("char", "41000000", "A"), ("str", "0ce4bda0", "你"),
        ("u8", "ff", 255), ("u16", "0102", 513), ("u32", "ffffffff", 2**32 - 1), ("u64", "01" + "00" * 7, 1),
        ("u128", "ff" * 16, 2**128 - 1), ("u256", "00" * 31 + "01", 2**248), ("i8", "ff", -1), ("i16", "feff", -2),
        ("i32", "00000080", -(2**31)), ("i64", "ff" * 8, -1), ("i128", "ff" * 16, -1), ("i256", "ff" * 32, -1),
    ],
)  # fmt: skip
def test_primitives(name: str, raw: str, value: Any) -> None:
    types = Types()
    assert decode(types, types.primitive(name), raw) == value


@pytest.mark.parametrize(("name", "raw"), [("bool", "02"), ("char", "00d80000"), ("char", "00001100"), ("str", "04ff")])
def test_primitives_that_are_not_valid_are_refused(name: str, raw: str) -> None:
    types = Types()
    with pytest.raises(ScaleError):
        decode(types, types.primitive(name), raw)


@pytest.mark.parametrize("value", [0, 63, 64, 255, 256, 16383, 16384, 2**30 - 1, 2**30, 2**32 - 1, 2**64, 2**128 - 1])
def test_compacts_of_every_length_are_read_and_no_longer_than_needed(value: int) -> None:
    types = Types()
    number = types.compact(types.primitive("u128"))
    assert decode(types, number, compact(value)) == value
    for longer in ("0100", "fd00", "02000000"):
        with pytest.raises(ScaleError, match="not in its shortest form"):
            decode(types, number, longer)


def test_compacts_are_held_to_their_type() -> None:
    types = Types()
    number = types.compact(types.primitive("u8"))
    assert decode(types, number, compact(255)) == 255
    with pytest.raises(ScaleError, match="256 is out of range"):
        decode(types, number, compact(256))
    assert decode(types, types.compact(types.tuple()), b"") == ()
    assert decode(types, types.compact(types.wrapper(types.primitive("u128"))), compact(2**127)) == 2**127


def test_bytes_lists_and_tuples() -> None:
    types = Types()
    u8, u16 = types.primitive("u8"), types.primitive("u16")
    assert decode(types, types.sequence(u8), "0c010203") == b"\1\2\3"
    assert decode(types, types.array(3, u8), "010203") == b"\1\2\3"
    assert decode(types, types.array(2, u16), "01000200") == [1, 2]
    assert decode(types, types.sequence(types.tuple(u8, u16)), "08010200030400") == [(1, 2), (3, 4)]
    assert decode(types, types.sequence(types.sequence(u8)), "0804010402") == [b"\1", b"\2"]
    assert decode(types, types.array(2, types.sequence(u8)), "04010402") == [b"\1", b"\2"]
    assert decode(types, types.tuple(u8), "07") == (7,)


def test_units_take_no_bytes() -> None:
    types = Types()
    unit, empty = types.tuple(), types.composite()
    assert decode(types, unit, "") == ()
    assert decode(types, empty, "") == ()
    assert decode(types, types.sequence(unit), compact(3)) == [(), (), ()]
    assert decode(types, types.array(2, unit), "") == [(), ()]
    assert decode(types, types.composite(a=unit, b=types.primitive("u8")), "05") == {"a": (), "b": 5}


def test_structs_enums_and_newtypes() -> None:
    types = Types()
    u8 = types.primitive("u8")
    named = types.composite(only=u8)
    choice = types.enum(
        ("Unit", 0, []), ("One", 3, [(None, u8)]), ("Two", 4, [(None, u8), (None, u8)]), ("Named", 9, [("x", u8)])
    )
    assert decode(types, named, "07") == {"only": 7}
    assert decode(types, types.wrapper(named), "07") == {"only": 7}
    assert decode(types, types.wrapper(u8, u8), "0708") == (7, 8)
    values = [decode(types, choice, raw) for raw in ("00", "0307", "040708", "0907")]
    assert values == [("Unit", None), ("One", 7), ("Two", (7, 8)), ("Named", {"x": 7})]
    assert decode(types, types.enum(("A", 2, []), ("B", 7, [])), "07") == ("B", None)


def test_options_and_options_in_options() -> None:
    types = Types()
    u8 = types.primitive("u8")
    option = types.option(u8)
    nested, of_unit = types.option(types.wrapper(option)), types.option(types.tuple())
    assert [decode(types, option, raw) for raw in ("00", "0107")] == [None, 7]
    assert [decode(types, nested, raw) for raw in ("00", "0100", "010107")] == [None, ("Some", None), ("Some", 7)]
    assert [decode(types, of_unit, raw) for raw in ("00", "01")] == [None, ("Some", ())]
    assert decode(types, types.option(types.primitive("bool")), "0100") is False


def test_a_big_option_is_a_function_of_its_own() -> None:
    """More than is written in place: it once called itself without end."""
    types = Types()
    u8 = types.primitive("u8")
    big = types.composite(**{f"f{i}": types.sequence(u8) for i in range(60)})
    option = types.option(big)
    assert decode(types, option, "00") is None
    assert decode(types, option, b"\1" + b"\4\7" * 60) == {f"f{i}": b"\7" for i in range(60)}
    assert decode(types, types.composite(x=option, y=u8), "0009") == {"x": None, "y": 9}


def test_bit_sequences_keep_their_words() -> None:
    types = Types()
    order = types.composite("bitvec::order::Lsb0")
    assert decode(types, types.bits(types.primitive("u8"), order), "24ff01") == (9, b"\xff\x01")
    assert decode(types, types.bits(types.primitive("u32"), order), "24ff010000") == (9, b"\xff\x01\0\0")
    with pytest.raises(ScaleError, match="bits cannot be stored"):
        decode(types, types.bits(types.primitive("str"), order), "00")


def test_all_bytes_must_be_used() -> None:
    types = Types()
    u32 = types.primitive("u32")
    with pytest.raises(TrailingBytesError, match="ends at byte 4, 1 bytes are left"):
        decode(types, u32, "0000000000")
    account = types.array(32, types.primitive("u8"))
    with pytest.raises(TruncatedError, match="needs 32 bytes, 31 are there"):
        decode(types, account, bytes(31))
    with pytest.raises(TruncatedError):
        decode(types, u32, "000000")


def test_unknown_variants_and_bad_options_are_named() -> None:
    types = Types()
    u8 = types.primitive("u8")
    plain = types.enum(("A", 0, []), ("B", 2, []), path="x::Plain")
    full = types.enum(("A", 0, [(None, u8)]), path="x::Full")
    with pytest.raises(UnknownVariantError, match=r"x::Plain \(type 1\) has no variant 1, only \[0, 2\]"):
        decode(types, plain, "01")
    with pytest.raises(UnknownVariantError, match=r"x::Full \(type 2\) has no variant 9"):
        decode(types, full, "09")
    with pytest.raises(UnknownVariantError, match="the tag 2, expected 0 or 1"):
        decode(types, types.option(u8), "02")


@pytest.mark.parametrize("size", [1, 2, 16, 0])
def test_an_announced_length_that_cannot_be_is_refused_before_any_work(size: int) -> None:
    """Four thousand million elements of 1, 2, 16 and of no bytes."""
    types = Types()
    element = types.array(size, types.primitive("u8")) if size else types.tuple()
    with pytest.raises(TruncatedError, match="4294967295 elements are announced"):
        decode(types, types.sequence(element), compact(2**32 - 1) + bytes(100))


def test_a_value_nested_without_end_is_refused_and_a_deep_one_is_read() -> None:
    """The SDK lets calls nest 256 deep; ours may, and the interpreter's stack is never what stops it."""
    types = Types()
    types.enum(("End", 0, []), ("In", 1, [(None, 0)]))
    compiler = Compiler(registry(types))
    value, depth = compiler.decode(0, b"\1" * 500 + b"\0"), 0
    while value[0] == "In":
        value, depth = value[1], depth + 1
    assert depth == 500
    for count in (DEPTH + 5, 100_000):
        with pytest.raises(TooDeepError, match="more than 600 levels"):
            compiler.decode(0, b"\1" * count + b"\0")
        with pytest.raises(TooDeepError):
            compiler.skippers[0](b"\1" * count + b"\0", 0, DEPTH)
    assert sys.getrecursionlimit() >= DEPTH + 300


def test_a_type_that_holds_itself_in_a_list_is_bounded_too() -> None:
    types = Types()
    types.composite(children=1)
    types.sequence(0)
    assert decode(types, 0, "0800" + "0400") == {"children": [{"children": []}, {"children": [{"children": []}]}]}
    with pytest.raises(TooDeepError):
        decode(types, 0, b"\4" * 10_000 + b"\0")


def test_metadata_that_doubles_its_types_costs_no_time() -> None:
    """2**24 leaves are described; the bytes end at the first."""
    types = Types()
    types.primitive("u8")
    types.sequence(0)
    for inner in range(1, 25):
        types.tuple(inner, inner)
    with pytest.raises(ScaleError):
        decode(types, 25, b"\0")
