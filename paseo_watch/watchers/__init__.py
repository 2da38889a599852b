"""Blocks in, observations out: one file a concern, each a function of its arguments.

Comes in: `chain.block.Block`, `watcher.Tick`, `watcher.Loaded`, the watcher's own state, storage that it asked for.
Goes out: observations and changes of state. May import `chain` values; never asyncio, a clock, I/O or another watcher.
"""
