"""Sessions as they are counted: rows of state, and the facts that they become.

State rows, for the running session and the last one that is over (late blocks and the first votes of a session belong
there), and where late blocks tell of them, for those next to the running one:

- `session/<n>` {"first", "validators"}: its first block, null where not known, and who makes blocks, in hexadecimal;
- `para/<n>` {"accounts", "groups"}: what votes are resolved with (`votes.read_session`);
- `count/<n>` {"blocks", "authored", "strange", "given", "missed", "unresolved", "disabled"}: blocks seen, blocks by
  place in `validators`, blocks of authors that are not there, votes by place in `accounts`, blocks whose votes could
  not be resolved, and the places in `validators` that were disabled behind any of the blocks.

`now` {"session"} is the running one, `over` what the last closed one came to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paseo_watch.watchers.watcher import Fact, Json, State

NOW, OVER = "now", "over"
ROW, SUMMARY = "validator-session", "session"
"""Kinds of facts: one row a validator and session, one a session."""
_SESSION = "session/"
PER_MILLE = 1000
MOST_UNSEEN = 1000


def session_key(number: int) -> str:
    """The row that says who is in a session."""
    return f"{_SESSION}{number}"


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
    """A session as counted so far. `first` and `last` are its first and last block, None where not known (yet)."""

    number: int
    first: int | None
    last: int | None
    observed: int
    validators: tuple[str, ...]
    works: Mapping[str, Work]
    unresolved: int
    strange: int
    disabled: frozenset[str] = frozenset()

    @property
    def length(self) -> int | None:
        """Blocks that it had; None where nobody can say."""
        if self.first is None or self.last is None:
            return None
        return max(self.last - self.first + 1, self.observed)

    @property
    def coverage(self) -> int | None:
        """Of its blocks, how many were seen and resolved, in per mille, rounded down; None where nobody can say."""
        seen = max(self.observed - self.unresolved - self.strange, 0)
        return seen * PER_MILLE // self.length if self.length else None

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
            Fact(ROW, f"{self.number:010}/{who}", {**extent, **self._row(who, work)})
            for who, work in sorted(self.works.items())
        ]
        return (*rows, Fact(SUMMARY, f"{self.number:010}", self.sums))

    def _row(self, who: str, work: Work) -> dict[str, Json]:
        return {
            "validator_key": "0x" + who,
            "authored": work.authored,
            "votes": work.given,
            "missed_votes": work.missed,
            "para": work.para,
            "disabled": who in self.disabled,
        }


def begun(number: int, first: int | None, validators: Sequence[str]) -> dict[str, Json]:
    """The rows of a session that is seen for the first time."""
    return {
        session_key(number): {"first": first, "validators": list(validators)},
        count_key(number): {
            "blocks": 0,
            "authored": [0] * len(validators),
            "strange": 0,
            "given": [],
            "missed": [],
            "unresolved": 0,
            "disabled": [],
        },
    }


def authored(count: Json, place: int | None) -> Json:
    """The count with one more block, made by the validator at `place`; None where its header does not say."""
    by = list(count["authored"])
    known = place is not None and place < len(by)
    if known and place is not None:
        by[place] += 1
    return {**count, "blocks": count["blocks"] + 1, "authored": by, "strange": count["strange"] + (not known)}


def disabled(count: Json, places: Collection[int]) -> Json:
    """The count with who was disabled behind one more block. Of any block, so that late ones may come in any order."""
    return {**count, "disabled": sorted({*_disabled(count), *places})}


def read(state: State, number: int, last: int | None = None) -> Session | None:
    """A session as the rows have it; `last` is its last block where that is known. None where it was never seen."""
    who, count = state.get(session_key(number)), state.get(count_key(number))
    if who is None or count is None:
        return None
    para = state.get(para_key(number), {"accounts": [], "groups": []})
    votes: dict[str, tuple[int, int]] = dict(
        zip(para["accounts"], zip(count["given"], count["missed"], strict=True), strict=True)
    )
    blocks: dict[str, int] = dict(zip(who["validators"], count["authored"], strict=True))
    backing = _backing(para)
    return Session(
        number=number,
        first=who["first"],
        last=last,
        observed=count["blocks"],
        validators=tuple(who["validators"]),
        works={
            account: Work(blocks.get(account, 0), *votes.get(account, (0, 0)), account in backing)
            for account in (*blocks, *(account for account in votes if account not in blocks))
        },
        unresolved=count["unresolved"],
        strange=count["strange"],
        disabled=frozenset(who["validators"][place] for place in _disabled(count)),
    )


def unseen(first: int, end: int, known: Collection[int]) -> list[Fact]:
    """A summary for each session from `first` to before `end` of which no block was read; of many, for the last ones.

    `known` are those of which some were.
    """
    sessions = (number for number in range(max(first, end - MOST_UNSEEN), end) if number not in known)
    return [Fact(SUMMARY, f"{number:010}", {"session": number, "observed": 0}) for number in sessions]


def begins(state: State, number: int, late: bool) -> bool:
    """Whether a block may begin a session's rows: a late one only next to the running session, for what is farther away
    is forgotten, or not yet to be had.
    """
    if session_key(number) in state:
        return False
    now = running(state)
    return not late or now is None or abs(number - now) <= 1


def kept(state: State) -> list[int]:
    """The sessions that have rows, in their order."""
    return sorted(int(key.removeprefix(_SESSION)) for key in state if key.startswith(_SESSION))


def forgotten(state: State, first: int, last: int) -> dict[str, Any]:
    """The changes that drop every session but those from `first` to `last`."""
    gone = [number for number in kept(state) if not first <= number <= last]
    keys = (key(number) for number in gone for key in (session_key, para_key, count_key))
    return {key: None for key in keys if key in state}


def _backing(para: Json) -> frozenset[str]:
    """Accounts that are in a group; not every runtime lists those alone."""
    accounts = para["accounts"]
    return frozenset(accounts[place] for group in para["groups"] for place in group if place < len(accounts))


def _disabled(count: Json) -> Sequence[int]:
    places: list[int] = count.get("disabled", [])  # a row of before this was counted has none
    return places
