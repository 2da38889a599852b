"""The JSON Schema (Draft 2020-12) of the alert as data: what file and webhook receivers and `--output json` get.

docs/alert.schema.json is this, written out; a test holds the file to this code. `paseo-watch schema --alert` prints it.
"""

import json
from collections.abc import Mapping
from typing import Any

from paseo_watch.watchers.watcher import SEVERITIES

Schema = dict[str, Any]

REFERENDUM_STATES = (
    "submitted",
    "deposit_placed",
    "deciding",
    "confirming",
    "confirm_aborted",
    "approved",
    "rejected",
    "timed_out",
    "cancelled",
    "killed",
    "executed",
    "execution_failed",
    "call_unavailable",
)
"""What can become of a referendum, in the order in which it can."""


def alert_schema() -> Schema:
    """The whole schema, as a new value at each call."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:paseo-watch:alert:1",
        "title": "paseo-watch alert",
        "description": "One notification: an event that happened once, or a condition that began or ended.",
        **_object(_alert()),
        "allOf": [
            _when({"kind": {"const": "event"}}, {"status": {"const": "event"}, "since": {"type": "null"}}),
            _when(
                {"kind": {"const": "condition"}},
                {"status": {"enum": ["firing", "resolved"]}, "since": _ref("time"), "extrinsic": {"type": "null"}},
            ),
            _when({"data": {"required": ["direction"]}}, {"data": _ref("balance_move")}),
            _when({"data": {"required": ["balance"]}}, {"data": _ref("balance_limit")}),
            _when({"data": {"required": ["referendum"]}}, {"data": _ref("referendum")}),
            _when({"data": {"required": ["validator"]}}, {"data": _ref("validator")}),
        ],
        "$defs": _definitions(),
    }


def alert_schema_text() -> str:
    """The schema as it is published: indented JSON with a line break at its end."""
    return json.dumps(alert_schema(), indent=2, ensure_ascii=False) + "\n"


def _alert() -> Mapping[str, Schema]:
    return {
        "id": _text("Of this notification; deterministic: the same happening has the same id.", "^[0-9a-f]{32}$"),
        "fingerprint": _text("Of the alert: the same for firing and resolved.", "^[0-9a-f]{32}$"),
        "rule": _text("The rule's name in the configuration."),
        "watcher": _text("The watcher that saw it; `service` for alerts about paseo-watch itself."),
        "severity": {"enum": list(SEVERITIES), "description": "As the rule says."},
        "network": _text("The network's name in the configuration."),
        "chain": _text("The chain's name in the configuration; `-` for what concerns the whole service."),
        "labels": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "What routes match on; holds rule, watcher, severity, network and chain too.",
        },
        "kind": {"enum": ["event", "condition"], "description": "Happened once, or lasts."},
        "status": {"enum": ["event", "firing", "resolved"], "description": "`event` for events."},
        "block": {
            **_object(_block(), kind=["object", "null"]),
            "description": "The finalized block that it was seen in; null where time brought it.",
        },
        "extrinsic": {**_nullable("^[0-9]+-[0-9]+$"), "description": '"N-i"; null for a hook or a condition.'},
        "since": {
            "anyOf": [_ref("time"), {"type": "null"}],
            "description": "Since when a condition holds: the chain's clock, ours where there is no block.",
        },
        "title": _text("One line for people. Quotes what others wrote: escape it where you show it."),
        "text": _text("A few lines for people, plain text. Escape it too."),
        "links": {"type": "array", "items": {"type": "string"}, "description": "To explorers, as configured."},
        "data": {
            "type": "object",
            "description": "For programs, by rule: see `balance_move`, `balance_limit`, `referendum` and `validator`.",
        },
        "late": {"type": "boolean", "description": "Whether the block was read only after later ones (a healed hole)."},
    }


def _block() -> Mapping[str, Schema]:
    return {
        "number": {"type": "integer", "minimum": 0},
        "hash": {"$ref": "#/$defs/hash"},
        "time": {"anyOf": [_ref("time"), {"type": "null"}], "description": "The chain's own clock, UTC."},
    }


def _definitions() -> Mapping[str, Schema]:
    return {
        "time": {"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-.*Z$", "description": "ISO 8601, UTC."},
        "hash": {"type": "string", "pattern": "^0x[0-9a-f]{64}$"},
        "planck": {
            "type": "string",
            "pattern": "^-?[0-9]+$",
            "description": "An amount in the smallest unit. A string: it does not fit a double.",
        },
        "balance_move": {
            **_object(_balance_move(), open_=True),
            "description": "A balance moved: the net change of one account in one extrinsic or hook.",
        },
        "balance_limit": {
            **_object(_balance_limit(), open_=True),
            "description": "An account holds more than a cap, or less than it should.",
        },
        "referendum": {**_object(_referendum(), open_=True), "description": "What became of a referendum."},
        "validator": {
            **_object(_validator(), open_=True),
            "description": "One validator, and what the rule is about: more keys by rule.",
        },
    }


def _account() -> Mapping[str, Schema]:
    return {"account": _text("SS58 with the chain's prefix."), "account_key": _ref("hash")}


def _balance_move() -> Mapping[str, Schema]:
    return {
        **_account(),
        "direction": {"enum": ["in", "out"]},
        "amount": {"anyOf": [_ref("planck"), {"type": "null"}], "description": "null where it cannot be known."},
        "amount_text": _text("The same with its unit."),
        "asset": _text("`native`, or the pallet and the asset's id."),
        "legs": {"type": "array", "items": {"type": "object"}, "description": "Every account that changed, bounded."},
        "signer": {"type": ["string", "null"], "description": "Who signed, SS58; null for a hook."},
        "call": {"type": ["string", "null"], "description": "What was called, unwrapped; null for a hook."},
    }


def _balance_limit() -> Mapping[str, Schema]:
    return {
        **_account(),
        "balance": _ref("planck"),
        "balance_text": _text("The same with its unit."),
        "limit": _ref("planck"),
    }


def _referendum() -> Mapping[str, Schema]:
    return {
        "pallet": _text("The instance: Referenda, FellowshipReferenda …"),
        "referendum": {"type": "integer", "minimum": 0, "description": "Its index in that instance."},
        "track": {"type": ["string", "null"], "description": "The track's name; null where it is not known."},
        "state": {
            "enum": [*REFERENDUM_STATES, "frozen"],
            "description": "`frozen` only of the rule referendum-frozen.",
        },
        "calls": {"type": "array", "items": {"type": "string"}, "description": "The innermost calls, bounded."},
    }


def _validator() -> Mapping[str, Schema]:
    return {
        "validator": _text("SS58 with the chain's prefix."),
        "validator_key": _ref("hash"),
        "session": {"type": ["integer", "null"], "description": "The session; null on a chain without sessions."},
    }


def _object(properties: Mapping[str, Schema], *, kind: str | list[str] = "object", open_: bool = False) -> Schema:
    """An object that has all of these, and nothing else unless `open_`."""
    closed: Schema = {} if open_ else {"additionalProperties": False}
    return {"type": kind, "properties": dict(properties), "required": list(properties), **closed}


def _when(if_: Mapping[str, Schema], then: Mapping[str, Schema]) -> Schema:
    return {"if": {"required": list(if_), "properties": dict(if_)}, "then": {"properties": dict(then)}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _text(description: str, pattern: str | None = None) -> Schema:
    return {"type": "string", **({"pattern": pattern} if pattern else {}), "description": description}


def _nullable(pattern: str) -> Schema:
    return {"type": ["string", "null"], "pattern": pattern}
