"""Canonical JSON and signatures by the specification's own vectors; keys by RFC 5869 and judged by vodozemac."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
import vodozemac
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.matrix.cross_signing import (
    CrossSigningKeys,
    SigningKey,
    canonical_json,
    decode,
    encode,
    is_signed,
    signed,
)

USER = "@bot:example.org"
SECRET = bytes(range(32))
SPECIFIED = SigningKey(base64.b64decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1="))
"""The key of the specification's test vectors (appendices, "Cryptographic Test Vectors")."""


def vodozemac_accepts(value: dict[str, Any], signer: str, key: SigningKey) -> bool:
    """Whether the other implementation takes the signature."""
    bare = {name: part for name, part in value.items() if name not in ("signatures", "unsigned")}
    public = vodozemac.Ed25519PublicKey.from_base64(key.public)
    try:
        signature = vodozemac.Ed25519Signature.from_base64(value["signatures"][signer][key.id])
        public.verify_signature(canonical_json(bare), signature)
    except vodozemac.SignatureException:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, "{}"),
        ({"one": 1, "two": "Two"}, '{"one":1,"two":"Two"}'),
        ({"b": "2", "a": "1"}, '{"a":"1","b":"2"}'),
        ({"a": "日本語"}, '{"a":"日本語"}'),
        ({"本": 2, "日": 1}, '{"日":1,"本":2}'),
        ({"a": "\u65e5"}, '{"a":"日"}'),
        ({"a": None}, '{"a":null}'),
        ({"a": [True, -5, {"c": 0, "b": ""}]}, '{"a":[true,-5,{"b":"","c":0}]}'),
    ],
)
def test_canonical_json_is_as_the_specification_shows_it(value: Any, expected: str) -> None:
    assert canonical_json(value).decode() == expected


@pytest.mark.parametrize("value", [1.0, {"a": [2**53]}, -(2**53), {1: "a"}, float("nan"), "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(value)


@pytest.mark.parametrize(
    ("value", "signature"),
    [
        ({}, "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"),
        (
            {"one": 1, "two": "Two"},
            "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
        ),
    ],
)
def test_objects_are_signed_as_in_the_specifications_vectors(value: dict[str, Any], signature: str) -> None:
    assert SPECIFIED.public == "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI"
    assert signed(value, "domain", SPECIFIED)["signatures"] == {"domain": {SPECIFIED.id: signature}}


def test_a_signature_covers_neither_other_signatures_nor_what_is_unsigned() -> None:
    plain = signed({"a": 1}, USER, SPECIFIED)
    more = signed({"a": 1, "unsigned": {"age": 7}, "signatures": {"@x:y": {"ed25519:A": "AAAA"}}}, USER, SPECIFIED)
    assert more["signatures"][USER] == plain["signatures"][USER]
    assert more["signatures"]["@x:y"] == {"ed25519:A": "AAAA"}
    assert is_signed(more, USER, SPECIFIED.id, SPECIFIED.public)


def test_what_was_given_is_not_changed_by_signing() -> None:
    value: dict[str, Any] = {"a": 1, "signatures": {USER: {"ed25519:A": "AAAA"}}}
    signed(value, USER, SPECIFIED)
    assert value == {"a": 1, "signatures": {USER: {"ed25519:A": "AAAA"}}}


@given(st.dictionaries(st.text(max_size=8), st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8), max_size=5))
def test_vodozemac_accepts_what_is_signed_here(value: dict[str, Any]) -> None:
    value = {name: part for name, part in value.items() if name not in ("signatures", "unsigned")}
    try:
        made = signed(value, USER, SPECIFIED)
    except ValueError:  # a lone surrogate
        return
    assert vodozemac_accepts(made, USER, SPECIFIED)
    assert not vodozemac_accepts({**made, "more": 1}, USER, SPECIFIED)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"signatures": None},
        {"signatures": {USER: {"ed25519:A": 5}}},
        {"signatures": {USER: {"ed25519:A": "not base64!"}}},
        {"signatures": {USER: {"ed25519:A": "AAAA"}}},
        {"signatures": {USER: {"ed25519:A": "A" * 86}}, "float": 1.5},
    ],
)
def test_a_malformed_signature_is_none(value: dict[str, Any]) -> None:
    assert not is_signed(value, USER, "ed25519:A", SPECIFIED.public)


@pytest.mark.parametrize("public", ["", "AAAA", "A" * 43, "ÿ" * 43, SigningKey(b"x" * 32).public])
def test_a_signature_of_another_key_or_of_none_is_none(public: str) -> None:
    assert not is_signed(signed({"a": 1}, USER, SPECIFIED), USER, SPECIFIED.id, public)


def test_the_keys_follow_from_the_secret_by_hkdf() -> None:
    """RFC 5869, written out with hmac: another machine with the secret has the same identity."""

    def hkdf(purpose: str) -> bytes:
        key = hmac.digest(bytes(32), SECRET, "sha256")
        return hmac.digest(key, f"paseo-watch|matrix|{purpose}|{USER}".encode() + b"\x01", "sha256")

    keys = CrossSigningKeys.derive(SECRET, USER)
    assert keys.master.seed == hkdf("master")
    assert keys.self_signing.seed == hkdf("self_signing")
    assert keys.user_signing.seed == hkdf("user_signing")
    assert decode(keys.pickle_key) == hkdf("pickle")


def test_no_two_keys_and_no_two_accounts_share_a_key() -> None:
    both = [CrossSigningKeys.derive(SECRET, user) for user in (USER, "@other:example.org")]
    seeds = {key.seed for keys in both for key in (keys.master, keys.self_signing, keys.user_signing)}
    assert len(seeds | {decode(keys.pickle_key) for keys in both}) == 8


def test_no_secret_shows_in_a_repr() -> None:
    keys = CrossSigningKeys.derive(SECRET, USER)
    shown = repr(keys)
    for key in (keys.master, keys.self_signing, keys.user_signing):
        assert repr(key.seed) not in shown
        assert encode(key.seed) not in shown
    assert keys.pickle_key not in shown


def test_the_upload_is_signed_by_the_master_key() -> None:
    keys = CrossSigningKeys.derive(SECRET, USER)
    body = keys.upload_body(USER)
    assert body["master_key"] == {
        "user_id": USER,
        "usage": ["master"],
        "keys": {f"ed25519:{keys.master.public}": keys.master.public},
    }
    for name, usage in (("self_signing_key", "self_signing"), ("user_signing_key", "user_signing")):
        assert body[name]["usage"] == [usage]
        assert vodozemac_accepts(body[name], USER, keys.master)


def test_a_device_is_signed_by_the_self_signing_key_beside_its_own_signature() -> None:
    keys = CrossSigningKeys.derive(SECRET, USER)
    device = {"user_id": USER, "device_id": "DEV", "keys": {}, "unsigned": {"device_display_name": "x"}}
    device["signatures"] = {USER: {"ed25519:DEV": hashlib.sha256(b"").hexdigest()}}
    made = keys.device_signature_body(device)[USER]["DEV"]
    assert vodozemac_accepts(made, USER, keys.self_signing)
    assert made["signatures"][USER]["ed25519:DEV"] == device["signatures"][USER]["ed25519:DEV"]
    assert "unsigned" not in made
