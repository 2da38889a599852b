"""Milestones as people and programs get them."""

from dataclasses import replace
from typing import Any

import pytest

from paseo_watch.alerts.schema import REFERENDUM_STATES
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.opengov.info import Info
from paseo_watch.watchers.opengov.instances import Instance, Track
from paseo_watch.watchers.opengov.report import TITLES, Milestone, event, frozen
from paseo_watch.watchers.opengov.row import Row
from paseo_watch.watchers.opengov.tally import Tally
from paseo_watch.watchers.setting import Explorer
from paseo_watch.watchers.watcher import EventObservation
from tests.unit.watchers.opengov.doubles import block, setting

REFERENDA = Instance("Referenda", False, "relay", 6_000, 700, {30: Track("small_tipper", 1, 2, 3)})
KNOWN = Row("deciding", 30, call="Utility.batch(System.remark)", names=("System.remark",))


NAMES = Names(setting())


def told(
    row: Row = KNOWN, severity: str = "info", own: Instance = REFERENDA, names: Names = NAMES, **milestone: Any
) -> EventObservation:
    given = {"state": "deciding", "key": "deciding", **milestone}
    return event(own, 12, row, Milestone(**given), block(number=100), severity, names)


def test_a_milestone_has_index_track_tally_and_calls() -> None:
    """The contract's keys, and what programs need beside them."""
    found = told(tally=Tally(7, 1, 3, False, 100), extrinsic="100-2", deadline="Its decision ends.")
    assert (found.rule, found.key, found.extrinsic) == ("referendum", "Referenda/12/deciding", "100-2")
    assert found.title == "Referendum 12 (small_tipper) is being decided"
    assert found.text == "It calls Utility.batch(System.remark).\nVotes: 87.5 % aye, 3 % support.\nIts decision ends."
    assert found.labels == {"pallet": "Referenda", "referendum": "12", "track": "small_tipper", "state": "deciding"}
    assert found.data == {
        "pallet": "Referenda",
        "referendum": 12,
        "track": "small_tipper",
        "track_id": 30,
        "calls": ["System.remark"],
        "call": "Utility.batch(System.remark)",
        "preimage": None,
        "state": "deciding",
        "tally": {
            "ayes": "7",
            "nays": "1",
            "support": "3",
            "electorate": "100",
            "approval_percent": "87.5",
            "support_percent": "3",
        },
        "tally_text": "87.5 % aye, 3 % support",
        "error": None,
        "inner_errors": [],
        "missed": False,
    }
    assert found.links == ("https://explorer/block/100",)


def test_every_state_of_the_contract_has_a_title() -> None:
    """And no other."""
    assert tuple(TITLES) == REFERENDUM_STATES
    assert all(title.format("Referendum 7").startswith("Referendum 7") for title in TITLES.values())


def test_what_is_not_known_is_said() -> None:
    """Track, tally and calls."""
    found = told(Row("deciding", why_not="its preimage was not read yet"), missed=True)
    assert (found.data["track"], found.data["tally"], found.data["calls"]) == (None, None, [])
    assert "track" not in found.labels
    assert found.text.startswith("What it calls is not known: its preimage was not read yet.\nSeen by looking at all")
    assert told(Row("deciding")).text == "What it calls is not known: not read yet."
    assert told(Row("deciding", 99)).data["track"] == "track 99"


@pytest.mark.parametrize(
    ("state", "configured", "severity"),
    [
        ("approved", "info", "info"),
        ("execution_failed", "info", "warning"),
        ("call_unavailable", "info", "warning"),
        ("execution_failed", "critical", "critical"),
        ("approved", "critical", "critical"),
    ],
)
def test_a_failed_execution_is_a_warning_at_least(state: str, configured: str, severity: str) -> None:
    """All else is as configured."""
    assert told(severity=configured, state=state).severity == severity


def test_another_instance_is_named_by_its_pallet() -> None:
    """Its referenda have numbers of their own."""
    own = Instance("FellowshipReferenda", True, "own", None, 0, {})
    assert told(own=own).title == "FellowshipReferenda 12 (track 30) is being decided"


def test_only_the_usual_instances_referenda_are_linked() -> None:
    """The template is that of one place where people vote; another instance's 12 is another referendum."""
    linked = Names(replace(setting(), explorer=Explorer(referendum="https://x/r/{referendum}")))
    fellows = Instance("FellowshipReferenda", True, "own", None, 0, {})
    assert told(names=linked).links == ("https://x/r/12",)
    assert told(own=fellows, names=linked).links == ()


def test_a_frozen_referendum_says_until_when_in_blocks_alone() -> None:
    """One condition for its beginning and its end."""
    info = Info(None, 30, submitted=5_000, since=7_000)
    begun = frozen(REFERENDA, 12, Row("deciding", 30, frozen=True), info, 1_000, "info")
    over = frozen(REFERENDA, 12, Row("deciding", 30), info, 7_000, "info")
    gone = frozen(REFERENDA, 12, Row("killed", 30), Info("killed"), None, "info")
    assert (begun.key, begun.rule) == (over.key, over.rule) == ("Referenda/12", "referendum-frozen")
    assert [each.active for each in (begun, over, gone)] == [True, False, False]
    assert begun.text == (
        "It counts from relay block #7,000 on; that clock was set back to #1,000. "
        "Nothing happens to it until then, unless it is cancelled or killed."
    )
    assert (over.text, gone.text) == ("Its clock has caught up: its periods run.", "It has ended.")
    assert [each.data["state"] for each in (begun, over)] == ["frozen", "frozen"]
    assert (over.data["frozen_until"], over.data["clock"]) == (None, 7_000)
