"""Which devices and one-time keys are taken: each is judged alone, and nothing raises."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.matrix.encryption_devices import Target, is_failure, sound_claims, sound_devices
from tests.unit.sinks.matrix.key_server import Peer

ALICE = Peer("@alice:test", "A")
BOB = Peer("@bob:test", "B")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=8,
)


def target(peer: Peer, **changes: str) -> Target:
    return Target(peer.user, peer.device, peer.account.ed25519_key.to_base64(), peer.curve)._replace(**changes)


def resigned(**changes: Any) -> dict[str, Any]:
    """Bob's device with something else in it, signed by him all the same."""
    bare = {name: value for name, value in BOB.device_keys.items() if name != "signatures"}
    return BOB.signed({**bare, **changes})


def test_sound_devices_are_taken_as_they_are_signed() -> None:
    keys = {**ALICE.device_keys, "unsigned": {"device_display_name": "phone"}, "float": 1}
    keys["signatures"] = ALICE.signed({k: v for k, v in keys.items() if k not in ("signatures", "unsigned")})[
        "signatures"
    ]
    found, refused = sound_devices({"device_keys": {"@alice:test": {"A": keys}, "@nobody:test": {}}})
    assert refused == 0
    assert found["@nobody:test"] == {}
    assert found["@alice:test"]["A"]["keys"] == ALICE.device_keys["keys"]


UNSOUND: list[Any] = [
    None,
    5,
    {},
    {**BOB.device_keys, "signatures": {}},
    {**BOB.device_keys, "keys": {**BOB.device_keys["keys"], "curve25519:B": ALICE.curve}},
    {**BOB.device_keys, "user_id": "@alice:test"},
    resigned(user_id="@alice:test"),
    resigned(device_id="A"),
    resigned(algorithms=[]),
    resigned(algorithms=7),
    resigned(keys={"ed25519:B": "nonsense", "curve25519:B": "nonsense"}),
    resigned(keys={"ed25519:B": BOB.account.ed25519_key.to_base64()}),
    resigned(keys={"ed25519:B": BOB.account.ed25519_key.to_base64(), "curve25519:B": "AAAA"}),
    resigned(keys=[]),
]


@pytest.mark.parametrize("device", UNSOUND)
def test_an_unsound_device_is_left_out_and_its_neighbours_are_not(device: Any) -> None:
    answer = {"device_keys": {"@alice:test": {"A": ALICE.device_keys}, "@bob:test": {"B": device}}}
    found, refused = sound_devices(answer)
    assert refused == 1
    assert found["@bob:test"] == {}
    assert set(found["@alice:test"]) == {"A"}


@given(JSON, JSON)
def test_no_answer_raises(user: Any, answer: Any) -> None:
    sound_devices({"device_keys": answer})
    sound_devices({"device_keys": {"@bob:test": {"B": user}}})
    sound_claims({"one_time_keys": answer}, frozenset({target(BOB)}))
    sound_claims({"one_time_keys": {"@bob:test": {"B": user}}}, frozenset({target(BOB)}))
    is_failure({"failures": answer})


def test_a_one_time_key_of_the_device_is_taken() -> None:
    key = BOB.one_time_key()
    answer = {"one_time_keys": {"@bob:test": {"B": key}, "@alice:test": {"A": ALICE.one_time_key()}}}
    assert sound_claims(answer, frozenset({target(BOB)})) == {"@bob:test": {"B": key}}, (
        "and none that was not asked for"
    )


SPOILT: list[Callable[[str, dict[str, Any]], Any]] = [
    lambda name, key: {},
    lambda name, key: {name: {**key, "key": ALICE.curve}},
    lambda name, key: {name: ALICE.signed({"key": ALICE.curve})},
    lambda name, key: {name: BOB.signed({"key": "A" * 43})},
    lambda name, key: {name: BOB.signed({"key": "nonsense"})},
    lambda name, key: {name: BOB.signed({"no": "key"})},
    lambda name, key: {"curve25519:AAAA": key["key"]},
    lambda name, key: {name: key["key"]},
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_one_time_key_that_no_session_can_begin_with_is_not(spoil: Callable[[str, dict[str, Any]], Any]) -> None:
    [(name, key)] = BOB.one_time_key().items()
    answer = {"one_time_keys": {"@bob:test": {"B": spoil(name, key)}}}
    assert sound_claims(answer, frozenset({target(BOB)})) == {}


def test_a_device_key_that_makes_a_secret_known_to_all_is_not_used() -> None:
    answer = {"one_time_keys": {"@bob:test": {"B": BOB.one_time_key()}}}
    assert sound_claims(answer, frozenset({target(BOB, curve25519="A" * 43)})) == {}


@pytest.mark.parametrize(
    ("answer", "expected"), [({}, False), ({"failures": {}}, False), ({"failures": {"x": {}}}, True)]
)
def test_failures_of_other_servers_are_seen(answer: dict[str, Any], expected: bool) -> None:
    assert is_failure(answer) is expected
