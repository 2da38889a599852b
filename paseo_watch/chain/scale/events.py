"""System.Events: decode the watched events of a block, step over the others.

Source of the layout: frame-system `EventRecord` {phase, event, topics} and `Phase`; RuntimeEvent is the pallet's
index followed by the pallet's own event enum.
"""

from collections.abc import Callable, Iterable
from itertools import repeat
from struct import Struct
from typing import Any

from paseo_watch.chain.scale.compact import compact
from paseo_watch.chain.scale.compile import DEPTH, FAILED_READ, Compiler, Lazy
from paseo_watch.chain.scale.errors import (
    MetadataError,
    ScaleError,
    TrailingBytesError,
    TruncatedError,
    UnknownVariantError,
)
from paseo_watch.chain.scale.lines import Position
from paseo_watch.chain.scale.metadata import Metadata, Pallet
from paseo_watch.chain.scale.registry import Composite, Sequence, Variant
from paseo_watch.chain.scale.source import Source
from paseo_watch.chain.scale.values import Event

EVERY = "*"
MIN_RECORD = 4  # phase 1, pallet 1, variant 1, topics 1

# The bytes of a phase by its first: ApplyExtrinsic(u32), Finalization, Initialization (frame-system `Phase`).
# FINALIZATION and INITIALIZATION are these indices, negative.
_PHASES = (5, 1, 1)
_u32 = Struct("<I").unpack_from

# (bytes, position, index, phase, append) -> position after the event; append takes what an Event is made from
EventDecoder = Callable[[bytes, int, int, int, Callable[[tuple[Any, ...]], None]], int]


class Watch:
    """Which events are decoded. Made by `Runtime.watch`; belongs to the runtime that made it.

    `table` maps (pallet index << 8 | variant index) to the size to step over, a one-tuple with the function that
    finds it, or the function that decodes the event; it fills itself.
    """

    __slots__ = ("names", "table")

    def __init__(self, names: frozenset[tuple[str, str]] | None, make: Callable[[int], Any]) -> None:
        self.names = names
        self.table = Lazy(make)

    def wants(self, pallet: str, name: str) -> bool:
        return self.names is None or (pallet, name) in self.names or (pallet, EVERY) in self.names


class Events:
    """The events of one runtime."""

    def __init__(self, metadata: Metadata, compiler: Compiler) -> None:
        self._metadata = metadata
        self._compiler = compiler
        self._variants: dict[int, dict[int, Variant]] = {}
        self._topic = self._topic_size()

    def _topic_size(self) -> int:
        """Checks that records are laid out as frame-system does; the bytes of a topic, which is a hash."""
        types = self._compiler.types
        system = self._metadata.pallets.get("System")
        item = system.storage.get("Events") if system else None
        records = self._compiler.layout.resolve(item.value)[1] if item else None
        record = types[records.element] if isinstance(records, Sequence) else None
        if not isinstance(record, Composite) or [f.name for f in record.fields] != ["phase", "event", "topics"]:
            raise MetadataError("System.Events is not a sequence of {phase, event, topics}")
        topics = self._compiler.layout.resolve(record.fields[2].type)[1]
        size = self._compiler.layout.fixed(topics.element) if isinstance(topics, Sequence) else None
        if not size:
            raise MetadataError("the topics of System.Events are not a sequence of hashes")
        return size

    def watch(self, names: Iterable[tuple[str, str]] | None) -> Watch:
        """Watch (pallet, event name or "*") pairs; None watches all. Names that are not there never match."""
        watch = Watch(None if names is None else frozenset(names), lambda key: self._entry(watch, key))
        return watch

    def _entry(self, watch: Watch, key: int) -> int | tuple[Any] | EventDecoder:
        pallet, variant = self._variant(key >> 8, key & 0xFF)
        if watch.wants(pallet.name, variant.name):
            return self._decoder(pallet.name, variant)
        step = self._compiler.variant_skipper(variant)
        return step + 2 if isinstance(step, int) else (step,)

    def _variant(self, pallet_index: int, index: int) -> tuple[Pallet, Variant]:
        pallet = self._metadata.pallets_by_index.get(pallet_index)
        if pallet is None:
            raise UnknownVariantError(f"there is no pallet {pallet_index}")
        if index not in (variants := self.variants(pallet)):
            raise UnknownVariantError(f"pallet {pallet.name} has no event {index}")
        return pallet, variants[index]

    def variants(self, pallet: Pallet) -> dict[int, Variant]:
        """A pallet's events by index; empty where it has none."""
        if pallet.index not in self._variants:
            by_index = {} if pallet.events is None else self._compiler.by_index(pallet.events)
            self._variants[pallet.index] = by_index
        return self._variants[pallet.index]

    def _decoder(self, pallet: str, variant: Variant) -> EventDecoder:
        source = Source(self._compiler.layout)
        fields, end = self._compiler.arguments(source, variant.fields, Position("p"))
        source.line(f"append((index, phase, {pallet!r}, {variant.name!r}, {fields}))")
        decoder: EventDecoder = self._compiler.define(
            source, f"b, p, index, phase, append, d={DEPTH}", str(end), f"{pallet}.{variant.name}"
        )
        return decoder

    def decode(self, raw: bytes, watch: Watch) -> list[Event]:
        """The watched events of a block, in order. `raw` is the value of System.Events, all of which must be used."""
        # One long function on purpose: the loop is the hottest of the program, and errors tell where it stood.
        data = bytes(raw)
        found: list[tuple[int, int, str, str, dict[str, Any]]] = []
        index = start = 0
        try:
            count, position = compact(data, 0)
            if count * MIN_RECORD > len(data):
                raise TruncatedError(f"{count} events are announced in {len(data)} bytes")
            table, append, topic, step, u32 = watch.table, found.append, self._topic, _PHASES, _u32
            for index in range(count):
                start = position
                phase = data[position]
                position += step[phase]
                entry = table[data[position] << 8 | data[position + 1]]
                if type(entry) is int:
                    position += entry
                elif type(entry) is tuple:
                    position = entry[0](data, position + 2, DEPTH)
                else:
                    phase = -phase if phase else u32(data, start + 1)[0]
                    position = entry(data, position + 2, index, phase, append)
                topics = data[position]
                if topics:
                    topics, position = compact(data, position)
                    position += topics * topic
                else:
                    position += 1
        except FAILED_READ as error:
            raise self._failure(data, index, start, error) from error
        except ScaleError as error:
            raise type(error)(f"{self._where(data, index, start)}: {error}") from error
        if position != len(data):
            kind = TrailingBytesError if position < len(data) else TruncatedError
            raise kind(f"the {count} events of the block take {position} bytes, there are {len(data)}")
        return list(map(tuple.__new__, repeat(Event), found))

    def _failure(self, data: bytes, index: int, start: int, error: Exception) -> ScaleError:
        where = self._where(data, index, start)
        if start < len(data) and data[start] >= len(_PHASES):
            return UnknownVariantError(f"{where}: phase {data[start]}, expected 0, 1 or 2")
        if isinstance(error, UnicodeDecodeError):
            return ScaleError(f"{where}: text that is not UTF-8: {error.reason}")
        return TruncatedError(f"{where}: the value goes on after the last byte, {len(data)}")

    def _where(self, data: bytes, index: int, start: int) -> str:
        """The event that could not be read; its name as far as the bytes tell."""
        at = start + (1 if data[start : start + 1] > b"\0" else 5)
        head = data[at : at + 2]
        name = f"event {index} at byte {start}"
        if len(head) == 2 and (pallet := self._metadata.pallets_by_index.get(head[0])):
            variant = self.variants(pallet).get(head[1])
            name += f" ({pallet.name}.{variant.name if variant else head[1]})"
        return name
