"""What a Matrix receiver may be configured with, and what it may not."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from paseo_watch.sinks.matrix.options import MatrixOptions
from tests.unit.sinks.matrix.samples import options


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"homeserver": "matrix.example.org"}, "expected the homeserver's URL"),
        ({"homeserver": "ftp://a"}, "expected the homeserver's URL"),
        ({"homeserver": "https://user:pass@a"}, "expected the homeserver's URL"),
        ({"homeserver": "https://a/?x=1"}, "expected the homeserver's URL"),
        ({"homeserver": "https://a..b"}, "expected the homeserver's URL"),
        ({"user": "bot"}, "expected a whole user id"),
        ({"user": "@bot"}, "expected a whole user id"),
        ({"user": "@bo t:a"}, "expected a whole user id"),
        ({"user": "@../../x:a/b"}, "expected a whole user id"),
        ({"user": f"@{'b' * 255}:a"}, "expected a whole user id"),
        ({"room": "alerts"}, "expected a room's id"),
        ({"room": "#alerts"}, "expected a room's id"),
        ({"room": "!a b"}, "expected a room's id"),
        ({"device_id": ""}, "expected a device id"),
        ({"device_id": "../x"}, "expected a device id"),
        ({"device_id": "d" * 65}, "expected a device id"),
        ({"mention": ["alice"]}, "expected a whole user id"),
        ({"mention": ["@a:b"] * 11}, "at most 10"),
        ({"mention_at": "loud"}, "'info', 'warning' or 'critical'"),
        ({"timeout": 0}, "greater than 0"),
        ({"timeout": 61}, "less than or equal to 60"),
        ({"store": ""}, "at least 1"),
        ({"password": "p"}, "exactly one of access_token and password"),
        ({"access_token": None}, "exactly one of access_token and password"),
        ({"access_token": ""}, "at least 1"),
        ({"acess_token": "t"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_work_is_an_error_of_the_configuration(changes: dict[str, Any], expected: str) -> None:
    """Said at loading, not at the first alert."""
    with pytest.raises(ValidationError, match=expected):
        options(**changes)


@pytest.mark.parametrize(
    "room", ["!abc:test.local", "!DC-7_long-hash-of-version-12", "#alerts:test.local:8448", "#ä:[::1]"]
)
def test_rooms_of_every_version_and_aliases_are_taken(room: str) -> None:
    """Room version 12 has ids without a server."""
    assert options(room=room).room == room


@pytest.mark.parametrize(
    "spelling",
    [
        "https://a.example",
        "https://a.example/",
        "https://a.example:443",
        "HTTPS://A.Example:443//",
        "https://A.EXAMPLE",
    ],
)
def test_one_homeserver_is_one_however_it_is_spelt(spelling: str) -> None:
    """Else two receivers of one account each wait for a lock that the other holds; and a path would begin with //."""
    assert options(homeserver=spelling).homeserver == "https://a.example"
    assert options(homeserver=spelling).account == options(homeserver="https://a.example").account


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://a:443", "http://a:443"),
        ("https://a:8448/matrix/", "https://a:8448/matrix"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://\u00e4.example", "https://xn--4ca.example"),
    ],
)
def test_what_makes_another_homeserver_is_kept(given: str, kept: str) -> None:
    assert options(homeserver=given).homeserver == kept


@example("A.\U0001e944")
@given(st.text(max_size=60))
def test_no_text_breaks_the_check_of_an_identifier(text: str) -> None:
    """Any text at all: taken, ids as they are, or refused, and nothing else is raised."""
    for key in ("user", "room", "device_id"):
        with suppress(ValidationError):
            assert getattr(options(**{key: text}), key) == text
    for homeserver in (text, f"https://{text}"):
        with suppress(ValidationError):
            kept = options(homeserver=homeserver).homeserver
            assert options(homeserver=kept).homeserver == kept


def test_no_secret_shows_in_a_repr_or_an_error() -> None:
    """Options end up in logs sooner or later."""
    made = options(by_password=True)
    assert "passw0rd" not in repr(made) + str(made)
    with pytest.raises(ValidationError) as caught:
        MatrixOptions.model_validate({"access_token": "t0ken", "password": "passw0rd", "cross_signing_key": "k3y"})
    assert not any(secret in str(caught.value) for secret in ("t0ken", "passw0rd", "k3y"))
    assert "openssl rand -base64 32" in str(caught.value)


def test_receivers_share_a_login_unless_it_is_made_differently() -> None:
    """Room and mentions are each receiver's own."""
    one = options()
    assert one.logs_in_like(options(room="#other:test", join=True, mention=["@a:b"], mention_at="info"))
    for change in (
        {"timeout": 5},
        {"store": "x"},
        {"access_token": SecretStr("other")},
        {"cross_signing_key": "A" * 43},
    ):
        assert not one.logs_in_like(options(**change))


def test_one_device_that_logs_in_in_two_ways_is_a_conflict() -> None:
    """Said with both receivers' device and what to do; another device is none, nor another room."""
    one = options(by_password=True)
    assert one.conflict(options(by_password=True, room="#other:test"), "team") is None
    assert one.conflict(options(by_password=True, device_id="OTHER", timeout=5), "team") is None
    told = one.conflict(options(by_password=True, password=SecretStr("0ther"), timeout=5), "team")
    assert told == (
        f"logs in as {one.user}, device {one.device_id}, as the receiver team does, but not with the same password and "
        "timeout; give both the same, or each a device_id of its own"
    )
