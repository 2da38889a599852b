"""The JSON Schema of a configuration file, for editors (`paseo-watch schema`); Draft 2020-12."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.json_schema import GenerateJsonSchema

from paseo_watch.config.fields import Listen, duration_text
from paseo_watch.config.model import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_EXTENDS = {
    "type": "string",
    "description": "Everything in this file goes over that configuration: paseo (the built-in) or a file.",
}
_FOR_US_ALONE = ("x-expected", "format", "title")
_BY_NAME = ("properties", "patternProperties", "$defs")
_DATA = ("const", "enum", "default", "examples", "required")


class _AsWritten(GenerateJsonSchema):
    """Defaults as a file would have them, and not as Python has them."""

    def encode_default(self, dft: Any) -> Any:
        """A duration and an address as text; what is not given or secret not at all; all else as pydantic does."""
        if isinstance(dft, timedelta):
            return duration_text(dft)
        if isinstance(dft, BaseModel | Mapping):
            shown = dict(dft).items()
            return {key: self.encode_default(one) for key, one in shown if not isinstance(one, SecretStr | None)}
        return str(dft) if isinstance(dft, Listen) else super().encode_default(dft)


def file_schema(model: type[Config]) -> dict[str, Any]:
    """What one file may hold: any part of the configuration, `extends`, and the `*_file` twin of every secret."""
    schema = _published(model.model_json_schema(schema_generator=_AsWritten))
    properties = {"extends": _EXTENDS, **schema["properties"]}
    return {"$schema": DIALECT, "title": "paseo-watch configuration", **schema, "properties": properties}


def schema_text(model: type[Config]) -> str:
    """The schema as it is printed, and as config/paseo-watch.schema.json holds it."""
    return json.dumps(file_schema(model), indent=2, ensure_ascii=False) + "\n"


def _published(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_published(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: _part(key, value) for key, value in schema.items() if key not in _FOR_US_ALONE}
    if kept.get("default", ...) is None or _is_secret(kept):
        kept.pop("default", None)  # null says nothing, and pydantic prints a secret's as asterisks
    return _with_twins(kept) if "properties" in kept else kept


def _part(key: str, value: Any) -> Any:
    if key in _DATA:
        return value
    if key in _BY_NAME:
        return {name: _published(one) for name, one in value.items()}
    return _published(value)


def _with_twins(schema: dict[str, Any]) -> dict[str, Any]:
    secret = [name for name, one in schema["properties"].items() if _is_secret(one)]
    twins = {f"{name}_file": {"type": "string", "description": f"A file whose text is `{name}`."} for name in secret}
    required = [name for name in schema.get("required", ()) if name not in secret]
    rest = {key: value for key, value in schema.items() if key != "required"}
    return {**rest, "properties": {**schema["properties"], **twins}, **({"required": required} if required else {})}


def _is_secret(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_is_secret(one) for one in schema)
    return isinstance(schema, Mapping) and (
        bool(schema.get("writeOnly")) or any(_is_secret(schema.get(key)) for key in ("anyOf", "oneOf", "allOf"))
    )
