"""Storage keys, and what is not a key."""

from typing import Any

import pytest

from paseo_watch.chain.scale.compile import Compiler
from paseo_watch.chain.scale.errors import KeyValueError
from paseo_watch.chain.scale.hashers import blake2_128, twox64, twox128
from paseo_watch.chain.scale.keys import encode
from paseo_watch.chain.scale.layout import Layout
from paseo_watch.chain.scale.runtime import Runtime
from tests.unit.chain.scale.building import Types, small_runtime
from tests.unit.chain.scale.test_registry import registry

WHO = b"\x11" * 32
ACCOUNT_PREFIX = "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"


@pytest.fixture
def runtime() -> Runtime:
    return Runtime.from_metadata(small_runtime().encode(14))


def test_the_key_of_an_account_is_what_every_chain_has(runtime: Runtime) -> None:
    assert runtime.storage_key("System", "Account", WHO) == bytes.fromhex(ACCOUNT_PREFIX) + blake2_128(WHO) + WHO
    assert runtime.storage_key("System", "Account").hex() == ACCOUNT_PREFIX


def test_each_key_of_a_double_map_has_its_hasher(runtime: Runtime) -> None:
    prefix = twox128(b"Balances") + twox128(b"Locks")
    one, two = twox64(WHO) + WHO, (5).to_bytes(4, "little")
    assert runtime.storage_key("Balances", "Locks", WHO, 5) == prefix + one + two
    assert runtime.storage_key("Balances", "Locks", WHO) == prefix + one


def test_keys_too_many_are_refused(runtime: Runtime) -> None:
    with pytest.raises(KeyValueError, match=r"System.Number takes 0 keys, 1 were given"):
        runtime.storage_key("System", "Number", 1)


def types_of_keys() -> tuple[Types, dict[str, int]]:
    types = Types()
    u8, u32 = types.primitive("u8"), types.primitive("u32")
    ids = {
        "u32": u32, "i8": types.primitive("i8"), "bool": types.primitive("bool"), "str": types.primitive("str"),
        "char": types.primitive("char"), "bytes": types.sequence(u8), "array": types.array(2, u8),
        "numbers": types.sequence(u32), "compact": types.compact(u32), "struct": types.composite(a=u8, b=u32),
        "tuple": types.tuple(u8, u32), "single": types.tuple(u8), "newtype": types.wrapper(u32), "unit": types.tuple(),
        "option": types.option(u32), "nested": types.option(types.option(u8)),
        "enum": types.enum(("A", 0, []), ("B", 4, [(None, u8)]), ("C", 5, [("x", u8), ("y", u8)])),
        "bits": types.bits(u8, u8), "pair": types.array(2, u32),
    }  # fmt: skip
    return types, ids


VALUES: list[tuple[str, Any, str]] = [
    ("u32", 258, "02010000"), ("i8", -1, "ff"), ("bool", True, "01"), ("str", "hi", "086869"),
    ("char", "A", "41000000"),
    ("bytes", b"ab", "086162"), ("array", b"ab", "6162"), ("numbers", [1, 2], "080100000002000000"),
    ("compact", 64, "0101"), ("struct", {"a": 1, "b": 2}, "0102000000"), ("tuple", (1, 2), "0102000000"),
    ("single", (7,), "07"), ("newtype", 5, "05000000"), ("unit", (), ""), ("option", None, "00"),
    ("option", 5, "0105000000"), ("nested", ("Some", None), "0100"), ("nested", ("Some", 3), "010103"),
    ("enum", ("A", None), "00"), ("enum", ("B", 9), "0409"), ("enum", ("C", {"x": 1, "y": 2}), "050102"),
    ("pair", [1, 2], "0100000002000000"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "raw"), VALUES)
def test_values_are_encoded_and_decode_to_themselves(name: str, value: Any, raw: str) -> None:
    types, ids = types_of_keys()
    read = registry(types)
    assert encode(Layout(read), ids[name], value).hex() == raw
    assert Compiler(read).decode(ids[name], bytes.fromhex(raw)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("u32", -1), ("u32", 2**32), ("u32", "5"), ("u32", None), ("i8", 128), ("bool", 2), ("str", 5), ("bytes", "ab"),
        ("bytes", [1, 2]), ("array", b"abc"), ("struct", {"a": 1}), ("tuple", (1,)), ("enum", ("D", 1)), ("enum", "A"),
        ("nested", 5), ("nested", ("Other", 5)), ("bits", (0, b"")), ("pair", [1]), ("compact", -1), ("char", "ab"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(name: str, value: Any) -> None:
    types, ids = types_of_keys()
    with pytest.raises(KeyValueError, match=f"is not a value of type {ids[name]} "):
        encode(Layout(registry(types)), ids[name], value)


def test_a_key_nested_without_end_is_refused() -> None:
    types = Types()
    types.enum(("End", 0, []), ("In", 1, [(None, 0)]))
    value: Any = ("End", None)
    for _ in range(100):
        value = ("In", value)
    with pytest.raises(KeyValueError, match="more than 32 levels"):
        encode(Layout(registry(types)), 0, value)
