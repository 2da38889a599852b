"""A failed call's error in words, by the names of the runtime's metadata.

Source: sp-runtime `DispatchError` (`src/lib.rs`): `Module {index, error}` names a pallet's own error, the others are
enums of their own (`Token`, `Arithmetic`, `Transactional`) or stand alone.
"""

import re
from collections.abc import Sequence
from typing import Any

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime

MAX_DEPTH = 4

_MAX_NAME = 64
_STRANGE = re.compile(r"[^A-Za-z0-9_]")


NAMELESS = ("", None)
"""Stands for an error that carries nothing, which must not pass for success."""


def dispatch_error(runtime: Runtime, error: Any) -> str:
    """`Balances.InsufficientBalance`, `Token.FundsUnavailable`, `BadOrigin`; `Module 7.3` where no name is known."""
    if isinstance(error, tuple) and len(error) == 2 and error[0] == "Module" and isinstance(error[1], dict):
        return _module(runtime, error[1])
    words = _words(error, 0)
    return _text(words) if words else "an error without a name"


def failure(result: Any) -> Any | None:
    """The error in a decoded `DispatchResult` (or `DispatchResultWithPostInfo`), None for Ok."""
    if not (isinstance(result, tuple) and len(result) == 2 and result[0] == "Err"):
        return None
    error = result[1]
    error = error["error"] if isinstance(error, dict) and "error" in error else error
    return NAMELESS if error is None else error


def _module(runtime: Runtime, error: dict[str, Any]) -> str:
    index, raw = error.get("index"), error.get("error")
    code = bytes([raw]) if isinstance(raw, int) and 0 <= raw < 256 else raw  # a u8 until 2022
    if not isinstance(index, int) or not isinstance(code, bytes) or not code:
        return "an error of a pallet"
    named = _named(runtime, index, code)
    return _text(named) if named else f"Module {index}.{code[0]}"


def _named(runtime: Runtime, index: int, code: bytes) -> tuple[str, ...] | None:
    try:
        return runtime.module_error(index, code)
    except ScaleError:
        return None  # the metadata's errors are no enum


def _text(words: Sequence[str]) -> str:
    """Names of the metadata, which is not trusted: cut down to what a Rust name can hold."""
    return ".".join(_STRANGE.sub("?", word[:_MAX_NAME]) for word in words)


def _words(error: Any, depth: int) -> list[str]:
    match error:
        case (str(name), within) if name and depth < MAX_DEPTH:
            return [name, *_words(within, depth + 1)]
    return []
