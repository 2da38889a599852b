"""What is missing of the device's identity, step by step, and what is refused: nothing is ever replaced."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys, is_signed
from paseo_watch.sinks.matrix.encryption_machine import Machine
from paseo_watch.sinks.matrix.identity import (
    OwnKeys,
    Step,
    complete,
    missing_keys,
    next_step,
    password_proof,
    read_own_keys,
)
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.key_server import DEVICE, USER, KeyServer

OURS = CrossSigningKeys.derive(bytes(32), USER)
OTHERS = CrossSigningKeys.derive(bytes(range(32)), USER)
PASSWORD = SecretStr("passw0rd")
FLOWS = {"flows": [{"stages": ["m.login.dummy", "m.login.email"]}, {"stages": ["m.login.password"]}], "session": "s"}
ELSEWHERE = {"flows": [{"stages": ["m.oauth"]}], "session": "s"}


@pytest.fixture(name="device")
def device_keys(tmp_path: Path) -> dict[str, Any]:
    machine = Machine(tmp_path / "keys.db", USER, DEVICE, "a pickle key")
    machine.close()
    return machine.device_keys


def own(device: Any, keys: CrossSigningKeys | None = OURS, signed: bool = True) -> OwnKeys:
    """What the server has: this device, these keys."""
    body: dict[str, Any] = {} if keys is None else keys.upload_body(USER)
    if device is not None and keys is not None and signed:
        device = keys.device_signature_body(device)[USER][DEVICE]
    return OwnKeys(device, body.get("master_key"), body.get("self_signing_key"), body.get("user_signing_key"))


def test_each_state_has_one_next_step(device: dict[str, Any]) -> None:
    other = {**device, "keys": {**device["keys"], f"ed25519:{DEVICE}": "other"}}
    assert next_step(own(None, None), OURS, USER, device) is Step.UPLOAD_DEVICE
    assert next_step(own(None, None), OURS, USER, None) is Step.UPLOAD_DEVICE
    assert next_step(own(device, None), OURS, USER, device) is Step.UPLOAD_CROSS_SIGNING
    assert next_step(own(device, OURS, signed=False), OURS, USER, device) is Step.SIGN_DEVICE
    assert next_step(own(device), OURS, USER, device) is Step.COMPLETE
    assert next_step(own(device), OURS, USER, None) is Step.OTHER_DEVICE
    assert next_step(own(other), OURS, USER, device) is Step.OTHER_DEVICE


@pytest.mark.parametrize("signed", [True, False])
def test_keys_of_somebody_else_come_before_all_else(device: dict[str, Any], signed: bool) -> None:
    for ours in (device, None):
        for theirs in (device, None):
            assert next_step(own(theirs, OTHERS, signed), OURS, USER, ours) is Step.FOREIGN_KEYS


def test_a_signature_of_another_key_is_none(device: dict[str, Any]) -> None:
    forged = OTHERS.device_signature_body(device)[USER][DEVICE]
    by_others = forged["signatures"][USER][OTHERS.self_signing.id]
    forged["signatures"][USER] = {OURS.self_signing.id: by_others}
    body = OURS.upload_body(USER)
    has = OwnKeys(forged, body["master_key"], body["self_signing_key"], body["user_signing_key"])
    assert next_step(has, OURS, USER, device) is Step.SIGN_DEVICE


def test_only_missing_keys_are_uploaded(device: dict[str, Any]) -> None:
    body = OURS.upload_body(USER)
    assert missing_keys(own(device, None), OURS, USER) == body
    assert missing_keys(own(device), OURS, USER) == {}
    partly = OwnKeys(device, body["master_key"], OTHERS.upload_body(USER)["self_signing_key"], None)
    assert missing_keys(partly, OURS, USER) == {name: body[name] for name in ("self_signing_key", "user_signing_key")}


@pytest.mark.parametrize("answer", [{}, {"device_keys": None}, {"device_keys": {}}, {"device_keys": {USER: 5}}])
def test_an_answer_without_us_in_it_is_no_answer(answer: dict[str, Any]) -> None:
    """Else a server in trouble would look like one without our keys."""
    with pytest.raises(ValueError, match="no device_keys"):
        read_own_keys(answer, USER, DEVICE)


def test_malformed_parts_count_as_absent() -> None:
    answer = {"device_keys": {USER: {DEVICE: 5}}, "master_keys": [], "self_signing_keys": {USER: "x"}}
    assert read_own_keys(answer, USER, DEVICE) == OwnKeys(None, None, None, None)


async def test_from_nothing_to_complete_in_three_steps(device: dict[str, Any]) -> None:
    server = KeyServer()
    await complete(server, OURS, device, None)  # type: ignore[arg-type]
    changes = [path for path in server.asked if path != "/keys/query"]
    assert changes == ["/keys/upload", "/keys/device_signing/upload", "/keys/signatures/upload"]
    assert is_signed(server.devices[USER][DEVICE], USER, OURS.self_signing.id, OURS.self_signing.public)
    server.asked.clear()
    await complete(server, OURS, device, None)  # type: ignore[arg-type]
    assert server.asked == ["/keys/query"], "and nothing is left to do"


@pytest.mark.parametrize("broken", ["/keys/upload", "/keys/device_signing", "/keys/signatures"])
async def test_wherever_it_stopped_it_goes_on(device: dict[str, Any], broken: str) -> None:
    server = KeyServer(broken={broken: SendFailed("no answer")})
    with pytest.raises(SendFailed):
        await complete(server, OURS, device, None)  # type: ignore[arg-type]
    server.broken.clear()
    await complete(server, OURS, device, None)  # type: ignore[arg-type]
    assert is_signed(server.devices[USER][DEVICE], USER, OURS.self_signing.id, OURS.self_signing.public)


async def test_foreign_keys_are_refused_before_anything_is_uploaded(device: dict[str, Any]) -> None:
    server = KeyServer(cross_signing=OTHERS.upload_body(USER))
    with pytest.raises(SinkRefused, match="an account of its own"):
        await complete(server, OURS, device, PASSWORD)  # type: ignore[arg-type]
    assert server.asked == ["/keys/query"]


async def test_another_devices_keys_are_refused_before_anything_is_uploaded(device: dict[str, Any]) -> None:
    other = {**device, "keys": {f"ed25519:{DEVICE}": "other"}}
    server = KeyServer(devices={USER: {DEVICE: other}})
    with pytest.raises(SinkRefused, match="bring the store folder back"):
        await complete(server, OURS, device, PASSWORD)  # type: ignore[arg-type]
    assert server.asked == ["/keys/query"]


async def test_the_password_is_the_proof(device: dict[str, Any]) -> None:
    server = KeyServer(wants_proof=FLOWS)
    await complete(server, OURS, device, PASSWORD)  # type: ignore[arg-type]
    [proof] = [body["auth"] for _, body in server.bodies if "auth" in body]
    assert proof == {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": USER},
        "password": "passw0rd",
        "session": "s",
    }


async def test_a_wrong_password_is_told_and_not_repeated(device: dict[str, Any]) -> None:
    server = KeyServer(wants_proof=FLOWS)
    with pytest.raises(SinkRefused, match="refuses the password") as refusal:
        await complete(server, OURS, device, SecretStr("wrong one"))  # type: ignore[arg-type]
    assert "wrong one" not in str(refusal.value)
    assert sum("device_signing" in path for path in server.asked) == 2


@pytest.mark.parametrize(
    ("wanted", "password", "way"),
    [
        (FLOWS, None, "log in by password instead of access_token"),
        (ELSEWHERE, PASSWORD, "not by a password"),
        (ELSEWHERE, None, "not by a password"),
        ({"flows": "nonsense"}, PASSWORD, "not by a password"),
        ({"flows": [5, {}]}, PASSWORD, "not by a password"),
    ],
)
def test_where_there_is_no_proof_to_give_it_is_told(wanted: Any, password: SecretStr | None, way: str) -> None:
    with pytest.raises(SinkRefused, match=way):
        password_proof(wanted, USER, password)


async def test_a_server_that_forgets_is_not_asked_for_ever(device: dict[str, Any]) -> None:
    server = KeyServer()

    async def lost(path: str, body: Any) -> None:
        server.asked.append(path)

    server.post_with_proof = lost  # type: ignore[method-assign,assignment]
    with pytest.raises(SendFailed, match="does not keep the keys"):
        await complete(server, OURS, device, None)  # type: ignore[arg-type]
    assert len(server.asked) <= 10
