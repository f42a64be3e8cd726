"""What is said of a store whose schema is not as it was?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from checks.base import Catalog, Field
from monitor import changes, inventory
from monitor.changes import MOST, Changes, seen
from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.output import incident_json
from monitor.pipeline import Installation, composer_of, run
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
RETYPED = "12–13 Order on web: total is string and was integer"
CHANGE = "Order on web: got amount (integer); lost total"
OLD = {"total": "integer", "currency": "string"}


def catalog(properties: dict[str, str], *, event: str = "Order", source: str = "web", sampled: bool = False) -> Catalog:
    fields = tuple(Field(event, source, name, kind) for name, kind in properties.items())
    return Catalog({event: frozenset({source})}, fields, sampled=sampled)


def looks(*catalogs: Catalog) -> list[str]:
    """Return what is said after looking at one after the other, an hour apart."""
    known, before = Changes(), None
    for i, each in enumerate(catalogs):
        at = NOON + i * HOUR
        known = changes.remembered((at, seen(each, before, known, at).to_json()))
        last = before[1] if before else None
        before = at, inventory.take(each, None, (NOON - DAY, at), last)
    return [f"{each.since:%H}–{each.at:%H} {each.text}" for each in known.altered]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        pytest.param(OLD, [], id="as it was"),
        pytest.param({**OLD, "coupon": "string"}, ["12–13 Order on web: got coupon (string)"], id="a new one"),
        pytest.param({"total": "integer"}, ["12–13 Order on web: lost currency"], id="one that is gone"),
        pytest.param({**OLD, "total": "string"}, [RETYPED], id="another type"),
        pytest.param(
            {"amount": "number", "currency": "string"},
            ["12–13 Order on web: got amount (number); lost total"],
            id="both",
        ),
        pytest.param(
            {**OLD, **dict.fromkeys("abcdefg", "string")},
            ["12–13 Order on web: got a (string), b (string), c (string), d (string), e (string) and 2 more"],
            id="many are one",
        ),
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_is_said_with_when_it_was_last_so(now, said):
    assert looks(catalog(OLD), catalog(now)) == said


def test_the_first_look_says_nothing():
    assert looks(catalog(OLD)) == []


def test_a_table_that_is_gone_is_said_once():
    gone = Catalog({})
    assert looks(catalog(OLD), gone) == ["12–13 Order on web has no place in the store any more"]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        pytest.param([{"total": "integer"}, OLD], [], id="a rare one comes and goes"),
        pytest.param([{**OLD, "total": "any"}, OLD], [], id="of several types now and then"),
        pytest.param([{**OLD, "total": "string"}], [RETYPED], id="another type"),
        pytest.param([{**OLD, "tip": "integer"}, OLD, {**OLD, "tip": "integer"}],
                     ["12–13 Order on web: got tip (integer)"], id="new once"),
    ],
)  # fmt: skip
def test_where_properties_are_those_of_rows_only_what_was_never_seen_is_new(now, said):
    assert looks(*(catalog(each, sampled=True) for each in [OLD, *now])) == said


def test_what_is_remembered_is_bounded():
    events = [f"Event {number:04}" for number in range(MOST // 2 + 5)]  # which all change twice
    looked_at = [
        Catalog({event: frozenset({"web"}) for event in events}, tuple(Field(e, "web", "total", kind) for e in events))
        for kind in ("integer", "string", "integer")
    ]
    said = looks(*looked_at)
    assert len(said) == MOST
    assert said[0] == "12–13 Event 0010 on web: total is string and was integer", "the newest are kept"


@dataclass
class ChangingStore(CountStore):
    """Counts of an event whose properties change."""

    properties: dict[str, str] = field(default_factory=lambda: dict(OLD))

    def catalog(self, window=None):
        fields = tuple(Field("Order", "web", name, kind) for name, kind in self.properties.items())
        return replace(super().catalog(window), fields=fields)


def test_an_incident_names_the_change_that_was_found_when_it_began(tmp_path):
    start = NOON - 40 * DAY
    counts = np.random.default_rng(1).poisson(60, 24 * 45).astype(float)
    counts[24 * 40 :] = 0
    store = ChangingStore(start, {("web", "Order"): counts, ("web", "View"): np.full(24 * 45, 50.0)})
    (tmp_path / "trackwatch.yml").write_text('store: {url: "duckdb:///none.duckdb", history: 28d, judge: 1d}\n')
    config = replace(load_config(tmp_path / "trackwatch.yml"), channels={"team": Recorder()})
    installation = Installation(config, store, Memory(config.state_url, "production"))
    run(installation, NOON)
    store.properties = {"amount": "integer", "currency": "string"}
    run(installation, NOON + 10 * HOUR)
    ((message, _),) = config.channels["team"].sent
    (incident,) = installation.memory.incidents()
    nearby = incident_json(incident, composer_of(config))["nearby"]
    assert nearby == [{"at": "2026-03-02T12:00:00Z", "what": "the store's schema: " + CHANGE}]
    facts = {label: value for block in message.blocks if hasattr(block, "rows") for label, value in block.rows}
    assert facts["Changed then"] == f"Mon 2 Mar: the store's schema: {CHANGE}"
