"""The store's URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.store import url
from paseo_watch.store.errors import StoreRefused


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:///paseo-watch.db", "sqlite:///paseo-watch.db"),
        ("sqlite:////var/lib/a b/x.db", "sqlite:////var/lib/a b/x.db"),
        ("sqlite://", "sqlite:// (in memory)"),
        ("sqlite:///:memory:", "sqlite:// (in memory)"),
        ("postgresql://me:secret@db.example:5433/watch?sslmode=require", "postgresql://me@db.example:5433/watch"),
        ("postgresql://db/watch?password=secret", "postgresql://db/watch"),
        ("postgres://me@db/watch", "postgresql://me@db/watch"),
        ("postgresql+asyncpg://me@db/watch", "postgresql://me@db/watch"),
    ],
)
def test_a_url_is_shown_without_its_secrets(text: str, shown: str) -> None:
    """And is known whatever driver it names."""
    assert url.shown(url.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "driver"),
    [("sqlite:///x.db", "sqlite+pysqlite"), ("sqlite+aiosqlite:///x.db", "sqlite+pysqlite")]
    + [(f"{scheme}://u@h/d", "postgresql+psycopg") for scheme in ("postgres", "postgresql", "postgresql+asyncpg")],
)
def test_the_driver_is_ours_to_choose(text: str, driver: str) -> None:
    """Both drivers are synchronous: the writer thread does the rest."""
    assert url.parse(text).drivername == driver


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the store's URL can't be read: expected sqlite:///FILE"),
        ("just-a-file.db", "the store's URL can't be read"),
        ("mysql://u:secret@h/d", "names a database that is not supported"),
        ("sqlite://file.db", "holds more than a file (are there three slashes?)"),
        ("sqlite:///file.db?mode=ro", "holds more than a file"),
        ("sqlite:///fi\x00le.db", "the store's URL can't be read"),
        ("postgresql://u:sec@ret@h/d", "has two @: write an @ in the password as %40"),
        ("postgresql://u:secret@h:port/d", "the store's URL can't be read"),
        ("postgresql://u:secret@h", "names no database"),
        ("postgresql://u:secret@h:99999/d", "the port"),
    ],
)
def test_a_bad_url_is_refused_with_what_is_expected_and_without_its_secrets(text: str, message: str) -> None:
    """What stands in it is never repeated, for it may be the password."""
    with pytest.raises(StoreRefused) as refused:
        url.parse(text)
    assert message in str(refused.value)
    assert "sec" not in str(refused.value)
    assert refused.value.__cause__ is None


@given(st.text())
def test_any_text_is_a_url_or_our_error(text: str) -> None:
    """Never another exception."""
    try:
        url.shown(url.parse(text))
    except StoreRefused:
        return


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_any_text_behind_a_scheme_is_a_url_or_our_error(host: str, rest: str) -> None:
    """The same, further in."""
    for scheme in ("sqlite", "postgresql"):
        try:
            url.shown(url.parse(f"{scheme}://{host}/{rest}"))
        except StoreRefused:
            continue


def test_the_secrets_are_the_password_and_those_among_the_options() -> None:
    """Decoded, as they would appear in a message of the driver."""
    parsed = url.parse("postgresql://u:p%40ss@h/d?password=other&sslpassword=third&sslmode=require")
    assert url.secrets(parsed) == ("p@ss", "other", "third")
    assert url.secrets(url.parse("sqlite:///x.db")) == ()
