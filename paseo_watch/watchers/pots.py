"""Accounts that no key controls: pots of pallets and sovereign accounts of chains.

Sources: sp_runtime `traits.rs`, `AccountIdConversion` (`TypeId ++ id ++ sub`, padded with zeros to 32 bytes):
"modl" for a `PalletId` of 8 bytes (frame_support lib.rs), with sub-accounts such as nomination pools' and era pots;
"para" for a child parachain seen from the relay, "sibl" for a sibling seen from a parachain (polkadot parachain
primitives.rs, `Id` and `Sibling`: the para id as u32, little-endian). The ids are the constants `PalletId`, `PotId`
of Paseo's and Polkadot's metadata, and of their runtimes where metadata does not name them (`py/xcmch`: pallet-xcm
lib.rs, the account that keeps the books of teleports).

An account counts as a pot by its shape: 4 known bytes in front and at least 8 zeros at the end (sub-accounts of
bounties are the longest). Nobody can find a key for such an account: that is 96 bits to guess right.
"""

import re

POTS = {
    b"PotStake": "collator pot",
    b"dap/buff": "DAP buffer",
    b"dap/satl": "DAP satellite",
    b"py/ambtr": "ambassador treasury",
    b"py/ascon": "asset conversion",
    b"py/broke": "coretime revenue",
    b"py/cfund": "crowdloan",
    b"py/dlstk": "delegated staking",
    b"py/feltr": "fellowship treasury",
    b"py/nopls": "nomination pool",
    b"py/ondmd": "on-demand coretime",
    b"py/socie": "society",
    b"py/stkpt": "staking rewards",
    b"py/trsry": "treasury",
    b"py/xcmch": "XCM checking account",
}
_ID = re.compile(rb"[A-Za-z0-9/_.\-]{8}")
_ZEROS = bytes(8)


def pot_name(account: bytes) -> str | None:
    """What pot or sovereign an account is, None for one that may have a key."""
    if len(account) != 32 or not account.endswith(_ZEROS):
        return None
    kind, rest = account[:4], account[4:]
    if kind == b"modl" and _ID.fullmatch(rest[:8]):
        known = POTS.get(rest[:8], f"pallet {rest[:8].decode('ascii')}")
        return known if not any(rest[8:]) else f"{known}, sub-account"
    if kind in (b"para", b"sibl") and not any(rest[4:]):
        place = "child" if kind == b"para" else "sibling"
        return f"sovereign of {place} para {int.from_bytes(rest[:4], 'little')}"
    return None
