"""Each RPC method answers as a node does, in the shape and, where it refuses, in the words."""

from collections.abc import Mapping
from typing import Any

import pytest

from paseo_watch.recording.methods import NodeMethods, Refusal, compact
from paseo_watch.recording.source import NotHeld
from paseo_watch.rpc.errors import ErrorAnswer, StateDiscarded, UnknownBlock, error_answer
from tests.scripted_chain import EVENTS, ScriptedChain

V14, V15, V16 = b"meta\x0e" + b"4" * 70, b"meta\x0f" + b"5" * 20_000, b"meta\x10" + b"6" * 20
NOWHERE = "0x" + "ee" * 32


@pytest.fixture(name="chain")
def _chain() -> ScriptedChain:
    chain = ScriptedChain(metadata={14: V14, 15: V15, 16: V16})
    chain.append(b"\x04first", extrinsics=["0x0401"], storage={"0x01": "0xaa"})
    chain.append(b"\x04second", storage={"0x01": None})
    chain.append(finalize=False)
    return chain


@pytest.fixture(name="methods")
def _methods(chain: ScriptedChain) -> NodeMethods:
    return NodeMethods(chain)


def test_block_hashes_by_number_list_and_nothing(methods: NodeMethods, chain: ScriptedChain) -> None:
    """A number in either form, a list, or the best block; null where there is no such block."""
    hashes = [block.hash for block in chain.best_chain]

    assert methods.call("chain_getBlockHash", [0]) == hashes[0]
    assert methods.call("chain_getBlockHash", ["0x2"]) == hashes[2]
    assert methods.call("chain_getBlockHash", [[1, 9, "0x3"]]) == [hashes[1], None, hashes[3]]
    assert methods.call("chain_getBlockHash", []) == hashes[3]
    assert methods.call("chain_getBlockHash", [9]) is None
    assert methods.call("chain_getFinalizedHead", []) == hashes[2]


def test_headers_and_blocks(methods: NodeMethods, chain: ScriptedChain) -> None:
    """By hash, of the best block without one, null for a hash that nobody knows."""
    first = chain.best_chain[1]

    assert methods.call("chain_getHeader", [first.hash]) == first.header
    assert methods.call("chain_getHeader", []) == chain.tip.header
    assert methods.call("chain_getHeader", [NOWHERE]) is None
    assert methods.call("chain_getBlock", [NOWHERE]) is None
    assert methods.call("chain_getBlock", [first.hash]) == {
        "block": {"header": first.header, "extrinsics": ["0x0401"]},
        "justifications": None,
    }


def test_storage_at_a_block(methods: NodeMethods, chain: ScriptedChain) -> None:
    """One change set with every key, null for what is absent."""
    first, second = chain.best_chain[1], chain.best_chain[2]

    assert methods.call("state_getStorage", ["0x01", first.hash]) == "0xaa"
    assert methods.call("state_getStorage", ["0x01", second.hash]) is None
    assert methods.call("state_queryStorageAt", [[EVENTS, "0x01"], first.hash]) == [
        {"block": first.hash, "changes": [[EVENTS, "0x" + b"\x04first".hex()], ["0x01", "0xaa"]]}
    ]


def test_the_runtime_of_a_block(methods: NodeMethods, chain: ScriptedChain) -> None:
    """What executed it, not what runs now."""
    before = chain.tip.hash
    chain.upgrade(2, name="other")
    chain.append()

    assert methods.call("state_getRuntimeVersion", [before])["specVersion"] == 1
    assert methods.call("state_getRuntimeVersion", [])["specName"] == "other"


def test_metadata_as_nodes_give_it(methods: NodeMethods, chain: ScriptedChain) -> None:
    """Version 14 by its own method; the versions and each of them by runtime call, in SCALE."""
    assert methods.call("state_getMetadata", []) == "0x" + V14.hex()
    versions = methods.call("state_call", ["Metadata_metadata_versions", "0x"])
    assert versions == "0x0c" + "0e000000" + "0f000000" + "10000000"
    v14 = methods.call("state_call", ["Metadata_metadata_at_version", "0x0e000000", chain.tip.hash])
    assert v14 == "0x01" + "2d01" + V14.hex()  # 75 bytes: 75 << 2 | 1 = 0x012d
    v15 = methods.call("state_call", ["Metadata_metadata_at_version", "0x0f000000"])
    assert v15 == "0x01" + "96380100" + V15.hex()  # 20 005 bytes: 20 005 << 2 | 2 = 0x013896
    assert methods.call("state_call", ["Metadata_metadata_at_version", "0x11000000"]) == "0x00"


def test_a_runtime_from_before_the_metadata_api_says_so() -> None:
    """A chain that holds version 14 only answers as an old runtime, so that the way back to it is used."""
    methods = NodeMethods(ScriptedChain(metadata={14: V14}))

    with pytest.raises(Refusal, match="Exported method Metadata_metadata_versions is not found"):
        methods.call("state_call", ["Metadata_metadata_versions", "0x"])


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("state_getStorage", ["0x01", NOWHERE]),
        ("state_queryStorageAt", [["0x01"], NOWHERE]),
        ("state_getRuntimeVersion", [NOWHERE]),
        ("state_getMetadata", [NOWHERE]),
        ("state_call", ["Metadata_metadata_versions", "0x", NOWHERE]),
    ],
)
def test_state_of_an_unknown_block_is_refused_in_a_nodes_words(
    methods: NodeMethods, method: str, params: list[Any]
) -> None:
    """Our own client takes it for what it is."""
    with pytest.raises(Refusal) as caught:
        methods.call(method, params)
    assert isinstance(error_answer(**caught.value.envelope), UnknownBlock)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("state_getStorage", []),
        ("state_getStorage", [7]),
        ("state_queryStorageAt", []),
        ("state_queryStorageAt", ["0x01"]),
        ("state_queryStorageAt", [[{}]]),
        ("chain_getBlockHash", [{}]),
        ("chain_getBlockHash", ["x"]),
        ("chain_getBlockHash", [1e400]),
        ("chain_getHeader", [7]),
        ("chain_getHeader", [["0x"]]),
        ("state_call", ["Metadata_metadata_at_version", "0xzz"]),
        ("state_call", []),
    ],
)
def test_wrong_parameters_are_invalid_params(methods: NodeMethods, method: str, params: list[Any]) -> None:
    """And never another exception."""
    with pytest.raises(Refusal) as caught:
        methods.call(method, params)
    assert caught.value.envelope["code"] == -32602


def test_what_a_recording_does_not_hold_is_an_error_and_not_an_absence() -> None:
    """Null would be a lie: the key may have a value."""

    class Recording(ScriptedChain):
        def storage(self, hash: str, key_hex: str) -> str | None:
            raise NotHeld(f"this recording does not hold storage key {key_hex}")

        def block(self, hash: str) -> Mapping[str, Any] | None:
            raise NotHeld("this recording does not hold bodies")

    methods = NodeMethods(Recording())

    for method, params in (("state_getStorage", ["0x01"]), ("chain_getBlock", [])):
        with pytest.raises(Refusal, match="does not hold") as caught:
            methods.call(method, params)
        error = error_answer(**caught.value.envelope)
        assert isinstance(error, ErrorAnswer)
        assert not isinstance(error, StateDiscarded)


def test_what_a_node_says_of_itself(methods: NodeMethods) -> None:
    """Chain, properties, health, version and the list of its methods."""
    assert methods.call("system_chain", []) == "Scripted"
    assert methods.call("system_properties", [])["tokenDecimals"] == 10
    assert methods.call("system_health", [])["isSyncing"] is False
    assert methods.call("system_version", []).startswith("paseo-watch ")
    assert "chain_getBlockHash" in methods.call("rpc_methods", [])["methods"]


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, "00"), (63, "fc"), (64, "0101"), (16383, "fdff"), (16384, "02000100")]
)
def test_compact_numbers(value: int, encoded: str) -> None:
    """The modes of SCALE's compact encoding up to 2^30, from the SCALE specification's examples."""
    assert compact(value).hex() == encoded
