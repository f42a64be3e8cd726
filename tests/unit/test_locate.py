from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from checks.base import Finding
from checks.plan import Change, Plan
from monitor.alerts.message import Severity
from monitor.incidents import Incident, Subject
from monitor.locate import locate
from monitor.nearby import nearby

DAYS = 56
EVENTS, SOURCES = ("A", "B", "C"), ("web", "ios")
MIX = {"country": {"US": 0.6, "DE": 0.3, "FR": 0.1}, "app_version": {"1": 0.5, "2": 0.5}}
LATE = slice(DAYS - 2, None)


def world(make_profile, hurt, factor):
    """Return a profile in which every cell that `hurt` names has only (or as many as) that part of its messages."""
    rng = np.random.default_rng(7)
    rows, labels = {}, {f"rows.{name}": {} for name in MIX}
    for event in EVENTS:
        for source in SOURCES:
            cells = {}
            for country, p in MIX["country"].items():
                for version, q in MIX["app_version"].items():
                    values = rng.poisson(2000 * p * q, DAYS).astype(float)
                    if hurt(event, source, country, version):
                        values[LATE] = np.round(values[LATE] * factor)
                    cells[country, version] = values
            rows[event, source] = np.repeat(sum(cells.values()) / 24, 24)
            for i, name in enumerate(MIX):
                for label in MIX[name]:
                    part = sum(values for cell, values in cells.items() if cell[i] == label)
                    labels[f"rows.{name}"][event, source, None, label] = part
    return make_profile(rows, labels, judged=24)


def incident(profile, events, sources=SOURCES) -> Incident:
    calendar = profile.table("rows", "day").calendar
    started = calendar.bucket(len(calendar) - 2).start
    found = tuple(Finding(kind="drop", check="volume", event=event) for event in events)
    return Incident(id="inc_1", subject=Subject("loss", events[0]), severity=Severity.WARNING, started=started,
                    last_seen=started, findings=found, sources=sources)  # fmt: skip


@pytest.mark.parametrize(
    ("hurt", "events", "where"),
    [
        pytest.param(lambda _e, s, _c, _v: s == "ios", EVENTS, {"source": "ios"}, id="a source"),
        pytest.param(lambda _e, _s, c, _v: c == "DE", EVENTS, {"country": "DE"}, id="a country, wherever from"),
        pytest.param(lambda _e, s, c, _v: (s, c) == ("web", "FR"), EVENTS, {"source": "web", "country": "FR"},
                     id="a country of one source"),
        pytest.param(lambda e, _s, _c, v: (e, v) == ("A", "2"), ("A",), {"app_version": "2"},
                     id="a version, by what it sends of other events"),
        pytest.param(lambda e, s, _c, v: (e, s, v) == ("A", "ios", "2"), ("A",), {"source": "ios", "app_version": "2"},
                     id="a version of one source"),
        pytest.param(lambda _e, _s, _c, _v: True, EVENTS, None, id="everything alike is no slice"),
        pytest.param(lambda _e, _s, _c, _v: False, EVENTS, None, id="nothing is wrong"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("factor", [0.2, 1.8], ids=["loss", "excess"])
def test_the_smallest_slice_that_explains_most_is_named(make_profile, hurt, events, where, factor):
    profile = world(make_profile, hurt, factor)
    found = locate(profile, incident(profile, events), tuple(MIX), loss=factor < 1)
    assert (dict(found.where) or None if found else None) == where
    if where:
        assert found.explains > 0.8


def test_what_is_not_measured_by_the_day_yet_is_not_located(make_profile):
    profile = world(make_profile, lambda *_: True, 0.2)
    young = incident(profile, EVENTS)
    later = Incident(id="i", subject=young.subject, severity=young.severity, last_seen=young.last_seen,
                     started=profile.window.end + dt.timedelta(hours=1), findings=young.findings)  # fmt: skip
    assert locate(profile, later, tuple(MIX), loss=True) is None


def test_what_changed_then_is_named_the_nearest_first(make_profile):
    rows = {("A", "ios"): np.full(DAYS * 24, 10.0)}
    old, new = np.full(DAYS, 240.0), np.zeros(DAYS)
    old[-2:], new[-2:] = 40.0, 200.0
    labels = {("A", "ios", None, "5.1"): old, ("A", "ios", None, "5.2"): new}
    profile = make_profile(rows, {"rows.app_version": labels}, judged=24)
    began = incident(profile, ("A",), ("ios",))
    date = (began.started - dt.timedelta(days=1)).date()
    plan = Plan(changes=(Change(what="total is in cents now", date=date, event="A"),
                         Change(what="long ago", date=date - dt.timedelta(days=30), event="A"),
                         Change(what="something else", date=date, event="B")))  # fmt: skip
    found = nearby(profile, began, plan, ZoneInfo("UTC"))
    assert [each.what for each in found] == ["ios 5.2 came into use", "the plan says: A: total is in cents now"]


def test_a_version_that_all_of_a_source_has_is_that_source(make_profile):
    rng = np.random.default_rng(3)
    rows, labels = {}, {}
    for event in EVENTS:
        for source in SOURCES:
            values = rng.poisson(500, DAYS).astype(float)
            if (event, source) == ("A", "web"):
                values[LATE] = np.round(values[LATE] / 2)
            rows[event, source] = np.repeat(values / 24, 24)
            labels[event, source, None, f"{source} 1.0"] = values
    profile = make_profile(rows, {"rows.library_version": labels}, judged=24)
    found = locate(profile, incident(profile, ("A",)), ("library_version",), loss=True)
    assert (found.where, found.explains) == ({"source": "web"}, 1.0)


def test_noise_elsewhere_takes_nothing_from_the_share(make_profile):
    profile = world(make_profile, lambda _e, s, _c, _v: s == "ios", 0.5)
    assert locate(profile, incident(profile, EVENTS), (), loss=True).explains == 1.0
