"""Which share of a property's values is of another type than most?

A text column holds anything, and a JSON object does too: what was a number is a word since the last
release, and every sum that is made of it fails or leaves it out. What was always mixed is held against how much.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from checks.base import EVERY, Floats, Key, Profile, Stat, Table
from checks.rates import Day, Shares, shares
from checks.words import number, share

TYPES = {
    Stat.NUMBERS: "numbers",
    Stat.BOOLEANS: "true or false",
    Stat.TIMES: "times",
    Stat.NESTED: "objects or lists",
    Stat.ROWS: "texts",  # the rest
}
COUNTED = tuple(stat for stat in TYPES if stat is not Stat.ROWS)


def mixed(profile: Profile) -> tuple[Shares, Mapping[Key, str]]:
    """Return the values that are not of the usual type beside all values, and the usual type of each series."""
    tables = {stat: profile.table(stat, "day", EVERY) for stat in COUNTED}
    by_type = {stat: dict(zip(table.keys, np.nan_to_num(table.values), strict=True)) for stat, table in tables.items()}
    found = {key for series in by_type.values() for key, values in series.items() if values.any() and key.source}
    table, zero = tables[Stat.NUMBERS], np.zeros(len(tables[Stat.NUMBERS].calendar))
    rows = _values(profile)
    usual: dict[Key, str] = {}
    bad: list[Floats] = []
    for key in sorted(found & rows.keys(), key=str):
        counts: dict[Stat, Floats] = {stat: by_type[stat].get(key, zero) for stat in COUNTED}
        counts[Stat.ROWS] = np.maximum(rows[key] - sum(counts.values(), zero), 0.0)
        past = {stat: values[: table.cut].sum() for stat, values in counts.items()}
        most = max(past, key=lambda stat: past[stat])
        if past[most]:
            usual[key] = TYPES[most]
            bad.append(np.maximum(rows[key] - counts[most], 0.0))
    shape = (len(usual), len(table.calendar))
    series = np.array(bad).reshape(shape)
    sums = Table(table.measure, table.calendar, tuple(usual), series, np.ones(shape, dtype=bool), table.cut)
    return Shares(sums, np.array([rows[key] for key in usual]).reshape(shape)), usual


def _values(profile: Profile) -> Mapping[Key, Floats]:
    """Return how many values each property has by day."""
    given = shares(profile.table(Stat.NULLS, "day", EVERY), profile.table(Stat.ROWS, "day"))
    counts = np.nan_to_num(given.rows - given.bad.values)
    return dict(zip(given.bad.keys, counts, strict=True))


def say(day: Day, usual: Mapping[Key, str]) -> str:
    """Return the sentence about a day."""
    count = f"{number(day.bad)} of {number(day.rows)} values of a day"
    rest = f"are not {usual[day.key]}, as most were"
    return f"{day.key}: {count} {rest} ({share(day.share)}, usually {share(day.usual)})."
