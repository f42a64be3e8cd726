from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from checks.base import Finding
from checks.plan import Plan
from monitor.alerts.message import Severity
from monitor.incidents import Incident, Subject
from monitor.marks import marks_of, sql_for
from monitor.stores.base import Marks, StoreSettings
from monitor.stores.sql import SqlStore

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ROWS = [  # id, event, source, hour, country, currency
    ("a", "Order", "web", 0, "DE", "EUR"),
    ("b", "Order", "web", 1, "DE", None),
    ("c", "Order", "ios", 1, "DE", "EUR"),
    ("d", "Order", "web", 1, "US", "USD"),
    ("e", "View", "web", 1, "DE", None),
    ("f", "Order", "web", 3, "DE", "EUR"),
]


@pytest.fixture
def url(tmp_path):
    found = f"sqlite:///{tmp_path}/events.db"
    names = ("id", "event", "source", "country", "currency")
    table = sa.Table("events", sa.MetaData(), *(sa.Column(name, sa.Text) for name in names),
                     sa.Column("received_at", sa.DateTime))  # fmt: skip
    engine = sa.create_engine(found, poolclass=sa.NullPool)
    with engine.begin() as connection:
        table.create(connection)
        for i, event, source, hour, country, currency in ROWS:
            row = dict(zip(names, (i, event, source, country, currency), strict=True))
            at = (START + hour * HOUR).replace(tzinfo=None)
            connection.execute(table.insert(), row | {"received_at": at})
    return found


def marked(url: str, **fields) -> str:
    """Return the ids that the query picks out, when somebody runs it as it stands."""
    store = SqlStore(StoreSettings(url=url, table="events"), Plan())
    known = {"since": START, "until": START + 2 * HOUR, "events": ("Order",), **fields}
    (query,) = store.marking(Marks(**known))
    store.close()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return "".join(sorted(row[0] for row in connection.exec_driver_sql(query.sql)))


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        pytest.param({}, "abcd", id="an event in a time"),
        pytest.param({"events": ()}, "abcde", id="all events"),
        pytest.param({"source": "web"}, "abd", id="one source"),
        pytest.param({"where": {"country": "DE"}}, "abc", id="one value of a dimension"),
        pytest.param({"source": "web", "where": {"country": "DE"}}, "ab", id="both"),
        pytest.param({"empty": "currency"}, "b", id="what lacks a property"),
        pytest.param({"where": {"unheard_of": "x"}}, "abcd", id="what the table does not have leaves nothing out"),
        pytest.param({"source": "it's"}, "", id="a name with a quote in it"),
    ],
)
def test_the_query_picks_out_the_rows_of_an_incident(url, fields, ids):
    assert marked(url, **fields) == ids


def incident(**changes) -> Incident:
    finding = Finding(check="drift", kind="null_rate", event="Order", property="currency")
    known = {"id": "inc_1", "subject": Subject("drift.null_rate", "Order", "currency"), "severity": Severity.WARNING,
             "started": START, "last_seen": START + HOUR, "findings": (finding,), "sources": ("web",)}  # fmt: skip
    return Incident(**{**known, **changes})


def test_an_incident_says_which_rows_are_meant():
    assert marks_of(incident(located={"source": "ios", "country": "DE"})) == Marks(
        since=START, until=START + HOUR, events=("Order",), source="ios", where={"country": "DE"}, empty="currency"
    )
    assert marks_of(incident()).source == "web"


def test_what_concerns_no_rows_has_no_query(tmp_path):
    gone = SqlStore(StoreSettings(url=f"sqlite:///{tmp_path}/none/events.db", table="events"), Plan())
    store = incident(subject=Subject("operations"), findings=(Finding(check="operations", kind="store_unreachable"),))
    assert sql_for(gone, store) == ()
    assert sql_for(gone, incident()) == (), "a store that is down holds back no message"
    gone.close()
