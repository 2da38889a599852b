"""The written form of the secret behind an account's cross-signing keys."""

import pytest

from paseo_watch.sinks.matrix.secret import read_secret

SECRET = bytes(range(32))
WRITTEN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.mark.parametrize("written", [WRITTEN, WRITTEN.rstrip("="), f" {WRITTEN}\n"])
def test_the_secret_is_read_with_padding_or_without(written: str) -> None:
    assert read_secret(written) == SECRET


@pytest.mark.parametrize("written", ["", "short", "A" * 44, "A" * 42, "é" * 44, "AAAA AAAA" * 5, "-" * 43])
def test_a_secret_of_another_form_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32") as refusal:
        read_secret(written)
    assert not written or written not in str(refusal.value)
