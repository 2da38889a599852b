"""Metadata written by hand: the layout of frame-metadata V14, V15 and V16, spelled out byte by byte.

The runtime that `small_runtime` describes has two pallets, System (0) and Balances (5).
"""

from dataclasses import dataclass, field
from typing import Any

PRIMITIVES = [
    "bool",
    "char",
    "str",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "u256",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "i256",
]


def compact(value: int) -> bytes:
    if value < 1 << 6:
        return bytes([value << 2])
    if value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    if value < 1 << 30:
        return (value << 2 | 2).to_bytes(4, "little")
    size = (value.bit_length() + 7) // 8
    return bytes([size - 4 << 2 | 3]) + value.to_bytes(size, "little")


def text(value: str) -> bytes:
    return compact(len(value.encode())) + value.encode()


def vector(parts: list[bytes]) -> bytes:
    return compact(len(parts)) + b"".join(parts)


def some(value: bytes | None) -> bytes:
    return b"\0" if value is None else b"\1" + value


DOCS = vector([text("What it is."), text("And more.")])


Variant = tuple[str, int, list[Any]]


@dataclass
class Types:
    """The registry; each method adds a type and returns its id."""

    bodies: list[bytes] = field(default_factory=list)

    def add(self, definition: bytes, path: str = "", parameters: dict[str, int] | None = None) -> int:
        names = [text(part) for part in path.split("::")] if path else []
        params = [text(name) + some(compact(type_id)) for name, type_id in (parameters or {}).items()]
        self.bodies.append(vector(names) + vector(params) + definition + DOCS)
        return len(self.bodies) - 1

    def primitive(self, name: str) -> int:
        return self.add(bytes([5, PRIMITIVES.index(name)]))

    def composite(self, path: str = "", parameters: dict[str, int] | None = None, /, **named: int) -> int:
        return self.add(b"\0" + fields(list(named.items())), path, parameters)

    def wrapper(self, *unnamed: int, path: str = "") -> int:
        return self.add(b"\0" + fields([(None, type_id) for type_id in unnamed]), path)

    def enum(
        self, *variants: tuple[str, int, list[Any]], path: str = "", parameters: dict[str, int] | None = None
    ) -> int:
        """Variants are (name, index, fields), fields are (name or None, type)."""
        parts = [text(name) + fields(inside) + bytes([index]) + DOCS for name, index, inside in variants]
        return self.add(b"\1" + vector(parts), path, parameters)

    def option(self, inner: int) -> int:
        return self.enum(("None", 0, []), ("Some", 1, [(None, inner)]), path="Option", parameters={"T": inner})

    def sequence(self, element: int) -> int:
        return self.add(b"\2" + compact(element))

    def array(self, length: int, element: int) -> int:
        return self.add(b"\3" + length.to_bytes(4, "little") + compact(element))

    def tuple(self, *elements: int) -> int:
        return self.add(b"\4" + vector([compact(element) for element in elements]))

    def compact(self, inner: int) -> int:
        return self.add(b"\6" + compact(inner))

    def bits(self, store: int, order: int) -> int:
        return self.add(b"\7" + compact(store) + compact(order))

    def encode(self) -> bytes:
        return vector([compact(index) + body for index, body in enumerate(self.bodies)])


def fields(named: list[Any]) -> bytes:
    parts = []
    for name, type_id in named:
        known = None if name is None else text(name)
        parts.append(some(known) + compact(type_id) + some(text("T::Type")) + vector([]))
    return vector(parts)


NO_DEPRECATION = b"\0"
DEPRECATED = b"\2" + text("use another") + some(text("1.0"))


@dataclass
class Pallet:
    """`storage` holds (name, modifier, hashers, key, value, default), `constants` (name, type, value)."""

    name: str
    index: int
    storage: list[tuple[str, int, list[int], int | None, int, bytes]] = field(default_factory=list)
    calls: int | None = None
    events: int | None = None
    errors: int | None = None
    constants: list[tuple[str, int, bytes]] = field(default_factory=list)

    def encode(self, version: int) -> bytes:
        item_end = DEPRECATED if version == 16 else b""
        enum_end = vector([b"\3" + b"\1"]) if version == 16 else b""

        def enum(type_id: int | None) -> bytes:
            return some(None if type_id is None else compact(type_id) + enum_end)

        storage = None
        if self.storage:
            storage = text(self.name) + vector([self._item(item) + item_end for item in self.storage])
        constants = [text(n) + compact(t) + compact(len(v)) + v + DOCS + item_end for n, t, v in self.constants]
        parts = [
            text(self.name),
            some(storage),
            enum(self.calls),
            enum(self.events),
            vector(constants),
            enum(self.errors),
        ]
        if version == 16:
            parts.append(vector([text("Balance") + compact(0) + DOCS]))  # associated types
            view = bytes(32) + text("view") + vector([text("who") + compact(0)]) + compact(0) + DOCS + NO_DEPRECATION
            parts.append(vector([view]))
        parts.append(bytes([self.index]))
        if version > 14:
            parts.append(DOCS)
        return b"".join([*parts, NO_DEPRECATION if version == 16 else b""])

    @staticmethod
    def _item(item: tuple[str, int, list[int], int | None, int, bytes]) -> bytes:
        name, modifier, hashers, key, value, default = item
        kind = b"\0" if key is None else b"\1" + compact(len(hashers)) + bytes(hashers) + compact(key)
        return text(name) + bytes([modifier]) + kind + compact(value) + compact(len(default)) + default + DOCS


@dataclass
class Runtime:
    """Everything that metadata of any version is made from."""

    types: Types
    pallets: list[Pallet]
    extrinsic_type: int
    address: int
    call: int
    signature: int
    unit: int
    extensions: list[tuple[str, int]]
    ids: dict[str, int] = field(default_factory=dict)

    def encode(self, version: int) -> bytes:
        parts = [b"meta", bytes([version]), self.types.encode()]
        parts.append(vector([pallet.encode(version) for pallet in self.pallets]))
        listed = vector([text(name) + compact(t) + compact(self.unit) for name, t in self.extensions])
        named = [compact(part) for part in (self.address, self.call, self.signature)]
        if version == 14:
            parts += [compact(self.extrinsic_type), b"\4", listed, compact(self.unit)]
        elif version == 15:
            parts += [b"\4", *named, compact(self.unit), listed, compact(self.unit)]
        else:
            order = [compact(i) for i in range(len(self.extensions))]
            by_version = vector([b"\0" + vector(order), b"\1" + vector(order[::-1])])
            parts += [compact(2), b"\4\5", *named, by_version, listed]
        if version > 14:
            parts += [self._apis(version), compact(0) * 3, vector([text("key") + compact(0) + compact(1) + b"\7"])]
        return b"".join(parts)

    @staticmethod
    def _apis(version: int) -> bytes:
        end = NO_DEPRECATION if version == 16 else b""
        method = text("version") + vector([text("at") + compact(0)]) + compact(0) + DOCS + end
        return vector([text("Core") + vector([method]) + DOCS + (compact(5) + end if version == 16 else b"")])


def small_runtime() -> Runtime:
    types = Types()
    u8, u32, u64, u128, unit = *(types.primitive(name) for name in ("u8", "u32", "u64", "u128")), types.tuple()
    bytes32, blob = types.array(32, u8), types.sequence(u8)
    account = types.wrapper(bytes32, path="sp_core::crypto::AccountId32")
    compact_u128, compact_u32 = types.compact(u128), types.compact(u32)
    errors = types.enum(("TooLow", 0, []), ("TooHigh", 7, []), path="pallet_balances::pallet::Error")
    moved = [("from", account), ("to", account), ("amount", u128)]
    balances_events = types.enum(("Endowed", 0, [("account", account), ("free", u128)]), ("Transfer", 2, moved))
    remarked = types.enum(
        ("Remarked", 0, [(None, account), (None, blob)]), ("CodeUpdated", 2, []), ("Told", 3, [(None, blob)])
    )
    address = types.enum(
        ("Id", 0, [(None, account)]), ("Index", 1, [(None, types.compact(unit))]), ("Raw", 2, [(None, blob)]),
        path="sp_runtime::multiaddress::MultiAddress",
    )  # fmt: skip
    # RuntimeCall is the type after the next two, and System.batch holds calls.
    call = len(types.bodies) + 3
    calls = types.sequence(call)
    system_calls = types.enum(("remark", 0, [("remark", blob)]), ("batch", 1, [("calls", calls)]))
    balances_calls = types.enum(("transfer", 3, [("dest", address), ("value", compact_u128)]))
    assert types.enum(("System", 0, [(None, system_calls)]), ("Balances", 5, [(None, balances_calls)])) == call
    signature = types.enum(("Sr25519", 1, [(None, types.array(64, u8))]), ("Ecdsa", 2, [(None, types.array(65, u8))]))
    event = types.enum(("System", 0, [(None, remarked)]), ("Balances", 5, [(None, balances_events)]))
    phase = types.enum(("ApplyExtrinsic", 0, [(None, u32)]), ("Finalization", 1, []), ("Initialization", 2, []))
    topics = types.sequence(bytes32)
    record = types.composite("frame_system::EventRecord", phase=phase, event=event, topics=topics)
    data = types.composite(free=u128, reserved=u128)
    info = types.composite(nonce=u32, data=data)
    extrinsic = types.composite(
        "UncheckedExtrinsic", {"Address": address, "Call": call, "Signature": signature, "Extra": unit}
    )
    pair = types.tuple(account, u32)
    system = Pallet(
        "System", 0, calls=system_calls, events=remarked,
        storage=[
            ("Account", 1, [2], account, info, bytes(36)),
            ("Events", 1, [], None, types.sequence(record), b"\0"),
            ("Number", 1, [], None, u32, bytes(4)),
        ],
        constants=[("SS58Prefix", u8, b"\x2a"), ("Version", types.primitive("str"), text("paseo"))],
    )  # fmt: skip
    balances = Pallet(
        "Balances", 5, calls=balances_calls, events=balances_events, errors=errors,
        storage=[("Locks", 0, [5, 6], pair, u64, b""), ("Total", 0, [], None, u128, bytes(16))],
        constants=[("ExistentialDeposit", u128, (10**10).to_bytes(16, "little"))],
    )  # fmt: skip
    extensions = [("CheckNonce", compact_u32), ("CheckWeight", unit), ("ChargeTransactionPayment", compact_u128)]
    nested = types.option(types.wrapper(types.option(u8)))
    ids = {"nested": nested, "u8": u8, "u32": u32, "unit": unit, "account": account, "info": info, "call": call}
    return Runtime(types, [system, balances], extrinsic, address, call, signature, unit, extensions, ids)
