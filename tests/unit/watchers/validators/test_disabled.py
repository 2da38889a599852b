"""Who is disabled, in the shape of 2024 and that of 2025."""

from typing import Any

import pytest

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.validators.disabled import read
from tests.relay_encoding import POLKADOT_2026, stash
from tests.unit.watchers.validators.doubles import RELAY_2025, RELAY_2026, Drive, block, made_up, relay, sessions

WHO = [stash(number).hex() for number in range(3)]


def found(value: Any) -> list[int] | None:
    runtime = made_up({"Session.DisabledValidators": value})
    return read(block({b"Session.DisabledValidators": b"1"}, of=runtime), WHO)


@pytest.mark.parametrize("value", [[2, 0], [(2, 10**9), (0, 0)], [(2, 1, "what comes next"), (0,)], [2, 0, 2]])
def test_places_by_themselves_and_with_a_severity_are_read_alike(value: Any) -> None:
    assert found(value) == [2, 0]


@pytest.mark.parametrize("value", [[3], [-1], [()], ["0"], [None], {}, 7, None, ScaleError("damaged")])
def test_what_names_nobody_is_not_taken_for_nobody_disabled(value: Any) -> None:
    assert found(value) is None


def test_nothing_is_known_where_it_was_not_read() -> None:
    assert read(block(of=made_up()), WHO) is None


@pytest.mark.parametrize("shape", [RELAY_2025, RELAY_2026])
def test_who_is_disabled_and_who_is_no_longer_is_told_once(shape: str) -> None:
    chain = relay(name=shape, layout=POLKADOT_2026) if shape == RELAY_2026 else relay()
    sessions(chain, 2)
    who = chain.session.account(1)
    chain.disable(who)
    chain.block()
    chain.block()
    chain.rotate()
    chain.block()
    chain.block()
    drive = Drive(shape, severity="critical").run(chain)
    told = [each for each in drive.told if each.rule == "validator-disabled"]
    assert [(each.labels["state"], each.severity) for each in told] == [("disabled", "critical"), ("enabled", "info")]
    assert {each.data["validator_key"] for each in told} == {"0x" + stash(who).hex()}
    assert [each.data["session"] for each in told] == [0, 1]
    assert told[1].text == "It may make blocks and vote again."


def test_who_left_the_set_meanwhile_is_not_said_to_work_again() -> None:
    chain = relay()
    sessions(chain, 2)
    who = chain.session.account(1)
    chain.disable(who)
    chain.block()
    chain.rotate(leave=[who])
    chain.block()
    drive = Drive().run(chain)
    assert [each.text for each in drive.told if each.labels.get("state") == "enabled"] == [
        "It has left the active set."
    ]


def test_who_was_disabled_before_the_first_block_is_not_news() -> None:
    chain = relay()
    sessions(chain, 2)
    chain.disable(chain.session.account(1))
    chain.block()
    chain.block()
    assert Drive().run(chain, without=[1, 2]).told == []


def test_a_list_that_cannot_be_read_is_said_and_ends_nothing() -> None:
    chain = relay()
    sessions(chain, 1)
    chain.disable(chain.session.account(1))
    written = chain.block()
    drive = Drive().run(chain)
    key = "0x" + drive.runtime.storage_key("Session", "DisabledValidators").hex()
    object.__setattr__(written, "state", {**written.state, key: "0x04"})
    drive.take(written)
    assert drive.last.blind == ("who is disabled cannot be read",)
    assert drive.last.observations == ()
    assert len(drive.state["disabled"]["accounts"]) == 1
