"""The store's URL: what may stand in it, and how it is shown without its secrets."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from paseo_watch.store.errors import StoreRefused

EXPECTED = (
    "expected sqlite:///FILE, sqlite:////ABSOLUTE/FILE, sqlite:// (in memory, lost at the end) "
    "or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
)
SECRET_OPTIONS = ("password", "sslpassword")


def parse(text: str) -> URL:
    """The URL with its driver. Raises StoreRefused, never with a part of the text that may be a secret."""
    try:
        url = make_url(text)
        if "\x00" in text:
            raise ValueError
    except (ArgumentError, ValueError):
        raise StoreRefused(f"the store's URL can't be read: {EXPECTED}") from None
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return _sqlite(url)
    if backend in ("postgresql", "postgres"):
        return _postgresql(url)
    raise StoreRefused(f"the store's URL names a database that is not supported: {EXPECTED}")


def shown(url: URL) -> str:
    """The URL for people and logs: no password, no options."""
    if url.host is None and url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}" if url.database else "sqlite:// (in memory)"
    user = f"{url.username}@" if url.username else ""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{user}{url.host or ''}{port}/{url.database or ''}"


def secrets(url: URL) -> tuple[str, ...]:
    """Every text in the URL that must not be shown."""
    options = [url.query.get(name) for name in SECRET_OPTIONS]
    return tuple(text for text in (url.password, *options) if isinstance(text, str) and text)


def _sqlite(url: URL) -> URL:
    if url.host or url.username or url.password or url.query:
        raise StoreRefused(f"the store's SQLite URL holds more than a file (are there three slashes?): {EXPECTED}")
    in_memory = url.database in (None, "", ":memory:")
    return URL.create("sqlite+pysqlite", database=None if in_memory else url.database)


def _postgresql(url: URL) -> URL:
    if "@" in (url.host or ""):
        raise StoreRefused("the store's URL has two @: write an @ in the password as %40")
    if url.port is not None and not 0 < url.port < 65536:
        raise StoreRefused("the store's URL has a port that is not one: the port lies between 1 and 65535")
    if not url.database:
        raise StoreRefused(f"the store's URL names no database: {EXPECTED}")
    return url.set(drivername="postgresql+psycopg")
