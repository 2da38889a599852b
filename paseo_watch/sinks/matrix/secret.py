"""The secret from which an account's cross-signing keys follow, as it is written in the configuration."""

import base64
import binascii

SECRET_BYTES = 32


def read_secret(text: str) -> bytes:
    """The 32 bytes of `cross_signing_key`, padded or not; ValueError where it is something else, without its text."""
    bare = text.strip().rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != SECRET_BYTES:
        raise ValueError("expected 32 bytes in base64; make some with: openssl rand -base64 32")
    return raw
