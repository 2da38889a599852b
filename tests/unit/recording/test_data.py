"""What is shipped for the demo: small, whole, and about what its configuration names."""

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest
import yaml

from paseo_watch.chain.scale.metadata import documentation_spans, read_metadata, strip_documentation
from paseo_watch.recording.recording import SUFFIX, Recording, read
from paseo_watch.watchers.balances.whitelist import read as read_whitelist

EMPTY_DOCUMENTATION = 1
"""Bytes of a list of no lines: its length, 0."""


@pytest.fixture(scope="module", name="folder")
def data_folder() -> Iterator[Path]:
    """The folder as installed with the package."""
    with as_file(files("paseo_watch.recording") / "data") as folder:
        yield folder


@pytest.fixture(scope="module", name="recordings")
def all_recordings(folder: Path) -> dict[str, Recording]:
    """All shipped recordings by file name; reading checks hashes and order."""
    return {path.name: read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))}


def test_todays_relay_is_there_with_about_thirty_blocks(recordings: dict[str, Recording]) -> None:
    relay = recordings["relay-2026.rec.xz"]
    assert (relay.about.network, relay.about.chain) == ("paseo", "relay")
    assert 25 <= len(relay.blocks) <= 40
    assert [runtime.version["specVersion"] for runtime in relay.runtimes] == [2_003_001]


def test_the_relay_of_2024_is_there_with_the_lives_of_eight_referenda(recordings: dict[str, Recording]) -> None:
    relay = recordings["relay-2024.rec.xz"]
    assert (relay.about.network, relay.about.chain) == ("paseo", "relay-2024")
    assert 5 <= len(relay.blocks) <= 20
    assert [runtime.version["specVersion"] for runtime in relay.runtimes] == [1_001_002]


def test_the_recordings_are_small(folder: Path) -> None:
    """Issue: under 2 MB together, the relay's well under 1 MB."""
    assert sum(path.stat().st_size for path in folder.glob(f"*{SUFFIX}")) < 500_000


def test_no_documentation_is_shipped(recordings: dict[str, Recording]) -> None:
    shipped = [
        bytes.fromhex(metadata[2:])
        for recording in recordings.values()
        for runtime in recording.runtimes
        for metadata in runtime.metadata.values()
    ]
    assert shipped
    for metadata in shipped:
        assert read_metadata(metadata).pallets
        assert strip_documentation(metadata) == metadata
        assert all(end - start == EMPTY_DOCUMENTATION for start, end in documentation_spans(metadata))


def test_every_block_holds_the_accounts_that_the_demo_names(folder: Path, recordings: dict[str, Recording]) -> None:
    """A rule about a named account reads it at every block."""
    relay = recordings["relay-2026.rec.xz"]
    account_prefix = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
    everywhere = set.intersection(*(set(block.storage) for block in relay.blocks))
    accounts = {key[-64:] for key in everywhere if key.startswith(account_prefix)}
    named = yaml.safe_load((folder / "demo.yaml").read_text())["accounts"]
    assert {"faucet", "treasury"} <= named.keys()
    assert b"modlpy/trsry".ljust(32, b"\0").hex() in accounts
    assert len(accounts) >= 12


def test_the_demo_starts_at_the_first_recorded_block(folder: Path, recordings: dict[str, Recording]) -> None:
    chains = yaml.safe_load((folder / "demo.yaml").read_text())["chains"]
    starts = {recording.about.chain: recording.blocks[0].number for recording in recordings.values()}
    assert {name: chain["start"] for name, chain in chains.items()} == starts


def test_the_demos_whitelist_is_read_whole(folder: Path) -> None:
    assert len(read_whitelist((folder / "demo-whitelist.yml").read_bytes())["accounts"]) == 6
