"""Who may do what: Discord's own algorithm (developer documentation, "Permissions", "Permission Overwrites")."""

from tests.discord_stand_in.objects import Json

ADMINISTRATOR = 1 << 3
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
SEND_MESSAGES_IN_THREADS = 1 << 38
ALL = (1 << 53) - 1
POSTING = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY | SEND_MESSAGES_IN_THREADS
"""What a bot that posts alerts is given."""


def permissions(guild: Json, channel: Json, member: Json) -> int:
    """The member's permissions in a channel that is no thread."""
    if member["user"]["id"] == guild["owner_id"]:
        return ALL
    own = {guild["id"], *member["roles"]}
    base = 0
    for role in guild["roles"]:
        if role["id"] in own:
            base |= int(role["permissions"])
    if base & ADMINISTRATOR:
        return ALL
    overwrites = {each["id"]: each for each in channel["permission_overwrites"]}
    base = _apply(base, [overwrites[guild["id"]]] if guild["id"] in overwrites else [])
    base = _apply(base, [overwrites[id] for id in member["roles"] if id in overwrites])
    mine = member["user"]["id"]
    return _apply(base, [overwrites[mine]] if mine in overwrites else [])


def _apply(base: int, overwrites: list[Json]) -> int:
    allow = deny = 0
    for each in overwrites:
        allow |= int(each["allow"])
        deny |= int(each["deny"])
    return (base & ~deny) | allow
