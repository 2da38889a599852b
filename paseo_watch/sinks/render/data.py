"""An alert as one line of JSON, whatever texts and numbers it holds."""

import json
from collections.abc import Mapping
from typing import Any

import orjson


def as_json(notification: Mapping[str, Any]) -> bytes:
    """The alert as one line of JSON in UTF-8, without the line break.

    orjson refuses lone surrogates and integers beyond 64 bits; the standard library escapes the first and writes the
    second, so that no text from outside makes an alert unsendable.
    """
    try:
        return orjson.dumps(notification)
    except orjson.JSONEncodeError:
        return json.dumps(notification, separators=(",", ":"), allow_nan=False).encode()


def as_ascii_json(notification: Mapping[str, Any]) -> str:
    """The same line for a terminal: everything outside printable ASCII is escaped, as JSON allows."""
    return json.dumps(notification, separators=(",", ":"), allow_nan=False)
