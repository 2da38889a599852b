"""Column types that read and write the same on SQLite and PostgreSQL, whatever text comes from outside."""

import json
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text, TypeDecorator

from paseo_watch.store.errors import StoreRefused

TEXT_LIMIT = 4000
"""Characters kept of a text from outside (an error's text, a hole's detail)."""

Serial = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key that the database counts up. SQLite does so only for a column declared INTEGER."""


class JsonText(TypeDecorator[Any]):
    """A JSON value as text. Integers of any size stay exact: amounts in planck have up to 128 bits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Compact, ASCII only: PostgreSQL takes neither NUL nor half a surrogate pair; escaped it takes both."""
        return json.dumps(value, separators=(",", ":"), allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value; StoreRefused where the row holds no JSON (somebody edited it)."""
        if value is None:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise StoreRefused(
                f"a stored row holds no JSON ({error}): the database was changed by hand; restore a backup"
            ) from error


class OutsideText(TypeDecorator[str]):
    """Text that somebody else wrote: cut at TEXT_LIMIT, and what PostgreSQL can't store is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text, storable."""
        if value is None:
            return None
        storable = value[:TEXT_LIMIT].replace("\x00", "\ufffd")
        return storable.encode("utf-8", "replace").decode("utf-8")
