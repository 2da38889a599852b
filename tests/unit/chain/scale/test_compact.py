"""Compact integers against the specification's own examples and limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.scale.compact import LENGTH_LIMIT, SHORT_READ, compact, encode_compact
from paseo_watch.chain.scale.errors import ScaleError

# parity-scale-codec, README and `compact.rs` tests.
KNOWN = [
    (0, "00"), (1, "04"), (42, "a8"), (63, "fc"), (64, "0101"), (69, "1501"), (16383, "fdff"), (16384, "02000100"),
    (65535, "feff0300"), ((1 << 30) - 1, "feffffff"), (1 << 30, "0300000040"), (100000000000000, "0b00407a10f35a"),
    ((1 << 64) - 1, "13ffffffffffffffff"), ((1 << 536) - 1, "ff" * 68),
]  # fmt: skip


@pytest.mark.parametrize(("value", "encoded"), KNOWN)
def test_known_values_are_read_and_written(value: int, encoded: str) -> None:
    raw = bytes.fromhex(encoded)
    assert compact(b"\xaa" + raw + b"\xbb", 1, 1 << 536) == (value, 1 + len(raw))
    assert encode_compact(value) == raw


@pytest.mark.parametrize(
    "encoded", ["0100", "fd00", "02000000", "feff0000", "03ffffff3f", "07000000ff00", "1300" + "00" * 7]
)
def test_a_value_written_longer_than_needed_is_refused(encoded: str) -> None:
    with pytest.raises(ScaleError, match="shortest"):
        compact(bytes.fromhex(encoded), 0, 1 << 536)


def test_a_length_above_32_bits_is_refused() -> None:
    assert compact(encode_compact(LENGTH_LIMIT), 0) == (LENGTH_LIMIT, 5)
    with pytest.raises(ScaleError, match="out of range"):
        compact(encode_compact(LENGTH_LIMIT + 1), 0)


@pytest.mark.parametrize(("value", "encoded"), KNOWN)
def test_bytes_that_end_early_are_an_error(value: int, encoded: str) -> None:
    with pytest.raises((*SHORT_READ, ScaleError)):
        compact(bytes.fromhex(encoded)[:-1], 0, 1 << 536)


@pytest.mark.parametrize("value", [-1, 1 << 536])
def test_what_has_no_compact_form_is_refused(value: int) -> None:
    with pytest.raises(ScaleError, match="no compact form"):
        encode_compact(value)


@given(value=st.integers(0, (1 << 536) - 1))
def test_what_is_written_is_read_back(value: int) -> None:
    raw = encode_compact(value)
    assert compact(raw, 0, 1 << 536) == (value, len(raw))
