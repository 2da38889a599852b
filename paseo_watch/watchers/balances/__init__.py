"""Balances: large moves, the policy cap, watch-listed accounts and accounts that run low.

Comes in: decoded blocks, the whitelist document, storage asked for. Goes out: observations and changes of state.
May import `chain` values, `watchers.watcher` and `watchers.setting`; it is pure.
"""
