"""The store's errors: again, or never?

TransientError
└── StoreUnavailable   disk full, lost connection, locked, I/O error
PermanentError
├── StoreRefused       newer version, second process, read-only, not a database, bad URL
└── CursorConflict     somebody else moved a chain's cursor
"""

from paseo_watch.errors import PermanentError, TransientError


class StoreUnavailable(TransientError):
    """The store can't be used now; its text says which fault. The same `run` may be repeated (see `Database.run`)."""


class StoreRefused(PermanentError):
    """The store can't be used as it is; its text says what to do."""


class CursorConflict(PermanentError):
    """The stored cursor is not the one that the caller went on from: another writer, or a repeated commit."""
