"""What the drivers raise, sorted."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DataError, DBAPIError, InvalidRequestError, OperationalError

from paseo_watch.store.errors import StoreRefused, StoreUnavailable
from paseo_watch.store.faults import sorted_out


def of_sqlite(code: int) -> DBAPIError:
    """An error of sqlite3 with this extended result code."""
    error = sqlite3.OperationalError("what sqlite said")
    error.sqlite_errorcode = code
    return OperationalError("INSERT", {}, error)


def of_postgresql(state: str | None, said: str = "what the server said") -> DBAPIError:
    """An error of psycopg with this SQLSTATE."""
    kind = type("Raised", (psycopg.OperationalError,), {"sqlstate": state})
    return OperationalError("INSERT", {}, kind(said))


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (of_sqlite(sqlite3.SQLITE_FULL), StoreUnavailable, "the disk is full; make room"),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), StoreUnavailable, "another program holds the database locked"),
        (of_sqlite(sqlite3.SQLITE_IOERR_FSYNC), StoreUnavailable, "look at the disk"),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), StoreUnavailable, "can't be opened"),
        (of_sqlite(sqlite3.SQLITE_READONLY_DIRECTORY), StoreRefused, "the right to write it"),
        (of_sqlite(sqlite3.SQLITE_NOTADB), StoreRefused, "not an SQLite database; name another file"),
        (of_sqlite(sqlite3.SQLITE_CORRUPT_INDEX), StoreRefused, "damaged; restore a backup"),
        (of_sqlite(sqlite3.SQLITE_CONSTRAINT_UNIQUE), StoreRefused, "the database refuses a statement"),
        (of_postgresql("53100"), StoreUnavailable, "lacks disk"),
        (of_postgresql("57P01"), StoreUnavailable, "the server stops"),
        (of_postgresql("40001"), StoreUnavailable, "gave the transaction up"),
        (of_postgresql("08006"), StoreUnavailable, "the connection is lost"),
        (of_postgresql(None), StoreUnavailable, "the connection is lost"),
        (of_postgresql("28P01"), StoreRefused, "refuses this user or password"),
        (of_postgresql("3D000"), StoreRefused, "there is no such database"),
        (of_postgresql("25006"), StoreRefused, "the server is read-only"),
        (of_postgresql("42501"), StoreRefused, "this user lacks a right"),
        (of_postgresql("42P01"), StoreRefused, "the database refuses a statement"),
        (of_postgresql(None, 'FATAL:  role "x" does not exist'), StoreRefused, "refuses this user or password"),
        (of_postgresql(None, "FATAL:  the database system is starting up"), StoreUnavailable, "connection"),
        (DataError("INSERT", {}, psycopg.DataError("NUL")), StoreRefused, "the database refuses a statement"),
        (InvalidRequestError("confused"), StoreRefused, "confused"),
    ],
)
def test_each_fault_has_its_kind_and_says_what_to_do(error: Exception, kind: type[Exception], message: str) -> None:
    """The place comes first, the driver's error is the cause."""
    with pytest.raises(kind) as raised, sorted_out("the-place", ()):
        raise error
    assert str(raised.value).startswith("the-place: ")
    assert message in str(raised.value)
    assert raised.value.__cause__ is error


def test_a_connection_that_broke_is_unavailable_whatever_the_state_says() -> None:
    """SQLAlchemy knows that it is gone."""
    error = of_postgresql("XX000")
    error.connection_invalidated = True
    with pytest.raises(StoreUnavailable, match="the connection is lost"), sorted_out("x", ()):
        raise error


def test_secrets_are_blanked_out_of_what_the_driver_said() -> None:
    """Wherever they stand."""
    with pytest.raises(StoreUnavailable) as raised, sorted_out("x", ("hunter2", "other")):
        raise of_postgresql(None, "no host hunter2.example, tried other\nand hunter2")
    assert "no host ***.example, tried *** and ***" in str(raised.value)


@pytest.mark.parametrize("error", [LookupError("mine"), StoreRefused("ours"), KeyboardInterrupt()])
def test_other_errors_pass_as_they_are(error: BaseException) -> None:
    """They are the caller's."""
    with pytest.raises(type(error)) as raised, sorted_out("x", ()):
        raise error
    assert raised.value is error
