"""Extrinsics of all shapes that nodes produce: V4 signed, V4 and V5 bare, V5 general.

Source: sp-runtime `generic/unchecked_extrinsic.rs` (Preamble): the version byte's low six bits are the format's
version, its high two say bare (0b00), signed (0b10) or general (0b01). A V4 signed extrinsic carries the transaction
extensions of version 0; a general one names its version.
"""

from typing import Any, NamedTuple

from paseo_watch.chain.scale.compact import compact
from paseo_watch.chain.scale.compile import DEPTH, FAILED_READ, Compiler
from paseo_watch.chain.scale.errors import (
    MetadataError,
    ScaleError,
    TrailingBytesError,
    TruncatedError,
    UnsupportedExtrinsicError,
)
from paseo_watch.chain.scale.metadata import Extension, ExtrinsicFormat
from paseo_watch.chain.scale.values import Call, Extrinsic

_SIGNED_V4 = 0x84
_BARE = (0x04, 0x05)
_GENERAL_V5 = 0x45


class _Parts(NamedTuple):
    """Everything before the call, and where the call begins."""

    kind: str
    address: Any
    signature: bytes | None
    extension_version: int | None
    extensions: dict[str, Any]
    end: int


class Extrinsics:
    """The extrinsics of one runtime."""

    def __init__(self, layout: ExtrinsicFormat, compiler: Compiler) -> None:
        self._format = layout
        self._compiler = compiler

    def decode(self, raw: bytes) -> Extrinsic:
        """Decode one extrinsic as `chain_getBlock` gives it, that is with its length in front. Raises ScaleError."""
        data = bytes(raw)
        try:
            length, start = compact(data, 0)
            if length != len(data) - start:
                raise self._length_error(length, len(data) - start)
            version = data[start]
            parts = self._parts(data, start + 1, version)
            call, end = self._value(self._type("call"), data, parts.end)
        except FAILED_READ as error:
            raise TruncatedError(
                f"the extrinsic of {len(data)} bytes is cut short, or its text is not UTF-8"
            ) from error
        if end != len(data) or not isinstance(call, Call):
            raise TrailingBytesError(f"the extrinsic's call ends at byte {end} of {len(data)}")
        return Extrinsic(version & 0x3F, *parts[:-1], call)

    @staticmethod
    def _length_error(announced: int, there: int) -> ScaleError:
        kind = TruncatedError if announced > there else TrailingBytesError
        return kind(f"the extrinsic announces {announced} bytes, {there} follow")

    def _parts(self, data: bytes, position: int, version: int) -> _Parts:
        if version in _BARE:
            return _Parts("bare", None, None, None, {}, position)
        if version == _SIGNED_V4:
            return self._signed(data, position)
        if version == _GENERAL_V5:
            number = data[position]
            extensions, end = self._extensions(number, data, position + 1)
            return _Parts("general", None, None, number, extensions, end)
        raise UnsupportedExtrinsicError(
            f"extrinsic with the version byte 0x{version:02x}; 0x84 (signed), 0x04 and 0x05 (bare) and 0x45 (general)"
            " are known"
        )

    def _signed(self, data: bytes, position: int) -> _Parts:
        address, position = self._value(self._type("address"), data, position)
        if isinstance(address, tuple) and address[0] == "Id":
            address = address[1]
        end = self._compiler.skippers[self._type("signature")](data, position, DEPTH)
        extensions, after = self._extensions(0, data, end)
        return _Parts("signed", address, data[position:end], 0, extensions, after)

    def _extensions(self, version: int, data: bytes, position: int) -> tuple[dict[str, Any], int]:
        listed: tuple[Extension, ...] | None = self._format.extensions.get(version)
        if listed is None:
            known = sorted(self._format.extensions)
            raise UnsupportedExtrinsicError(f"extrinsic with extensions of version {version}; {known} are known")
        values: dict[str, Any] = {}
        for extension in listed:
            values[extension.name], position = self._value(extension.type, data, position)
        return values, position

    def _value(self, type_id: int, data: bytes, position: int) -> tuple[Any, int]:
        value: tuple[Any, int] = self._compiler.decoders[type_id](data, position, DEPTH)
        return value

    def _type(self, part: str) -> int:
        type_id: int | None = getattr(self._format, part)
        if type_id is None:
            raise MetadataError(f"the metadata does not name the type of the extrinsic's {part}")
        return type_id
