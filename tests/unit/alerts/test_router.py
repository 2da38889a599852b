"""The router tells an event once, a condition when it begins and when it ends, and gives each a lasting identity."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.alerts.alert import Firing, Where
from paseo_watch.alerts.matchers import parse
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Outcome, Reason, end, route
from paseo_watch.chain.block import BlockRef, ChainId
from paseo_watch.watchers.watcher import ConditionObservation, EventObservation

TREE = Route("everybody", routes=(Route("quiet", (parse('severity="info"'),)),))
WHERE = Where("paseo", ChainId("relay", b"\1" * 32), BlockRef(7, b"\7" * 32), 1_000_000, 1_000_500)


def moved(key: str = "0:native", **labels: str) -> EventObservation:
    return EventObservation(
        rule="large-move",
        severity="warning",
        key=key,
        title="t",
        text="x",
        labels=labels,
        data={"a": "1"},
        extrinsic="7-0",
    )


def low(active: bool, account: str = "faucet", severity: str = "warning") -> ConditionObservation:
    return ConditionObservation(
        rule="low",
        severity=severity,
        active=active,
        key=account,
        title="t",
        text="x",
        labels={"account": account},
        data={},
    )


def after(firing: dict[str, Firing], outcome: Outcome) -> dict[str, Firing]:
    kept = {print_: held for print_, held in firing.items() if print_ not in outcome.resolved}
    return kept | {held.fingerprint: held for held in outcome.fired}


def test_an_event_is_told_with_every_key_that_the_contract_names() -> None:
    """Programs read the notification; a missing key breaks them."""
    (routed,) = route(TREE, {}, "balances", [moved(account="5F…")], WHERE).routed

    assert routed.reason is Reason.HAPPENED
    assert routed.receivers == ("everybody",)
    assert {**routed.notification, "id": "", "fingerprint": ""} == {
        "id": "",
        "fingerprint": "",
        "rule": "large-move",
        "watcher": "balances",
        "severity": "warning",
        "network": "paseo",
        "chain": "relay",
        "labels": {
            "account": "5F…",
            "network": "paseo",
            "chain": "relay",
            "rule": "large-move",
            "watcher": "balances",
            "severity": "warning",
        },
        "kind": "event",
        "status": "event",
        "block": {"number": 7, "hash": "0x" + "07" * 32, "time": "1970-01-01T00:16:40Z"},
        "extrinsic": "7-0",
        "title": "t",
        "text": "x",
        "links": [],
        "data": {"a": "1"},
        "late": False,
        "since": None,
    }


def test_the_same_happening_has_the_same_identity_whenever_it_is_looked_at() -> None:
    """A block decided on twice (a crash before the commit) gives the same ids, so that receivers can tell."""
    once = route(TREE, {}, "balances", [moved()], WHERE).routed[0].notification
    again = route(TREE, {}, "balances", [moved()], replace(WHERE, now_ms=9_999_999)).routed[0].notification

    assert (once["id"], once["fingerprint"]) == (again["id"], again["fingerprint"])


def test_another_happening_block_chain_or_genesis_has_another_identity() -> None:
    """Anything less would swallow an alert as a duplicate."""
    places = [
        WHERE,
        replace(WHERE, block=BlockRef(7, b"\x08" * 32)),
        replace(WHERE, chain=ChainId("relay", b"\2" * 32)),
        replace(WHERE, chain=ChainId("people", b"\1" * 32)),
        replace(WHERE, network="kusama"),
    ]
    seen = {
        route(TREE, {}, "balances", [moved(key)], place).routed[0].notification["id"]
        for place in places
        for key in "ab"
    }

    assert len(seen) == 10


def test_a_condition_is_told_when_it_begins_and_when_it_ends_and_not_between() -> None:
    """Four observations, two notifications, one fingerprint, two ids."""
    firing: dict[str, Firing] = {}
    told = []
    for number, active in enumerate([True, True, False, False]):
        where = replace(WHERE, block=BlockRef(number, bytes([number]) * 32), time_ms=number * 60_000)
        outcome = route(TREE, firing, "balances", [low(active)], where)
        firing = after(firing, outcome)
        told += [routed.notification for routed in outcome.routed]

    assert [told_["status"] for told_ in told] == ["firing", "resolved"]
    assert told[0]["fingerprint"] == told[1]["fingerprint"]
    assert told[0]["id"] != told[1]["id"]
    assert told[1]["since"] == "1970-01-01T00:00:00Z"
    assert firing == {}


def test_a_condition_that_holds_is_not_told_again_after_a_restart() -> None:
    """The stored firing conditions are all that the router knows of the past."""
    first = route(TREE, {}, "balances", [low(True)], WHERE)
    stored = after({}, first)

    assert route(TREE, stored, "balances", [low(True)], replace(WHERE, now_ms=5)) == Outcome()


def test_a_condition_whose_labels_changed_while_it_held_still_ends() -> None:
    """An address is written anew when the chain's prefix changes; the account is the same, and so is its condition."""
    first = route(TREE, {}, "balances", [low(True)], WHERE)
    renamed = [replace(low(active), labels={"account": "13F…"}) for active in (True, False)]
    stays = route(TREE, after({}, first), "balances", renamed[:1], WHERE)
    ends = route(TREE, after({}, first), "balances", renamed[1:], WHERE)

    assert stays == Outcome()
    assert [routed.reason for routed in ends.routed] == [Reason.RESOLVED]
    assert ends.resolved == (first.fired[0].fingerprint,)
    assert ends.routed[0].notification["labels"]["account"] == "13F…"


def test_an_events_identity_does_not_depend_on_its_labels() -> None:
    """A block that is decided on again after an account got a name tells what it told before."""
    seen = [route(TREE, {}, "balances", [one], WHERE).routed[0].notification for one in (moved(), moved(account="a"))]

    assert seen[0]["id"] == seen[1]["id"]


def test_a_condition_that_nobody_observes_any_more_ends_under_its_stored_fingerprint() -> None:
    """Whatever the rule or the network is called by now."""
    first = route(TREE, {}, "balances", [low(True)], WHERE)
    ended = end(TREE, first.fired[0], replace(low(False), key=""), replace(WHERE, network="renamed"))

    assert ended.reason is Reason.RESOLVED
    assert ended.notification["fingerprint"] == first.routed[0].notification["fingerprint"]
    assert (ended.notification["status"], ended.notification["watcher"]) == ("resolved", "balances")
    assert ended.receivers == ("everybody",)


def test_a_condition_that_begins_and_ends_in_one_input_is_told_both_ways_and_not_kept() -> None:
    """Two observations of one block are taken in their order."""
    outcome = route(TREE, {}, "balances", [low(True), low(False)], WHERE)

    assert [routed.reason for routed in outcome.routed] == [Reason.FIRST_FIRING, Reason.RESOLVED]
    assert (outcome.fired, outcome.resolved) == ((), ())


def test_a_tick_has_no_block_and_counts_by_our_clock() -> None:
    """What time brought has no block to stand on."""
    where = replace(WHERE, block=None, time_ms=None)
    (routed,) = route(TREE, {}, "service", [low(True)], where).routed

    assert routed.notification["block"] is None
    assert routed.notification["since"] == "1970-01-01T00:16:40Z"


def test_labels_of_the_router_win_over_those_of_an_observation() -> None:
    """A watcher cannot pass for another rule or severity."""
    (routed,) = route(TREE, {}, "balances", [moved(severity="info", rule="other")], WHERE).routed

    assert routed.notification["labels"]["severity"] == "warning"
    assert routed.receivers == ("everybody",)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_told_conditions_alternate_and_end_as_the_last_observation_says(
    history: list[tuple[str, bool]],
) -> None:
    """For any history: firing and resolved alternate for each account, starting with firing."""
    firing: dict[str, Firing] = {}
    told: dict[str, list[str]] = {}
    for number, (account, active) in enumerate(history):
        where = replace(WHERE, block=BlockRef(number, number.to_bytes(32, "big")))
        outcome = route(TREE, firing, "balances", [low(active, account)], where)
        firing = after(firing, outcome)
        for routed in outcome.routed:
            told.setdefault(account, []).append(routed.notification["status"])

    for account, statuses in told.items():
        assert statuses == (["firing", "resolved"] * len(statuses))[: len(statuses)]
        last = [active for name, active in history if name == account][-1]
        assert (statuses[-1] == "firing") is last
