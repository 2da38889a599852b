"""Readiness and what needs attention follow from the values of the status page."""

import pytest

from paseo_watch.web.status import ChainView, EndpointView, ReceiverView, concerns, not_ready
from tests.unit.web.samples import calm, chain

AWAY = EndpointView(endpoint="one.example", state="backing_off", reason="no route")
OFF = ChainView(name="coretime", enabled=False, state="disabled", reason="dropped")


@pytest.mark.parametrize(
    ("finalized", "processed", "lag"),
    [(10, 10, 0), (10, 7, 3), (10, 12, 0), (None, 7, None), (10, None, None)],
)
def test_lag_is_counted_in_finalized_blocks(finalized: int | None, processed: int | None, lag: int | None) -> None:
    """Never negative (an endpoint may be behind us), and None while one of the two is not known."""
    assert chain(finalized=finalized, processed=processed).lag_blocks == lag


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"blocks": 0}, None),
        ({"blocks": 1, "finalized": None}, None),
        ({"blocks": 1, "processed": 5, "state": "catching_up"}, None),
        ({"blocks": 0, "processed": 8_999_991}, "relay: no block processed yet, 10 to go"),
        (
            {"blocks": 0, "finalized": None, "state": "starting"},
            "relay: its position or its finalized head is not known yet",
        ),
        ({"blocks": 0, "processed": None}, "relay: its position or its finalized head is not known yet"),
        ({"state": "halted", "reason": "another block 7"}, "relay: stands still: another block 7"),
        ({"blocks": 0, "processed": None, "endpoints": (AWAY,)}, "relay: no endpoint is connected"),
    ],
)
def test_a_chain_is_ready_once_it_has_moved_or_has_nothing_to_do(
    changes: dict[str, object], reason: str | None
) -> None:
    """In this run; what an earlier run has done says nothing about this one."""
    assert not_ready(calm(chains=(chain(**changes), OFF))) == (() if reason is None else (reason,))


def test_every_enabled_chain_must_be_ready() -> None:
    """One line for each that is not; disabled ones do not count."""
    waiting = chain("people", blocks=0, processed=None)
    assert len(not_ready(calm(chains=(chain(), waiting, chain("bulletin", state="halted"), OFF)))) == 2


def test_a_service_that_watches_nothing_is_not_ready() -> None:
    """A configuration that disables everything must not look well."""
    assert not_ready(calm(chains=(OFF,))) == ("no chain is enabled",)
    assert concerns(calm(chains=())) == ("no chain is enabled",)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"holes": 1}, "relay: 1 block passed but not read, tried again"),
        ({"holes": 2}, "relay: 2 blocks passed but not read, tried again"),
        ({"blind": ("no pallet Balances",)}, "relay: no pallet Balances"),
        ({"endpoints": (EndpointView(endpoint="a", state="quarantined"),)}, "relay: no endpoint is connected"),
        ({"state": "halted", "reason": "fork"}, "relay: stands still: fork"),
    ],
)
def test_what_the_service_does_not_know_needs_attention(changes: dict[str, object], sentence: str) -> None:
    """One sentence, said once."""
    assert concerns(calm(chains=(chain(**changes),))) == (sentence,)


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, ()),
        ({"pending": 5}, ()),
        ({"dead": 2}, ("public/webhook: 2 given up as undeliverable; see `paseo-watch outbox list`",)),
        ({"state": "refused", "detail": "x: is a folder"}, ("public/webhook: x: is a folder",)),
        ({"state": "failing", "detail": "x: cannot connect"}, ("public/webhook: x: cannot connect",)),
        ({"state": "not configured"}, ()),
        (
            {"state": "not configured", "pending": 4},
            ("public/webhook: 4 waiting for a receiver that is no longer configured",),
        ),
        ({"state": "store_unavailable"}, ("public/webhook: store_unavailable",)),
    ],
)
def test_deliveries_that_do_not_arrive_need_attention(changes: dict[str, object], sentences: tuple[str, ...]) -> None:
    """Waiting ones are in order; dead ones and a sink that cannot be opened are not."""
    facts = {"receiver": "public", "sink": "webhook", "pending": 0, "dead": 0, "state": "idle"}
    assert concerns(calm(outbox=(ReceiverView(**(facts | changes)),))) == sentences  # type: ignore[arg-type]


def test_a_service_that_does_its_work_needs_nothing() -> None:
    """Also with a disabled chain, whose reason stands on the page."""
    assert concerns(calm(chains=(chain(), OFF))) == ()


def test_a_chain_that_nobody_reaches_is_one_sentence() -> None:
    """Not ready and without an endpoint have one cause there; after its first block only the second is true."""
    young = chain(blocks=0, processed=None, state="unreachable", endpoints=(AWAY,))
    assert concerns(calm(chains=(young,))) == ("relay: no endpoint is connected",)
    assert concerns(calm(chains=(chain(state="unreachable", endpoints=(AWAY,)),))) == (
        "relay: no endpoint is connected",
    )
