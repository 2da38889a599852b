"""The store: what must survive a restart, in SQLite by default or PostgreSQL by URL.

Comes in: functions that take a Connection, given to `Database.run`, which runs each in one transaction on the store's
only writer thread. Goes out: typed rows, or `StoreUnavailable` and `StoreRefused`.
One module a group of tables: chains, cursors, holes, watcher_state, conditions, notifications, deliveries.
May import of ours: errors, clock, steps, telemetry.
"""
