"""Runtime metadata, versions 14, 15 and 16: one linear pass over the bytes.

Sources: frame-metadata `src/v14.rs`, `v15.rs`, `v16.rs`; for the wrapping, sp-core `OpaqueMetadata` and
sp-api's `Metadata_metadata_at_version`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from paseo_watch.chain.scale.compact import SHORT_READ
from paseo_watch.chain.scale.errors import MetadataError, ScaleError, TruncatedError, UnsupportedMetadataError
from paseo_watch.chain.scale.reader import Reader
from paseo_watch.chain.scale.registry import Documentation, Registry, skip_texts, walk_types
from paseo_watch.chain.scale.walk import Walk

MAGIC = b"meta"
VERSIONS = (14, 15, 16)
HASHERS = (
    "Blake2_128", "Blake2_256", "Blake2_128Concat", "Twox128", "Twox256", "Twox64Concat", "Identity",
)  # fmt: skip


class StorageItem(NamedTuple):
    """A plain value has no hashers and `key` None; a map with several hashers has a tuple type as its key."""

    name: str
    optional: bool
    hashers: tuple[str, ...]
    key: int | None
    value: int
    default: bytes


class Constant(NamedTuple):
    name: str
    type: int
    value: bytes


class Pallet(NamedTuple):
    """`calls`, `events` and `errors` are the ids of enum types; None where the pallet has none."""

    name: str
    index: int  # type: ignore[assignment]  # shadows tuple.index, which nothing here calls
    prefix: str
    storage: dict[str, StorageItem]
    calls: int | None
    events: int | None
    errors: int | None
    constants: dict[str, Constant]


class Extension(NamedTuple):
    """A transaction extension: what it adds to the extrinsic, and what it adds to the signed payload only."""

    name: str
    type: int
    implicit: int


class ExtrinsicFormat(NamedTuple):
    """How extrinsics are laid out. `extra` is the type of all extensions together; V16 does not name it."""

    versions: tuple[int, ...]
    address: int | None
    call: int | None
    signature: int | None
    extra: int | None
    extensions: dict[int, tuple[Extension, ...]]  # by extension version; V14 and V15 know version 0 only


@dataclass(frozen=True, slots=True)
class Metadata:
    version: int
    types: Registry
    pallets: dict[str, Pallet]
    pallets_by_index: dict[int, Pallet]
    extrinsic: ExtrinsicFormat


def opaque_metadata(raw: bytes) -> bytes | None:
    """What `Metadata_metadata_at_version` answers, unwrapped: the metadata from its magic on, or None.

    Shape of `raw`: Option<OpaqueMetadata>, that is 0x00, or 0x01 and a byte vector.
    """
    reader = Reader(raw)
    try:
        found = reader.bytes() if reader.option() else None
    except SHORT_READ as error:
        raise TruncatedError(f"the answer with metadata ends early, after {len(raw)} bytes") from error
    if reader.position != len(raw):
        raise MetadataError(f"the answer with metadata has {len(raw) - reader.position} bytes too many")
    return found


def read_metadata(raw: bytes) -> Metadata:
    """Read metadata from its magic on (an OpaqueMetadata with its length in front is read too).

    Raises MetadataError (UnsupportedMetadataError for another version) with the offset.
    """
    return _read(bytes(raw), skip_texts)


def strip_documentation(raw: bytes) -> bytes:
    """The same metadata with every documentation vector empty; any decoder reads it."""
    data = _unwrapped(bytes(raw))
    pieces: list[bytes] = []
    copied = 0
    for start, end in documentation_spans(data):
        pieces += [data[copied:start], b"\0"]
        copied = end
    return b"".join([*pieces, data[copied:]])


def documentation_spans(raw: bytes) -> list[tuple[int, int]]:
    """Where the documentation vectors that are not empty lie: (start, end) each, in order.

    `raw` starts with the magic.
    """
    spans: list[tuple[int, int]] = []

    def record(data: bytes, position: int) -> int:
        end = skip_texts(data, position)
        spans.append((position, end))
        return end

    _read(bytes(raw), record)
    return spans


def _unwrapped(data: bytes) -> bytes:
    if data.startswith(MAGIC):
        return data
    try:
        inner = Reader(data).bytes()
    except (*SHORT_READ, ScaleError):
        inner = b""
    if not inner.startswith(MAGIC):
        raise MetadataError(f"this is not metadata: it starts with 0x{data[:8].hex()}, expected 0x{MAGIC.hex()}")
    return inner


def _read(data: bytes, documentation: Documentation) -> Metadata:
    data = _unwrapped(data)
    walker = _Walker(data, len(MAGIC), documentation)
    try:
        metadata = walker.metadata()
    except SHORT_READ as error:
        raise MetadataError(f"metadata ends early: it has {len(data)} bytes, and more are announced") from error
    except MetadataError:
        raise
    except ScaleError as error:
        raise MetadataError(f"metadata cannot be read: {error}") from error
    if walker.position != len(data):
        raise MetadataError(f"metadata ends at byte {walker.position}, but there are {len(data)} bytes")
    return metadata


class _Walker(Walk):
    """The one pass. Types are walked by `registry.walk_types`; the rest, which is small, by methods."""

    def metadata(self) -> Metadata:
        self.version = self.byte()
        if self.version not in VERSIONS:
            raise UnsupportedMetadataError(f"metadata of version {self.version}; versions 14, 15 and 16 can be read")
        offsets, self.position = walk_types(self.data, self.position, self._at_documentation)
        types = Registry(self.data[: self.position], offsets)  # so that the rest can be let go
        pallets = [self.pallet() for _ in range(self.compact())]
        extrinsic = self.extrinsic_v16() if self.version == 16 else self.extrinsic(types)
        self.skip_rest()
        by_name, by_index = {p.name: p for p in pallets}, {p.index: p for p in pallets}
        if not len(by_name) == len(by_index) == len(pallets):
            raise MetadataError("metadata names two pallets alike or gives two the same index")
        return Metadata(self.version, types, by_name, by_index, extrinsic)

    def pallet(self) -> Pallet:
        name = self.text()
        prefix, storage = (self.text(), self.storage()) if self.option() else ("", {})
        calls, events = self.enum(), self.enum()
        constants = {constant.name: constant for constant in self.constants()}
        errors = self.enum()
        if self.version == 16:
            self.skip_associated_types()
            self.skip_view_functions()
        index = self.byte()
        if self.version > 14:
            self.documentation()
        self.skip_deprecation()
        return Pallet(name, index, prefix, storage, calls, events, errors, constants)

    def enum(self) -> int | None:
        if not self.option():
            return None
        type_id = self.compact()
        if self.version == 16:
            for _ in range(self.compact()):
                self.position += 1
                self.skip_status()
        return type_id

    def storage(self) -> dict[str, StorageItem]:
        return {item.name: item for item in (self.storage_item() for _ in range(self.compact()))}

    def storage_item(self) -> StorageItem:
        name, modifier, kind = self.text(), self.byte(), self.byte()
        if modifier > 1 or kind > 1:
            raise MetadataError(f"storage item {name}: modifier {modifier} and kind {kind}, expected 0 or 1 each")
        hashers = tuple(self.hashers()) if kind else ()
        key = self.compact() if kind else None
        value, default = self.compact(), self.bytes()
        self.documentation()
        self.skip_deprecation()
        return StorageItem(name, modifier == 0, hashers, key, value, default)

    def hashers(self) -> Iterator[str]:
        for _ in range(self.compact()):
            index = self.byte()
            if index >= len(HASHERS):
                raise MetadataError(f"storage hasher with the unknown index {index} at byte {self.position - 1}")
            yield HASHERS[index]

    def constants(self) -> Iterator[Constant]:
        for _ in range(self.compact()):
            constant = Constant(self.text(), self.compact(), self.bytes())
            self.documentation()
            self.skip_deprecation()
            yield constant

    def extrinsic(self, types: Registry) -> ExtrinsicFormat:
        """V14 names the extrinsic's type, whose parameters name the parts; V15 names the parts."""
        if self.version == 14:
            parts = getattr(types[self.compact()], "parameters", {})
            versions = (self.byte(),)
        else:
            versions = (self.byte(),)
            parts = {name: self.compact() for name in ("Address", "Call", "Signature", "Extra")}
        address, call, signature, extra = (parts.get(name) for name in ("Address", "Call", "Signature", "Extra"))
        return ExtrinsicFormat(versions, address, call, signature, extra, {0: self.extensions()})

    def extrinsic_v16(self) -> ExtrinsicFormat:
        versions = tuple(self.bytes())
        address, call, signature = self.compact(), self.compact(), self.compact()
        by_version = {self.byte(): [self.compact() for _ in range(self.compact())] for _ in range(self.compact())}
        listed = self.extensions()
        if any(index >= len(listed) for indices in by_version.values() for index in indices):
            raise MetadataError("metadata lists a transaction extension that it does not describe")
        extensions = {version: tuple(listed[i] for i in indices) for version, indices in by_version.items()}
        return ExtrinsicFormat(versions, address, call, signature, None, extensions)

    def extensions(self) -> tuple[Extension, ...]:
        count = self.compact()
        return tuple(Extension(self.text(), self.compact(), self.compact()) for _ in range(count))
