"""Documents from files and URLs: whole, bounded, and without a secret in what is told."""

from pathlib import Path

import aiohttp
import pytest

from paseo_watch.app.documents import MAX_DOCUMENT, DocumentRefused, DocumentUnreachable, fetch, shown


@pytest.fixture(name="session")
async def _session() -> aiohttp.ClientSession:
    """Never used for a file."""
    return None  # type: ignore[return-value]


async def test_a_file_is_read_whole(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    """As bytes."""
    (tmp_path / "list.yml").write_bytes(b"- a\n")
    assert await fetch(str(tmp_path / "list.yml"), session) == b"- a\n"


async def test_a_file_that_is_not_there_may_be_the_next_time(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    """So may a folder become one."""
    for path in (tmp_path / "list.yml", tmp_path):
        with pytest.raises(DocumentUnreachable, match=path.name):
            await fetch(str(path), session)


@pytest.mark.parametrize(("size", "fits"), [(MAX_DOCUMENT, True), (MAX_DOCUMENT + 1, False)])
async def test_a_file_of_any_size_costs_bounded_memory(
    size: int, fits: bool, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    """Up to the limit it is taken; one byte more is refused, in part it would be a lie."""
    (tmp_path / "big").write_bytes(b"x" * size)
    if fits:
        assert len(await fetch(str(tmp_path / "big"), session)) == size
        return
    with pytest.raises(DocumentRefused, match=f"more than {MAX_DOCUMENT} bytes"):
        await fetch(str(tmp_path / "big"), session)


class Answer:
    """What a server sends; stands in for aiohttp's response."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body, self.content = status, body, self
        self.sent = 0

    async def __aenter__(self) -> "Answer":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def iter_chunked(self, size: int) -> object:  # type: ignore[misc]
        for start in range(0, len(self.body), size):
            self.sent += size
            yield self.body[start : start + size]


class Web:
    """A session in which every URL gives the same."""

    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome

    def get(self, url: str, **options: object) -> Answer:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


URL = "https://user:hunter2@lists.test/paseo/whitelist.yml?token=hunter3"


async def test_a_url_is_downloaded_whole() -> None:
    """In as many pieces as it takes."""
    body = bytes(range(256)) * 1000
    assert await fetch(URL, Web(Answer(200, body))) == body  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "outcome",
    [
        Answer(404, b""),
        Answer(500, b""),
        aiohttp.InvalidURL(URL),
        aiohttp.ClientError(f"no route to {URL}"),
        TimeoutError(),
        UnicodeError(f"label of {URL} too long"),
    ],
    ids=["404", "500", "not a URL", "no route", "too slow", "sent on to a host that cannot be looked up"],
)
async def test_a_url_that_does_not_answer_may_the_next_time_and_its_secrets_stay_secret(
    outcome: Answer | Exception,
) -> None:
    """Neither in the error nor in what it came from."""
    with pytest.raises(DocumentUnreachable) as caught:
        await fetch(URL, Web(outcome))  # type: ignore[arg-type]
    assert "https://lists.test/paseo/whitelist.yml" in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_download_is_cut_off_at_the_limit() -> None:
    """The rest is not even read."""
    answer = Answer(200, b"x" * (3 * MAX_DOCUMENT))
    with pytest.raises(DocumentRefused, match="more than") as caught:
        await fetch(URL, Web(answer))  # type: ignore[arg-type]
    assert answer.sent < 2 * MAX_DOCUMENT
    assert "hunter" not in str(caught.value)


def test_a_path_is_shown_as_it_is() -> None:
    """It is the operator's own."""
    assert shown("/etc/lists/white?list.yml") == "/etc/lists/white?list.yml"
    assert shown("https://lists.test:8443/a?b") == "https://lists.test:8443/a"
