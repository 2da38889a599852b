"""What decoded bytes become, beyond Python's own types."""

from typing import Any, NamedTuple

FINALIZATION = -1
INITIALIZATION = -2


class Event(NamedTuple):
    """One event record.

    `index` counts all events of the block from 0. `phase` is the index of the extrinsic that caused it, or
    FINALIZATION or INITIALIZATION. Unnamed fields are keyed "0", "1" and so on.
    """

    index: int  # type: ignore[assignment]  # shadows tuple.index, which nothing here calls
    phase: int
    pallet: str
    name: str
    fields: dict[str, Any]


class Call(NamedTuple):
    """A call of a pallet's function; calls inside its arguments are Calls too."""

    pallet: str
    name: str
    args: dict[str, Any]


class Extrinsic(NamedTuple):
    """One extrinsic.

    `kind` is "signed", "bare" or "general". `address` is the signer: the account's bytes for MultiAddress::Id, the
    decoded address otherwise, None where nobody signed. `signature` is as encoded, with its kind in front.
    `extensions` holds the transaction extensions' values by name, `extension_version` their version.
    """

    version: int
    kind: str
    address: Any
    signature: bytes | None
    extension_version: int | None
    extensions: dict[str, Any]
    call: Call
