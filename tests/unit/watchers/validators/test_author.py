"""Who made a block, from its header's digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.watchers.validators.author import authority_index
from tests.relay_encoding import PRIMARY, SECONDARY_PLAIN, SECONDARY_VRF, digest


def items(variant: int, index: int) -> list[bytes]:
    return [bytes.fromhex(item[2:]) for item in digest(variant, index, 295_000_000)]


@pytest.mark.parametrize("variant", [PRIMARY, SECONDARY_PLAIN, SECONDARY_VRF])
@pytest.mark.parametrize("index", [0, 7, 599, 2**32 - 1])
def test_each_kind_of_claim_names_its_author(variant: int, index: int) -> None:
    assert authority_index(items(variant, index)) == index


def test_other_items_before_it_do_not_matter() -> None:
    pre, beefy, seal = items(PRIMARY, 3)
    assert authority_index([beefy, seal, pre]) == 3


@pytest.mark.parametrize(
    "item",
    [
        b"\x06BABE",
        b"\x06BABE\x00",
        b"\x06BABE\x34\x01\x03\x00\x00\x00",  # cut short
        b"\x06BABE\x34\x04" + bytes(12),  # a kind that is not known
        b"\x06BABE\x30\x01" + bytes(11),  # too short for a slot
        b"\x06BABE\x34\x01" + bytes(13),  # longer than it says
        b"\x06aura\x20" + bytes(8),
        b"\x05BABE\x34\x01" + bytes(12),  # a seal
        b"",
    ],
)
def test_what_is_no_claim_names_nobody(item: bytes) -> None:
    assert authority_index([item]) is None


def test_a_header_without_items_names_nobody() -> None:
    assert authority_index([]) is None


@given(st.lists(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda data: b"\x06BABE" + data))))
def test_junk_never_raises(digest: list[bytes]) -> None:
    found = authority_index(digest)
    assert found is None or 0 <= found < 2**32
