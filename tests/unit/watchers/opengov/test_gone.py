"""Instances that go: their referenda are let go, and nothing fires for ever."""

from typing import Any

from paseo_watch.watchers.opengov.gone import let_go
from paseo_watch.watchers.opengov.report import FROZEN
from paseo_watch.watchers.opengov.row import Row, row_key

SEVERITY = "info"


def state(**frozen: bool) -> dict[str, Any]:
    """One referendum an instance, frozen or not; all instances were alive at the last block."""
    rows = {row_key(pallet, 7): Row("preparing", frozen=each).json for pallet, each in frozen.items()}
    scans = {f"scan/{pallet}": {"next": 8, "base": 0} for pallet in frozen}
    return {**rows, **scans, "round": {"ms": 5, "after": None}, "live": {"pallets": sorted(frozen)}}


def test_as_long_as_the_same_are_alive_nothing_changes() -> None:
    before = state(Referenda=True, FellowshipReferenda=False)
    assert let_go(before, {"FellowshipReferenda", "Referenda"}, SEVERITY).changes == {}
    assert let_go({}, (), SEVERITY).changes == {}


def test_what_is_remembered_of_one_that_went_goes_and_its_condition_ends() -> None:
    """The other one's referendum stays as it is."""
    step = let_go(state(Referenda=True, FellowshipReferenda=True), ["FellowshipReferenda"], SEVERITY)
    gone = {row_key("Referenda", 7): None, "scan/Referenda": None}
    assert step.changes == {**gone, "live": {"pallets": ["FellowshipReferenda"]}}
    (ended,) = step.observations
    assert (ended.rule, ended.key, ended.active) == (FROZEN, "Referenda/7", False)  # type: ignore[union-attr]
    assert ended.title == "Referendum 7 is no longer watched"  # under the name by which it was told


def test_one_that_was_not_frozen_goes_in_silence() -> None:
    """And where none is left, nothing is remembered of what was alive."""
    step = let_go(state(Referenda=False), (), SEVERITY)
    assert step.observations == ()
    assert step.changes["live"] is None


def test_a_new_one_is_noted() -> None:
    assert let_go({}, ["Referenda"], SEVERITY).changes == {"live": {"pallets": ["Referenda"]}}
