"""Conditions about one account's balance: over the cap, or running low. They fire, last and resolve.

State rows, by rule: `cap/<rule>/<account>` {"balance", "firing"} for every account over the cap, reported or not, so
that another whitelist can be judged without asking the chain again; `whitelist/<rule>` {"accounts"}, the last good one;
`low/<rule>/<account>` {"balance"} while low; `judged/<rule>`, the rule's terms by which all these were judged last.
Accounts are in hexadecimal, balances are text in planck.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from paseo_watch.chain.units import NATIVE, format_amount
from paseo_watch.watchers.balances.rules import Cap, Low
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.pots import pot_name
from paseo_watch.watchers.watcher import ConditionObservation, Json, State

Outcome = tuple[str, Json, ConditionObservation | None]
"""A state key, its new value (None deletes it), and what there is to say."""


def whitelist_key(rule: str) -> str:
    """The state key of a cap rule's whitelist."""
    return f"whitelist/{rule}"


def judged_key(rule: str) -> str:
    """The state key of the terms by which what is remembered for a rule was judged."""
    return f"judged/{rule}"


def terms(rule: Cap | Low) -> Json:
    """What of a rule decides over accounts that are remembered: other terms, and `judge_again` has something to do."""
    if isinstance(rule, Cap):
        return {"cap": str(rule.planck), "whitelisted": rule.whitelisted}
    return {"low": [account.hex() for account in rule.accounts]}


def is_waiting(rule: Cap, state: State) -> bool:
    """Whether a cap rule has a whitelist that never arrived: then it reports nobody and only remembers."""
    return rule.whitelisted and whitelist_key(rule.name) not in state


def judge_cap(rule: Cap, state: State, account: bytes, total: int, names: Names) -> Outcome | None:
    """An account was seen with this total: fires above the cap, resolves at or below it."""
    return _judge_cap(rule, state, account, total, _allowed(rule, state), names)


def judge_remembered(rule: Cap, state: State, accounts: frozenset[str], names: Names) -> Iterator[Outcome]:
    """Every account over the cap, judged again by a new whitelist of hexadecimal `accounts`."""
    prefix = f"cap/{rule.name}/"
    for key in sorted(key for key in state if key.startswith(prefix)):
        account, total = bytes.fromhex(key.removeprefix(prefix)), int(state[key]["balance"])
        judged = _judge_cap(rule, state, account, total, accounts, names)
        if judged is not None:
            yield judged


def judge_again(rules: Iterable[Cap | Low], state: State, names: Names) -> Iterator[Outcome]:
    """What a changed configuration asks for without a block: changed rules decide over what is remembered for them.

    An account that left a low-balance rule, or a rule that became one of another kind, would else fire for ever.
    """
    rules = tuple(rules)
    yield from (outcome for key in sorted(state) if (outcome := _orphaned(rules, state, key, names)) is not None)
    for rule in rules:
        if isinstance(rule, Cap) and (allowed := _allowed(rule, state)) is not None:
            yield from judge_remembered(rule, state, allowed, names)


def _orphaned(rules: Sequence[Cap | Low], state: State, key: str, names: Names) -> Outcome | None:
    kind, name, *rest = key.split("/")
    rule = next((rule for rule in rules if rule.name == name), None)
    if kind in ("whitelist", "judged") or rule is None:
        return None
    if kind == "due":
        return None if isinstance(rule, Cap) else (key, None, None)
    account = bytes.fromhex(rest[0])
    if account in rule.accounts if kind == "low" and isinstance(rule, Low) else kind == "cap" and isinstance(rule, Cap):
        return None
    fired = kind == "low" or bool(state[key]["firing"])
    title = f"{names.short(account)} is no longer watched by {name}"
    text = f"The rule {name} was changed and is not about {names.account(account)} any more."
    observed = _observed(rule, account, int(state[key]["balance"]), False, (title, text), names)
    return key, None, observed if fired else None


def judge_low(rule: Low, state: State, account: bytes, free: int, names: Names) -> Outcome | None:
    """A named account has this free balance: fires below the limit, resolves at `recover` or more."""
    key = f"low/{rule.name}/{account.hex()}"
    fired = key in state
    if not fired and free < rule.planck:
        title = f"{names.short(account)} is low: {names.amount(free, NATIVE)}"
        text = f"{names.account(account)} has {names.amount(free, NATIVE)} free, less than {_limit(rule)}."
        return key, {"balance": str(free)}, _observed(rule, account, free, True, (title, text), names)
    if fired and free >= rule.recover:
        title = f"{names.short(account)} has recovered: {names.amount(free, NATIVE)}"
        text = f"{names.account(account)} has {names.amount(free, NATIVE)} free again; the limit is {_limit(rule)}."
        return key, None, _observed(rule, account, free, False, (title, text), names)
    return None


def _allowed(rule: Cap, state: State) -> frozenset[str] | None:
    """The whitelisted accounts; None while the rule waits for its whitelist."""
    if is_waiting(rule, state):
        return None
    stored = state.get(whitelist_key(rule.name)) if rule.whitelisted else None
    return frozenset(stored["accounts"]) if stored else frozenset()


def _judge_cap(
    rule: Cap, state: State, account: bytes, total: int, allowed: frozenset[str] | None, names: Names
) -> Outcome | None:
    key = f"cap/{rule.name}/{account.hex()}"
    before: Mapping[str, Json] | None = state.get(key)
    over = total > rule.planck and pot_name(account) is None
    firing = over and allowed is not None and account.hex() not in allowed
    after = {"balance": str(total), "firing": firing} if over else None
    if after == before:
        return None
    fired = before is not None and bool(before["firing"])
    if firing and not fired:
        return key, after, _observed(rule, account, total, True, _broken(rule, account, total, names), names)
    if fired and not firing:
        return key, after, _observed(rule, account, total, False, _kept(rule, account, total, over, names), names)
    return key, after, None


def _broken(rule: Cap, account: bytes, total: int, names: Names) -> tuple[str, str]:
    amount = names.amount(total, NATIVE)
    return (
        f"{names.short(account)} holds {amount}",
        f"{names.account(account)} holds {amount} in total, more than the cap of {_limit(rule)}"
        f"{', and is not on the whitelist' if rule.whitelisted else ''}.",
    )


def _kept(rule: Cap, account: bytes, total: int, over: bool, names: Names) -> tuple[str, str]:
    amount = names.amount(total, NATIVE)
    if over:
        return (
            f"{names.short(account)} is whitelisted now",
            f"{names.account(account)} holds {amount}, and may: it is on the whitelist now.",
        )
    return (
        f"{names.short(account)} is within the cap: {amount}",
        f"{names.account(account)} holds {amount} in total, within the cap of {_limit(rule)}.",
    )


def _limit(rule: Cap | Low) -> str:
    return format_amount(rule.planck, rule.unit)


def _observed(
    rule: Cap | Low, account: bytes, balance: int, active: bool, told: tuple[str, str], names: Names
) -> ConditionObservation:
    title, text = told
    address = names.address(account)
    return ConditionObservation(
        rule=rule.name,
        severity=rule.severity,
        active=active,
        key=account.hex(),
        title=title,
        text=text,
        labels={"account": address},
        data={
            "account": address,
            "account_key": "0x" + account.hex(),
            "account_name": names.name(account),
            "balance": str(balance),
            "balance_text": names.amount(balance, NATIVE),
            "limit": str(rule.planck),
            "limit_text": _limit(rule),
        },
        links=names.links(None, None, [account]),
    )
