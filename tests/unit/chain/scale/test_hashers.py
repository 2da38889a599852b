"""Hashers against keys that every Substrate chain shares."""

from paseo_watch.chain.scale import hashers
from paseo_watch.chain.scale.metadata import HASHERS


def test_twox128_gives_the_prefixes_of_well_known_storage() -> None:
    """System and Account as in every chain's state; `:ValueTransferAuthorizationPubkey:` from Paseo's runtime."""
    assert hashers.twox128(b"System").hex() == "26aa394eea5630e07c48ae0c9558cef7"
    assert hashers.twox128(b"Account").hex() == "b99d880ec681799c0cf30e8886371da9"


def test_twox64_and_twox256_take_one_and_four_seeds() -> None:
    whole = hashers.twox256(b"abc")
    assert len(whole) == 32
    assert whole[:16] == hashers.twox128(b"abc")
    assert whole[:8] == hashers.twox64(b"abc") == bytes.fromhex("990977adf52cbc44")
    assert hashers.twox64_concat(b"abc") == whole[:8] + b"abc"


def test_blake2_against_vectors() -> None:
    """blake2b-256 of nothing; blake2b-128 in front of the key in the concat form."""
    empty = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
    assert hashers.blake2_256(b"").hex() == empty
    assert hashers.blake2_128(b"").hex() == "cae66941d9efbd404e4d88758ea67670"
    assert hashers.blake2_128_concat(b"key") == hashers.blake2_128(b"key") + b"key"


def test_every_hasher_of_metadata_has_a_function() -> None:
    assert set(hashers.BY_NAME) == set(HASHERS)
    assert hashers.BY_NAME["Identity"](b"same") == b"same"
