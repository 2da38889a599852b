"""Every sink is in the registry once, under the key that makes it."""

import tempfile
from pathlib import Path

import pytest

from paseo_watch.sinks.registry import SINKS
from tests.unit.sinks.settings import setting

OPTIONS = {
    "console": {},
    "discord": {"bot_token": "t0ken.of.a.bot", "channel": "123456789012345678"},
    "file": {"path": str(Path(tempfile.gettempdir()) / "never-opened.jsonl")},
    "matrix": {"homeserver": "https://m.example", "user": "@a:m.example", "access_token": "t", "room": "#r:m.example"},
    "webhook": {"url": "https://hooks.example/"},
}


def test_the_registry_holds_the_sinks_of_this_version() -> None:
    """One that is missing here has no test of its building."""
    assert set(SINKS) == set(OPTIONS)


@pytest.mark.parametrize("key", sorted(OPTIONS))
def test_each_kind_builds_a_sink_that_names_itself_by_its_key(key: str) -> None:
    """From the options that a configuration would hold."""
    kind = SINKS[key]
    sink = kind.build(kind.options.model_validate(OPTIONS[key]), setting())
    assert sink.kind == kind.kind == key


@pytest.mark.parametrize("key", sorted(OPTIONS))
def test_each_option_is_described_for_editors(key: str) -> None:
    """The configuration's JSON Schema shows these texts."""
    schema = SINKS[key].options.model_json_schema()
    assert all(option.get("description") for option in schema.get("properties", {}).values())
    assert schema["additionalProperties"] is False


def test_a_registry_cannot_be_changed_at_run_time() -> None:
    """No global mutable state."""
    with pytest.raises(TypeError):
        SINKS["x"] = SINKS["file"]  # type: ignore[index]
