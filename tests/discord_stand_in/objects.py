"""Discord's objects as JSON, complete as its API description has them."""

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
EPOCH_MS = 1_420_070_400_000
TEXT, CATEGORY, ANNOUNCEMENT, PUBLIC_THREAD, FORUM = 0, 4, 5, 11, 15


def moment(seconds: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def user(id: str, name: str, *, bot: bool = True) -> Json:
    """Somebody, as others see them."""
    return {
        "id": id,
        "username": name,
        "avatar": None,
        "discriminator": "0",
        "public_flags": 0,
        "flags": 0,
        "bot": bot,
        "banner": None,
        "accent_color": None,
        "global_name": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }


def own_user(someone: Json) -> Json:
    """Somebody, as they see themselves."""
    return {**someone, "mfa_enabled": True, "locale": "en-US", "premium_type": 0, "email": None, "verified": True}


def application(id: str, bot: Json, owner: Json) -> Json:
    """The bot's application, as its owner sees it."""
    return {
        "id": id,
        "name": bot["username"],
        "icon": None,
        "description": "",
        "type": None,
        "summary": "",
        "flags": 0,
        "flags_new": "0",
        "bot": bot,
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "00" * 32,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": owner,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
        "team": None,
    }


def role(id: str, name: str, permissions: int, position: int) -> Json:
    """A role; the one whose id is the guild's is @everyone."""
    return {
        "id": id,
        "name": name,
        "permissions": str(permissions),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def member(someone: Json, roles: list[str]) -> Json:
    """Somebody in a guild."""
    return {
        "user": someone,
        "roles": roles,
        "nick": None,
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": moment(1_700_000_000),
        "pending": False,
        "premium_since": None,
        "mute": False,
        "deaf": False,
    }


def guild(id: str, name: str, owner_id: str, roles: list[Json]) -> Json:
    """A server."""
    nothing = (
        "icon description home_header splash discovery_splash banner application_id afk_channel_id system_channel_id "
        "widget_channel_id max_presences vanity_url_code rules_channel_id safety_alerts_channel_id "
        "public_updates_channel_id premium_progress_bar_enabled_user_updated_at hub_type latest_onboarding_question_id"
    )
    zero = (
        "system_channel_flags verification_level default_message_notifications mfa_level explicit_content_filter "
        "max_stage_video_channel_users max_video_channel_users premium_tier premium_subscription_count nsfw_level"
    )
    return {
        **dict.fromkeys(nothing.split()),
        **dict.fromkeys(zero.split(), 0),
        "id": id,
        "name": name,
        "owner_id": owner_id,
        "roles": roles,
        "features": [],
        "region": "deprecated",
        "afk_timeout": 300,
        "widget_enabled": False,
        "max_members": 500_000,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def channel(id: str, guild_id: str, name: str, kind: int) -> Json:
    """A channel of a guild, no thread."""
    return {
        "id": id,
        "type": kind,
        "guild_id": guild_id,
        "name": name,
        "flags": 0,
        "parent_id": None,
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "topic": None,
        "rate_limit_per_user": 0,
        "last_message_id": None,
    } | ({"available_tags": [], "default_forum_layout": 0, "default_sort_order": None} if kind == FORUM else {})


def thread(id: str, parent: Json, name: str, owner_id: str, seconds: float) -> Json:
    """A public thread, or a post in a forum."""
    return {
        "id": id,
        "type": PUBLIC_THREAD,
        "guild_id": parent["guild_id"],
        "parent_id": parent["id"],
        "name": name,
        "owner_id": owner_id,
        "flags": 0,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "thread_metadata": {
            "archived": False,
            "archive_timestamp": moment(seconds),
            "auto_archive_duration": 1440,
            "locked": False,
            "create_timestamp": moment(seconds),
        },
    }


def message(id: str, channel_id: str, author: Json, payload: Json, attachments: list[Json], seconds: float) -> Json:
    """A message that was taken, from the body that made it."""
    embeds = [
        {**{k: v for k, v in embed.items() if v is not None}, "type": "rich"} for embed in payload.get("embeds") or []
    ]
    made = {
        "id": id,
        "channel_id": channel_id,
        "type": 0,
        "content": payload.get("content") or "",
        "author": author,
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "attachments": attachments,
        "embeds": embeds,
        "components": [],
        "timestamp": moment(seconds),
        "edited_timestamp": None,
        "flags": payload.get("flags") or 0,
        "pinned": False,
        "tts": False,
    }
    if payload.get("nonce") is not None:
        made["nonce"] = payload["nonce"]
    return made


def attachment(id: str, name: str, size: int) -> Json:
    """A file of a message."""
    url = f"https://cdn.discordapp.com/attachments/1/{id}/{name}"
    return {"id": id, "filename": name, "size": size, "url": url, "proxy_url": url, "content_type": "text/plain"}


def webhook(id: str, token: str, channel: Json, name: str) -> Json:
    """An incoming webhook, as who holds its token sees it."""
    return {
        "id": id,
        "type": 1,
        "token": token,
        "name": name,
        "avatar": None,
        "channel_id": channel["id"],
        "guild_id": channel["guild_id"],
        "application_id": None,
    }
