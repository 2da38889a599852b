"""Blocks of a chain in a file: recorded from a node, served again as a node would (demo, replay, tests, benchmarks).

Comes in: answers of `rpc`, or a recording from anywhere. Goes out: a checked `Recording`, and a `NodeServer` that plays
it. Knows no watcher and no alert. May import `errors`, `clock`, `rpc`, `chain`.
"""
