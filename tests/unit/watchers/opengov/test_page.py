"""Referenda on the status page: what is not over, in words."""

from paseo_watch.watchers.opengov.page import COLUMNS
from paseo_watch.watchers.watcher import MOST_ROWS, SheetRow
from tests.unit.watchers.opengov.chain import Chain
from tests.unit.watchers.opengov.doubles import APPROVED, confirming, event, ongoing


def test_each_referendum_that_is_not_over_has_a_row_the_newest_first() -> None:
    """With the name of its track, its phase, and what it calls."""
    chain = Chain()
    for index, info in enumerate((ongoing(), ongoing(submitted=9_999), confirming(1_900), b"damaged")):
        chain.set(index, info)
    chain.block()
    (shown,) = chain.watcher.sheets(chain.state, chain.runtime)
    assert (shown.title, shown.columns, shown.left_out) == ("Referenda", COLUMNS, 0)
    assert shown.rows == (
        SheetRow(("#3", "–", "cannot be read", "not known"), "warn"),
        SheetRow(("#2", "small_tipper", "confirming", "System.remark"), "good"),
        SheetRow(("#1", "small_tipper", "preparing, frozen", "System.remark"), "warn"),
        SheetRow(("#0", "small_tipper", "preparing", "System.remark"), "off"),
    )


def test_one_that_is_approved_stays_until_it_is_executed_and_one_that_is_over_goes() -> None:
    """Its call has yet to be dispatched."""
    chain = Chain()
    chain.set(0, confirming(1_900))
    chain.set(1, ongoing())
    chain.block()
    chain.set(0, APPROVED)
    chain.set(1, ("Cancelled", (1_000, None, None)))
    chain.block(event("Confirmed", 0), event("Cancelled", 1))
    (shown,) = chain.watcher.sheets(chain.state, chain.runtime)
    assert [row.cells[:3] for row in shown.rows] == [("#0", "small_tipper", "approved")]


def test_a_chain_without_referenda_has_no_sheet() -> None:
    """Nor has one whose referenda are all over."""
    chain = Chain()
    assert chain.watcher.sheets({}, chain.runtime) == ()


def test_a_page_stays_a_page() -> None:
    """The rest is counted."""
    chain = Chain()
    for index in range(MOST_ROWS + 7):
        chain.set(index, ongoing())
    chain.block()
    (shown,) = chain.watcher.sheets(chain.state, chain.runtime)
    assert (len(shown.rows), shown.left_out) == (MOST_ROWS, 7)
    assert shown.rows[0].cells[0] == f"#{MOST_ROWS + 6}"
