"""Which two dimensions together explain an incident, and what does it cost to know?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from checks.base import PAIRED, Finding
from checks.slices import SlicesParams
from monitor.alerts.message import Severity
from monitor.config import CheckConfig, load_config
from monitor.crossing import cross, pairs_of, would_ask
from monitor.errors import StoreError
from monitor.incidents import Incident, Subject
from monitor.stores.base import Measured, Request

DAYS, LATE = 56, slice(54, None)
SOURCES = ("web", "ios")
MIX = {
    "country": {"US": 0.5, "DE": 0.3, "FR": 0.2},
    "browser": {"Chrome": 0.6, "Safari": 0.3, "Edge": 0.1},
    "app_version": {"1": 0.5, "2": 0.5},
}
Cells = dict[tuple[str, str, str, str, str], np.ndarray]  # event, source, country, browser, version -> [days]


def traffic(hurt, factor: float) -> Cells:
    rng, cells = np.random.default_rng(5), {}
    for event in ("A", "B"):
        for source in SOURCES:
            for country, p in MIX["country"].items():
                for browser, q in MIX["browser"].items():
                    for version, r in MIX["app_version"].items():
                        values = rng.poisson(4000 * p * q * r, DAYS).astype(float)
                        if hurt(event, source, country, browser, version):
                            values[LATE] = np.round(values[LATE] * factor)
                        cells[event, source, country, browser, version] = values
    return cells


def summed(cells: Cells, kept: tuple[int, ...]) -> dict[tuple[str, ...], np.ndarray]:
    found: dict[tuple[str, ...], np.ndarray] = {}
    for place, values in cells.items():
        key = tuple(place[i] for i in kept)
        found[key] = found.get(key, 0.0) + values
    return found


@dataclass
class Cube:
    """A store that counts pairs of dimensions."""

    cells: Cells
    start: dt.datetime
    down: bool = False
    asked: list[Request] = field(default_factory=list)

    def measure(self, request: Request) -> Measured:
        self.asked.append(request)
        if self.down:
            raise StoreError("refused")
        rows = []
        for measure in request.measures:
            at = [list(MIX).index(name) + 2 for name in measure.by.split(PAIRED)]
            for (event, source, one, other), values in summed(self.cells, (0, 1, *at)).items():
                for day, value in enumerate(values if event == measure.event else ()):
                    bucket = np.datetime64(int((self.start + dt.timedelta(days=day)).timestamp()), "s")
                    rows.append((source, f"{one}{PAIRED}{other}", measure.name(), bucket, value))
        frame = pd.DataFrame(rows, columns=["source", "label", "measure", "bucket", "value"])
        frame = frame.astype({"bucket": "datetime64[s]"})
        inside = (frame.bucket >= np.datetime64(request.since.replace(tzinfo=None), "s")) & (
            frame.bucket < np.datetime64(request.until.replace(tzinfo=None), "s")
        )
        return Measured(frame[inside], 1, 0)


@pytest.fixture
def config(tmp_path):
    (tmp_path / "trackwatch.yml").write_text('store: {url: "duckdb:///none.duckdb"}\n')
    loaded = load_config(tmp_path / "trackwatch.yml")
    params = SlicesParams(dimensions=("country", "browser"), causes=("app_version",))
    return replace(loaded, checks={"slices": CheckConfig("slices", params)})


def world(make_profile, cells: Cells):
    rows = {key: np.repeat(values / 24, 24) for key, values in summed(cells, (0, 1)).items()}
    daily = {}
    for i, name in enumerate(MIX):
        daily[f"rows.{name}"] = {(e, s, None, label): v for (e, s, label), v in summed(cells, (0, 1, i + 2)).items()}
    profile = make_profile(rows, daily, judged=24)
    calendar = profile.table("rows", "day").calendar
    first = calendar.bucket(0).start
    return profile, Cube(cells, first), calendar.bucket(len(calendar) - 2).start


def incident(started: dt.datetime, events: tuple[str, ...] = ("A",), family: str = "loss") -> Incident:
    found = tuple(Finding(kind="drop", check="volume", event=event) for event in events)
    return Incident(id="inc_1", subject=Subject(family, events[0]), severity=Severity.WARNING, started=started,
                    last_seen=started, findings=found, sources=SOURCES)  # fmt: skip


def found(make_profile, config, hurt, factor: float = 0.1):
    profile, store, started = world(make_profile, traffic(hurt, factor))
    before = incident(started, family="loss" if factor < 1 else "excess")
    after = replace(before, looked=started + dt.timedelta(days=2))
    return cross(config, store, [before], ([after], profile)), store


@pytest.mark.parametrize("factor", [0.1, 2.5], ids=["loss", "excess"])
@pytest.mark.parametrize(
    ("hurt", "where"),
    [
        pytest.param(lambda e, _s, c, b, _v: (e, c, b) == ("A", "DE", "Safari"), {"country": "DE", "browser": "Safari"},
                     id="a browser in a country"),
        pytest.param(lambda e, s, c, b, _v: (e, s, c, b) == ("A", "web", "US", "Chrome"),
                     {"source": "web", "country": "US", "browser": "Chrome"}, id="on one source"),
        pytest.param(lambda e, s, c, _b, v: (e, s, c, v) == ("A", "ios", "DE", "2"),
                     {"source": "ios", "country": "DE", "app_version": "2"}, id="a version in a country"),
        pytest.param(lambda e, _s, c, _b, _v: (e, c) == ("A", "DE"), {}, id="one dimension is enough"),
        pytest.param(lambda e, s, _c, _b, _v: (e, s) == ("A", "ios"), {}, id="a source is enough"),
        pytest.param(lambda e, _s, _c, _b, _v: e == "A", {}, id="everything alike"),
    ],
)  # fmt: skip
def test_two_dimensions_are_named_where_they_explain_more_than_one(make_profile, config, hurt, where, factor):
    (after,) = found(make_profile, config, hurt, factor)[0].incidents
    assert dict(after.located) == where
    assert not where or after.explains > 0.9


def test_it_takes_one_statement_of_one_event_and_some_days_for_each_incident_once(make_profile, config):
    crossed, store = found(make_profile, config, lambda e, _s, c, b, _v: (e, c, b) == ("A", "DE", "Safari"))
    (asked,) = store.asked
    assert crossed.statements == 1
    assert {measure.event for measure in asked.measures} == {"A"}
    assert asked.until - asked.since == dt.timedelta(days=16)
    again = cross(config, store, crossed.incidents, (crossed.incidents, world(make_profile, store.cells)[0]))
    assert (again.statements, again.incidents, len(store.asked)) == (0, crossed.incidents, 1)


def test_nothing_is_asked_where_nothing_came_at_all(make_profile, config):
    crossed, store = found(make_profile, config, lambda e, *_: e == "A", 0.0)
    assert (crossed.statements, store.asked) == (0, [])


def test_a_store_that_does_not_answer_leaves_the_incident_as_it_is(make_profile, config):
    profile, store, started = world(make_profile, traffic(lambda e, *_: e == "A", 0.5))
    store.down = True
    after = replace(incident(started), looked=started + dt.timedelta(days=2))
    assert cross(config, store, [incident(started)], ([after], profile)).incidents == (after,)


def test_two_dimensions_that_fade_are_no_pair(config):
    params = SlicesParams(dimensions=("country",), causes=("app_version", "library_version"))
    config = replace(config, checks={"slices": CheckConfig("slices", params)})
    assert pairs_of(config) == (("country", "app_version"), ("country", "library_version"))


def test_explain_knows_of_open_incidents_alone_that_were_not_asked_for(config):
    noon = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    known = [
        incident(noon),
        replace(incident(noon), looked=noon),
        replace(incident(noon), subject=Subject("nulls", "A")),
    ]
    assert [each for each, _ in would_ask(config, known, noon)] == known[:1]
