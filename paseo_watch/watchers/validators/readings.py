"""What the state of validators comes to in figures. Labels are names from the configuration, and closed sets."""

from collections.abc import Iterator

from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.offline import is_offline, silent
from paseo_watch.watchers.validators.session import OVER, Session, Work, read, running
from paseo_watch.watchers.watcher import Gauge, Reading, State

SESSION = Gauge("validator_session", "The running session of validators.")
VALIDATORS = Gauge(
    "validators", "Validators by state: active, para (they back parachains), offline, disabled.", ("state",)
)
LAST_COVERAGE = Gauge(
    "validator_session_coverage_ratio", "Of the last session's blocks, the share that was seen and resolved."
)
LAST_VOTES = Gauge("validator_session_votes", "Backing votes of the last session by kind: given, missed.", ("kind",))
LAST_BLOCKS = Gauge("validator_session_blocks", "Blocks of the last session, seen or not.")
NAMED_BLOCKS = Gauge("validator_authored_blocks", "Blocks of a named account in the running session.", ("validator",))
NAMED_VOTES = Gauge(
    "validator_votes",
    "Backing votes of a named account in the running session by kind: given, missed.",
    ("validator", "kind"),
)
NAMED_OFFLINE = Gauge("validator_offline", "1 while a named account in the active set is offline.", ("validator",))
GAUGES = (
    SESSION,
    VALIDATORS,
    LAST_COVERAGE,
    LAST_VOTES,
    LAST_BLOCKS,
    NAMED_BLOCKS,
    NAMED_VOTES,
    NAMED_OFFLINE,
)


def readings(state: State, limit: int, names: Names) -> Iterator[Reading]:
    """Nothing before the first session."""
    number = running(state)
    session = None if number is None else read(state, number)
    if session is None:
        return
    yield Reading(SESSION, session.number)
    offline = [who for who in silent(state) if is_offline(state, who, limit)]
    yield from _states(state, session, len(offline))
    if OVER in state:
        yield from _last(state)
    for name, account in names.setting.accounts.items():
        work = session.works.get(account.hex())
        if work is not None:
            yield from _named(name, work, account.hex() in offline)


def _states(state: State, session: Session, offline: int) -> Iterator[Reading]:
    para = sum(work.para for work in session.works.values())
    disabled = len(state.get("disabled", {"accounts": []})["accounts"])
    counts = {"active": len(session.validators), "para": para, "offline": offline, "disabled": disabled}
    yield from (Reading(VALIDATORS, count, (name,)) for name, count in counts.items())


def _last(state: State) -> Iterator[Reading]:
    over = state[OVER]
    if over["coverage_per_mille"] is not None:
        yield Reading(LAST_COVERAGE, over["coverage_per_mille"] / 1000)
        yield Reading(LAST_BLOCKS, over["blocks"])
    yield Reading(LAST_VOTES, over["votes"], ("given",))
    yield Reading(LAST_VOTES, over["missed_votes"], ("missed",))


def _named(name: str, work: Work, offline: bool) -> Iterator[Reading]:
    yield Reading(NAMED_BLOCKS, work.authored, (name,))
    yield Reading(NAMED_VOTES, work.given, (name, "given"))
    yield Reading(NAMED_VOTES, work.missed, (name, "missed"))
    yield Reading(NAMED_OFFLINE, int(offline), (name,))
