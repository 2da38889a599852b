"""How one sink stands, by what became of sends and looks."""

from paseo_watch.outbox.health import LOOK_AGAIN, LOOK_EVERY, Health
from tests.clock import FakeClock


def stood(health: Health) -> tuple[bool, bool]:
    """Whether it is in trouble, and whether it is proven to work."""
    return health.trouble_since_ms is not None, health.proven


def test_at_first_nothing_is_known_and_a_look_is_due() -> None:
    """Nothing is shown before something was tried."""
    shown: list[float] = []
    health = Health(FakeClock(), shown.append)
    assert (stood(health), health.look_in <= 0, shown) == ((False, False), True, [])


def test_trouble_lasts_from_its_first_failure_and_is_looked_at_again_soon() -> None:
    """A second one does not begin it anew."""
    clock, shown = FakeClock(), list[float]()
    health = Health(clock, shown.append)
    began = clock.now_ms()
    health.failed()
    health.failed(sending=True)
    assert (health.trouble_since_ms, health.look_in, shown) == (began, LOOK_AGAIN, [0, 0])


def test_what_works_ends_trouble_and_says_so_once() -> None:
    """Then the next look has time."""
    shown: list[float] = []
    health = Health(FakeClock(), shown.append)
    health.failed(sending=True)
    assert health.works()
    assert not health.works()
    assert (stood(health), health.look_in, shown) == ((False, True), LOOK_EVERY, [0, 1, 1])


def test_what_only_seems_to_work_ends_no_trouble_that_a_send_met() -> None:
    """But that which a look met; and it proves nothing."""
    health = Health(FakeClock(), lambda _: None)
    health.failed(sending=True)
    health.failed()
    assert not health.seems_to_work()
    assert (stood(health), health.look_in) == ((True, False), LOOK_AGAIN)
    health.works()
    health.failed()
    assert health.seems_to_work()
    assert stood(health) == (False, False)
