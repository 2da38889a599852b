"""Sessions as they are counted: rows of state, and the facts that they become.

State rows, for the running session and the one before (late blocks and the first votes of a session belong there):

- `session/<n>` {"first", "validators"}: its first block, null where not known, and who makes blocks, in hexadecimal;
- `para/<n>` {"accounts", "groups"}: what votes are resolved with (`votes.read_session`);
- `count/<n>` {"blocks", "last", "authored", "strange", "given", "missed", "unresolved"}: blocks seen, the highest of
  them, blocks by place in `validators`, blocks of authors that are not there, votes by place in `accounts`, and blocks
  whose votes could not be resolved.

`now` {"session"} is the running one, `over` what the last closed one came to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paseo_watch.watchers.watcher import Fact, Json, State

NOW, OVER = "now", "over"
ROW, SUMMARY = "validator-session", "session"
"""Kinds of facts: one row a validator and session, one a session."""
PER_MILLE = 1000
MOST_UNSEEN = 1000


def session_key(number: int) -> str:
    """The row that says who is in a session."""
    return f"session/{number}"


def para_key(number: int) -> str:
    """The row that votes of a session are resolved with."""
    return f"para/{number}"


def count_key(number: int) -> str:
    """The row that a session is counted in."""
    return f"count/{number}"


def running(state: State) -> int | None:
    """The running session; None before the first block."""
    return state[NOW]["session"] if NOW in state else None


@dataclass(frozen=True, slots=True)
class Work:
    """What one validator did in one session; `para` says whether backing was its duty."""

    authored: int
    given: int
    missed: int
    para: bool

    @property
    def alive(self) -> bool:
        """Any sign of life."""
        return self.authored > 0 or self.given > 0


@dataclass(frozen=True, slots=True)
class Session:
    """A session as counted so far. `last` is the highest block seen, or its last one once that is known."""

    number: int
    first: int | None
    last: int
    observed: int
    validators: tuple[str, ...]
    works: Mapping[str, Work]
    unresolved: int
    strange: int

    @property
    def length(self) -> int:
        """Blocks that it has had; those seen where its first is not known."""
        return self.observed if self.first is None else max(self.last - self.first + 1, self.observed)

    @property
    def coverage(self) -> int:
        """Of its blocks, how many were seen and resolved, in per mille, rounded down."""
        seen = max(self.observed - self.unresolved - self.strange, 0)
        return seen * PER_MILLE // self.length if self.length else 0

    @property
    def sums(self) -> dict[str, Json]:
        """Of all validators together."""
        works = self.works.values()
        return {
            "session": self.number,
            "first": self.first,
            "last": self.last,
            "blocks": self.length,
            "observed": self.observed,
            "unresolved": self.unresolved + self.strange,
            "coverage_per_mille": self.coverage,
            "validators": len(self.validators),
            "para_validators": sum(work.para for work in works),
            "authored": sum(work.authored for work in works),
            "votes": sum(work.given for work in works),
            "missed_votes": sum(work.missed for work in works),
        }

    def facts(self) -> tuple[Fact, ...]:
        """A row for each validator and one for all; written again in their place where a late block changes them."""
        extent = {"session": self.number, "blocks": self.length, "observed": self.observed}
        rows = [
            Fact(ROW, f"{self.number:010}/{who}", {**extent, "validator_key": "0x" + who, **_figures(work)})
            for who, work in sorted(self.works.items())
        ]
        return (*rows, Fact(SUMMARY, f"{self.number:010}", self.sums))


def begun(number: int, first: int | None, validators: Sequence[str]) -> dict[str, Json]:
    """The rows of a session that is seen for the first time."""
    return {
        session_key(number): {"first": first, "validators": list(validators)},
        count_key(number): {
            "blocks": 0,
            "last": 0,
            "authored": [0] * len(validators),
            "strange": 0,
            "given": [],
            "missed": [],
            "unresolved": 0,
        },
    }


def authored(count: Json, place: int | None, number: int) -> Json:
    """The count with one more block, made by the validator at `place`; None where its header does not say."""
    by = list(count["authored"])
    known = place is not None and place < len(by)
    if known and place is not None:
        by[place] += 1
    strange = count["strange"] + (not known)
    return {
        **count,
        "blocks": count["blocks"] + 1,
        "last": max(count["last"], number),
        "authored": by,
        "strange": strange,
    }


def read(state: State, number: int, last: int | None = None) -> Session | None:
    """A session as the rows have it; `last` is its last block where that is known. None where it was never seen."""
    who, count = state.get(session_key(number)), state.get(count_key(number))
    if who is None or count is None:
        return None
    para = state.get(para_key(number), {"accounts": []})["accounts"]
    votes: dict[str, tuple[int, int]] = dict(
        zip(para, zip(count["given"], count["missed"], strict=False), strict=False)
    )
    blocks: dict[str, int] = dict(zip(who["validators"], count["authored"], strict=True))
    works = {
        account: Work(blocks.get(account, 0), *votes.get(account, (0, 0)), account in votes)
        for account in (*blocks, *(account for account in votes if account not in blocks))
    }
    return Session(
        number=number,
        first=who["first"],
        last=count["last"] if last is None else last,
        observed=count["blocks"],
        validators=tuple(who["validators"]),
        works=works,
        unresolved=count["unresolved"],
        strange=count["strange"],
    )


def unseen(first: int, end: int) -> list[Fact]:
    """A summary for each session from `first` to before `end` of which no block was read, at most MOST_UNSEEN."""
    return [
        Fact(SUMMARY, f"{number:010}", {"session": number, "observed": 0})
        for number in range(max(first, end - MOST_UNSEEN), end)
    ]


def forgotten(state: State, before: int) -> dict[str, Any]:
    """The changes that drop every session below `before`."""
    kept = ("session/", "para/", "count/")
    return {key: None for key in state if key.startswith(kept) and int(key.partition("/")[2]) < before}


def _figures(work: Work) -> dict[str, Json]:
    return {"authored": work.authored, "votes": work.given, "missed_votes": work.missed, "para": work.para}
