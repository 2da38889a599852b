"""Addresses against known ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain import ss58

TREASURY = b"modlpy/trsry".ljust(32, b"\0")
ALICE = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")

# Alice under Substrate's, Polkadot's and Kusama's prefix; the treasury and Asset Hub's sovereign account on Paseo.
KNOWN = [
    (ALICE, 42, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
    (ALICE, 0, "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"),
    (ALICE, 2, "HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F"),
    (TREASURY, 42, "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z"),
    (b"para\xe8\x03".ljust(32, b"\0"), 42, "5Ec4AhPZk8STuex8Wsi9TwDtJQxKqzPJRCH7348Xtcs9vZLJ"),
    (b"sibl\xec\x03".ljust(32, b"\0"), 42, "5Eg2fntPdLr67jPWMPa9MK7ywRHJ8rAtsgoppSKH8X2bgiiV"),
]  # fmt: skip


@pytest.mark.parametrize(("account", "prefix", "text"), KNOWN)
def test_known_addresses_are_written_and_read(account: bytes, prefix: int, text: str) -> None:
    assert ss58.encode(account, prefix) == text
    assert ss58.decode(text) == (account, prefix)


@given(account=st.binary(min_size=32, max_size=32), prefix=st.integers(0, 16383).filter(lambda p: p not in (46, 47)))
def test_every_prefix_of_one_or_two_bytes_is_read_back(account: bytes, prefix: int) -> None:
    assert ss58.decode(ss58.encode(account, prefix)) == (account, prefix)


@pytest.mark.parametrize("size", [20, 33])
def test_other_sizes_of_account_are_read_back(size: int) -> None:
    account = bytes(range(size))
    assert ss58.decode(ss58.encode(account, 1284)) == (account, 1284)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", "checksum is wrong"),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ", "holds 34 bytes"),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ0", "'0' is no base-58 digit"),
        ("", "expected 1 to 64 characters"),
        ("1" * 10**6, "expected 1 to 64 characters"),
        ("5", "holds 1 bytes"),
        ("1111", "holds 4 bytes"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ss58.AddressError, match=message):
        ss58.decode(text)


def test_any_single_wrong_character_is_noticed() -> None:
    text = KNOWN[0][2]
    for place in range(1, len(text)):
        wrong = text[:place] + ("2" if text[place] != "2" else "3") + text[place + 1 :]
        with pytest.raises(ss58.AddressError):
            ss58.decode(wrong)


@pytest.mark.parametrize(
    ("account", "prefix"), [(b"", 42), (bytes(31), 42), (bytes(32), 16384), (bytes(32), -1), (bytes(32), 46)]
)
def test_what_cannot_become_an_address_is_refused(account: bytes, prefix: int) -> None:
    with pytest.raises(ss58.AddressError):
        ss58.encode(account, prefix)
