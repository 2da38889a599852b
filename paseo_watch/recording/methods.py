"""The RPC methods of a node over a `ChainSource`, without sockets.

The words and codes of the errors are those of polkadot-sdk (sc-rpc-api, sp-blockchain), because a client decides by
them whether another node may do better.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paseo_watch import __version__
from paseo_watch.recording.source import ChainSource, NotHeld

METADATA_VERSIONS = (14, 15, 16)
STATE_ERROR = 4003
"""sc-rpc-api: the code of the state_* methods for an error of the client behind them."""

Params = Sequence[Any]


class Refusal(Exception):
    """The call ends in an error envelope."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.envelope: dict[str, Any] = {"code": code, "message": message} | ({} if data is None else {"data": data})


def unknown_block(hash: str) -> Refusal:
    """As a node says it of a block that it never had, or has no more."""
    return Refusal(STATE_ERROR, f"Client error: UnknownBlock: Header was not found in the database: {hash}")


def state_discarded(hash: str) -> Refusal:
    """As a node says it of a block whose state it has pruned."""
    return Refusal(STATE_ERROR, f"Client error: UnknownBlock: State already discarded for {hash}")


class NodeMethods:
    """Answers calls: `call(method, params)` returns the result or raises Refusal."""

    def __init__(self, source: ChainSource) -> None:
        self.source = source
        self._methods: dict[str, Callable[[Params], Any]] = {
            "chain_getBlock": self._block,
            "chain_getBlockHash": self._block_hash,
            "chain_getFinalizedHead": lambda params: source.block_hash(source.finalized()),
            "chain_getHeader": lambda params: source.header(self._at(params, 0)),
            "rpc_methods": lambda params: {"methods": sorted(self._methods)},
            "state_call": self._runtime_call,
            "state_getMetadata": self._metadata,
            "state_getRuntimeVersion": lambda params: source.runtime_version(self._state_at(params, 0)),
            "state_getStorage": lambda params: source.storage(self._state_at(params, 1), text(params, 0)),
            "state_queryStorageAt": self._query_storage,
            "system_chain": lambda params: source.chain(),
            "system_health": lambda params: {"peers": 0, "isSyncing": False, "shouldHavePeers": False},
            "system_properties": lambda params: source.properties(),
            "system_version": lambda params: f"paseo-watch {__version__}",
        }

    def call(self, method: str, params: Params) -> Any:
        """The result of one call."""
        known = self._methods.get(method)
        if known is None:
            raise Refusal(-32601, "Method not found")
        try:
            return known(params)
        except NotHeld as error:
            raise Refusal(STATE_ERROR, f"Client error: {error}") from error

    def head(self, view: str) -> Mapping[str, Any] | None:
        """The header of the finalized or the best head."""
        number = self.source.finalized() if view == "finalized" else self.source.best()
        hash = self.source.block_hash(number)
        return None if hash is None else self.source.header(hash)

    def best_runtime(self) -> Mapping[str, Any]:
        """The runtime version at the best head."""
        return self.source.runtime_version(self._best())

    def _best(self) -> str:
        hash = self.source.block_hash(self.source.best())
        if hash is None:
            raise Refusal(-32603, "Internal error", "the chain has no block yet")
        return hash

    def _at(self, params: Params, index: int) -> str:
        given = params[index] if index < len(params) else None
        return self._best() if given is None else text(params, index)

    def _state_at(self, params: Params, index: int) -> str:
        hash = self._at(params, index)
        if self.source.header(hash) is None:
            raise unknown_block(hash)
        return hash

    def _block(self, params: Params) -> Any:
        return self.source.block(self._at(params, 0))

    def _block_hash(self, params: Params) -> Any:
        wanted = params[0] if params else None
        if wanted is None:
            return self._best()
        if isinstance(wanted, list):
            return [self.source.block_hash(block_number(one)) for one in wanted]
        return self.source.block_hash(block_number(wanted))

    def _query_storage(self, params: Params) -> Any:
        hash = self._state_at(params, 1)
        keys = params[0] if params else None
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise invalid_params("a list of keys")
        return [{"block": hash, "changes": [[key, self.source.storage(hash, key)] for key in keys]}]

    def _metadata(self, params: Params) -> str:
        hash = self._state_at(params, 0)
        held = [self.source.metadata(hash, version) for version in METADATA_VERSIONS]
        return "0x" + next((metadata for metadata in held if metadata is not None), b"").hex()

    def _runtime_call(self, params: Params) -> str:
        hash = self._state_at(params, 2)
        function, argument = text(params, 0), text(params, 1)
        versions = [v for v in METADATA_VERSIONS if self.source.metadata(hash, v) is not None]
        if versions == [14] or not function.startswith("Metadata_metadata_"):  # a runtime from before that API
            wasm = f'Execution failed: Other("Exported method {function} is not found")'
            raise Refusal(STATE_ERROR, f"Client error: {wasm}")
        if function == "Metadata_metadata_versions":
            return "0x" + (compact(len(versions)) + b"".join(v.to_bytes(4, "little") for v in versions)).hex()
        metadata = self.source.metadata(hash, u32(argument))
        return "0x00" if metadata is None else "0x01" + (compact(len(metadata)) + metadata).hex()


def invalid_params(expected: str) -> Refusal:
    """As jsonrpsee says it."""
    return Refusal(-32602, "Invalid params", f"expected {expected}")


def text(params: Params, index: int) -> str:
    """One parameter that has to be text."""
    if index >= len(params) or not isinstance(params[index], str):
        raise invalid_params(f"text as parameter {index}")
    return str(params[index])


def block_number(value: Any) -> int:
    """A block number, given as a number or in hexadecimal."""
    try:
        return int(value, 16) if isinstance(value, str) else int(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise invalid_params("a block number") from error


def u32(argument: str) -> int:
    """The argument of a runtime call that takes one u32."""
    try:
        return int.from_bytes(bytes.fromhex(argument.removeprefix("0x")), "little")
    except ValueError as error:
        raise invalid_params("hexadecimal bytes") from error


def compact(value: int) -> bytes:
    """SCALE's compact encoding of a number below 2^30."""
    if value < 1 << 6:
        return bytes([value << 2])
    return (value << 2 | 1).to_bytes(2, "little") if value < 1 << 14 else (value << 2 | 2).to_bytes(4, "little")
