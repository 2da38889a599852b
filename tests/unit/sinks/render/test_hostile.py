"""No hostile text acts, or goes beyond a limit, in any form: tests/e2e/test_message_judges.py for some hundred."""

from tests.unit.sinks.render.judges import judge


def test_no_hostile_text_acts_or_goes_beyond_a_limit() -> None:
    """Each piece alone, 100 kB of some, and mixtures, in every place where text from outside can stand."""
    verdict = judge(seed=3, number=500)
    assert 0 < verdict.attached < 500
