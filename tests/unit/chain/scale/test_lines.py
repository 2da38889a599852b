"""Positions and runs of leaves."""

from paseo_watch.chain.scale.layout import Layout
from paseo_watch.chain.scale.lines import Lines, Position
from tests.unit.chain.scale.building import Types
from tests.unit.chain.scale.test_registry import registry


def lines() -> Lines:
    types = Types()
    types.primitive("u8")
    return Lines(Layout(registry(types)))


def test_a_position_is_a_variable_and_what_is_added() -> None:
    assert str(Position("p")) == "p"
    assert str(Position("p") + 4 + 8) == "p + 12"


def test_leaves_side_by_side_are_one_run() -> None:
    made = lines()
    assert [made.leaf("I", Position("p")), made.leaf("16s", Position("p", 4)), made.leaf("B", Position("p", 20))] == [
        "v1",
        "v2",
        "v3",
    ]
    assert made.lines() == ["    v1, v2, v3, = FI16sB(b, p)"]
    assert made.formats == {"I16sB"}


def test_a_gap_or_another_variable_begins_a_new_run() -> None:
    made = lines()
    made.leaf("4s", Position("p"))
    made.leaf("4s", Position("p", 5))
    made.leaf("B", Position("q", 9))
    assert made.lines() == ["    v1 = b[p:p + 4]", "    v2 = b[p + 5:p + 9]", "    v3 = b[q + 9]"]


def test_a_compact_of_one_or_two_bytes_needs_no_call() -> None:
    made = lines()
    assert made.compact(Position("p", 1), 2**32 - 1) == ("v1", Position("v2"))
    assert made.lines() == [
        "    v1 = b[p + 1]",
        "    if not v1 & 3: v1 >>= 2; v2 = p + 2",
        "    elif v1 & 3 == 1 and b[p + 2]: v1 = v1 >> 2 | b[p + 2] << 6; v2 = p + 3",
        "    else: v1, v2 = compact(b, p + 1, 4294967295)",
    ]


def test_two_bytes_may_hold_more_than_a_byte_sized_type() -> None:
    made = lines()
    made.compact(Position("p"), 255)
    assert made.lines()[2:] == ["    else: v1, v2 = compact(b, p, 255)"]
