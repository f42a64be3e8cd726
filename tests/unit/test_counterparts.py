"""Is a comparison with a table elsewhere read as it is written, and each mistake told with its line?"""

from __future__ import annotations

import datetime as dt

import pytest

from monitor.config import load_config
from monitor.errors import ConfigError
from monitor.stores.against import Against

PLAN = """
events:
  Order Completed:
    sources: {server: authoritative, web: mirror}
    properties: {order_id: {key: true}}
  Signed Up:
"""
START = """
plan: plan.yml
store: {url: 'duckdb:///e.duckdb', layout: segment, sources: [web, server]}
parity:
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "plan.yml").write_text(PLAN)
        (tmp_path / "trackwatch.yml").write_text(START + text)
        return load_config(tmp_path / "trackwatch.yml", {"SHOP": "hunter2"}).store.settings.against

    return read


def test_the_least_that_a_ledger_needs(read):
    text = "  orders: {table: shop.orders, time: created_at, key: id, event: Order Completed}"
    least = Against(name="orders", table="shop.orders", time="created_at", key="id", event="Order Completed")
    assert read(text) == (least,)


def test_all_that_can_be_said_of_a_destination(read):
    text = """
  amplitude:
    role: destination
    url: postgresql://trackwatch:${SHOP}@warehouse/exports
    table: amplitude.events
    time: server_upload_time
    events: event_type
    key: insert_id
    property: id
    sources: [web]
    where: {environment: production}
    wait: 1d
    sample: 10%
    naive_zone: Europe/Berlin
"""
    (found,) = read(text)
    assert (found.role, found.events, found.key, found.ours) == ("destination", "event_type", "insert_id", "id")
    assert found.url == "postgresql://trackwatch:hunter2@warehouse/exports"
    assert (found.sources, dict(found.where), found.wait) == (("web",), {"environment": "production"}, dt.timedelta(1))
    assert (found.sample, found.naive_zone) == (0.1, "Europe/Berlin")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        pytest.param("key: id, wait: 2d", "table_mismatch:x", id="keys wait by the hour"),
        pytest.param("wait: 0s", "table_mismatch:x", id="counts that are there at once"),
        pytest.param("wait: 1h", "table_mismatch:x+1", id="counts are put off by whole days"),
        pytest.param("wait: 25h, role: destination", "destination:x+2", id="by as many as it takes"),
    ],
)
def test_a_comparison_is_called_by_its_kind_and_by_how_long_it_waits(read, said, label):
    (found,) = read(f"  x: {{table: t, time: at, event: Order Completed, {said}}}")
    assert found.label == label


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("time: at, event: Signed Up", "'table' is missing in the comparison 'x'", id="no table"),
        pytest.param("table: t, time: at", "'event' is missing", id="no event"),
        pytest.param("table: t, time: at, event: Signed up", "did you mean 'Signed Up'?", id="an unknown event"),
        pytest.param("table: t, time: at, event: Signed Up, events: e", "keep one of", id="one event and many"),
        pytest.param("table: t, time: at, event: Signed Up, key: id", "write property: NAME", id="no key in the plan"),
        pytest.param("table: t, time: at, events: e, sources: [wep]", "did you mean 'web'?", id="an unknown source"),
        pytest.param("table: t, time: at, events: e, sources: [web, server]", "name one", id="counts of two sources"),
        pytest.param("table: t, time: at, events: e, sample: 10%", "write key: COLUMN", id="a sample of no keys"),
        pytest.param("table: t, time: at, events: e, key: k, sample: 0%", "write sample: 10%", id="an empty sample"),
        pytest.param("table: t, time: at, events: e, url: /tmp/x", "the URL of a database", id="a path for a URL"),
        pytest.param("table: t, time: at, events: e, role: leger", "did you mean 'ledger'?", id="an unknown role"),
        pytest.param("table: t, time: at, events: e, keys: id", "did you mean 'key'?", id="a misspelt setting"),
    ],
)
def test_each_mistake_is_told_with_its_line_and_what_to_write(read, said, expected):
    with pytest.raises(ConfigError) as caught:
        read(f"  x: {{{said}}}")
    (problem,) = caught.value.problems
    assert problem.line == 5
    assert expected in f"{problem.message}; {problem.hint}"
