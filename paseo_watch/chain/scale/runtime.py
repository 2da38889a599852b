"""One runtime of a chain: everything that its metadata lets us read."""

from collections.abc import Iterable
from typing import Any

from paseo_watch.chain.scale.compile import Compiler
from paseo_watch.chain.scale.errors import MetadataError, NotInMetadataError
from paseo_watch.chain.scale.events import Events, Watch
from paseo_watch.chain.scale.extrinsic import Extrinsics
from paseo_watch.chain.scale.keys import storage_key
from paseo_watch.chain.scale.layout import field_names
from paseo_watch.chain.scale.metadata import Metadata, Pallet, StorageItem, read_metadata
from paseo_watch.chain.scale.registry import Composite, Enum
from paseo_watch.chain.scale.values import FINALIZATION, INITIALIZATION, Call, Event, Extrinsic

__all__ = ["FINALIZATION", "INITIALIZATION", "Call", "Event", "Extrinsic", "Runtime", "Watch"]


class Runtime:
    """Decodes what one version of a runtime wrote. Holds no state but the decoders compiled so far."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self.compiler = Compiler(metadata.types, metadata.extrinsic.call)
        self._events = Events(metadata, self.compiler)
        self._extrinsics = Extrinsics(metadata.extrinsic, self.compiler)

    @classmethod
    def from_metadata(cls, raw: bytes) -> "Runtime":
        """Raises MetadataError."""
        return cls(read_metadata(raw))

    # --- what there is

    def pallets(self) -> tuple[str, ...]:
        return tuple(self.metadata.pallets)

    def has_event(self, pallet: str, name: str) -> bool:
        found = self.metadata.pallets.get(pallet)
        return found is not None and any(v.name == name for v in self._events.variants(found).values())

    def event_fields(self, pallet: str, name: str) -> tuple[str, ...]:
        """The keys of `Event.fields`. Raises NotInMetadataError."""
        for variant in self._events.variants(self.pallet(pallet)).values():
            if variant.name == name:
                return field_names(variant.fields)
        raise NotInMetadataError(f"pallet {pallet} has no event {name}")

    def pallet(self, name: str) -> Pallet:
        found = self.metadata.pallets.get(name)
        if found is None:
            raise NotInMetadataError(f"there is no pallet {name}; there are {', '.join(self.metadata.pallets)}")
        return found

    def constant(self, pallet: str, name: str) -> Any:
        """The decoded value of a constant. Raises NotInMetadataError."""
        found = self.pallet(pallet).constants.get(name)
        if found is None:
            raise NotInMetadataError(f"pallet {pallet} has no constant {name}")
        return self.compiler.decode(found.type, found.value)

    # --- events

    def watch(self, names: Iterable[tuple[str, str]]) -> Watch:
        """Compile a set of (pallet, event name or "*"); pairs that this runtime lacks never match."""
        return self._events.watch(names)

    def watch_all(self) -> Watch:
        return self._events.watch(None)

    def decode_events(self, raw: bytes, watch: Watch) -> list[Event]:
        """The watched events in the value of System.Events, in order; the others are stepped over.

        Raises ScaleError unless the events end exactly where the bytes do.
        """
        return self._events.decode(raw, watch)

    # --- storage

    def has_storage(self, pallet: str, item: str) -> bool:
        found = self.metadata.pallets.get(pallet)
        return found is not None and item in found.storage

    def storage_key(self, pallet: str, item: str, *keys: Any) -> bytes:
        """The key of one value; with fewer keys than the map has, the prefix of all values below.

        Raises NotInMetadataError and KeyValueError.
        """
        found = self._storage_item(pallet, item)
        return storage_key(self.compiler.layout, self.pallet(pallet), found, keys)

    def decode_storage(self, pallet: str, item: str, raw: bytes) -> Any:
        """The value under one of the item's keys. Raises NotInMetadataError and ScaleError."""
        return self.compiler.decode(self._storage_item(pallet, item).value, bytes(raw))

    def storage_parameter(self, pallet: str, item: str, parameter: str) -> tuple[str, ...] | None:
        """Names of the fields of a type that an item's type takes as a parameter; None where it takes no such one."""
        known = self.compiler.layout.resolve(self._storage_item(pallet, item).value)[1]
        type_id = known.parameters.get(parameter) if isinstance(known, Enum | Composite) else None
        inner = None if type_id is None else self.compiler.layout.resolve(type_id)[1]
        return field_names(inner.fields) if isinstance(inner, Composite) else None

    def storage_value(self, pallet: str, item: str, raw: bytes | None) -> Any:
        """What the chain holds under a key: the value, and where it is absent, what that means. Raises as both do."""
        return self.storage_default(pallet, item) if raw is None else self.decode_storage(pallet, item, raw)

    def storage_default(self, pallet: str, item: str) -> Any:
        """What an absent value means: None for an optional one, else the metadata's default."""
        found = self._storage_item(pallet, item)
        return None if found.optional else self.compiler.decode(found.value, found.default)

    def _storage_item(self, pallet: str, item: str) -> StorageItem:
        found = self.pallet(pallet).storage.get(item)
        if found is None:
            raise NotInMetadataError(f"pallet {pallet} has no storage item {item}")
        return found

    # --- extrinsics

    def decode_extrinsic(self, raw: bytes) -> Extrinsic:
        """One extrinsic with its length in front, as `chain_getBlock` gives it.

        Raises ScaleError, of it UnsupportedExtrinsicError for a version that is not known.
        """
        return self._extrinsics.decode(raw)

    def decode_call(self, raw: bytes) -> Call:
        """A call by itself, as a proposal or a scheduled task holds it. Raises ScaleError."""
        if self.metadata.extrinsic.call is None:
            raise NotInMetadataError("the metadata does not name the type of calls")
        call = self.compiler.decode(self.metadata.extrinsic.call, bytes(raw))
        if not isinstance(call, Call):
            raise MetadataError("the metadata's type of calls is no enum of pallets")
        return call

    def module_error(self, pallet_index: int, error: bytes) -> tuple[str, str] | None:
        """(pallet, error) that `DispatchError::Module` names; None where this runtime has no such error."""
        pallet = self.metadata.pallets_by_index.get(pallet_index)
        if pallet is None or pallet.errors is None or not error:
            return None
        variant = self.compiler.by_index(pallet.errors).get(error[0])
        return (pallet.name, variant.name) if variant else None
