"""The store's errors: again, or never?

TransientError
└── StoreUnavailable   disk full, lost connection, locked, I/O error
PermanentError
├── StoreRefused       newer version, read-only, not a database, bad URL
│   ├── StoreHeld      a second process has it
│   └── StoreNotReady  not there yet, empty, or of an older version: its owner makes it ready
└── CursorConflict     somebody else moved a chain's cursor
"""

from paseo_watch.errors import PermanentError, TransientError


class StoreUnavailable(TransientError):
    """The store can't be used now; its text says which fault. The same `run` may be repeated (see `Database.run`)."""


class StoreRefused(PermanentError):
    """The store can't be used as it is; its text says what to do."""


class StoreHeld(StoreRefused):
    """Another process owns the store."""


class StoreNotReady(StoreRefused):
    """There is no store yet, or one that its owner still has to bring up to date."""


class CursorConflict(PermanentError):
    """The stored cursor is not the one that the caller went on from: another writer, or a repeated commit."""
