"""How long to leave an endpoint alone after it failed. Pure; chance is an argument."""

DOUBLINGS = 30
"""More would only overflow: the cap holds long before."""


def backoff(failures: int, jitter: float, base: float = 1.0, cap: float = 60.0) -> float:
    """Seconds to wait after `failures` (>= 1) failures in a row, `jitter` drawn from [0, 1).

    Doubles from `base` up to `cap`; half of it is certain and half is chance, so that many clients of a node that
    comes back do not come back together.
    """
    whole = min(cap, base * 2.0 ** min(max(failures, 1) - 1, DOUBLINGS))
    return whole * (0.5 + jitter / 2)
