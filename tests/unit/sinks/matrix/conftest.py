"""What holds for all Matrix unit tests: the key store does not wait for the disk, which no test takes power from."""

import pytest

from paseo_watch.sinks.matrix import encryption_store


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption_store, "PRAGMAS", (*encryption_store.PRAGMAS, ("synchronous", 0)))
