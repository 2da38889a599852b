"""The written form of the secret behind an account's cross-signing keys."""

import pytest

from paseo_watch.sinks.matrix.secret import hide, read_secret

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


@pytest.mark.parametrize(
    "text", ["Bearer syt_a/b", "/sync?access_token=syt_a%2Fb", '"pass\\"word"', 'pass"word', "syt_a/bsyt_a/b"]
)
def test_a_secret_is_hidden_in_each_form_that_an_error_may_quote(text: str) -> None:
    """Plain, in a URL, in JSON."""
    hidden = hide(text, ["syt_a", "syt_a/b", 'pass"word', "\ud800", ""])
    assert "***" in hidden
    assert not any(part in hidden for part in ("syt", "pass", "word", "%2F"))
