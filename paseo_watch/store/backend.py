"""What the store asks of a kind of database: a connection that is ours alone."""

from typing import Protocol

from sqlalchemy import Connection, Engine


class Backend(Protocol):
    """SQLite or PostgreSQL. All but `interrupt` is called on the writer thread."""

    @property
    def place(self) -> str:
        """The database's name for people: its URL without secrets."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not stand in a message."""
        ...

    @property
    def size(self) -> str:
        """The statement that gives the database's size in bytes."""
        ...

    def reserve(self) -> None:
        """Once, before the first connection: keep other processes out. Raises StoreRefused, StoreUnavailable."""
        ...

    def engine(self) -> Engine:
        """Makes connections, each closed at once when given back."""
        ...

    def claim(self, conn: Connection) -> None:
        """After each connect: keep other processes out. Raises StoreRefused, StoreUnavailable."""
        ...

    def interrupt(self) -> None:
        """From another thread: make a call that hangs on the database fail."""
        ...

    def release(self) -> None:
        """Once, at the end: let other processes in."""
        ...
