"""Which checks can never find anything, as they are set, in this plan and on this store?

Only what is certain is said: a check that finds nothing because nothing is wrong is no reason for a word. All checks
are on by default; of those for which a plan or a store happens to have nothing, only those are told that the
configuration names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from checks.base import Measure, Stat
from checks.drift import DriftParams
from checks.environment import DIMENSION
from checks.identity import IdentityParams
from checks.model import READY_DAYS
from checks.slices import SlicesParams
from monitor.config import CheckConfig, Config
from monitor.detectability import Detectability, Why
from monitor.inventory import Inventory
from monitor.values import duration_text

COUNTS = ("volume", "slices")  # those that say nothing before some days are known
ALLOWING = ("environment", "pii")  # those that find nothing but shares beyond a tolerance
SETTLED = dt.timedelta(days=2)  # for so long something must have been asked for, before it is held to be not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the store."""

    stored: Inventory | None = None  # None: not known yet
    seen: Detectability | None = None  # how small a change would be told
    lacking: frozenset[str] = field(default_factory=frozenset)  # measures that were asked for, and never answered


def blind(config: Config, known: Known) -> Iterator[tuple[str, str]]:
    """Yield each check that can never find anything, or `check.kind` or `check.setting`, and why, with what to do."""
    for check in config.checks.values():
        if why := _whole(check, config, known):
            yield check.name, why
        else:
            yield from _parts(check, config, known)


def _whole(check: CheckConfig, config: Config, known: Known) -> str:
    if check.name in COUNTS and config.store.history < dt.timedelta(days=READY_DAYS):
        history = duration_text(config.store.history)
        return f"store.history is {history}, and nothing is judged before {READY_DAYS} days of it: write more"
    if check.name in ALLOWING and check.params.tolerance >= 1:
        return "its tolerance is 100 %, which allows everything: write less, or switch it off"
    return (
        _left_out(check, config, known)
        or ((_without_plan(check, config) or _unanswered(check, known)) if check.written else "")
        or _too_rare(check, config, known)
    )


def _left_out(check: CheckConfig, config: Config, known: Known) -> str:
    there = set(known.stored.events) if known.stored else set[str]()
    events = there | config.plan.events.keys() if there else set(check.only)
    if check.only and not check.only & events:
        return "none of the events of 'only' is in the store or in the plan: correct their names"
    if check.only and check.only <= check.ignore:
        return "'ignore' takes away every event of 'only': take them out of one"
    if there and events <= check.ignore:
        return "'ignore' takes away every event of the store and of the plan: write enabled: false, or fewer"
    return ""


def _without_plan(check: CheckConfig, config: Config) -> str:
    events = [event for event in config.plan.events.values() if check.covers(event.name)]
    if check.name == "order" and not any(event.after for event in events):
        return "no event that it is for says in the plan what it comes 'after': write that, or switch it off"
    if check.name == "unplanned" and not config.plan.events:
        return "nothing is planned, so nothing is unplanned: write a plan (trackwatch plan infer), or switch it off"
    if check.name == "custom" and not check.params.queries:
        return "there are no queries under 'custom': write some, or leave the check away"
    return ""


def _unanswered(check: CheckConfig, known: Known) -> str:
    params = check.params
    if check.name == "environment" and _by(DIMENSION) in known.lacking:
        return "the store does not say from which environment a message comes (docs/stores.md): switch it off"
    if check.name == "parity" and known.lacking >= {Stat.KEYS, Stat.THERE}:
        return "nothing is compared: name an authoritative source and a mirror in the plan, or tables under 'parity'"
    if isinstance(params, SlicesParams) and known.lacking.issuperset(map(_by, params.dimensions)):
        return f"the store has none of {', '.join(params.dimensions)}: name others in 'dimensions', or switch it off"
    return ""


def _too_rare(check: CheckConfig, config: Config, known: Known) -> str:
    """Say that even a full stop of each event would be too small a surprise at the budget."""
    seen = known.seen
    if check.name != "volume" or seen is None or seen.budget != config.budget.false_alerts_per_week:
        return ""
    told = [each for each in seen.visible if any((*each.drop.values(), *each.spike.values()))]
    if told or not seen.visible or any(seen.unwatched.get(each.event) is not Why.RARE for each in seen.visible):
        return ""
    return (
        "all events come so rarely that not even a full stop opens an incident within a week at this budget "
        "(trackwatch detectability): raise budget.false_alerts_per_week, or lower min_events"
    )


def _parts(check: CheckConfig, config: Config, known: Known) -> Iterator[tuple[str, str]]:
    """Yield what of a check can never find anything, while the rest of it can."""
    params = check.params
    if check.name == "volume" and known.stored:
        yield from _too_large(check, config, known.stored)
    elif isinstance(params, SlicesParams):
        named = [each for each in params.dimensions if each not in SlicesParams().dimensions]
        if strange := [each for each in named if _by(each) in known.lacking]:
            yield "slices.dimensions", f"the store has no {', '.join(strange)}: correct the names, or leave them away"
    elif isinstance(params, IdentityParams) and params.logins != IdentityParams().logins and known.stored:
        if not known.stored.events.keys() & params.logins and not config.plan.events.keys() & params.logins:
            said = ", ".join(params.logins)
            yield "identity.logins", f"none of {said} is in the store or in the plan: correct their names"
    elif isinstance(params, DriftParams) and (strange := sorted(set(params.values) - _properties(config))):
        yield "drift.values", f"the plan has no {', '.join(strange)}: correct the names, or write them into the plan"


def _too_large(check: CheckConfig, config: Config, stored: Inventory) -> Iterator[tuple[str, str]]:
    """Yield that no event has as many messages as a drop would have to take away."""
    rows = [event.rows for name, event in stored.events.items() if check.covers(name)]
    own, general = check.params.min_events, config.budget.min_messages
    most, setting = max((own, "volume.min_events"), (general, "budget.min_messages"))
    if any(rows) and max(rows) < most:
        days = (stored.until - stored.since).days
        came = f"of no event came more than {max(rows):,} in the {days} days before"
        yield "volume.drop", f"{setting} is {most:,.0f} messages, and {came}: write less"


def _properties(config: Config) -> set[str]:
    return {f"{event.name}.{name}" for event in config.plan.events.values() for name in event.properties}


def _by(dimension: str) -> str:
    return Measure(Stat.ROWS, by=dimension).name()
