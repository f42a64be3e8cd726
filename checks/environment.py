"""Does what developers and testers do count as what customers do?

Messages from localhost, staging and preview hosts in production, by source. A layout says which
environment a message comes from (dimension `environment`); one that is not production's is a leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from checks.base import Evidence, Finding, Key, Kind, Measure, Profile, Stat, Table, check
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence
from checks.settings import setting
from checks.words import number, share

PRODUCTION = frozenset({"(none)", "(other)", "production", "prod", "live"})
DIMENSION = "environment"

KINDS = {
    "leak": Kind(
        title="{subject} counts what developers do",
        advice="Give development and staging a write key of their own; leave these hosts out of questions until then.",
        spoils=False,
    )
}


@dataclass(frozen=True, slots=True)
class EnvironmentParams:
    """How much of a source's messages may come from elsewhere?"""

    tolerance: float = setting(
        0.002, "share of a source's messages that may come from developers and testers", part=True
    )
    min_rows: float = setting(20.0, "such messages a day below which nothing is told")


@check("environment", kinds=KINDS, params=EnvironmentParams)
class Environment:
    """Messages of other environments, by source and day."""

    def measures(self, plan: Plan, params: EnvironmentParams) -> Iterable[Measure]:
        """Ask for the messages of each day by environment."""
        return [Measure(Stat.ROWS), Measure(Stat.ROWS, by=DIMENSION)]

    def judge(self, profile: Profile, plan: Plan, params: EnvironmentParams) -> Iterator[Finding]:
        """Yield a finding for every source and day."""
        given, names = _shares(profile)
        limit = Limit("leak", params.tolerance, partial(_say, names=names), least_rows=params.min_rows)
        for finding in judge_shares(profile, given, limit):
            yield _of_source(finding)

    def evidence(self, profile: Profile, plan: Plan, params: EnvironmentParams, finding: Finding) -> Evidence | None:
        """Return the share of other environments by day."""
        return share_evidence(_shares(profile)[0], finding)


def _of_source(finding: Finding) -> Finding:
    """Return a finding about all events of a source."""
    return replace(finding, event=None)


def _shares(profile: Profile) -> tuple[Shares, Mapping[str, str]]:
    """Return the messages of each source that come from elsewhere, and from where; all events together."""
    table = profile.table(Measure(Stat.ROWS, by=DIMENSION).name(), "day")
    foreign: dict[str, list[int]] = {}
    every: dict[str, list[int]] = {}
    names: dict[str, set[str]] = {}
    for i, key in enumerate(table.keys):
        if key.source is not None:
            every.setdefault(key.source, []).append(i)
            if key.label not in PRODUCTION:
                foreign.setdefault(key.source, []).append(i)
                names.setdefault(key.source, set()).add(key.label or "")
    shape = (len(every), len(table.calendar))
    rows = np.array([np.nan_to_num(table.values[i]).sum(axis=0) for i in every.values()]).reshape(shape)
    bad = np.array([np.nan_to_num(table.values[foreign.get(s, [])]).sum(axis=0) for s in every]).reshape(shape)
    keys = tuple(Key("", source) for source in every)
    sums = Table(table.measure, table.calendar, keys, bad, np.ones(shape, dtype=bool), table.cut)
    return Shares(sums, rows), {source: ", ".join(sorted(found)) for source, found in names.items()}


def _say(day: Day, names: Mapping[str, str]) -> str:
    source = day.key.source or ""
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day"
    return f"{source}: {count} come from {names.get(source, 'elsewhere')} ({share(day.share)})."
