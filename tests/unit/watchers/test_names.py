"""How accounts, amounts and places are written."""

import pytest

from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.setting import Explorer
from tests.unit.watchers.balances.doubles import ALICE, BOB, DAVE, PAS, TREASURY, setting

NAMES = Names(setting())
ALICE_42 = "5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT"
DAVE_42 = "5C9yEy27yLNG5BDMxVwS8RyGBneZB1ouShazFhGZVP8thK5z"


def test_an_account_is_written_with_its_name_and_the_chains_prefix() -> None:
    assert NAMES.account(ALICE) == ALICE_42
    assert NAMES.account(DAVE) == f"dave ({DAVE_42})"
    assert (
        Names(setting(accounts={})).account(TREASURY) == "treasury (5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z)"
    )
    assert Names(setting(ss58_prefix=0)).address(TREASURY) == "13UVJyLnbVp9RBZYFwFGyDvVd1y27Tt8tkntv6Q7JVPhFsTB"


def test_a_title_takes_the_name_or_the_ends_of_the_address() -> None:
    assert (NAMES.short(DAVE), NAMES.short(ALICE)) == ("dave", "5C62Ck…HiFT")


def test_of_two_names_the_first_by_alphabet_is_taken() -> None:
    assert Names(setting(accounts={"b": BOB, "a": BOB})).name(BOB) == "a"


@pytest.mark.parametrize(("count", "text"), [(1, "dave"), (3, "dave, dave, dave"), (5, "dave, dave, dave and 2 more")])
def test_long_lists_are_cut(count: int, text: str) -> None:
    assert NAMES.listing([DAVE] * count).replace(f" ({DAVE_42})", "") == text


@pytest.mark.parametrize(
    ("planck", "asset", "text"),
    [
        (12_000 * PAS, NATIVE, "12,000 PAS"),
        (1_500_000, "Assets/1984", "1.5 USDT"),
        (1_500, "Assets/7", "1,500 planck of Assets/7"),
        (5, "ForeignAssets/" + "x" * 500, "5 planck of ForeignAssets/" + "x" * 105 + "…"),
    ],
)
def test_an_amount_is_written_in_its_assets_unit(planck: int, asset: str, text: str) -> None:
    assert NAMES.amount(planck, asset) == text


def test_links_come_from_templates_only() -> None:
    explorer = Explorer("https://x/b/{number}", "https://x/e/{extrinsic}", "https://x/a/{account}")
    names = Names(setting(explorer=explorer))
    assert names.links(7, "7-2", [ALICE]) == ("https://x/e/7-2", f"https://x/a/{ALICE_42}")
    assert names.links(7, None, []) == ("https://x/b/7",)
    assert names.links(None, None, []) == ()
    assert Names(setting(explorer=Explorer())).links(7, "7-2", [ALICE]) == ()


def test_a_referendum_is_linked_where_a_template_says_how() -> None:
    explorer = Explorer(referendum="https://x/r/{referendum}")
    assert Names(setting(explorer=explorer)).referendum(12) == ("https://x/r/12",)
    assert Names(setting(explorer=Explorer())).referendum(12) == ()
