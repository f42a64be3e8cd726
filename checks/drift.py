"""Do the values of a property change, although they keep their type?

Prices that are sent in cents since the last release, amounts that lost their sign, a property that
every third message lacks now: nothing breaks the plan, and every number that is made of it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.base import EVERY, Bucket, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.bins import SIZES
from checks.categories import Categories, names_of, watched
from checks.distributions import Difference, UnitError, numeric, unit_changes, unit_error
from checks.expectation import judged, key_of, trail
from checks.moves import moved
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence, shares
from checks.settings import setting
from checks.words import TELLING, number, share

NUMBERS = frozenset({"integer", "number"})
CHANGES = unit_changes(np.array(SIZES.bounds))
POSITIONS = np.arange(len(SIZES.bounds) + 1, dtype=float)

KINDS = {
    "numeric": Kind(
        title="{subject} has other values than before",
        advice="Ask what changed where it is set: a unit, a sign, a default; convert what came until it is repaired.",
        family="values",
    ),
    "categorical": Kind(
        title="{subject} has other values than before",
        advice="Ask what changed where it is set: a new value, a default, a value that is not sent any more.",
        family="values",
    ),
    "null_rate": Kind(
        title="{subject} is empty more often",
        advice="Find the release or the page that sends the event without it.",
        family="absence",
        symptom=True,
    ),
}


@dataclass(frozen=True, slots=True)
class DriftParams:
    """How large must a change be to matter?"""

    min_change: float = setting(
        0.2, "share of a day's values that would have to be others (total variation) for a change to matter", part=True
    )
    min_nulls: float = setting(
        0.1, "share of messages that lack the property, beyond what is usual, that matters", part=True
    )
    min_rows: float = setting(50.0, "values, or messages, of a day below which nothing is told")
    values: tuple[str, ...] = setting(
        (), "`Event.property` of few values, beside those of which the plan lists the values"
    )


@check("drift", kinds=KINDS, params=DriftParams)
class Drift:
    """Changes of numbers and of how often a property is empty, by the day."""

    def measures(self, plan: Plan, params: DriftParams) -> Iterable[Measure]:
        """Ask for sizes of planned numbers, values of what has few, and missing values of every property."""
        yield Measure(Stat.ROWS)
        yield Measure(Stat.NULLS, property=EVERY)
        for event, name in _numbers(plan):
            yield Measure(Stat.SIZES, event, name)
        for event, name in watched(plan, params.values):
            yield Measure(Stat.VALUES, event, name)

    def judge(self, profile: Profile, plan: Plan, params: DriftParams) -> Iterator[Finding]:
        """Yield a finding for every planned number and every property that may be empty, by source and day."""
        yield from self._numeric(profile, params)
        yield from self._categorical(profile, plan, params)
        limit = Limit("null_rate", 0.0, _say, True, params.min_nulls, params.min_rows)
        yield from judge_shares(profile, _optional(profile, plan), limit)

    def _numeric(self, profile: Profile, params: DriftParams) -> Iterator[Finding]:
        table = profile.table(Stat.SIZES, "day", EVERY)
        days = judged(profile, table)
        for key, bins in _histograms(table).items():
            for column, bucket in days:
                if bins[0][:, column].sum() >= params.min_rows:
                    yield _numeric(key, bucket, bins, (table.cut, column), params)

    def _categorical(self, profile: Profile, plan: Plan, params: DriftParams) -> Iterator[Finding]:
        if not any(watched(plan, params.values)):
            return
        found = Categories(profile.table(Stat.VALUES, "day", EVERY))
        days = judged(profile, found.table)
        for key in found.keys():  # noqa: SIM118 no mapping
            event = plan.events.get(key.event)
            names = names_of(event.properties.get(key.property or "") if event else None)
            counts = found.counts(key)
            for column, bucket in days:
                if counts[:, column].sum() >= params.min_rows:
                    yield found.judge(key, column, bucket, params.min_change, names)

    def evidence(self, profile: Profile, plan: Plan, params: DriftParams, finding: Finding) -> Evidence | None:
        """Return the share of empty values by day; of numbers, the middle one of each day; of values, nothing."""
        if finding.kind == "null_rate":
            return share_evidence(_optional(profile, plan), finding)
        if finding.kind == "categorical":
            return None  # many lines, of which none has a name
        table = profile.table(Stat.SIZES, "day", EVERY)
        bins = _histograms(table).get(key_of(finding))
        return None if bins is None else _medians(table, bins[0], finding)


def _numbers(plan: Plan) -> Iterator[tuple[str, str]]:
    for event in plan.events.values():
        for prop in event.properties.values():
            if prop.type in NUMBERS and not prop.key:
                yield event.name, prop.name


Histogram = tuple[Floats, Floats]  # [bins, days] values, and the same with NaN on days that are not learned from


def _histograms(table: Table) -> Mapping[Key, Histogram]:
    """Return the values of each property by source, bin and day."""
    places = {label: i for i, label in enumerate(SIZES.labels())}
    size = (len(places), len(table.calendar))
    found: dict[Key, Histogram] = {}
    for i, key in enumerate(table.keys):
        if key.source is not None and key.label in places:
            counts, usable = found.setdefault(replace(key, label=None), (np.zeros(size), np.zeros(size)))
            counts[places[key.label]] = np.nan_to_num(table.values[i])
            usable[:, ~table.usable[i]] = np.nan
    return {key: (counts, counts + spoilt) for key, (counts, spoilt) in found.items()}


def _numeric(key: Key, bucket: Bucket, bins: Histogram, place: tuple[int, int], params: DriftParams) -> Finding:
    cut, column = place
    past, today = bins[1][:, :cut].T, bins[0][:, column]
    found = numeric(past, today, POSITIONS)
    unit = unit_error(np.nansum(past, axis=0), today, CHANGES) if found.p_value <= TELLING else None
    finding = moved("numeric", key, bucket, found, params.min_change, float(today.sum()))
    text = _changed(key, found, unit, (np.nansum(past, axis=0), today)) if found.p_value <= TELLING else ""
    return replace(finding, relevant=finding.relevant or unit is not None, text=text)


def _changed(key: Key, found: Difference, unit: UnitError | None, counts: tuple[Floats, Floats]) -> str:
    usual, today = (_middle(each) for each in counts)
    beside = f"(the middle one is about {today}, usually {usual})"
    if unit is not None:
        return f"{key}: {share(unit.share)} of the values of a day are {unit.what} {beside}."
    return f"{key}: {share(found.effect)} of the values of a day would have to be others to be as usual {beside}."


def _median_bin(counts: Floats) -> int:
    return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))


def _middle(counts: Floats) -> str:
    """Return the lower bound of the bin of the middle value as people write it."""
    bound = float(SIZES.label(_median_bin(counts)))
    return number(bound) if bound >= 0 else f"−{number(-bound)}"


def _medians(table: Table, counts: Floats, finding: Finding) -> Evidence:
    """Return the bin of each day's middle value as a number, beside that of the past."""
    bounds = np.array([SIZES.bounds[0], *SIZES.bounds])
    came = counts.sum(axis=0) > 0
    middle = np.array([bounds[_median_bin(day)] if some else np.nan for day, some in zip(counts.T, came, strict=True)])
    usual = np.nanmedian(middle[: table.cut]) if came[: table.cut].any() else np.nan
    flat = np.full(len(middle), usual)
    return trail(table, finding, (middle, flat, flat, flat), unit="middle value")


def _optional(profile: Profile, plan: Plan) -> Shares:
    """Return missing values of properties that the plan does not require: those are a matter of `schema`."""

    def required(key: Key) -> bool:
        event = plan.events.get(key.event)
        prop = event.properties.get(key.property or "") if event else None
        return prop is not None and prop.promised(key.source)

    nulls = profile.table(Stat.NULLS, "day", EVERY).only(lambda key: not required(key))
    return shares(nulls, profile.table(Stat.ROWS, "day"))


def _say(day: Day) -> str:
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day lack it"
    return f"{day.key}: {count} ({share(day.share)}, usually {share(day.usual)})."
