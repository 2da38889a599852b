"""`System.Account` of a runtime: where an account's balance lies, and how to read it.

Source: frame-system `AccountInfo` with pallet-balances `AccountData {free, reserved, …}`. An account that is not
there has nothing.
"""

from typing import Any, NamedTuple

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime

PALLET, ITEM = "System", "Account"
ACCOUNT_BYTES = 32


class Balance(NamedTuple):
    """In planck; locked and frozen amounts are part of both."""

    free: int
    reserved: int

    @property
    def total(self) -> int:
        """Everything that the account owns."""
        return self.free + self.reserved


def readable(runtime: Runtime) -> bool:
    """Whether this runtime keeps balances of 32-byte accounts in `System.Account`, in the shape that `read` knows."""
    if not runtime.has_storage(PALLET, ITEM):
        return False
    try:
        key(runtime, bytes(ACCOUNT_BYTES))
        return _balance(runtime.storage_default(PALLET, ITEM)) is not None
    except ScaleError:
        return False


def key(runtime: Runtime, account: bytes) -> bytes:
    """The storage key of an account. Raises ScaleError where this runtime's accounts are of another kind."""
    return runtime.storage_key(PALLET, ITEM, account)


def read(runtime: Runtime, raw: bytes | None) -> Balance | None:
    """The balance in a raw value, zero for an absent one; None for a value that cannot be read."""
    if raw is None:
        return Balance(0, 0)
    try:
        return _balance(runtime.decode_storage(PALLET, ITEM, raw))
    except ScaleError:
        return None


def _balance(value: Any) -> Balance | None:
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict):
        return None
    free, reserved = data.get("free"), data.get("reserved")
    return Balance(free, reserved) if isinstance(free, int) and isinstance(reserved, int) else None
