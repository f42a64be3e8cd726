"""Which planned property comes under another name?

A property dies on a source while an unplanned one is born there: at the same time, in as many messages, alike in
name or the only one of its type. That a property has values on a day is told by the fingerprint of its values, which is
there on no other day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from checks.base import EVERY, Bucket, Finding, Floats, Key, Profile, Stat, Table
from checks.clusters import CORRELATION
from checks.expectation import judged
from checks.names import likeness
from checks.plan import Plan
from checks.words import TELLING, number, share

ALIVE = 0.9  # of the days before, on which a property had values
LEAST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Alike:
    """What counts as the same property under another name?"""

    within_days: float
    volume: float  # the rarer of the two comes in at least this share of the other's messages
    likeness: float  # of the names


@dataclass(frozen=True, slots=True)
class Present:
    """One property on one source, by day."""

    key: Key
    alive: np.ndarray  # [days] whether it had values
    values: Floats  # [days] messages with one
    type: str


def renamed(profile: Profile, plan: Plan, alike: Alike) -> Iterator[Finding]:
    """Yield a test for each planned property beside which an unplanned one was born."""
    rows = profile.table(Stat.ROWS, "day")
    days = judged(profile, rows)
    if not days:
        return
    found = present(profile, rows)
    for place, properties in found.items():
        planned = plan.events[place[0]].properties if place[0] in plan.events else {}
        old = [each for each in properties if each.key.property in planned]
        new = [each for each in properties if each.key.property not in planned]
        if not planned or not new:
            continue
        total = rows.values[rows.keys.index(Key(*place))]
        for column, bucket in days:
            born = [each for each in new if _is_born(each, total, column, alike)]
            for each in old if born else ():
                finding = _test(each, born, (column, bucket), total, alike)
                if finding is not None:
                    yield finding


def present(profile: Profile, rows: Table) -> dict[tuple[str, str], list[Present]]:
    """Return the properties of each event and source; a source whose rows are not known has none."""
    prints, nulls = (profile.table(stat, "day", EVERY) for stat in (Stat.FINGERPRINT, Stat.NULLS))
    total = {(key.event, key.source): series for key, series in zip(rows.keys, rows.values, strict=True)}
    missing = dict(zip(nulls.keys, nulls.values, strict=True))
    types = {Key(each.event, each.source, each.property): each.type for each in profile.catalog.fields}
    found: dict[tuple[str, str], list[Present]] = {}
    for key, series in zip(prints.keys, prints.values, strict=True):
        if key.source is not None and (key.event, key.source) in total:
            alive = np.isfinite(series)
            own = total[key.event, key.source]
            values = np.where(alive, np.nan_to_num(own) - np.nan_to_num(missing.get(key, np.zeros(1))), 0.0)
            found.setdefault((key.event, key.source), []).append(Present(key, alive, values, types.get(key, "")))
    return found


def _is_born(new: Present, total: Floats, column: int, alike: Alike) -> bool:
    """Say whether a property has values on a day, and first had some lately, while its event came long before."""
    first = int(np.argmax(new.alive)) if new.alive.any() else len(new.alive)
    before = np.count_nonzero(np.nan_to_num(total[:first]) > 0)
    lately = column - first <= LEAST_DAYS + alike.within_days
    return bool(new.alive[column]) and lately and bool(before >= LEAST_DAYS)


def _test(old: Present, born: list[Present], at: tuple[int, Bucket], total: Floats, alike: Alike) -> Finding | None:
    """Test whether a property that always came is gone; None where it did not always come before the birth."""
    column, bucket = at
    first = min(int(np.argmax(each.alive)) for each in born)
    past = slice(max(first - 28, 0), first)
    with_rows = np.nan_to_num(total[past]) > 0
    if with_rows.sum() < LEAST_DAYS or old.alive[past][with_rows].mean() < ALIVE or not total[column] > 0:
        return None
    usual = float(old.values[past].sum() / total[past][with_rows].sum())
    gone = not old.alive[column]
    heir = next((each for each in born if gone and _takes_over(old, each, born, (column, usual), total, alike)), None)
    rows = float(total[column])
    effective = rows / (1 + (rows - 1) * CORRELATION)
    p_value = float((1 - min(usual, 1 - 1e-9)) ** effective) if gone else 1.0
    name = heir.key.property if heir else ""
    text = (
        f"{old.key}: no value in {number(rows)} messages of a day, where {share(usual)} have one; "
        f"instead {name} has come since, which is in no plan."
        if heir is not None and p_value <= TELLING
        else ""
    )
    return Finding(
        kind="renamed_property",
        event=old.key.event,
        property=old.key.property,
        source=old.key.source,
        bucket=bucket,
        observed=0.0 if gone else usual,
        expected=usual,
        p_value=p_value,
        effect=-usual if gone else 0.0,
        relevant=heir is not None,
        settled=not gone,
        rows=usual * rows if gone else 0.0,
        text=text,
    )


def _takes_over(
    old: Present, new: Present, born: list[Present], at: tuple[int, float], total: Floats, alike: Alike
) -> bool:
    """Say whether a new property began when the old one ended, comes in as many messages, and looks like it."""
    column, usual = at
    first = int(np.argmax(new.alive))
    ended = int(np.flatnonzero(old.alive[: column + 1]).max(initial=-1))
    came = float(new.values[column] / total[column])
    often = bool(min(came, usual) >= alike.volume * max(came, usual) > 0)
    close = bool(abs(first - (ended + 1)) <= alike.within_days)
    typed = [each for each in born if each.type == old.type and int(np.argmax(each.alive)) == first]
    same = typed == [new] and old.type not in ("", "any")
    return close and often and (likeness(old.key.property or "", new.key.property or "") >= alike.likeness or same)
