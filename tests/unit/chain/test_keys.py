"""Keys and values that are read without metadata."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.block import SpecVersion
from paseo_watch.chain.keys import (
    EVENTS,
    LAST_RUNTIME_UPGRADE,
    NOW,
    decode_last_runtime_upgrade,
    decode_now,
    plain_key,
)
from paseo_watch.chain.scale.errors import ScaleError
from tests.scripted_chain import compact


def test_the_keys_are_those_of_every_substrate_chain() -> None:
    """As Polkadot's own tools print them."""
    assert EVENTS.hex() == "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7"
    assert LAST_RUNTIME_UPGRADE.hex() == "26aa394eea5630e07c48ae0c9558cef7f9cce9c888469bb1a0dceaa129672ef8"
    assert NOW.hex() == "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb"
    assert plain_key("Sudo", "Key").hex() == "5c0d1176a568c1f92944340dbfed9e9c530ebca703c85910e7164cb7d1c9e47b"


@given(st.integers(0, 2**32 - 1), st.text(max_size=40))
def test_a_runtimes_name_and_version_are_read_as_they_were_written(version: int, name: str) -> None:
    """Any u32, any UTF-8 text."""
    raw = compact(version) + compact(len(name.encode())) + name.encode()
    assert decode_last_runtime_upgrade(raw) == SpecVersion(name, version)


@given(st.binary(max_size=30))
def test_any_other_bytes_are_an_error_of_ours_or_a_value_that_uses_them_all(raw: bytes) -> None:
    """Never another exception."""
    try:
        spec = decode_last_runtime_upgrade(raw)
    except ScaleError:
        return
    assert raw.endswith(spec.name.encode())


@pytest.mark.parametrize("raw", [b"", b"\x04", b"\x04\x08a", b"\x04\x04ab", b"\x04\x04\xff"])
def test_a_damaged_last_runtime_upgrade_is_an_error(raw: bytes) -> None:
    """Too short, too long, not UTF-8."""
    with pytest.raises(ScaleError):
        decode_last_runtime_upgrade(raw)


def test_the_time_is_eight_bytes_of_milliseconds() -> None:
    """Little-endian; any other length is an error that says so."""
    assert decode_now(bytes.fromhex("00684a0d8c010000")) == 0x018C0D4A6800
    for raw in (b"", b"\1" * 7, b"\1" * 9):
        with pytest.raises(ScaleError, match=f"has {len(raw)} bytes, expected 8"):
            decode_now(raw)


def test_a_time_beyond_the_year_9999_is_an_error() -> None:
    """No date could be made of it, in an alert or anywhere else."""
    last = datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
    last_ms = (last - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert decode_now(last_ms.to_bytes(8, "little")) == last_ms
    for beyond in (last_ms + 1, 2**64 - 1):
        with pytest.raises(ScaleError, match=f"is {beyond} ms, expected at most {last_ms}"):
            decode_now(beyond.to_bytes(8, "little"))
