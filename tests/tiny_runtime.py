"""The smallest runtime that a follower can follow, written by hand: System, Timestamp, and a Balances with two events.

The metadata is version 14, encoded here from the layout that frame-metadata `src/v14.rs` describes, and shares no code
with the package. Two runtimes that differ in `transfer_index` cannot read each other's events; two that differ in
`fields` read them wrongly, without noticing.
"""

from collections.abc import Sequence

from tests.scripted_chain import compact

U32, U128, BYTE, ARRAY, ACCOUNT, HASHES, SYSTEM, BALANCES, PHASE, EVENT, RECORD, RECORDS, UNIT, EXTRINSIC, U16 = range(
    15
)
"""Type ids."""
NAMES = {"u8": 3, "u16": 4, "u32": 5, "u64": 6, "u128": 7}
FIELDS = ("from", "to", "amount")
TRANSFER = 2
CODE = "0x3a636f6465"


def metadata(
    transfer_index: int = TRANSFER, fields: Sequence[str] = FIELDS, ss58_prefix: int = 42, balances: str = "Balances"
) -> bytes:
    """Metadata V14 from its magic on."""
    return b"meta\x0e" + _types(transfer_index, fields, balances) + _pallets(ss58_prefix, balances) + _extrinsic()


def transfer(
    amount: int, sender: int = 1, receiver: int = 2, index: int = TRANSFER, extrinsic: int | None = 0
) -> bytes:
    """One record of Balances.Transfer; accounts are one byte repeated, `extrinsic` None is the initialization phase."""
    phase = b"\x02" if extrinsic is None else b"\x00" + extrinsic.to_bytes(4, "little")
    accounts = bytes([sender]) * 32 + bytes([receiver]) * 32
    return phase + bytes([5, index]) + accounts + amount.to_bytes(16, "little") + b"\x00"


def events(*records: bytes) -> bytes:
    """The value of System.Events."""
    return compact(len(records)) + b"".join(records)


def _text(text: str) -> bytes:
    return compact(len(text.encode())) + text.encode()


def _list(*items: bytes) -> bytes:
    return compact(len(items)) + b"".join(items)


def _option(value: bytes | None) -> bytes:
    return b"\x00" if value is None else b"\x01" + value


def _field(name: str | None, type_id: int) -> bytes:
    return _option(None if name is None else _text(name)) + compact(type_id) + b"\x00" + _list()


def _variant(name: str, index: int, *fields: bytes) -> bytes:
    return _text(name) + _list(*fields) + bytes([index]) + _list()


def _type(path: Sequence[str], definition: bytes, parameters: Sequence[tuple[str, int]] = ()) -> bytes:
    named = [_text(name) + _option(compact(type_id)) for name, type_id in parameters]
    return _list(*map(_text, path)) + _list(*named) + definition + _list()


def _composite(*fields: bytes) -> bytes:
    return b"\x00" + _list(*fields)


def _enum(*variants: bytes) -> bytes:
    return b"\x01" + _list(*variants)


def _primitive(name: str) -> bytes:
    return b"\x05" + bytes([NAMES[name]])


def _types(transfer_index: int, fields: Sequence[str], balances: str) -> bytes:
    kinds = {"from": ACCOUNT, "to": ACCOUNT, "amount": U128}
    moved = _variant("Transfer", transfer_index, *(_field(name, kinds[name]) for name in fields))
    endowed = _variant("Endowed", 0, _field("account", ACCOUNT), _field("free_balance", U128))
    parts = [("Address", ACCOUNT), ("Call", UNIT), ("Signature", ARRAY), ("Extra", UNIT)]
    phases = (
        _variant("ApplyExtrinsic", 0, _field(None, U32)),
        _variant("Finalization", 1),
        _variant("Initialization", 2),
    )
    record = (_field("phase", PHASE), _field("event", EVENT), _field("topics", HASHES))
    listed = {
        U32: _type((), _primitive("u32")),
        U128: _type((), _primitive("u128")),
        BYTE: _type((), _primitive("u8")),
        ARRAY: _type((), b"\x03" + (32).to_bytes(4, "little") + compact(BYTE)),
        ACCOUNT: _type(("sp_core", "crypto", "AccountId32"), _composite(_field(None, ARRAY))),
        HASHES: _type((), b"\x02" + compact(ARRAY)),
        SYSTEM: _type(("frame_system", "pallet", "Event"), _enum(_variant("CodeUpdated", 2))),
        BALANCES: _type(("pallet_balances", "pallet", "Event"), _enum(endowed, moved)),
        PHASE: _type(("frame_system", "Phase"), _enum(*phases)),
        EVENT: _type(
            ("tiny", "RuntimeEvent"),
            _enum(_variant("System", 0, _field(None, SYSTEM)), _variant(balances, 5, _field(None, BALANCES))),
        ),
        RECORD: _type(("frame_system", "EventRecord"), _composite(*record)),
        RECORDS: _type((), b"\x02" + compact(RECORD)),
        UNIT: _type((), b"\x04" + _list()),
        EXTRINSIC: _type(("sp_runtime", "UncheckedExtrinsic"), _composite(_field(None, UNIT)), parts),
        U16: _type((), _primitive("u16")),
    }
    return _list(*(compact(type_id) + listed[type_id] for type_id in sorted(listed)))


def _pallets(ss58_prefix: int, balances: str) -> bytes:
    stored = _text("Events") + b"\x01\x00" + compact(RECORDS) + _list() + _list()
    prefix = (
        _text("SS58Prefix") + compact(U16) + _list(*(bytes([b]) for b in ss58_prefix.to_bytes(2, "little"))) + _list()
    )
    storage = _option(_text("System") + _list(stored))
    system = (
        _text("System") + storage + _option(None) + _option(compact(SYSTEM)) + _list(prefix) + _option(None) + b"\0"
    )
    named = (
        _text(balances) + _option(None) + _option(None) + _option(compact(BALANCES)) + _list() + _option(None) + b"\5"
    )
    return _list(system, named)


def _extrinsic() -> bytes:
    """The extrinsic's type and version, no extensions; then the runtime's own type."""
    return compact(EXTRINSIC) + b"\x04" + _list() + compact(UNIT)
