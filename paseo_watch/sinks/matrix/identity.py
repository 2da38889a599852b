"""Makes the homeserver's view of our device complete: its keys are there, and the account's cross-signing key signs it.

Each round looks at what the server has and takes the one step that is missing, so that a crash between two steps leaves
nothing to mend:

    device keys missing ── upload ─┐
    cross-signing missing ─ upload ┤── look again ──> complete
    signature missing ──── upload ─┘
    keys that we do not hold, or another device's under our device id: refused, never overwritten

A device whose keys changed is ignored by other clients for good, and an account's new cross-signing keys make everybody
who verified it doubt it: that is why nothing is ever replaced here.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import SecretStr

from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys, is_signed
from paseo_watch.sinks.matrix.encryption_requests import Requests
from paseo_watch.sinks.sink import SendFailed, SinkRefused

log = logging.getLogger(__name__)

ROUNDS = 5
"""Looks before the server is said not to keep what it is given; three steps need four."""


class Step(Enum):
    """What is missing next."""

    FOREIGN_KEYS = "the account has cross-signing keys that do not follow from cross_signing_key"
    OTHER_DEVICE = "the server has other keys for our device id"
    UPLOAD_DEVICE = "the server has no keys for our device"
    UPLOAD_CROSS_SIGNING = "the server has no cross-signing keys for the account"
    SIGN_DEVICE = "our device is not signed"
    COMPLETE = "nothing is missing"


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """What the server has of one user: the device's keys and the cross-signing keys, None where it has none."""

    device: Mapping[str, Any] | None
    master: Mapping[str, Any] | None
    self_signing: Mapping[str, Any] | None
    user_signing: Mapping[str, Any] | None


def read_own_keys(answer: Mapping[str, Any], user_id: str, device_id: str) -> OwnKeys:
    """From a /keys/query answer about ourselves. ValueError where it says nothing about us."""
    devices = _part(answer, "device_keys").get(user_id)
    if not isinstance(devices, dict):
        raise ValueError("the answer has no device_keys of the user who asked")
    return OwnKeys(
        _object(devices.get(device_id)),
        _object(_part(answer, "master_keys").get(user_id)),
        _object(_part(answer, "self_signing_keys").get(user_id)),
        _object(_part(answer, "user_signing_keys").get(user_id)),
    )


def next_step(own: OwnKeys, keys: CrossSigningKeys, user_id: str, device_keys: Mapping[str, Any] | None) -> Step:
    """What to do next; `device_keys` is our device as our store has it, None where there is no store (yet)."""
    if own.master is not None and own.master.get("keys") != {keys.master.id: keys.master.public}:
        return Step.FOREIGN_KEYS
    if own.device is not None and (device_keys is None or own.device.get("keys") != device_keys["keys"]):
        return Step.OTHER_DEVICE
    if own.device is None:
        return Step.UPLOAD_DEVICE
    if missing_keys(own, keys, user_id):
        return Step.UPLOAD_CROSS_SIGNING
    if not is_signed(own.device, user_id, keys.self_signing.id, keys.self_signing.public):
        return Step.SIGN_DEVICE
    return Step.COMPLETE


def missing_keys(own: OwnKeys, keys: CrossSigningKeys, user_id: str) -> dict[str, Any]:
    """What of the upload's body the server does not have: Synapse fails on a key that it has already."""
    has = {"master_key": own.master, "self_signing_key": own.self_signing, "user_signing_key": own.user_signing}
    body = keys.upload_body(user_id)
    return {name: key for name, key in body.items() if (has[name] or {}).get("keys") != key["keys"]}


async def look(requests: Requests, user_id: str, device_id: str) -> OwnKeys:
    """Ask the server what it has of us."""
    answer = await requests.post("/keys/query", {"device_keys": {user_id: []}})
    try:
        return read_own_keys(answer, user_id, device_id)
    except ValueError as error:
        raise SendFailed(f"{user_id}: the homeserver's answer about keys cannot be used: {error}") from error


async def complete(
    requests: Requests, keys: CrossSigningKeys, device_keys: Mapping[str, Any], password: SecretStr | None
) -> None:
    """Take steps until nothing is missing. Raises SinkRefused where that is not possible, and says what to do."""
    user_id, device_id = device_keys["user_id"], device_keys["device_id"]
    for _ in range(ROUNDS):
        own = await look(requests, user_id, device_id)
        step = next_step(own, keys, user_id, device_keys)
        if step is Step.COMPLETE:
            return
        log.info("%s, device %s: %s", user_id, device_id, step.value)
        match step:
            case Step.FOREIGN_KEYS | Step.OTHER_DEVICE:
                raise refusal(step, user_id, device_id)
            case Step.UPLOAD_DEVICE:
                await requests.post("/keys/upload", {"device_keys": device_keys})
            case Step.UPLOAD_CROSS_SIGNING:
                await _upload(requests, missing_keys(own, keys, user_id), user_id, password)
            case Step.SIGN_DEVICE:
                await requests.post("/keys/signatures/upload", keys.device_signature_body(device_keys))
    raise SendFailed(f"{user_id}: the homeserver does not keep the keys that it is given: {step.value}")


def refusal(step: Step, user_id: str, device_id: str) -> SinkRefused:
    """Why nothing can be written to encrypted rooms, and what to do."""
    if step is Step.FOREIGN_KEYS:
        return SinkRefused(
            f"{user_id}: the account already has cross-signing keys, and not those of cross_signing_key, so Element "
            "would hide what it writes: configure the key that it was set up with, or use an account of its own, or "
            "log in to it with Element and reset its cryptographic identity there"
        )
    return SinkRefused(
        f"{user_id}: the homeserver has keys of device {device_id} that are not in the store here, and other clients "
        "ignore a device whose keys change: bring the store folder back, or log in by password (which makes a new "
        "device), or log in anew and configure the new access_token and device_id"
    )


async def _upload(requests: Requests, body: Mapping[str, Any], user_id: str, password: SecretStr | None) -> None:
    """Upload cross-signing keys; the server may want the password (user-interactive authentication)."""
    path = "/keys/device_signing/upload"
    wanted = await requests.post_with_proof(path, body)
    if wanted is None:
        return
    proof = password_proof(wanted, user_id, password)
    if await requests.post_with_proof(path, {**body, "auth": proof}) is not None:
        raise SinkRefused(
            f"{user_id}: the homeserver refuses the password for the upload of cross-signing keys; check password"
        )


def password_proof(answer: Mapping[str, Any], user_id: str, password: SecretStr | None) -> dict[str, Any]:
    """The `auth` of a repeated request (client-server API, "User-Interactive Authentication"); else SinkRefused."""
    flows = answer.get("flows")
    stages = [each.get("stages") for each in flows if isinstance(each, dict)] if isinstance(flows, list) else []
    if password is None or ["m.login.password"] not in stages:
        way = "log in by password instead of access_token" if ["m.login.password"] in stages else "not by a password"
        raise SinkRefused(
            f"{user_id}: the homeserver wants a proof before it takes the account's cross-signing keys: {way}; or use "
            "a fresh account, which most homeservers let set up its first keys without one"
        )
    return {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user_id},
        "password": password.get_secret_value(),
        "session": answer.get("session"),
    }


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _object(answer.get(name)) or {}


def _object(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None
