"""What the configuration says about validators."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Chain = Annotated[str, WithJsonSchema({"type": "string", "format": "chain"})]


class ValidatorsOptions(BaseModel):
    """Validators: the active set, blocks and backing votes a session, offline ones, offences, slashes, finality."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, populate_by_name=True
    )

    offline_sessions: int = Field(3, ge=1, le=100)
    """Offline is who was in the active set for so many sessions without a block and without a backing vote."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """Of validators that are offline, disabled, reported for an offence or slashed."""
    sessions: bool = False
    """true: tell the end of each session and era, with figures."""
    finality_lag: int = Field(10, ge=1, le=100_000)
    """Blocks that the finalized head may be behind the best one, for a minute, before it is told."""
    chains: tuple[Chain, ...] | None = Field(None, min_length=1)
    """Where to watch; every chain by default."""
