"""The secret from which an account's cross-signing keys follow, as it is written in the configuration, and how secrets
are kept out of what others say."""

import base64
import binascii
import json
from collections.abc import Iterable
from urllib.parse import quote

from paseo_watch.errors import Expected

SECRET_BYTES = 32


def read_secret(text: str) -> bytes:
    """The 32 bytes of `cross_signing_key`, padded or not; Expected where it is something else."""
    bare = text.strip().rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != SECRET_BYTES:
        raise Expected("expected 32 bytes in base64; make some with: openssl rand -base64 32")
    return raw


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text with *** in place of each secret: as it is, as in JSON, and as in a URL. Before the text is cut."""
    forms = {
        form for each in secrets for form in (each, json.dumps(each)[1:-1], quote(each, safe="", errors="replace"))
    }
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, "***")
    return text
