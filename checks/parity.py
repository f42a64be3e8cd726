"""Do two records of the same thing agree: client and server, an event's table and `tracks`, a ledger, a destination?

Where a key says which messages are the same, what each side lacks is counted exactly; else rows are
held against rows. A client that ad blockers rob of a steady share is usual: the share that is lacking
is held against its own past. Only `tracks`, which repeats each row, promises to be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from checks.base import EVERY, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import judged
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence
from checks.settings import setting
from checks.words import TELLING, share

COMPARED = (Stat.KEYS, Stat.UNMATCHED, Stat.THERE, Stat.UNKNOWN)
TRACKS = "table_mismatch:tracks"
EVENTS = "the events"  # our own side, where the other is no source of it

KINDS = {
    "client_server": Kind(
        title="{subject} differs between client and server",
        advice="Look at the newest release of the client, at consent and ad blockers; count by the authoritative"
        " source until it is repaired.",
    ),
    "destination": Kind(
        title="{subject} is not the same at a destination",
        advice="Look at the destination's filters, mappings and failed deliveries; send again what it lacks.",
    ),
    "table_mismatch": Kind(
        title="{subject} does not agree with another table",
        advice="Find out which of the two lacks rows: selective sync, a failed load, an event that was not sent.",
    ),
}


@dataclass(frozen=True, slots=True)
class ParityParams:
    """How far may two records be apart, beyond what is usual?"""

    min_lost: float = setting(0.03, "share that one of client and server lacks, beyond what is usual", part=True)
    min_mismatch: float = setting(
        0.01, "share that a ledger, a destination or the events lack, beyond what is usual", part=True
    )
    tolerance: float = setting(0.005, "share by which an event's table and `tracks` may differ", part=True)
    min_rows: float = setting(5.0, "keys or messages a day that one side lacks, below which nothing is told")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sides of some series, aligned: what each has by day, and what the other lacks of it."""

    label: str
    unit: Literal["keys", "messages"]
    keys: tuple[Key, ...]  # event and source
    here: Floats  # [keys, days]
    unmatched: Floats  # of these, what the other side lacks
    there: Floats
    unknown: Floats  # of these, what is lacking here
    usable: np.ndarray

    @property
    def kind(self) -> str:
        """Return the kind of its findings."""
        return self.label.partition(":")[0]

    @property
    def name(self) -> str:
        """Return what the other side is called."""
        return self.label.partition(":")[2].partition("+")[0]


@check("parity", kinds=KINDS, params=ParityParams)
class Parity:
    """What one of two records lacks, by the day."""

    def measures(self, plan: Plan, params: ParityParams) -> Iterable[Measure]:
        """Ask for the messages of each day, and for what is compared with other sides."""
        return [Measure(Stat.ROWS), *(Measure(stat, property=EVERY) for stat in COMPARED)]

    def judge(self, profile: Profile, plan: Plan, params: ParityParams) -> Iterator[Finding]:
        """Yield two findings for every comparison and day: what the one side lacks, and what the other."""
        for pair in _pairs(profile, plan):
            for direction in ("there", "here"):
                given = _lacking(profile, pair, direction)
                for finding in judge_shares(profile, given, _limit(pair, params)):
                    yield _told(finding, pair, direction, plan)

    def evidence(self, profile: Profile, plan: Plan, params: ParityParams, finding: Finding) -> Evidence | None:
        """Return the share that is lacking, by day."""
        given = [
            _lacking(profile, pair, direction)
            for pair in _pairs(profile, plan)
            for direction in ("there", "here")
            if pair.kind == finding.kind and Key(finding.event or "", finding.source or "") in pair.keys
        ]
        named = replace(finding, source=finding.source or "")
        shown = [each for one in given if (each := share_evidence(one, named)) is not None]
        return min(shown, key=lambda each: _apart(each, finding), default=None)


def _apart(shown: Evidence, finding: Finding) -> float:
    """Say how far a series is from what a finding saw: several comparisons may be about one event and source."""
    seen = shown.observed[shown.bad_from if shown.bad_from is not None else -1]
    gap = abs(seen - 100 * (finding.observed or 0.0))
    return float(gap) if np.isfinite(gap) else np.inf


def _limit(pair: _Pair, params: ParityParams) -> Limit:
    if pair.label == TRACKS:
        return Limit(pair.kind, params.tolerance, _silent, least_rows=params.min_rows)
    least = params.min_lost if pair.kind == "client_server" else params.min_mismatch
    return Limit(pair.kind, 0.0, _silent, natural=True, least=least, least_rows=params.min_rows)


def _silent(_day: Day) -> str:
    return ""  # the sentence needs the interval, which only the finding knows


def _told(finding: Finding, pair: _Pair, direction: str, plan: Plan) -> Finding:
    """Return a finding as it is told: about the event, with the interval of what is lacking."""
    twins = pair.kind == "client_server"
    beside = _of_role(plan, finding.event, "authoritative") if twins else ()
    whole = replace(finding, source=finding.source or None, beside=beside)
    if finding.p_value is None or finding.p_value > TELLING:
        return whole
    clients = _of_role(plan, finding.event, "mirror")
    sides = (clients, (pair.name,)) if twins else ((pair.name,), (whole.source or EVENTS,))
    lacks, has = sides if direction == "there" else sides[::-1]
    observed, expected = finding.observed or 0.0, finding.expected or 0.0
    low, high = (max(expected + (each or 0.0), 0.0) for each in (finding.effect_low, finding.effect_high))
    interval = f"95 % interval {share(low)} to {share(min(high, 1.0))}"
    text = (
        f"{Key(finding.event or '', whole.source)}: {_verb(lacks, 'lacks', 'lack')} {share(observed)}"
        f" of the {pair.unit} of a day that {_verb(has, 'has', 'have')} ({interval}; {_usual(pair, expected)})."
    )
    return replace(whole, text=text)


def _verb(names: Sequence[str], one: str, many: str) -> str:
    """Return names with their verb.

    >>> _verb(("web",), "has", "have"), _verb(("web", "ios", "android"), "has", "have"), _verb((EVENTS,), "has", "have")
    ('web has', 'web, ios and android have', 'the events have')
    """
    *first, last = names or ("the client",)
    said = f"{', '.join(first)} and {last}" if first else last
    return f"{said} {many if first or last == EVENTS else one}"


def _usual(pair: _Pair, expected: float) -> str:
    return f"up to {share(expected)} is acceptable" if pair.label == TRACKS else f"usually {share(expected)}"


def _lacking(profile: Profile, pair: _Pair, direction: str) -> Shares:
    """Return what one side lacks of what the other has; nothing is known of days before both had begun."""
    bad, rows = (pair.unmatched, pair.here) if direction == "there" else (pair.unknown, pair.there)
    spine = profile.table(Stat.ROWS, "day")
    begun = (np.cumsum(pair.here > 0, axis=1) > 0) & (np.cumsum(pair.there > 0, axis=1) > 0)
    bad = np.where(begun, bad, np.nan)
    return Shares(Table("lacking", spine.calendar, pair.keys, bad, pair.usable & begun, spine.cut), rows)


# ── What is compared ─────────────────────────────────────────────────────────────────────


def _pairs(profile: Profile, plan: Plan) -> Iterator[_Pair]:
    rows = profile.table(Stat.ROWS, "day")
    if not rows.keys or not judged(profile, rows):
        return
    series = {stat: _series(profile, stat) for stat in COMPARED}
    labels = {key.label: bool(key.property) for stat in COMPARED for key in series[stat] if key.label}
    for label, keyed in sorted(labels.items()):
        yield _keyed(label, series, rows) if keyed else _counted(label, series[Stat.THERE], rows)
    yield from _counted_twins(plan, rows)


_Series = Mapping[Key, tuple[Floats, np.ndarray]]  # values, and which of them may be learned from


def _series(profile: Profile, stat: Stat) -> _Series:
    """Return what was measured of a comparison, by event, source, property and label; no totals over sources."""
    found: dict[Key, tuple[Floats, np.ndarray]] = {}
    for prop in (EVERY, None):
        table = profile.table(stat, "day", prop)
        for key, values, usable in zip(table.keys, table.values, table.usable, strict=True):
            if key.source is not None and key.label:
                found.setdefault(key, (values, usable))
    return found


def _keyed(label: str, series: Mapping[Stat, _Series], rows: Table) -> _Pair:
    """Return the sides of a comparison by key."""
    keys = sorted({key for stat in COMPARED for key in series[stat] if key.label == label})
    nothing = np.zeros(len(rows.calendar)), np.ones(len(rows.calendar), dtype=bool)
    sides = (np.array([series[stat].get(key, nothing)[0] for key in keys]) for stat in COMPARED)
    here, unmatched, there, unknown = sides
    usable = np.array([np.all([series[stat].get(key, nothing)[1] for stat in COMPARED], axis=0) for key in keys])
    places = tuple(Key(key.event, key.source) for key in keys)
    return _Pair(label, "keys", places, here, unmatched, there, unknown, usable)


def _counted(label: str, there: _Series, rows: Table) -> _Pair:
    """Return the sides of a comparison by rows, our own put off by as many days as the label says."""
    days = int(label.partition("+")[2] or 0)
    mine = {key: values for key, values in there.items() if key.label == label and _place(key, rows) is not None}
    keys = list(mine)
    found = [_place(key, rows) or 0 for key in keys]
    shape = (len(keys), len(rows.calendar))
    here, usable = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    late = slice(days, None), slice(None, shape[1] - days)
    here[:, late[0]], usable[:, late[0]] = rows.values[found][:, late[1]], rows.usable[found][:, late[1]]
    other = np.array([mine[key][0] for key in keys]).reshape(shape)
    loaded = np.cumsum((np.nan_to_num(other).sum(axis=0) > 0)[::-1])[::-1] > 0  # a day with none behind it is not
    here = np.where(loaded, here, np.nan)
    return _of_rows(label, tuple(Key(key.event, key.source) for key in keys), here, other, usable)


def _place(key: Key, rows: Table) -> int | None:
    """Return the row of an event and source in the table of messages; without a source, of the event as a whole."""
    wanted = [Key(key.event, key.source)] if key.source else [Key(key.event)]
    alone = [i for i, each in enumerate(rows.keys) if each.event == key.event]
    if not key.source and len(alone) == 1:
        return alone[0]
    return next((i for i in alone if rows.keys[i] in wanted), None)


def _of_rows(label: str, keys: tuple[Key, ...], here: Floats, there: Floats, usable: np.ndarray) -> _Pair:
    """Return two sides of which only the rows are known: the one with more has what the other lacks."""
    unmatched, unknown = np.maximum(here - there, 0.0), np.maximum(there - here, 0.0)
    return _Pair(label, "messages", keys, here, unmatched, there, unknown, usable)


def _of_role(plan: Plan, event: str | None, wanted: str) -> tuple[str, ...]:
    """Return the sources that have a role for an event."""
    planned = plan.events.get(event or "")
    return tuple(source for source, role in planned.sources.items() if role == wanted) if planned else ()


def _counted_twins(plan: Plan, rows: Table) -> Iterator[_Pair]:
    """Yield what the mirrors of an event without a key have beside the authoritative source, by that source."""
    at = {key: i for i, key in enumerate(rows.keys)}
    by_truth: dict[str, list[tuple[int, list[int], Key]]] = {}
    for event in plan.events.values():
        truth = [source for source in _of_role(plan, event.name, "authoritative") if Key(event.name, source) in at]
        mirrors = [source for source in _of_role(plan, event.name, "mirror") if Key(event.name, source) in at]
        if len(truth) == 1 and mirrors and not event.keys:
            key = Key(event.name, mirrors[0] if len(mirrors) == 1 else "")
            places = at[Key(event.name, truth[0])], [at[Key(event.name, mirror)] for mirror in mirrors]
            by_truth.setdefault(truth[0], []).append((*places, key))
    for source, twins in by_truth.items():
        here = [place for place, _, _ in twins]
        there = np.array([rows.values[places].sum(axis=0) for _, places, _ in twins])  # unknown where one of them is
        usable = rows.usable[here] & np.array([rows.usable[places].all(axis=0) for _, places, _ in twins])
        keys = tuple(key for _, _, key in twins)
        yield _of_rows(f"client_server:{source}", keys, rows.values[here], there, usable)
