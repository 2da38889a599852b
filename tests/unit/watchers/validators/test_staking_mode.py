"""Who elects a relay chain's validators."""

from typing import Any

import pytest

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.validators import staking_mode
from paseo_watch.watchers.validators.sight import MODE, sight
from tests.unit.watchers.validators.doubles import HUB, NAMES, RELAY_2025, RELAY_2026, block, made_up, real

KEY = real(RELAY_2026).storage_key(*MODE)


def changed(state: Any, raw: bytes | None, *, late: bool = False) -> Any:
    runtime = real(RELAY_2026)
    return staking_mode.changed(state, block({KEY: raw}, of=runtime, late=late), sight(runtime), NAMES)


@pytest.mark.parametrize(("raw", "mode"), [(b"\0", "Passive"), (b"\1", "Buffered"), (b"\2", "Active"), (b"\3", None)])
def test_a_real_runtimes_modes_are_read(raw: bytes, mode: str | None) -> None:
    assert staking_mode.read(real(RELAY_2026), {KEY: raw}) == mode


def test_an_absent_mode_is_the_metadatas_default_and_one_that_was_not_read_is_unknown() -> None:
    assert staking_mode.read(real(RELAY_2026), {KEY: None}) == "Passive"
    assert staking_mode.read(real(RELAY_2026), {}) is None


@pytest.mark.parametrize("value", [(), ("Active",), "Active", ("<b>", None), (1, 2), None, ScaleError("damaged")])
def test_another_shape_is_unknown(value: Any) -> None:
    runtime = made_up({"StakingAhClient.Mode": value})
    assert staking_mode.read(runtime, {b"StakingAhClient.Mode": b"1"}) is None


def test_each_mode_has_its_own_words() -> None:
    assert len({staking_mode.words(mode) for mode in ("Passive", "Buffered", "Active", None)}) == 4
    assert "cannot be read" in staking_mode.words(None)


def test_the_first_mode_is_noted_and_another_one_is_told_once() -> None:
    first = changed({}, b"\0")
    assert (first.observations, first.changes) == ((), {"mode": {"mode": "Passive"}})
    assert changed(first.changes, b"\0").changes == {}
    (told,) = changed(first.changes, b"\2").observations
    assert told.title == "Staking mode changed from Passive to Active"
    assert told.text == "StakingAhClient.Mode is Active: Asset Hub elects, and tells slashes and eras."
    assert told.data == {"mode": "Active", "mode_before": "Passive"}


def test_neither_a_late_block_nor_one_that_cannot_be_read_changes_it() -> None:
    state = {"mode": {"mode": "Active"}}
    for raw, late in ((b"\0", True), (b"\7", False)):
        step = changed(state, raw, late=late)
        assert (step.observations, step.changes) == ((), {})


@pytest.mark.parametrize("name", [RELAY_2025, HUB])
def test_a_runtime_without_it_has_no_mode(name: str) -> None:
    step = staking_mode.changed({}, block(of=real(name)), sight(real(name)), NAMES)
    assert (step.observations, step.changes) == ((), {})
