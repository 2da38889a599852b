"""Errors of SCALE decoding. All are permanent: the same bytes and the same metadata fail the same way again."""

from paseo_watch.errors import PermanentError


class ScaleError(PermanentError):
    """Bytes that do not fit the layout by which they were to be read."""


class MetadataError(ScaleError):
    """Metadata that cannot be read, or that describes something that cannot be decoded within bounds."""


class UnsupportedMetadataError(MetadataError):
    """Metadata of a version that this reader does not know (it knows 14, 15 and 16)."""


class TruncatedError(ScaleError):
    """The bytes end before the value does."""


class TrailingBytesError(ScaleError):
    """The value ends before the bytes do: the layout is not the one that wrote them."""


class UnknownVariantError(ScaleError):
    """An enum index that the metadata does not list."""


class TooDeepError(ScaleError):
    """A value nested deeper than any that a chain accepts."""


class UnsupportedExtrinsicError(ScaleError):
    """An extrinsic whose version byte or extension version is not one that this decoder knows."""


class NotInMetadataError(ScaleError):
    """A pallet, event, storage item or constant that this runtime does not have."""


class KeyValueError(ScaleError):
    """A value that cannot be encoded as the key that a storage map wants."""
