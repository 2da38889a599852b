"""The wall around unit tests: they talk to nobody."""

import socket

import pytest
from pytest_socket import SocketBlockedError


def test_a_unit_test_that_opens_a_network_socket_fails() -> None:
    """Only asyncio's own pair of sockets is let through (`--allow-unix-socket` in pyproject.toml)."""
    with pytest.warns(UserWarning, match="A test tried to use"), pytest.raises(SocketBlockedError):
        socket.socket(socket.AF_INET)
