"""What happens when the database does not do what it promised a moment ago?"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from contract.worlds import ODD, World, asked, order, value, writing

from checks.base import Measure, Stat
from monitor.stores.layouts.segment import slug


def test_a_table_dropped_after_introspection_is_one_failure(postgres: World) -> None:
    store = postgres.store([order(), order(event=ODD)])
    store.catalog()
    with writing(postgres.url()) as connection:
        connection.execute(sa.text(f'DROP TABLE {store._settings.sources["web"]}."{slug(ODD)}"'))
    measured = store.measure(asked(Measure(Stat.ROWS)))
    assert [failure.events for failure in measured.failures] == [(ODD,)]
    assert value(measured, "rows") == 1


def test_a_role_that_may_only_read_some_tables_is_enough(postgres: World) -> None:
    written = postgres.store([order(), order(event=ODD)])._settings
    schema = written.sources["web"]
    with writing(postgres.url()) as connection:
        connection.execute(sa.text(f"CREATE ROLE {schema}_r LOGIN; GRANT USAGE ON SCHEMA {schema} TO {schema}_r"))
        connection.execute(sa.text(f"GRANT SELECT ON {schema}.order_completed TO {schema}_r"))
    url = postgres.url().replace("postgres:@", f"{schema}_r@")
    measured = postgres.open(replace(written, url=url, sources={"web": schema})).measure(asked(Measure(Stat.ROWS)))
    assert value(measured, "rows") == 1
    assert [(f.events, "permission denied" in f.reason) for f in measured.failures] == [((ODD,), True)]


def test_a_connection_that_was_lost_is_tried_once_more(postgres: World) -> None:
    store = postgres.store([order()])
    store.catalog()
    with writing(postgres.url()) as connection:
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trackwatch'"
        connection.execute(sa.text(mine))
    assert store.measure(asked(Measure(Stat.ROWS))).rows == 1
