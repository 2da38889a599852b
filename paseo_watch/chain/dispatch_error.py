"""A failed call's error in words, by the names of the runtime's metadata.

Source: sp-runtime `DispatchError` (`src/lib.rs`): `Module {index, error}` names a pallet's own error, the others are
enums of their own (`Token`, `Arithmetic`, `Transactional`) or stand alone.
"""

from typing import Any

from paseo_watch.chain.scale.runtime import Runtime

MAX_DEPTH = 4


def dispatch_error(runtime: Runtime, error: Any) -> str:
    """`Balances.InsufficientBalance`, `Token.FundsUnavailable`, `BadOrigin`; `Module 7.3` where no name is known."""
    if isinstance(error, tuple) and len(error) == 2 and error[0] == "Module" and isinstance(error[1], dict):
        return _module(runtime, error[1])
    words = _words(error, 0)
    return ".".join(words) if words else "an error without a name"


def failure(result: Any) -> Any | None:
    """The error in a decoded `DispatchResult` (or `DispatchResultWithPostInfo`), None for Ok."""
    if not (isinstance(result, tuple) and len(result) == 2 and result[0] == "Err"):
        return None
    error = result[1]
    return error["error"] if isinstance(error, dict) and "error" in error else error


def _module(runtime: Runtime, error: dict[str, Any]) -> str:
    index, raw = error.get("index"), error.get("error")
    code = bytes([raw]) if isinstance(raw, int) and 0 <= raw < 256 else raw  # a u8 until 2022
    if not isinstance(index, int) or not isinstance(code, bytes) or not code:
        return "an error of a pallet"
    named = runtime.module_error(index, code)
    return ".".join(named) if named else f"Module {index}.{code[0]}"


def _words(error: Any, depth: int) -> list[str]:
    if depth == MAX_DEPTH or not (isinstance(error, tuple) and len(error) == 2 and isinstance(error[0], str)):
        return []
    return [error[0], *_words(error[1], depth + 1)]
