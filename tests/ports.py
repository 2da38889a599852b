"""Ports of the loopback for servers that must be reachable again under the same address after they were killed."""

import random
import socket

OURS = range(10_000, 32_000)
"""Below the ports that Linux hands out by itself (32768 and up): no connection and no other test's server, of those
that run side by side, is given one of these while the server that it belongs to is down."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now, drawn at random."""
    while True:
        port = random.choice(OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
