"""Which events come without the one that has to come before them, for the same person?

The plan says `after`. Some are always without: a shop loses the first step to a blocker, a session began on
another device. So a share is held against what the plan allows (`at_least`), or where it says nothing against the
event's own past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from checks.base import Evidence, Finding, Key, Kind, Measure, Profile, Rule, Stat, Table, check
from checks.plan import After, Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence
from checks.settings import setting
from checks.words import number, share

KINDS = {
    "skipped": Kind(
        title="{subject} comes without what has to come before it",
        advice="Look for a release that lost the earlier event, or that lets people jump the step.",
    ),
}
MEASURED = "unpreceded.after"


@dataclass(frozen=True, slots=True)
class OrderParams:
    """How many messages without the earlier one matter?"""

    min_share: float = setting(
        0.05, "share of messages without the earlier one beyond what is usual, where the plan sets no bound", part=True
    )
    min_messages: int = setting(10, "such messages a day below which nothing is told")


@check("order", kinds=KINDS, params=OrderParams)
class Order:
    """Messages without the earlier event, by the day."""

    def measures(self, plan: Plan, params: OrderParams) -> Iterable[Measure]:
        """Ask for the messages of each rule's event that have none of the other before them."""
        for event, after in _rules(plan):
            yield Measure(Stat.ROWS)
            rule = Rule("after", (after.event, after.within.total_seconds()))
            yield Measure(Stat.UNPRECEDED, event, rule=rule)

    def judge(self, profile: Profile, plan: Plan, params: OrderParams) -> Iterator[Finding]:
        """Yield a finding for every rule, source and day."""
        for event, after in _rules(plan):
            given = _shares(profile, event, after)
            if given is not None:
                yield from judge_shares(profile, given, _limit(after, params))

    def evidence(self, profile: Profile, plan: Plan, params: OrderParams, finding: Finding) -> Evidence | None:
        """Return the share of messages without the earlier event by day."""
        for event, after in _rules(plan):
            if event == finding.event and after.event in finding.text:
                given = _shares(profile, event, after)
                return share_evidence(given, finding) if given else None
        return None


def _rules(plan: Plan) -> Iterator[tuple[str, After]]:
    for event in plan.events.values():
        for after in event.after:
            yield event.name, after


def _limit(after: After, params: OrderParams) -> Limit:
    say = partial(_say, after=after)
    if after.at_least is not None:
        return Limit("skipped", 1 - after.at_least, say, least_rows=params.min_messages)
    return Limit("skipped", 0.0, say, natural=True, least=params.min_share, least_rows=params.min_messages)


def _shares(profile: Profile, event: str, after: After) -> Shares | None:
    """Return the rows of each source without the earlier event; None where that one was never seen.

    A day of which the earlier event is not all loaded is not known.
    """
    rows, skipped = profile.table(Stat.ROWS, "day"), profile.table(MEASURED, "day")
    before = [i for i, key in enumerate(rows.keys) if key.event == after.event]
    own = [i for i, key in enumerate(rows.keys) if key.event == event and key.source is not None]
    if not before or not own:
        return None
    counted = dict(zip(skipped.keys, skipped.values, strict=True))
    loaded = np.where(np.isfinite(rows.values[before]).all(axis=0), 0.0, np.nan)
    keys = tuple(Key(event, rows.keys[i].source) for i in own)
    nothing = np.zeros(len(rows.calendar))
    values = [counted.get(Key(event, key.source, None, after.event), nothing) for key in keys]
    bad = np.minimum(np.nan_to_num(np.array(values)), rows.values[own]) + loaded
    return Shares(Table(MEASURED, rows.calendar, keys, bad, rows.usable[own], rows.cut), rows.values[own])


def _say(day: Day, after: After) -> str:
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day"
    usual = "allowed" if after.at_least is not None else "usual"
    return f"{day.key}: {count} have no {after.event} before them ({share(day.share)}; {share(day.usual)} is {usual})."
