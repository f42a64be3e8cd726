"""Does the budget hold over dependent tests? `benchmarks/decision.py` asks the same of real counts."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from scipy.special import ndtr

from checks.base import Bucket, Finding, Kind
from checks.plan import Plan, PlannedEvent
from monitor.config import Budget
from monitor.decide import decide
from monitor.incidents import State
from monitor.life import open_units, step

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
EVENTS, SOURCES, WEEKS = 40, 3, 30
PLAN = Plan(events={f"e{i}": PlannedEvent(name=f"e{i}") for i in range(EVENTS)})
BUDGET = Budget(2.0)  # one of it for hours, of which alone the simulation is


def kind_of(found):
    return Kind("{subject}", "look", family="loss")


def p_values(shared, memory, rng):
    """Return p-values [hours, events, sources + 1]: sources share their hours, hours remember, the last is the sum."""
    hours = WEEKS * 168
    common, own = rng.normal(size=(hours, EVENTS, 1)), rng.normal(size=(hours, EVENTS, SOURCES))
    z = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
    for hour in range(1, hours):
        z[hour] = memory * z[hour - 1] + np.sqrt(1 - memory**2) * z[hour]
    total = z.sum(axis=2, keepdims=True) / np.sqrt(SOURCES + shared * SOURCES * (SOURCES - 1))
    return ndtr(np.concatenate([z, total], axis=2))


def false_alerts_a_week(p, silent=0):
    """Return how many incidents a week open of those events that are not silent from the start."""
    known, opened = (), set()
    for hour in range(len(p)):
        least = p[hour].min()
        if hour and least > 1e-3 and not any(i.state is State.OPEN for i in known[silent:]):
            continue  # far from every threshold: nothing can open, nothing is open that could end
        bucket = Bucket(START + hour * HOUR, START + (hour + 1) * HOUR)
        found = [
            Finding(check="c", kind="drop", event=f"e{e}", source=f"s{s}", bucket=bucket, p_value=float(p[hour, e, s]))
            for e in range(EVENTS)
            for s in range(SOURCES + 1)
        ]
        found = [f if int(f.event[1:]) >= silent else silenced(f) for f in found]
        known = step(known, decide(found, PLAN, BUDGET, kind_of, open_units(known)), kind_of, bucket.end)
        opened |= {i.id for i in known if int(i.subject.event[1:]) >= silent}
        known = tuple(sorted((i for i in known if i.state is State.OPEN), key=lambda i: int(i.subject.event[1:])))
    return len(opened) / WEEKS


def silenced(found):
    return Finding(
        **{name: getattr(found, name) for name in ("check", "kind", "event", "source", "bucket")}, p_value=0.0
    )


@pytest.mark.parametrize(
    ("shared", "memory", "least"),
    [
        pytest.param(0.0, 0.0, 0.5, id="independent sources, and their sum"),
        pytest.param(0.8, 0.0, 0.2, id="sources that share their hours"),
        pytest.param(0.5, 0.9, 0.1, id="hours that remember each other, as overlapping windows do"),
    ],
)
def test_dependence_makes_fewer_false_alerts_never_more(shared, memory, least):
    found = false_alerts_a_week(p_values(shared, memory, np.random.default_rng(1)))
    assert least <= found <= 1.0 + 3 / np.sqrt(WEEKS)


def test_events_that_are_silent_for_weeks_do_not_loosen_the_rest():
    p = p_values(0.3, 0.0, np.random.default_rng(2))
    assert false_alerts_a_week(p, silent=10) <= 1.0 + 3 / np.sqrt(WEEKS)
