"""Reads Paseo's whitelist of accounts that may hold more than the policy's cap.

The format is `whitelists/whitelist.yml` of paseo-network/paseo-action-submission:

    disableBot: true
    whitelist:
      - name: FAUCET
        address: 5HKH4h…
    accountsToUnstake:
      - address: 5Ec4…

As found there: tabs occur as indentation (no YAML library accepts them, so this reads lines), entries come without a
name and with their keys in any order, addresses have the prefix of whatever network they were copied from. Only the
addresses under `whitelist` count. A file that cannot be read in full is an error that names the line, and so are
entries in braces (`- {name: X, address: Y}`). (A file cut off exactly between two entries cannot be told from a whole
one; who fetches it must check its length.)
"""

import re
from collections.abc import Iterator

from paseo_watch.chain import ss58
from paseo_watch.errors import PermanentError

MAX_BYTES = 1_000_000

_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<dash>-[ \t]*)?(?:(?P<key>[A-Za-z_][A-Za-z0-9_-]*):(?P<value>[ \t].*)?)?")
_QUOTED = re.compile(r"""(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?""")
_SECTION = "whitelist"


class WhitelistError(PermanentError):
    """The file is no whitelist, or is damaged; the message names the line."""


def read(raw: bytes) -> dict[str, list[str]]:
    """The whitelisted accounts: {"accounts": [64 hexadecimal digits, …]}, sorted, each once. Raises WhitelistError."""
    if len(raw) > MAX_BYTES:
        raise WhitelistError(f"whitelist of {len(raw):,} bytes, expected at most {MAX_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise WhitelistError(f"line {line}: not UTF-8 text") from error
    accounts = sorted({_account(number, address).hex() for number, address in _addresses(text)})
    if not accounts:
        raise WhitelistError(f"no entries under {_SECTION!r}, expected one in lines of their own for each account")
    return {"accounts": accounts}


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    """(line, address) of each entry of the whitelist section."""
    section, entry, address = "", 0, None
    for number, line in enumerate(text.split("\n"), 1):
        found = _parsed(number, line)
        if found is None:
            continue
        top = not found["indent"] and not found["dash"]
        if entry and (top or found["dash"]):
            yield _complete(entry, address)
            entry, address = 0, None
        if top:
            section = found["key"]
        elif section == _SECTION:
            if not found["dash"] and not entry:
                raise WhitelistError(f"line {number}: expected an entry that begins with '-'")
            entry = entry or number
            if found["key"] == "address":
                address = _once(number, address, _scalar(number, found["value"] or ""))
    if entry:
        yield _complete(entry, address)


def _parsed(number: int, line: str) -> re.Match[str] | None:
    """One line's parts; None for one that says nothing."""
    line = line.rstrip()
    if not line.strip() or line.lstrip().startswith("#") or line == "---":
        return None
    found = _LINE.fullmatch(line)
    if found is None or not (found["key"] or found["dash"]):
        raise WhitelistError(f"line {number}: expected 'key: value' or '- key: value', without braces")
    return found


def _once(number: int, before: str | None, address: str) -> str:
    if before is not None:
        raise WhitelistError(f"line {number}: a second address in one entry, expected a '-' before it")
    return address


def _complete(entry: int, address: str | None) -> tuple[int, str]:
    if address is None:
        raise WhitelistError(f"line {entry}: an entry without an address")
    return entry, address


def _scalar(number: int, value: str) -> str:
    """A plain or quoted YAML scalar on one line, without the comment behind it."""
    value = value.strip()
    if value[:1] in ("'", '"'):
        quoted = _QUOTED.fullmatch(value)
        if quoted is None:
            raise WhitelistError(f"line {number}: a quote that is not closed")
        return quoted[1] or quoted[2] or ""
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()


def _account(number: int, address: str) -> bytes:
    try:
        account, _ = ss58.decode(address)
    except ss58.AddressError as error:
        raise WhitelistError(f"entry at line {number}: {error}") from error
    if len(account) != 32:
        raise WhitelistError(f"entry at line {number}: an account of {len(account)} bytes, expected 32")
    return account
