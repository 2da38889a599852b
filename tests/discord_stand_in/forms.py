"""What Discord refuses of a message's body, with its own codes (developer documentation: "Embed Limits", "Create
Message"). Counted in UTF-16 code units, the smaller of the readings.
"""

from typing import Any

from tests.discord_stand_in.objects import Json

CONTENT, NONCE, EMBEDS, FIELDS, EMBED_TOTAL, FILE = 2000, 25, 10, 25, 6000, 10 << 20
EMBED = {"title": 256, "description": 4096, "url": 2048}
THREAD_NAME = 100


class FormError(Exception):
    """A 400: Discord's code, message, and the errors by field."""

    def __init__(self, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.errors = code, message, errors


def check_message(payload: Any, files: dict[str, bytes]) -> None:
    """Raises FormError for a message that Discord would not take."""
    if not isinstance(payload, dict):
        raise FormError(50109, "The request body contains invalid JSON.")
    embeds = payload.get("embeds") or []
    if not (payload.get("content") or embeds or files):
        raise FormError(50006, "Cannot send an empty message")
    _length(payload.get("content"), CONTENT, "content")
    _length(payload.get("nonce"), NONCE, "nonce")
    if len(embeds) > EMBEDS:
        raise _invalid("embeds", f"Must be {EMBEDS} or fewer in length.")
    for index, embed in enumerate(embeds):
        _check_embed(embed, f"embeds.{index}")
    if sum(_size(embed) for embed in embeds) > EMBED_TOTAL:
        raise _invalid("embeds", f"Embed size exceeds maximum size of {EMBED_TOTAL}", "MAX_EMBED_SIZE_EXCEEDED")
    if any(len(body) > FILE for body in files.values()):
        raise FormError(40005, "Request entity too large")


def check_thread_name(name: Any) -> None:
    """Raises FormError where a thread cannot have this name."""
    if not isinstance(name, str) or not name:
        raise _invalid("name", "This field is required", "BASE_TYPE_REQUIRED")
    _length(name, THREAD_NAME, "name")


def _check_embed(embed: Json, where: str) -> None:
    for key, limit in EMBED.items():
        _length(embed.get(key), limit, f"{where}.{key}")
    _length((embed.get("footer") or {}).get("text"), 2048, f"{where}.footer.text")
    _length((embed.get("author") or {}).get("name"), 256, f"{where}.author.name")
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        raise _invalid(f"{where}.fields", f"Must be {FIELDS} or fewer in length.")
    for index, field in enumerate(fields):
        for key, limit in (("name", 256), ("value", 1024)):
            if not field.get(key):
                raise _invalid(f"{where}.fields.{index}.{key}", "This field is required", "BASE_TYPE_REQUIRED")
            _length(field[key], limit, f"{where}.fields.{index}.{key}")


def _size(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    texts += [text for field in embed.get("fields") or [] for text in (field["name"], field["value"])]
    return sum(_units(text) for text in texts if text)


def _length(text: Any, limit: int, where: str) -> None:
    if text is not None and _units(str(text)) > limit:
        raise _invalid(where, f"Must be {limit} or fewer in length.")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _invalid(where: str, message: str, code: str = "BASE_TYPE_MAX_LENGTH") -> FormError:
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for key in reversed(where.split(".")):
        errors = {key: errors}
    return FormError(50035, "Invalid Form Body", errors)
