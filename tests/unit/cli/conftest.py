"""asyncio may make the socket pair which wakes its own loop; nothing else may be opened."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    pytest_socket.disable_socket(allow_unix_socket=True)
