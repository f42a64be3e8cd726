"""Do properties hold what says who somebody is, although nobody planned that?

An address in a search field, a phone number in a note, a card in a URL: whoever may read events reads them
too. What the plan marks `personal` may hold it. Texts are counted by what they look like, in the store; no text
ever leaves it. A number counts as a card's where its check digit is right, and then only where most numbers that look
so have a right one: of any sixteen digits, a tenth has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from checks.base import EVERY, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence, shares
from checks.settings import setting
from checks.words import number, share

CLASSES = {
    Stat.EMAILS: "hold an email address",
    Stat.PHONES: "are phone numbers",
    Stat.CARDS: "are numbers of payment cards",
    Stat.NATIONAL_IDS: "are national identity numbers",
}
TRAITS = frozenset({"identify", "group"})  # calls by which people and companies are described
MOST = 0.5  # of the numbers that look like a card's must check; by chance a tenth does

KINDS = {
    "value": Kind(
        title="{subject} holds personal data",
        advice="Stop sending it, and delete what came; if it must be there, mark it `personal: true` in the plan.",
        spoils=False,
    )
}


@dataclass(frozen=True, slots=True)
class PiiParams:
    """How many values may look like personal data before it is told?"""

    tolerance: float = setting(
        0.001, "share of a property's values on a day that may look like personal data", part=True
    )
    min_rows: float = setting(5.0, "such values on a day below which nothing is told")


@check("pii", kinds=KINDS, params=PiiParams)
class Pii:
    """Personal data where none is planned, by property, source and day."""

    def measures(self, plan: Plan, params: PiiParams) -> Iterable[Measure]:
        """Ask how many values of every property look like personal data of each class."""
        yield Measure(Stat.ROWS)
        yield from (Measure(stat, property=EVERY) for stat in (Stat.NULLS, Stat.UNCHECKED, *CLASSES))

    def judge(self, profile: Profile, plan: Plan, params: PiiParams) -> Iterator[Finding]:
        """Yield a finding for every property, source and day that holds any, and that the plan calls not personal."""
        given, most = _shares(profile, plan)
        say = partial(_say, most=most)
        yield from judge_shares(profile, given, Limit("value", params.tolerance, say, least_rows=params.min_rows))

    def evidence(self, profile: Profile, plan: Plan, params: PiiParams, finding: Finding) -> Evidence | None:
        """Return the share of such values by day."""
        return share_evidence(_shares(profile, plan)[0], finding)


def _shares(profile: Profile, plan: Plan) -> tuple[Shares, Mapping[Key, Stat]]:
    """Return the personal values of each property beside all its values, and of which class most are."""
    tables = {stat: profile.table(stat, "day", EVERY) for stat in (*CLASSES, Stat.UNCHECKED)}
    counts = {stat: dict(zip(table.keys, np.nan_to_num(table.values), strict=True)) for stat, table in tables.items()}
    table = tables[Stat.EMAILS]
    zero = np.zeros(len(table.calendar))
    unchecked = counts.pop(Stat.UNCHECKED)
    cards = counts[Stat.CARDS]
    counts[Stat.CARDS] = {key: _cards(values, unchecked.get(key, zero)) for key, values in cards.items()}
    found = {key for of_class in counts.values() for key, values in of_class.items() if values.any()}
    keys = tuple(sorted((key for key in found if key.source is not None and not _personal(plan, key)), key=str))
    by_class = {stat: [of_class.get(key, zero) for key in keys] for stat, of_class in counts.items()}
    shape = (len(keys), len(table.calendar))
    bad = sum((np.array(values).reshape(shape) for values in by_class.values()), np.zeros(shape))
    sums = Table(table.measure, table.calendar, keys, bad, np.ones(shape, dtype=bool), table.cut)
    given = shares(sums, profile.table(Stat.ROWS, "day"))
    nulls = profile.table(Stat.NULLS, "day", EVERY)
    missing = dict(zip(nulls.keys, np.nan_to_num(nulls.values), strict=True))
    for i, key in enumerate(given.bad.keys):
        given.rows[i] -= missing.get(key, zero)
    now = {stat: [values[table.cut :].sum() for values in series] for stat, series in by_class.items()}
    order = np.array([now[stat] for stat in CLASSES]).reshape(len(CLASSES), len(keys)).argmax(axis=0)
    return given, {key: tuple(CLASSES)[i] for key, i in zip(keys, order, strict=True)}


def _cards(cards: Floats, unchecked: Floats) -> Floats:
    """Return the cards of each day, none where so few of the numbers that look like one check."""
    return np.where(cards > MOST * (cards + unchecked), cards, 0.0)


def _personal(plan: Plan, key: Key) -> bool:
    """Say whether a property may hold personal data; traits that nobody planned may: they say who somebody is."""
    event = plan.events.get(key.event)
    if event is None:
        return key.event in TRAITS
    prop = event.properties.get(key.property or "")
    return prop is not None and prop.personal


def _say(day: Day, most: Mapping[Key, Stat]) -> str:
    count = f"{number(day.bad)} of {number(day.rows)} values of a day"
    return f"{day.key}: {count} {CLASSES[most[day.key]]} ({share(day.share)}), and the plan does not call it personal."
