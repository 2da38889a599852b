"""Recordings: the file format, playing, recording, and the node that serves them."""
