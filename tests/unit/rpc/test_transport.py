"""The parts of the transport that need no socket; the rest is in tests/contract/test_transport.py."""

import pytest

from paseo_watch.rpc.transport import endpoint_name, retry_after


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("wss://paseo-rpc.n.dwellir.com", "paseo-rpc.n.dwellir.com"),
        ("wss://user:secret@node.example:8443/secret/path?key=secret#secret", "node.example:8443"),
        ("ws://127.0.0.1:9944", "127.0.0.1:9944"),
        ("ws://[::1]:9944", "::1:9944"),
        ("wss://node.example:port/secret", "unnamed"),
        ("ws://[::1", "unnamed"),
        ("secret", "unnamed"),
    ],
)
def test_an_endpoint_is_named_without_its_secrets(url: str, name: str) -> None:
    """Host and port, whatever else stands in the URL."""
    assert endpoint_name(url) == name


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "²"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_seconds(headers: object, seconds: float | None) -> None:
    """A date or nonsense is no number of seconds."""
    assert retry_after(headers) == seconds
