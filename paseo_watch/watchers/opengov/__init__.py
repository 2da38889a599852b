"""OpenGov: what becomes of each referendum, from its submission to its execution.

Comes in: decoded blocks, referenda and preimages as stored. Goes out: observations and changes of state. May import
`chain` values, `watchers.watcher`, `watchers.setting` and `watchers.names`; it is pure.
"""
