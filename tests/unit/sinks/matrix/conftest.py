"""What holds for all Matrix unit tests: the key store does not wait for the disk, which no test takes power from."""

from typing import Any

import peewee
import pytest

from paseo_watch.sinks.matrix.encryption_store import SendingStore


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(store: SendingStore) -> Any:
        pragmas = {"foreign_keys": 1, "secure_delete": 1, "synchronous": 0}
        return peewee.SqliteDatabase(store.database_path, pragmas=pragmas)

    monkeypatch.setattr(SendingStore, "_create_database", create)
