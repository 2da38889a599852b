"""Paseo's whitelist as it is found: read in full or refused with the line."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain import ss58
from paseo_watch.watchers.balances.whitelist import MAX_BYTES, WhitelistError, read

AMFORC = "5DDVAkXRMSkkmrB2yqrbFvPCZt8xaPawcy2bEvBsCJRRiUtm"
FAUCET = "5HKH4hh87MtWeJvJAmnCW9xjWZMuYaGuU8erhZzvWqiteHXU"
KREIVO = "EvoLanodoqDsgHb98Ymbu41uXXKfCPDKxeM6dXHyJ2JoVus"
BIFROST = "dDWnEWnx3GUgfugXh9mZtgj4CvJdmd8naYkWYCZGxjfb1Cz"

FOUND = f"""disableBot: true
disableWhitelist: false
balanceTarget: 5000
balanceThreshold: 5000
whitelist:
  - name: AMFORC
    address: {AMFORC}
  - name: POLKADOTTERS/🐙 OCTOPUS # a comment
\t\taddress: "{FAUCET}"
\t- address: {KREIVO}   # prefix 2
\t  role: parachain: treasury
  # nobody: knows why
  -
    address: '{BIFROST}'
    name: Bifrost

  - name: AMFORC again
    address: {AMFORC}
accountsToUnstake:
  - address: not an address at all
"""


def key(address: str) -> str:
    return ss58.decode(address)[0].hex()


def test_the_quirks_of_the_real_file_are_read() -> None:
    """Tabs, comments, quotes, any prefix, no name, keys in any order, an entry twice, another section."""
    expected = sorted(key(address) for address in (AMFORC, FAUCET, KREIVO, BIFROST))
    assert read(FOUND.encode()) == {"accounts": expected}
    assert read(b"\xef\xbb\xbf" + FOUND.replace("\n", "\r\n").encode()) == {"accounts": expected}


def test_items_may_stand_at_the_margin_and_the_file_may_end_without_a_newline() -> None:
    text = f"whitelist:\n- address: {AMFORC}\n  name: A\n- name: B\n  address: {FAUCET}"
    assert read(text.encode()) == {"accounts": sorted([key(AMFORC), key(FAUCET)])}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no entries under 'whitelist'"),
        ("disableBot: true\n", "no entries under 'whitelist'"),
        ("whitelist:\n", "no entries under 'whitelist'"),
        ("whitelist: []\n", "no entries under 'whitelist'"),
        (f"whitelist: [{{name: A, address: {AMFORC}}}]\n", "expected one in lines of their own for each account"),
        (f"accounts:\n  - address: {AMFORC}\n", "no entries under 'whitelist'"),
        ("<html>\n", "line 1: expected 'key: value'"),
        (f"whitelist:\n  - address: {AMFORC}\n  gone wrong\n", "line 3: expected 'key: value'"),
        (f"whitelist:\n  - address: {AMFORC}\n  - name: B\n  - name: C\n", "line 3: an entry without an address"),
        (f"whitelist:\n  - address: {AMFORC}\n  - name: cut of", "line 3: an entry without an address"),
        (f"whitelist:\n  - address: {AMFORC[:-1]}\n", "line 2: '5DDVAkXR"),
        (f"whitelist:\n  - address: {AMFORC}\n    address: {FAUCET}\n", "line 3: a second address"),
        (f"whitelist:\n    address: {AMFORC}\n", "line 2: expected an entry that begins with '-'"),
        (f'whitelist:\n  - address: "{AMFORC}\n', "line 2: a quote that is not closed"),
        ("whitelist:\n  - address:\n", "line 2"),
        ("whitelist:\n  - {name: A, address: B}\n", "line 2: expected 'key: value' or '- key: value', without braces"),
        ("whitelist:\n  - address: 5" + "A" * 100 + "\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_read_in_full_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(WhitelistError) as refused:
        read(text.encode())
    assert message in str(refused.value)


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(WhitelistError, match="line 2: not UTF-8"):
        read(b"whitelist:\n\xff\xfe")


def test_a_file_of_absurd_size_is_refused_unread() -> None:
    with pytest.raises(WhitelistError, match="1,000,001 bytes, expected at most 1,000,000"):
        read(b"#" * (MAX_BYTES + 1))


def test_every_cut_of_the_file_is_refused_or_holds_only_whole_entries() -> None:
    """A download that broke off: never an account that the file does not name."""
    whole = set(read(FOUND.encode())["accounts"])
    raw = FOUND[: FOUND.index("accountsToUnstake")].encode()
    for end in range(len(raw)):
        try:
            assert set(read(raw[:end])["accounts"]) <= whole
        except WhitelistError:
            continue


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_a_whitelist_or_our_error(raw: bytes) -> None:
    for document in (raw, b"whitelist:\n  - " + raw, FOUND.encode() + raw):
        try:
            assert read(document)["accounts"]
        except WhitelistError:
            continue
