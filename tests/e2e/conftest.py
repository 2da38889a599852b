"""What end-to-end tests share: one Node process with @polkadot/api, and the unpacked chain specs."""

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from paseo_watch.chain.reference import ReferenceDecoder, ReferenceDecoderError
from tests.polkadot_api import Driver, driver


@pytest.fixture(scope="session", name="specs")
def spec_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where chain specs are unpacked, once for all tests (`tests.chopsticks.spec_file`)."""
    return tmp_path_factory.mktemp("chain-specs")


@pytest.fixture(scope="session", name="hands")
def polkadot_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """@polkadot/api: signs, encodes, and reads storage independently of our decoder."""
    with driver(tmp_path_factory.mktemp("polkadot-api") / "driver.log") as running:
        yield running


@pytest.fixture
def only_our_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference decoder refuses everything: a block that ours does not read becomes a hole, and is seen."""

    def refuse(self: ReferenceDecoder, raw: bytes) -> NoReturn:
        raise ReferenceDecoderError("not asked for in this test")

    monkeypatch.setattr(ReferenceDecoder, "decode_events", refuse)
