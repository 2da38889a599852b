"""Stepping over values: the sizes found are those of the bytes, and nothing is built."""

import pytest

from paseo_watch.chain.scale.compact import SHORT_READ
from paseo_watch.chain.scale.compile import DEPTH, Compiler
from paseo_watch.chain.scale.layout import Layout
from paseo_watch.chain.scale.lines import Position
from paseo_watch.chain.scale.skip import Skip
from tests.unit.chain.scale.building import Types, compact
from tests.unit.chain.scale.test_registry import registry


def test_a_fixed_run_is_stepped_over_by_one_addition() -> None:
    types = Types()
    u32 = types.primitive("u32")
    skip = Skip(Layout(registry(types)))
    assert skip.skip_all((u32, u32, u32), Position("p")) == Position("p", 12)
    assert skip.lines() == []


def test_a_sequence_of_fixed_elements_is_stepped_over_without_a_loop() -> None:
    types = Types()
    words = types.sequence(types.array(32, types.primitive("u8")))
    skip = Skip(Layout(registry(types)))
    skip.skip(words, Position("p"))
    assert not any("for" in line for line in skip.lines())


def test_it_ends_where_the_value_ends() -> None:
    """Bytes of everything that varies in size, with more bytes behind."""
    types = Types()
    u8, u128 = types.primitive("u8"), types.primitive("u128")
    text, blob = types.primitive("str"), types.sequence(u8)
    choice = types.enum(("A", 0, []), ("B", 1, [("x", blob)]), ("C", 2, [(None, u128)]))
    everything = types.composite(
        number=types.compact(u128), text=text, blobs=types.sequence(blob), pair=types.array(2, blob),
        some=types.option(blob), none=types.option(u8), bits=types.bits(u8, u8), a=choice, b=choice, c=choice,
    )  # fmt: skip
    parts = [
        compact(2**100), b"\x08hi", b"\x08\x04a\x0cabc", b"\x00\x04z", b"\x01\x04q", b"\0", b"\x24\xff\x01", b"\0",
        b"\1\x0cxyz", b"\2" + bytes(16),
    ]  # fmt: skip
    raw = b"".join(parts)
    assert Compiler(registry(types)).skippers[everything](b"??" + raw + b"more", 2, DEPTH) == 2 + len(raw)


@pytest.mark.parametrize("raw", ["", "fe", "04", "0804"])
def test_bytes_that_end_early_raise_what_reading_past_the_end_raises(raw: str) -> None:
    types = Types()
    blobs = types.sequence(types.sequence(types.primitive("u8")))
    with pytest.raises(SHORT_READ):
        Compiler(registry(types)).skippers[blobs](bytes.fromhex(raw), 0, DEPTH)
