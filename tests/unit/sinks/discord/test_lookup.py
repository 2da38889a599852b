"""Whether a message is there already: ours only, by its marker, page by page, whatever else lies there."""

from dataclasses import dataclass, field
from typing import Any
from unittest.mock import AsyncMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import Answer
from paseo_watch.sinks.discord.lookup import NAMESAKES, NEWEST, PAGES, candidates, in_channel, in_forum, is_sent
from paseo_watch.sinks.discord.outgoing import outgoing
from tests.unit.sinks.discord.samples import CHANNEL, delivery
from tests.unit.sinks.settings import NOW_MS

ME, FORUM, GUILD = 7, 20, 30
SENT = outgoing(delivery(1), NOW_MS, CHANNEL)


def message(number: int, *, author: int = ME, marker: str = SENT.marker) -> dict[str, Any]:
    """One message with a marker in an embed's footer."""
    embed = {"footer": {"text": f"warning · large-move · {marker}"}}
    return {"id": str(number), "author": {"id": str(author)}, "embeds": [{}, embed]}


def post(number: int, name: str = SENT.name, *, owner: int = ME, forum: int = FORUM) -> dict[str, Any]:
    """One post of a forum."""
    return {"id": str(number), "name": name, "owner_id": str(owner), "parent_id": str(forum)}


@dataclass
class Held:
    """What a server holds, newest first, and how often it was asked."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    active: list[dict[str, Any]] = field(default_factory=list)
    archived: list[dict[str, Any]] = field(default_factory=list)
    starters: dict[int, dict[str, Any] | int] = field(default_factory=dict)
    pages: list[int | None] = field(default_factory=list)
    read: list[int] = field(default_factory=list)

    async def logs_from(self, channel_id: int, limit: int, before: int | None = None) -> Any:
        self.pages.append(before)
        return [each for each in self.messages if before is None or int(each["id"]) < before][:limit]

    async def get_active_threads(self, guild_id: int) -> Any:
        assert guild_id == GUILD
        return {"threads": self.active}

    async def get_public_archived_threads(self, channel_id: int, before: None = None, limit: int = 50) -> Any:
        assert channel_id == FORUM
        return {"threads": self.archived}

    async def get_message(self, channel_id: int, message_id: int) -> Any:
        assert channel_id == message_id
        self.read.append(message_id)
        found = self.starters[message_id]
        if isinstance(found, int):
            raise Unwelcome(Answer(404, found))
        return found


@pytest.mark.parametrize(
    ("one", "there"),
    [
        (message(1), True),
        (message(1, author=8), False),
        (message(1, marker="id 000000000000"), False),
        (message(1, marker=SENT.marker + " and more"), False),
        ({"id": "1", "author": {"id": str(ME)}, "embeds": [], "content": SENT.marker}, False),
        ({}, False),
        ({"author": {"id": str(ME)}, "embeds": {"footer": SENT.marker}}, False),
        ({"author": {"id": str(ME)}, "embeds": [None, {"footer": None}, {"footer": {"text": 3}}]}, False),
        (None, False),
    ],
)
def test_a_message_is_known_by_its_author_and_its_marker(one: Any, there: bool) -> None:
    """Nobody else can write one that is taken for ours."""
    assert is_sent(one, SENT, ME) is there


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["author", "id", "embeds", "footer", "text"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_what_others_write_is_never_in_the_way(value: Any) -> None:
    """Messages of kinds that are not known yet."""
    assert not is_sent(value, SENT, ME)


@pytest.mark.parametrize(("above", "there", "pages"), [(0, True, 1), (99, True, 1), (100, True, 2), (299, True, 3)])
async def test_a_channel_is_read_page_by_page_until_it_is_found(above: int, there: bool, pages: int) -> None:
    """Newest first, each page before the last one's oldest."""
    held = Held([*(message(1000 - n, author=8) for n in range(above)), message(1)])
    assert await in_channel(held, 1, SENT, ME) is there
    assert len(held.pages) == pages
    assert held.pages[1:] == [1000 - 100 * n + 1 for n in range(1, pages)]


async def test_a_channel_is_read_so_far_up_and_no_further() -> None:
    """300 messages."""
    held = Held([message(1000 - n, author=8) for n in range(400)])
    assert not await in_channel(held, 1, SENT, ME)
    assert len(held.pages) == PAGES == 3


async def test_an_empty_page_ends_it() -> None:
    """What Discord answers where Read Message History is missing."""
    held = Held()
    assert not await in_channel(held, 1, SENT, ME)
    assert held.pages == [None]


async def test_a_post_is_found_among_the_active_and_the_archived() -> None:
    """By its first message."""
    held = Held(active=[post(5)], archived=[post(4)], starters={5: message(5, marker="id 1"), 4: message(4)})
    assert await in_forum(held, GUILD, FORUM, SENT, ME)
    assert held.read == [5, 4]


async def test_a_post_whose_first_message_was_deleted_is_passed_over() -> None:
    """The next one may be it."""
    held = Held(active=[post(5), post(4)], starters={5: 10008, 4: message(4)})
    assert await in_forum(held, GUILD, FORUM, SENT, ME)


async def test_any_other_failure_to_read_is_told() -> None:
    """Not knowing is not the same as not being there."""
    held = Held(active=[post(5)], starters={5: 50001})
    with pytest.raises(Unwelcome):
        await in_forum(held, GUILD, FORUM, SENT, ME)


def test_candidates_are_our_own_posts_of_this_forum_namesakes_first() -> None:
    """A name may have been edited: the newest are read as well."""
    threads = [post(1), post(9, "other"), post(8, owner=3), post(7, forum=21), post(6, "third"), None, "nonsense"]
    assert candidates(threads, FORUM, SENT.name, ME) == [1, 9, 6]


def test_candidates_are_few() -> None:
    """However many there are."""
    threads = [post(n) for n in range(100)] + [post(n, "x") for n in range(100, 200)]
    assert candidates(threads, FORUM, SENT.name, ME) == [*range(99, 99 - NAMESAKES, -1), *range(199, 199 - NEWEST, -1)]


@pytest.mark.parametrize("answer", [{"not": "a list"}, "nonsense", None])
async def test_an_answer_that_says_nothing_is_not_read_as_that_nothing_is_there(answer: Any) -> None:
    """Else a message that is there would be sent again."""
    held = AsyncMock(logs_from=AsyncMock(return_value=answer))
    with pytest.raises(LookupError):
        await in_channel(held, 1, SENT, ME)


@pytest.mark.parametrize("answer", [{"not": "threads"}, {"threads": None}, []])
async def test_posts_that_are_not_listed_are_not_read_as_none(answer: Any) -> None:
    """The same for a forum."""
    held = AsyncMock(
        get_active_threads=AsyncMock(return_value=answer),
        get_public_archived_threads=AsyncMock(return_value={"threads": []}),
    )
    with pytest.raises((LookupError, TypeError)):
        await in_forum(held, GUILD, FORUM, SENT, ME)


@pytest.mark.parametrize("answer", [{"not": "a message"}, {"id": "6"}, {"id": "x"}, None, []])
async def test_a_first_message_that_is_none_is_not_read_as_another(answer: Any) -> None:
    """Not knowing is told."""
    held = Held(active=[post(5)], starters={5: answer})
    with pytest.raises((LookupError, TypeError, ValueError)):
        await in_forum(held, GUILD, FORUM, SENT, ME)
