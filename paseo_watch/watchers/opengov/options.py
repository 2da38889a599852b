"""What the configuration says about referenda."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Chain = Annotated[str, WithJsonSchema({"type": "string", "format": "chain"})]


class OpenGovOptions(BaseModel):
    """Referenda: submitted, deposit placed, deciding, confirming, its end, and what became of the call."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, populate_by_name=True
    )

    severity: Literal["info", "warning", "critical"] = "info"
    """Of what happens to a referendum. An approved one that fails to execute is a warning at least."""
    chains: tuple[Chain, ...] | None = Field(None, min_length=1)
    """Where to watch. Not given: every chain, but no relay chain that has handed governance over to its Asset Hub."""
