"""What end-to-end tests share: one Node process with @polkadot/api, and the unpacked chain specs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chopsticks import Driver, driver


@pytest.fixture(scope="session", name="specs")
def spec_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where chain specs are unpacked, once for all tests (`tests.chopsticks.spec_file`)."""
    return tmp_path_factory.mktemp("chain-specs")


@pytest.fixture(scope="session", name="hands")
def polkadot_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """@polkadot/api: signs, encodes, and reads storage independently of our decoder."""
    with driver(tmp_path_factory.mktemp("polkadot-api") / "driver.log") as running:
        yield running
