"""The published schema is what the code says, is a schema, and tells the router's alerts from others."""

import copy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import route
from paseo_watch.alerts.schema import alert_schema, alert_schema_text
from paseo_watch.chain.block import BlockRef, ChainId
from paseo_watch.watchers.watcher import ConditionObservation, EventObservation, Observation
from tests.data import REPOSITORY
from tests.unit.sinks.samples import notification

PUBLISHED = REPOSITORY / "docs" / "alert.schema.json"
CHAIN = Where("paseo", ChainId("relay", b"\1" * 32), BlockRef(7, b"\2" * 32), 1_795_300_000_000, 1_795_300_001_000)
SERVICE = Where("paseo", None, None, None, 1_795_300_001_000)


def problems(alert: object) -> list[str]:
    """What the schema finds wrong with it."""
    return [error.json_path for error in Draft202012Validator(alert_schema()).iter_errors(alert)]


def test_the_published_file_is_what_the_code_says() -> None:
    """`paseo-watch schema --alert > docs/alert.schema.json` after a change, and a line in the changelog."""
    assert Path(PUBLISHED).read_text(encoding="utf-8") == alert_schema_text()


def test_it_is_a_schema_of_draft_2020_12() -> None:
    """Checked against the draft's own meta-schema."""
    Draft202012Validator.check_schema(alert_schema())


def test_every_key_of_an_alert_is_described() -> None:
    """The schema is the reference that people read, too."""
    assert all(part.get("description") for part in alert_schema()["properties"].values())


EVENT = EventObservation(
    rule="large-move",
    severity="warning",
    key="2",
    title="moved",
    text="",
    labels={"asset": "native"},
    data=notification()["data"],
    extrinsic="7-2",
)
CONDITION = ConditionObservation(
    rule="cap",
    severity="info",
    active=True,
    key="5a",
    title="over",
    text="",
    labels={"account": "5A"},
    data={
        "account": "5A",
        "account_key": "0x" + "11" * 32,
        "balance": "5",
        "balance_text": "5 planck",
        "limit": "4",
        "limit_text": "4 planck",
    },
)


@pytest.mark.parametrize("where", [CHAIN, SERVICE], ids=["chain", "service"])
@pytest.mark.parametrize("seen", [EVENT, CONDITION], ids=["event", "condition"])
def test_what_the_router_makes_is_valid(seen: Observation, where: Where) -> None:
    """Events and conditions, of a chain and of the whole service."""
    (routed,) = route(Route("all"), {}, "balances", [seen], where).routed
    assert problems(routed.notification) == []


def test_a_resolved_condition_is_valid() -> None:
    """The second half of a condition's life."""
    first = route(Route("all"), {}, "balances", [CONDITION], CHAIN)
    over = ConditionObservation(
        rule="cap", severity="info", active=False, key="5a", title="", text="", labels={}, data={}
    )
    (routed,) = route(Route("all"), {held.fingerprint: held for held in first.fired}, "balances", [over], CHAIN).routed
    assert routed.notification["status"] == "resolved"
    assert problems(routed.notification) == []


@pytest.mark.parametrize("key", sorted(notification()))
def test_no_key_may_be_missing(key: str) -> None:
    """A program that reads alerts can rely on each of them."""
    alert = notification()
    del alert[key]
    assert problems(alert) == ["$"]


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ("surprise", 1, "$"),
        ("id", "A" * 32, "$.id"),
        ("severity", "fatal", "$.severity"),
        ("labels", {"account": 5}, "$.labels.account"),
        ("kind", "condition", "$.status"),
        ("status", "firing", "$.status"),
        ("since", "2026-11-21T20:59:06Z", "$.since"),
        ("extrinsic", "9000001", "$.extrinsic"),
        ("late", None, "$.late"),
        ("links", ["ok", None], "$.links[1]"),
        ("block.hash", "0xABC", "$.block.hash"),
        ("block.number", -1, "$.block.number"),
        ("block.time", "yesterday", "$.block.time"),
        ("block.surprise", 1, "$.block"),
        ("data.amount", 120000000000000, "$.data.amount"),
        ("data.account_key", "11", "$.data.account_key"),
        ("data.direction", "sideways", "$.data.direction"),
        ("data.signer", 5, "$.data.signer"),
    ],
)
def test_what_is_no_alert_is_found(path: str, value: object, at: str) -> None:
    """One wrong thing at a time, found where it is."""
    alert: Any = copy.deepcopy(notification())
    *way, last = path.split(".")
    place = alert
    for step in way:
        place = place[step]
    place[last] = value
    assert at in problems(alert)


def test_an_amount_that_cannot_be_known_is_null() -> None:
    """A balance set by force on a runtime that does not say from what."""
    alert = notification()
    assert problems({**alert, "data": {**alert["data"], "amount": None}}) == []
