"""Nodes over JSON-RPC: one connection, and a pool of endpoints for one chain.

Comes in: endpoint URLs and the genesis hash that they must have. Goes out: answers, heads, and errors that say
whether another endpoint may do better. Knows no block, no event, no watcher. May import `errors`, `clock`, `telemetry`.
"""
