"""Headers against a real block: Polkadot #19,772,575, whose hash is on the chain."""

from typing import Any

import pytest

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.header import RUNTIME_ENVIRONMENT_UPDATED, read_header

HASH = "bbb99b1d43d6c1885e09806e4d8fd3beaa30a87046397e8dfc44ced45ed735a9"
PRE_RUNTIME = (
    "0x0642414245b501030f0000003deefb1000000000d67ee50b0b3e41a41587cefb71bb609765bba37869cc7432aa9ae92106ea2962"
    "37b9db1eb1d1472b8b4c846887ab464dc3fd6a63e88328448232211c87ea4408ffd36a1eabf4e403980edff2e68684bbf123bcdad1"
    "ab7c971ba3e5e74225790a"
)
BEEFY = "0x0442454546840330128d669487b375c1b0b6be1f1242bf7a08c6a284e1be711e1a7f274f54b30b"
SEAL = (
    "0x0542414245010106bd187beccf97448788216ecb4ccc3f3b9c6555350ddefc9a4c427730776366650d0fa32ed9a3cc8f5d1e8996"
    "c1e9eee2225c81305c2685f769b9aa0c23cd8c"
)


def answer(**changed: Any) -> dict[str, Any]:
    return {
        "parentHash": "0x8d92867e603304b5e81bc85922f0368a80bbda15933cc4eb7d81a7fee2fb3ff1",
        "number": hex(19772575),
        "stateRoot": "0x481fcc0a7b4dc1a00fd288b4a4306bcad1eee8b819316881409e6c3ee7863387",
        "extrinsicsRoot": "0xda427256928a6c09c81fd17706c0d36c0bbff14df17c069c17d274b1879d54a6",
        "digest": {"logs": [PRE_RUNTIME, BEEFY, SEAL]},
        **changed,
    }


def test_the_hash_of_a_real_block_is_computed() -> None:
    header = read_header(answer())
    assert header.hash.hex() == HASH
    assert header.number == 19772575
    assert header.parent_hash.hex().startswith("8d92867e")
    assert not header.code_changed()


def test_any_change_changes_the_hash() -> None:
    assert read_header(answer(number="0x1")).hash.hex() != HASH
    assert read_header(answer(digest={"logs": [PRE_RUNTIME, SEAL, BEEFY]})).hash.hex() != HASH


def test_a_block_that_changes_the_code_says_so() -> None:
    item = f"0x{RUNTIME_ENVIRONMENT_UPDATED:02x}"
    assert read_header(answer(digest={"logs": [PRE_RUNTIME, item]})).code_changed()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"parentHash": "0x12"}, "parentHash is '0x12', expected 0x and 32 bytes"),
        ({"stateRoot": None}, "stateRoot is 'None'"),
        ({"extrinsicsRoot": "zz" * 33}, "extrinsicsRoot is"),
        ({"extrinsicsRoot": "0x" + "zz" * 32}, "extrinsicsRoot is"),
        ({"number": 5}, "number is '5', expected 0x"),
        ({"number": "0x-5"}, "number is '0x-5'"),
        ({"number": "0x" + "f" * 17}, "number is"),
        ({"number": "0xzz"}, "number is"),
        ({"digest": []}, "digest is '\\[\\]', expected an object"),
        ({"digest": {"logs": "0x"}}, "logs is '0x', expected a list"),
        ({"digest": {"logs": ["0x"]}}, "logs is '0x', expected 0x and some bytes"),
        ({"digest": {"logs": [7]}}, "logs is '7'"),
    ],
)
def test_what_is_no_header_is_refused_with_the_place(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ScaleError, match=message):
        read_header(answer(**changed))


@pytest.mark.parametrize("nonsense", [None, [], "0x00", 7])
def test_what_is_no_object_is_refused(nonsense: object) -> None:
    with pytest.raises(ScaleError, match="the header is"):
        read_header(nonsense)
