"""The reference decoder: substrate-interface's scalecodec, giving events in our shapes.

It is the second opinion on a block that `chain.scale` rejects, and what `doctor --cross-check` compares with. It is
slow (a second or two to load metadata, 10 to 50 ms a block) and blocks its thread, so it belongs off the event loop.
Importing this module does not import scalecodec; making a decoder does. It reads metadata V14 only.

scalecodec is driven by the metadata alone here: the presentations that it has for some types by name (votes,
identity data, eras, calls) are taken out, because they hide the leaves that are to be compared.
"""

from typing import Any

from paseo_watch.chain.scale.metadata import MAGIC
from paseo_watch.chain.scale.values import FINALIZATION, INITIALIZATION, Call, Event
from paseo_watch.errors import PermanentError

_PHASES = {"Finalization": FINALIZATION, "Initialization": INITIALIZATION}

# scalecodec raises whatever its Python happens to: all of these were seen or are possible on bytes that do not fit.
_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


class ReferenceDecoderError(PermanentError):
    """The reference decoder cannot read this metadata or these bytes."""


class ReferenceDecoder:
    """Decodes events, calls and values of one runtime with scalecodec."""

    def __init__(self, raw_metadata: bytes) -> None:
        """Loads V14 metadata, from its magic on. Raises ReferenceDecoderError."""
        version = raw_metadata[4] if raw_metadata.startswith(MAGIC) and len(raw_metadata) > 4 else None
        if version != 14:
            raise ReferenceDecoderError(f"it reads metadata V14 only, this is {_version_name(version)}")
        try:
            self._config, self._metadata = _load(raw_metadata)
            self._types = {entry["id"]: entry["type"] for entry in self._metadata.portable_registry.value["types"]}
            self._records = self._records_type()
        except _failures() as error:
            raise ReferenceDecoderError(f"scalecodec cannot load this metadata: {error!r}") from error

    def decode_events(self, raw: bytes) -> list[Event]:
        """All events in the value of System.Events. Raises ReferenceDecoderError."""
        try:
            scale = self._decoded(self._records, raw)
            return [self._event(index, record.value_object) for index, record in enumerate(scale.value_object)]
        except _failures() as error:
            raise ReferenceDecoderError(f"scalecodec cannot read these {len(raw)} bytes: {error!r}") from error

    def decode(self, type_id: int, raw: bytes) -> Any:
        """A value of any type, in our shapes (calls as plain enums). Raises ReferenceDecoderError."""
        try:
            return self._value(type_id, self._decoded(type_id, raw))
        except _failures() as error:
            raise ReferenceDecoderError(f"scalecodec cannot read these {len(raw)} bytes: {error!r}") from error

    def _decoded(self, type_id: int, raw: bytes) -> Any:
        from scalecodec.base import ScaleBytes

        scale = self._config.create_scale_object(f"scale_info::{type_id}", ScaleBytes(raw), metadata=self._metadata)
        scale.decode()
        return scale

    def _records_type(self) -> int:
        for pallet in self._metadata.pallets:
            for item in pallet.value["storage"]["entries"] if pallet.value["storage"] else ():
                if (pallet.value["name"], item["name"]) == ("System", "Events"):
                    type_id: int = item["type"]["Plain"]
                    return type_id
        raise LookupError("no System.Events")

    def _event(self, index: int, record: dict[str, Any]) -> Event:
        phase, extrinsic = record["phase"].value_object
        number = extrinsic.value if phase == "ApplyExtrinsic" else _PHASES[phase]
        pallet, event = record["event"].value_object
        name, payload = event.value_object
        (variant,) = (v for v in event.scale_info_type.value["def"]["variant"]["variants"] if v["name"] == name)
        return Event(index, number, pallet, name, self._event_fields(variant["fields"], payload))

    def _event_fields(self, fields: list[dict[str, Any]], payload: Any) -> dict[str, Any]:
        if not fields:
            return {}
        if len(fields) == 1 and not fields[0]["name"]:
            return {"0": self._value(fields[0]["type"], payload)}
        held = payload.value_object
        parts = held.values() if isinstance(held, dict) else held
        pairs = enumerate(zip(fields, parts, strict=True))
        return {field["name"] or str(i): self._value(field["type"], part) for i, (field, part) in pairs}

    # --- scalecodec's objects in our shapes

    def _value(self, type_id: int, scale: Any) -> Any:
        kind, definition = self._definition(type_id)
        held = scale.value_object
        match kind:
            case "primitive":
                return bytes(held).decode() if definition == "str" else held
            case "compact":
                return held
            case "composite" if self._types[type_id]["path"] == ["primitive_types", "U256"]:
                return held
            case "composite":
                return self._fields(definition["fields"], held)
            case "variant" if self._types[type_id]["path"] == ["Option"]:
                return self._option(definition["variants"][1]["fields"][0]["type"], held)
            case "variant":
                return self._variant(definition["variants"], held)
            case "tuple":
                return tuple(self._value(part, item) for part, item in zip(definition, held, strict=True))
            case "sequence" | "array":
                return self._elements(definition["type"], held)
            case "bitsequence":
                return self._bits(scale)
        raise NotImplementedError(f"type definition {kind}")

    def _definition(self, type_id: int) -> tuple[str, Any]:
        ((kind, definition),) = self._types[type_id]["def"].items()
        return kind, definition

    def _fields(self, fields: list[dict[str, Any]], held: Any) -> Any:
        if fields and fields[0]["name"] is not None:
            return {field["name"]: self._value(field["type"], held[field["name"]]) for field in fields}
        if len(fields) == 1:
            return self._value(fields[0]["type"], held[0] if isinstance(held, tuple) else held)
        return tuple(self._value(field["type"], item) for field, item in zip(fields, held, strict=True))

    def _option(self, inner: int, held: Any) -> Any:
        if held is None:
            return None
        value = self._value(inner, held)
        return ("Some", value) if self._may_be_none(inner) else value

    def _may_be_none(self, type_id: int) -> bool:
        """An option in an option, or in newtypes around one; a unit."""
        (kind, definition), path = self._definition(type_id), self._types[type_id]["path"]
        if kind == "composite":
            fields = definition["fields"]
            return not fields or (len(fields) == 1 and not fields[0]["name"] and self._may_be_none(fields[0]["type"]))
        return path == ["Option"] or (kind == "tuple" and not definition)

    def _variant(self, variants: list[dict[str, Any]], held: Any) -> Any:
        name, payload = held
        (variant,) = (v for v in variants if v["name"] == name)
        fields = variant["fields"]
        if not fields:
            return (name, None)
        if len(fields) == 1 and not fields[0]["name"]:
            return (name, self._value(fields[0]["type"], payload))
        return (name, self._fields(fields, payload.value_object))

    def _elements(self, element: int, held: Any) -> Any:
        if self._types[element]["def"].get("primitive") == "u8":
            return bytes(held)
        return [self._value(element, item) for item in held]

    def _bits(self, scale: Any) -> tuple[int, bytes]:
        from scalecodec.base import ScaleBytes

        used = bytes(scale.get_used_bytes())
        count = self._config.create_scale_object("Compact<u32>", ScaleBytes(used)).decode(check_remaining=False)
        return (count, used[len(used) - (count + 7) // 8 :])


def differences(ours: list[Event], reference: list[Event]) -> list[str]:
    """Where two readings of the same events differ, leaf by leaf; empty where they agree."""
    return list(_differences("events", ours, reference))


def _differences(path: str, ours: Any, theirs: Any) -> list[str]:
    if isinstance(ours, Call):  # the reference reads a call as the enum of enums that it is
        ours = (ours.pallet, (ours.name, ours.args or None))
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        return [line for key in ours for line in _differences(f"{path}.{key}", ours[key], theirs[key])]
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for index, (a, b) in pairs for line in _differences(f"{path}[{index}]", a, b)]
    if type(ours) is type(theirs) and ours == theirs:
        return []
    return [f"{path}: ours {str(ours)[:200]!r}, reference {str(theirs)[:200]!r}"]


def _failures() -> tuple[type[Exception], ...]:
    from scalecodec.exceptions import InvalidScaleTypeValueException, RemainingScaleBytesNotEmptyException

    return (*_FAILURES, InvalidScaleTypeValueException, RemainingScaleBytesNotEmptyException)


def _version_name(version: int | None) -> str:
    return "no metadata" if version is None else f"V{version}"


def _load(raw: bytes) -> tuple[Any, Any]:
    """A configuration of scalecodec that knows this metadata, and the metadata."""
    from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
    from scalecodec.type_registry import load_type_registry_preset

    config = RuntimeConfigurationObject(implements_scale_info=True)
    config.update_type_registry(load_type_registry_preset("core"))
    types = config.type_registry["types"]
    for name in [name for name in types if "::" in name and name != "primitive_types::u256"]:
        del types[name]
    types["tuple"], types["fixedlengtharray"] = _keeping_classes()
    metadata = config.create_scale_object("MetadataVersioned", data=ScaleBytes(raw))
    metadata.decode()
    config.add_portable_registry(metadata)
    return config, metadata


def _keeping_classes() -> tuple[type, type]:
    """scalecodec's tuple and array, but keeping the objects of their elements instead of what they print."""
    from scalecodec.types import U8, FixedLengthArray, Tuple

    class KeepingTuple(Tuple):  # type: ignore[misc]
        def process(self) -> Any:
            self.value_object = tuple(self.process_type(t or "Null", metadata=self.metadata) for t in self.type_mapping)
            return tuple(part.value for part in self.value_object)

    class KeepingArray(FixedLengthArray):  # type: ignore[misc]
        def process(self) -> Any:
            if self.runtime_config.get_decoder_class(self.sub_type) is U8:
                return bytes(self.get_next_bytes(self.element_count))
            kept = [self.process_type(self.sub_type, metadata=self.metadata) for _ in range(self.element_count)]
            self.value_object = kept
            return [part.value for part in kept]

    return KeepingTuple, KeepingArray
