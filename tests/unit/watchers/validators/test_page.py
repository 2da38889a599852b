"""The validators of the session on the status page: who does not work stands first."""

from paseo_watch.watchers.validators.page import COLUMNS, sheets
from tests.unit.watchers.validators.doubles import NAMES, Drive, relay, sessions

LIMIT = 3


def test_nothing_is_shown_before_the_first_session() -> None:
    """Nobody knows who is active."""
    assert sheets({}, LIMIT, NAMES) == ()


def test_every_active_validator_has_a_row_with_what_it_did() -> None:
    """The one that has a name under it; blocks by the headers' authors, votes as the chain counted them."""
    chain = relay()
    sessions(chain, 1, 2)
    (shown,) = sheets(Drive().run(chain).state, LIMIT, NAMES)
    assert (shown.title, shown.columns) == ("Validators of session 1", COLUMNS)
    assert len(shown.rows) == len({who for _, who in chain.ledger})
    (zero,) = [row.cells[2:] for row in shown.rows if row.cells[0] == "zero"]
    work = chain.counted([3])[1, next(who for (_, who) in chain.ledger if who.startswith(b"val\0\0\0\0\0"))]
    authored = sum(chain.records[number].author == 0 for number in (2, 3))
    assert zero == (str(authored), str(work.given), str(work.missed))


def test_who_is_offline_or_disabled_stands_first() -> None:
    """A reader who sees only the top of it sees what is wrong."""
    chain = relay()
    chain.offline(2)
    sessions(chain, 6, 6, 6, 1)
    chain.disable(chain.session.account(1))
    chain.block()
    (shown,) = sheets(Drive().run(chain).state, LIMIT, NAMES)
    assert [(row.cells[1], row.tone) for row in shown.rows[:2]] == [("offline", "bad"), ("disabled", "warn")]
    assert {row.cells[1] for row in shown.rows[2:]} <= {"works", "no sign yet", "misses votes"}


def test_a_tenth_of_missed_votes_is_worth_a_look() -> None:
    """Below it, chance; a validator with no vote yet is no suspect."""
    state = {
        "now": {"session": 1},
        "session/1": {"first": 1, "validators": ["01" * 32, "02" * 32, "03" * 32]},
        "para/1": {"accounts": ["01" * 32, "02" * 32, "03" * 32], "groups": [[0, 1, 2]]},
        "count/1": {
            "blocks": 9,
            "authored": [1, 1, 0],
            "strange": 0,
            "given": [9, 10, 0],
            "missed": [1, 1, 0],
            "unresolved": 0,
            "disabled": [],
        },
    }
    (shown,) = sheets(state, LIMIT, NAMES)
    assert [(row.cells[1:], row.tone) for row in shown.rows] == [
        (("misses votes", "1", "9", "1"), "warn"),
        (("no sign yet", "0", "0", "0"), "off"),
        (("works", "1", "10", "1"), "good"),
    ]
