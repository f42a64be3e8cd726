"""Is one thing called by several names, or do several things share one?

Found in what really arrives, whatever the plan says: web sends `signup_completed` where mobile sends
`Signup Complete`; two names fall into one table; a name differs from a common one by one letter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from checks.base import EVERY, Bucket, Evidence, Finding, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import judged
from checks.names import edits, stems
from checks.plan import Plan
from checks.renames import present
from checks.settings import setting
from checks.slugs import RESERVED_COLUMNS, slug
from checks.words import number

CONVENTIONS: Mapping[str, str] = {  # how a name may be spelt: an expression that it must match as a whole
    "title": r"[A-Z0-9][\w/+&.'-]*( [A-Z0-9][\w/+&.'-]*)*",
    "snake": r"[a-z0-9]+(_[a-z0-9]+)*",
    "kebab": r"[a-z0-9]+(-[a-z0-9]+)*",
    "camel": r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)*",
}

KINDS = {
    "variants": Kind(
        title="{subject} has several names",
        advice="Keep the planned name, and have the others sent under it; questions that count one name miss the rest.",
        notice=True,
    ),
    "mutant": Kind(
        title="{subject} looks like a typing error",
        advice="Have it sent under the common name; count both until then.",
        notice=True,
    ),
    "collision": Kind(
        title="{subject} falls together with another in the warehouse",
        advice="Rename one of them: a warehouse writes both into one column or table, and the later value wins.",
        notice=True,
    ),
    "reserved": Kind(
        title="{subject} has a name that warehouses keep for themselves",
        advice="Rename it: the value is dropped, or written with an underscore before its name.",
        notice=True,
    ),
    "convention": Kind(
        title="{subject} breaks the naming convention",
        advice="Rename it where it is sent, or add it to the exceptions (`ignore`).",
        notice=True,
    ),
}


@dataclass(frozen=True, slots=True)
class NamingParams:
    """Which names are held against what?"""

    convention: str = setting(
        "", "how names are written: title, snake, kebab, camel, or an expression of one's own; empty: any"
    )
    common: float = setting(
        100.0, "times as often that a name must come than the one that is taken for its misspelling"
    )
    min_rows: int = setting(20, "messages before a name is worth a word")


@check("naming", kinds=KINDS, params=NamingParams)
class Naming:
    """Variants, misspellings, collisions, reserved names, and breaches of a convention."""

    def measures(self, plan: Plan, params: NamingParams) -> Iterable[Measure]:
        """Ask for the messages of each day, and on which days properties have values."""
        yield Measure(Stat.ROWS)
        yield from (Measure(stat, property=EVERY) for stat in (Stat.NULLS, Stat.FINGERPRINT))

    def judge(self, profile: Profile, plan: Plan, params: NamingParams) -> Iterator[Finding]:
        """Yield a notice for each name, whenever a day is complete."""
        rows = profile.table(Stat.ROWS, "day")
        days = judged(profile, rows)
        if not days:
            return
        came: dict[str, float] = defaultdict(float)
        for key, series in zip(rows.keys, rows.values, strict=True):
            if key.source is not None:
                came[key.event] += float(np.nansum(series))
        bucket = days[-1][1]
        spoken = {name: count for name, count in came.items() if count >= params.min_rows}
        yield from _told("variants", _variants(spoken, plan, profile.catalog.events), spoken, bucket)
        yield from _told("mutant", _mutants(came, plan.events, params.common), came, bucket)
        yield from _mutant_properties(profile, rows, plan, (params.common, bucket))
        yield from _told("convention", _unconventional(spoken, params.convention), spoken, bucket)
        yield from _columns(profile, bucket)

    def evidence(self, profile: Profile, plan: Plan, params: NamingParams, finding: Finding) -> Evidence | None:
        """Return none: a name has no series."""
        return None


def _told(kind: str, said: Mapping[str, str], names: Iterable[str], bucket: Bucket) -> Iterator[Finding]:
    for name in names:
        text = said.get(name, "")
        yield Finding(kind=kind, event=name, bucket=bucket, relevant=bool(text), text=text)


def _variants(came: Mapping[str, float], plan: Plan, sources: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return what to say of names made of the same words: of each group, the planned or the most common one."""
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    for name in came:
        groups[stems(name)].append(name)
    said = {}
    for words, names in groups.items():
        if words and len(names) > 1:
            first, *rest = sorted(names, key=lambda name: (name not in plan.events, -came[name], name))
            listed = ", ".join(f"{name} ({_where(name, sources)})" for name in rest)
            said[first] = f"{first} ({_where(first, sources)}) is also sent as {listed}."
    return said


def _where(name: str, sources: Mapping[str, frozenset[str]]) -> str:
    return ", ".join(sorted(sources.get(name, ()))) or "somewhere"


def _mutants(came: Mapping[str, float], planned: Container[str], common: float) -> dict[str, str]:
    """Return what to say of rare, unplanned names that are one edit from a common one."""
    near: dict[str, list[str]] = defaultdict(list)
    for name in came:
        for shortened in {name, *(name[:i] + name[i + 1 :] for i in range(len(name)))}:
            near[shortened].append(name)
    said = {}
    for names in near.values():
        for rare in names:
            usual = max(names, key=came.__getitem__)
            if rare not in planned and 0 < came[rare] * common <= came[usual] and edits(rare, usual) == 1:
                said[rare] = f"{rare} came {number(came[rare])} times, one letter from {usual} ({number(came[usual])})."
    return said


def _mutant_properties(profile: Profile, rows: Table, plan: Plan, told: tuple[float, Bucket]) -> Iterator[Finding]:
    """Yield a notice for each property: whether it is rare, and one letter from a common one of its event."""
    common, bucket = told
    came: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (event, _), properties in present(profile, rows).items():
        for each in properties:
            came[event][each.key.property or ""] += float(np.nansum(each.values))
    for event, names in came.items():
        planned = plan.events[event].properties if event in plan.events else {}
        said = _mutants(names, planned, common)
        for name in names:
            text = f"{event}: {said[name]}" if name in said else ""
            yield Finding(kind="mutant", event=event, property=name, bucket=bucket, relevant=bool(text), text=text)


def _unconventional(names: Iterable[str], convention: str) -> dict[str, str]:
    if not convention:
        return {}
    pattern = re.compile(CONVENTIONS.get(convention, convention))
    kind = f"{convention} case" if convention in CONVENTIONS else "the convention"
    return {name: f"{name} is not spelt in {kind}." for name in names if not pattern.fullmatch(name)}


def _columns(profile: Profile, bucket: Bucket) -> Iterator[Finding]:
    """Yield a notice for each property: whether another falls into its column, or the column is reserved."""
    places: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for field in profile.catalog.fields:
        places[field.event][slug(field.property)].add(field.property)
    for event, columns in places.items():
        for column, names in columns.items():
            first, *rest = sorted(names)
            same = f"{event}.{first} and {', '.join(rest)} are one column in a warehouse, {column}." if rest else ""
            taken = column in RESERVED_COLUMNS and first != column
            kept = (
                f"{event}.{first} becomes the column {column}, which warehouses keep for themselves." if taken else ""
            )
            for kind, text in (("collision", same), ("reserved", kept)):
                yield Finding(kind=kind, event=event, property=first, bucket=bucket, relevant=bool(text), text=text)
