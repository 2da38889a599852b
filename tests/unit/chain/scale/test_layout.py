"""Sizes and shapes of types, bounded whatever the registry says."""

import pytest

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.layout import MAX_EMPTY, Layout
from tests.unit.chain.scale.building import Types
from tests.unit.chain.scale.test_registry import registry


def test_sizes_are_known_where_they_are_fixed() -> None:
    types = Types()
    u8, u32 = types.primitive("u8"), types.primitive("u32")
    plain = types.enum(("A", 0, []), ("B", 5, []))
    fixed = types.composite(a=u32, b=plain, c=types.array(7, u8))
    varying = types.composite(a=fixed, b=types.sequence(u8), c=types.option(u32))
    layout = Layout(registry(types))
    assert (layout.fixed(fixed), layout.least(fixed)) == (12, 12)
    assert (layout.fixed(varying), layout.least(varying)) == (None, 14)


def test_newtypes_are_seen_through_and_named_fields_are_not() -> None:
    types = Types()
    u8 = types.primitive("u8")
    wrapped = types.wrapper(types.wrapper(u8))
    named = types.composite(inner=u8)
    layout = Layout(registry(types))
    assert layout.resolve(wrapped)[0] == u8
    assert layout.resolve(named)[0] == named


def test_a_type_that_contains_itself_without_end_is_refused() -> None:
    types = Types()
    types.composite(a=0, b=0)
    types.wrapper(1)
    layout = Layout(registry(types))
    for type_id in (0, 1):
        with pytest.raises(MetadataError, match=r"nested in itself|wraps itself"):
            layout.fixed(type_id)


def test_a_type_of_absurd_size_is_refused() -> None:
    types = Types()
    types.primitive("u128")
    for inner in range(40):
        types.tuple(inner, inner)
    with pytest.raises(MetadataError, match="bytes, at most"):
        Layout(registry(types)).fixed(40)


def test_doubling_types_that_take_no_bytes_cost_no_time() -> None:
    types = Types()
    types.tuple()
    for inner in range(60):
        types.tuple(inner, inner)
    layout = Layout(registry(types))
    assert layout.fixed(60) == 0
    assert layout.empty(1) == ((), ())
    assert len(layout.empty(60)) == 2


def test_absurdly_long_arrays_of_nothing_are_refused() -> None:
    types = Types()
    array = types.array(MAX_EMPTY + 1, types.tuple())
    with pytest.raises(MetadataError, match="elements that take no bytes"):
        Layout(registry(types)).empty(array)


def test_only_unsigned_integers_can_be_compact() -> None:
    types = Types()
    perbill = types.wrapper(types.primitive("u32"))
    unit, text = types.tuple(), types.primitive("str")
    layout = Layout(registry(types))
    assert (layout.compact_width(perbill), layout.compact_width(unit)) == (32, 0)
    with pytest.raises(MetadataError, match="not an unsigned integer"):
        layout.compact_width(text)
