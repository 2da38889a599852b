"""The JSON Schema for editors, and the files that operators start from."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from paseo_watch.config.load import load
from paseo_watch.config.model import build
from paseo_watch.config.schema import file_schema, schema_text
from paseo_watch.sinks.registry import SINKS
from paseo_watch.watchers.registry import WATCHERS
from tests.data import REPOSITORY
from tests.unit.config.stand_in import model

CONFIG = REPOSITORY / "config"
ENVIRON = dict.fromkeys(["MANAGEMENT_HOOK", "HEARTBEAT_URL"], "https://hook.example/x") | {
    "RELAY_NODE": "wss://node.example/key",
    "MANAGEMENT_HOOK_SECRET": "s",
    "MATRIX_PASSWORD": "p",
    "MATRIX_CORE_PASSWORD": "p",
    "MATRIX_CORE_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "DISCORD_TOKEN": "a.bots.token",
    "DISCORD_WEBHOOK": "https://discord.com/api/webhooks/123456789012345678/t0ken",
}


def keys(schema: Any) -> Iterator[str]:
    """Every key that the schema names anywhere."""
    if isinstance(schema, Mapping):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)


def test_the_committed_schema_is_the_codes() -> None:
    """config/paseo-watch.schema.json is what `paseo-watch schema` prints: write it anew after a change."""
    committed = (CONFIG / "paseo-watch.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(build(SINKS, WATCHERS))


def test_the_packaged_configuration_is_its_source() -> None:
    """config/paseo.yaml and the copy in the package are equal: copy the former over the latter after a change."""
    packaged = REPOSITORY / "paseo_watch" / "config" / "builtin" / "paseo.yaml"
    assert packaged.read_bytes() == (CONFIG / "paseo.yaml").read_bytes()


def test_the_built_in_loads_with_its_seven_chains() -> None:
    """Four are followed; three stand ready, each with the reason beside it."""
    config = load([CONFIG / "paseo.yaml"], {})
    assert list(config.followed) == ["relay", "asset-hub", "people", "bulletin"]
    idle = {name: chain for name, chain in config.chains.items() if not chain.enabled}
    assert {name: chain.para_id for name, chain in idle.items()} == {
        "bridge-hub": 1002,
        "coretime": 1005,
        "collectives": 1001,
    }
    assert all(chain.disabled_reason and not chain.endpoints for chain in idle.values())
    assert all(chain.genesis and len(chain.endpoints) >= 2 for chain in config.followed.values())


def test_the_example_loads() -> None:
    """As it stands, with the variables that it names."""
    config = load([CONFIG / "example.yaml"], ENVIRON)
    assert [receiver.name for receiver in config.receivers] == ["public", "tech", "management", "core-team", "archive"]
    assert config.receivers[4].sinks["file"].path == CONFIG / "alerts.jsonl"  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", sorted(set(keys(file_schema(build(SINKS, WATCHERS))))))
def test_the_example_shows_every_key(key: str) -> None:
    """A key that the example does not name is a key that nobody finds."""
    text = (CONFIG / "example.yaml").read_text(encoding="utf-8")
    shown = key if key.endswith("_file") else f"{key}:"  # a secret's other spelling stands in a comment
    assert re.search(rf"(?<![\w-]){shown}", text)


def test_every_key_is_described() -> None:
    """Editors show a sentence for each key."""
    missing: list[str] = []

    def visit(schema: Any) -> None:
        for value in schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else ():
            visit(value)
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            for key, one in schema["properties"].items():
                if "description" not in one and "$ref" not in one:  # a section is described where it is defined
                    missing.append(key)

    visit(file_schema(build(SINKS, WATCHERS)))
    assert missing == []


def test_the_schema_is_valid_draft_2020_12() -> None:
    """By the dialect's own metaschema, every reference resolved, and nothing of our own in it."""
    schema = file_schema(build(SINKS, WATCHERS))
    text = json.dumps(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    Draft202012Validator.check_schema(schema)
    assert set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', text)) <= schema["$defs"].keys()
    assert "x-expected" not in text


@pytest.mark.parametrize("name", ["paseo.yaml", "example.yaml"])
def test_editors_find_nothing_wrong_in_our_own_files(name: str) -> None:
    """The schema accepts both files as they stand."""
    document = yaml.safe_load((CONFIG / name).read_text(encoding="utf-8"))
    errors = Draft202012Validator(file_schema(build(SINKS, WATCHERS))).iter_errors(document)
    assert [error.json_path for error in errors] == []


@pytest.mark.parametrize(
    "document",
    [{"netwrok": "x"}, {"chains": {"relay": {"start": "first"}}}, {"receivers": [{"console": {}}]}, {"http": True}],
)
def test_editors_see_what_is_wrong(document: object) -> None:
    """The schema refuses a mistyped key, a word out of the list, a missing name, a wrong type."""
    assert not Draft202012Validator(file_schema(model())).is_valid(document)


def test_defaults_are_shown_as_a_file_has_them() -> None:
    """A duration and an address as text; nothing for what is not given, and no secret's asterisks."""
    schema = file_schema(build(SINKS, WATCHERS))
    chain = schema["$defs"]["Chain"]["properties"]
    assert chain["quiet_after"]["default"] == "1m"
    assert "default" not in chain["explorer"].get("anyOf", ())
    assert schema["$defs"]["Http"]["properties"]["listen"]["default"] == "127.0.0.1:9615"
    assert schema["properties"]["store"]["default"]["most_rows"] == 6_000_000
    assert schema["$defs"]["Retention"]["properties"]["facts"]["default"] == "400d"
    assert schema["properties"]["units"]["default"] == {"PAS": {"decimals": 10}}
    assert not re.search(r'"default": null|\*\*\*|PT\d', json.dumps(schema))


def test_the_schema_knows_the_other_spellings() -> None:
    """`*_file` beside every secret, an endpoint as text alone, `extends`, `http: false`."""
    schema = file_schema(model())
    assert schema["properties"]["extends"]["type"] == "string"
    assert {"url", "url_file", "secret", "secret_file"} <= schema["$defs"]["OverTheWire"]["properties"].keys()
    assert "required" not in schema["$defs"]["OverTheWire"]
    endpoint = schema["properties"]["chains"]["additionalProperties"]
    assert endpoint == {"$ref": "#/$defs/Chain"}
    assert [one.get("type") for one in schema["$defs"]["Endpoint"]["anyOf"]] == ["string", "object"]
    assert {"const": False, "type": "boolean"} in schema["properties"]["http"]["anyOf"]


def test_a_relative_path_in_a_copy_is_the_copys(tmp_path: Path) -> None:
    """The example copied elsewhere writes there, not into the repository."""
    copy = tmp_path / "my.yaml"
    copy.write_bytes((CONFIG / "example.yaml").read_bytes())
    assert load([copy], ENVIRON).store.url.get_secret_value() == f"sqlite:///{tmp_path}/paseo-watch.db"
