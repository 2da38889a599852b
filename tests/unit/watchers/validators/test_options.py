"""What may be configured."""

from typing import Any

import pytest
from pydantic import ValidationError

from paseo_watch.watchers.validators.options import ValidatorsOptions


def test_what_is_not_said_is_as_the_documentation_says() -> None:
    found = ValidatorsOptions()
    assert (found.offline_sessions, found.severity, found.sessions, found.finality_lag, found.chains) == (
        3, "warning", False, 10, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [{"offline_sessions": 0}, {"offline_sessions": 101}, {"severity": "high"}, {"finality_lag": 0}, {"chains": []},
     {"offline": 3}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ValidatorsOptions.model_validate(options)
