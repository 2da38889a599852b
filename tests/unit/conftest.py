"""Unit tests talk to nobody: every socket is blocked."""

import pytest


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """pytest-socket lets asyncio's own socket pair through and nothing else."""
