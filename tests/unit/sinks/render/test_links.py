"""Explorer links come from templates; nothing else becomes one."""

import pytest

from paseo_watch.sinks.render.links import MOST_LINKS, Link, about, link, links


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://paseo.subscan.io/extrinsic/9000001-2", "paseo.subscan.io"),
        ("https://explorer.example:8443/?rpc=wss%3A%2F%2Fx.y#/explorer/query/7", "explorer.example"),
        ("https://explorer.example", "explorer.example"),
    ],
)
def test_an_https_url_is_a_link_named_by_its_host(url: str, host: str) -> None:
    """As explorers write them."""
    made = link(url)
    assert (made.url, made.name) == (url, host)


@pytest.mark.parametrize(
    "text",
    [
        "http://explorer.example/",
        "javascript:alert(1)",
        "https://user@explorer.example/",
        "https://explorer.example/a)b",
        'https://explorer.example/"x',
        "https://explorer.example/<x>",
        "https://explorer.example/a b",
        "https://explorer.example/ü",
        "https://bücher.example/",
        "https://explorer.example/\n",
        "https://explorer.example\\x",
        "https://.example/",
        "https://[::1]/",
        "https://explorer.example/" + "a" * 300,
        " https://explorer.example/",
        "",
    ],
)
def test_anything_else_is_text(text: str) -> None:
    """Another scheme, a user, signs that mean something to HTML or Markdown, other alphabets, too long."""
    made = link(text)
    assert made.url is None
    assert len(made.name) <= 300


def test_a_link_is_about_what_it_holds_whole() -> None:
    """Not what only begins like it, and not what stands in the host."""
    found = links(["https://e.example/account/5Alice", "https://7.example/extrinsic/7-2", "https://e.example/block/7"])
    assert about(found, "5Alice") is found[0]
    assert about(found, "7-2") is found[1]
    assert about(found, 7) is found[2]
    assert about(found, "5Ali") is None
    assert about(found, "e") is None
    assert about(found, None) is None
    assert about(found, "") is None


def test_only_so_many_are_read() -> None:
    """And what is no list holds none."""
    assert len(links(["https://e.example/"] * 100)) == MOST_LINKS
    assert links("https://e.example/") == ()


def test_a_text_that_is_no_link_is_shown_cleaned() -> None:
    """With what cannot be seen in it."""
    assert link("http://a\u202eb") == Link("http://a<U+202E>b", None)
