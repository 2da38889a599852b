"""End to end: real parts, on loopback."""
