"""Cross-signing of the bot's own device: the three keys of an account, and what is signed with them.

Element shows messages only of devices that their owner has signed. nio knows no cross-signing, so it is done here,
after the Matrix specification v1.11: "Cross-signing" (client-server API) and "Signing JSON" (appendices).

All keys come from one configured secret (`cross_signing_key`, 32 bytes in base64) by HKDF-SHA256 (RFC 5869), each with
an `info` of its own: a new machine that has the secret has the same identity, and there is nothing else to keep.
Pure: no network, no files. Keys and signatures are unpadded base64 where Matrix shows them.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

LARGEST_INTEGER = 2**53 - 1
"""Of canonical JSON; also the negative of it is the smallest."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One Ed25519 key; its seed is in no repr."""

    seed: bytes = field(repr=False)

    @property
    def public(self) -> str:
        """The public key, which is also its id: `ed25519:<public>`."""
        return encode(self._key().public_key().export_key(format="raw"))

    @property
    def id(self) -> str:
        """What signatures by this key are filed under."""
        return f"ed25519:{self.public}"

    def sign(self, message: bytes) -> str:
        """The signature of the bytes (RFC 8032, pure Ed25519)."""
        return encode(eddsa.new(self._key(), "rfc8032").sign(message))

    def _key(self) -> ECC.EccKey:
        return ECC.construct(curve="Ed25519", seed=self.seed)  # type: ignore[arg-type]  # their stub is wrong


@dataclass(frozen=True, slots=True)
class CrossSigningKeys:
    """The keys of one account, and the key that nio's store is locked with."""

    master: SigningKey
    self_signing: SigningKey
    user_signing: SigningKey
    pickle_key: str = field(repr=False)

    @classmethod
    def derive(cls, secret: bytes, user_id: str) -> "CrossSigningKeys":
        """From the 32 bytes of `cross_signing_key`; two accounts with one secret get different keys."""

        def part(purpose: str) -> bytes:
            info = f"paseo-watch|matrix|{purpose}|{user_id}".encode()
            key = HKDF(secret, 32, b"", SHA256, context=info)
            assert isinstance(key, bytes)  # a tuple only where several are asked for
            return key

        return cls(
            SigningKey(part("master")),
            SigningKey(part("self_signing")),
            SigningKey(part("user_signing")),
            encode(part("pickle")),
        )

    def upload_body(self, user_id: str) -> dict[str, Any]:
        """The body of `POST /keys/device_signing/upload`, without `auth`."""
        return {
            "master_key": _key_object(user_id, "master", self.master),
            "self_signing_key": self._signed_by_master(user_id, "self_signing", self.self_signing),
            "user_signing_key": self._signed_by_master(user_id, "user_signing", self.user_signing),
        }

    def device_signature_body(self, device_keys: Mapping[str, Any]) -> dict[str, Any]:
        """The body of `POST /keys/signatures/upload` that signs a device (its keys as `/keys/query` has them)."""
        user_id, device_id = device_keys["user_id"], device_keys["device_id"]
        bare = {name: value for name, value in device_keys.items() if name != "unsigned"}
        return {user_id: {device_id: signed(bare, user_id, self.self_signing)}}

    def _signed_by_master(self, user_id: str, usage: str, key: SigningKey) -> dict[str, Any]:
        return signed(_key_object(user_id, usage, key), user_id, self.master)


def _key_object(user_id: str, usage: str, key: SigningKey) -> dict[str, Any]:
    return {"user_id": user_id, "usage": [usage], "keys": {key.id: key.public}}


def signed(value: Mapping[str, Any], user_id: str, key: SigningKey) -> dict[str, Any]:
    """A copy of a JSON object with this key's signature beside those that it has."""
    signatures = {who: dict(of) for who, of in value.get("signatures", {}).items()}
    signatures.setdefault(user_id, {})[key.id] = key.sign(signed_part(value))
    return {**value, "signatures": signatures}


def is_signed(value: Mapping[str, Any], user_id: str, key_id: str, public: str) -> bool:
    """Whether a JSON object carries a good signature of that user's key; False for anything malformed."""
    try:
        signature = decode(value["signatures"][user_id][key_id])
        key = eddsa.import_public_key(decode(public))
        eddsa.new(key, "rfc8032").verify(signed_part(value), signature)
    except (KeyError, TypeError, ValueError, RecursionError):
        return False
    return True


def signed_part(value: Mapping[str, Any]) -> bytes:
    """What a signature of a JSON object is of; ValueError where it has no canonical form."""
    return canonical_json({name: part for name, part in value.items() if name not in ("signatures", "unsigned")})


def canonical_json(value: Any) -> bytes:
    """Canonical JSON (Matrix appendices): keys by code point, no blanks, UTF-8, integers only within 2^53.

    ValueError for what has none.
    """
    _check_numbers(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.encode()


def encode(raw: bytes) -> str:
    """Unpadded base64."""
    return base64.b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    """The bytes of base64 without padding, or with; ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _check_numbers(value: Any) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise ValueError("a key of a JSON object is a text")
            _check_numbers(part)
    elif isinstance(value, list):
        for part in value:
            _check_numbers(part)
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) > LARGEST_INTEGER):
        raise ValueError("canonical JSON has only integers within 2^53")
