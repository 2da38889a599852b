"""Replays of the shipped recordings, held to what they said before."""
