"""The outbox: takes deliveries that a block's transaction stored to their sinks, in order, until they end.

Comes in: rows of `store.deliveries`, sinks by (receiver, sink name). Goes out: sends, then the rows' ends (done, dead).
At least once under one deterministic id: a crash between send and mark repeats the send, under the same id.
May import of ours: errors, clock, steps, telemetry, store, sinks.sink.
"""
