"""Is the demo's shop believable, and are its faults where they are said to be, and nowhere else?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from monitor.config import load_config
from monitor.demo import faults
from monitor.demo.events import EVENTS
from monitor.demo.messages import messages
from monitor.demo.people import sessions
from monitor.demo.shop import build
from monitor.demo.traffic import SOURCES
from monitor.demo.warehouse import schema, snake

CONFIG = Path(__file__).parents[2] / "config" / "trackwatch.yml"
ROWS = 90_000
LOCAL = "received_at - INTERVAL 5 HOUR"
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "datetime": "TIMESTAMP"}
PLANTED = {(fault.event, fault.property) for fault in faults.FAULTS if fault.property}


@pytest.fixture(scope="module")
def plan():
    return load_config(CONFIG, {}).plan


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return build(tmp_path_factory.mktemp("demo") / "shop.duckdb", rows=ROWS)


@pytest.fixture(scope="module")
def shop(demo):
    with duckdb.connect(str(demo.path), read_only=True) as connection:
        yield connection


@pytest.fixture
def one(shop):
    return lambda sql: shop.execute(sql).fetchone()[0]


@pytest.fixture(scope="module")
def columns(shop):
    """Return (source, table) -> column -> type."""
    found = {}
    query = "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
    for place, table, column, kind in shop.execute(query).fetchall():
        found.setdefault((place.removesuffix("_production"), table), {})[column] = kind
    return found


def since(fault, column="timestamp"):
    return f"{column} >= TIMESTAMP '{fault.start:%Y-%m-%d %H:%M:%S}'"


def share(one, place, condition, where="true"):
    return one(f"SELECT avg(({condition})::INT) FROM {place} WHERE {where}")


def before_and_after(one, fault, condition):
    """Return the share of rows with a condition before and after a fault's start."""
    place = f"{schema(fault.source)}.{snake(fault.event)}"
    return share(one, place, condition, f"NOT {since(fault)}"), share(one, place, condition, since(fault))


def daily(one, place, where):
    days = "extract(epoch FROM max(received_at) - min(received_at)) / 86400"
    return one(f"SELECT count(*) / ({days}) FROM {place} WHERE {where}")


# Chance


def drawn(seed):
    visits = sessions(seed, 400)
    return [messages(event, visits, seed, number) for number, event in enumerate(EVENTS)]


def test_the_same_seed_gives_the_same_messages():
    for first, second in zip(drawn(3), drawn(3), strict=True):
        pd.testing.assert_frame_equal(first, second)


def test_another_seed_gives_other_messages():
    assert [len(frame) for frame in drawn(3)] != [len(frame) for frame in drawn(4)]


# Layout


def test_the_number_of_messages_is_about_the_one_asked_for(demo, one):
    assert demo.rows == pytest.approx(ROWS, rel=0.06)
    for (source, event), rows in demo.messages.items():
        assert one(f"SELECT count(*) FROM {schema(source)}.{snake(event)}") == rows


@pytest.mark.parametrize("source", SOURCES)
def test_tracks_has_every_message_of_every_event_table(demo, one, source):
    rows = sum(count for (place, _), count in demo.messages.items() if place == source)
    assert one(f"SELECT count(*) FROM {schema(source)}.tracks") == rows


@pytest.mark.parametrize("source", SOURCES)
def test_an_event_is_told_by_its_slug_and_by_its_name(shop, source):
    pairs = shop.execute(f"SELECT DISTINCT event, event_text FROM {schema(source)}.tracks").fetchall()
    assert all(slug == snake(name) for slug, name in pairs)


def test_a_column_is_there_only_where_a_value_arrived(shop, columns):
    for (source, table), found in columns.items():
        filled = shop.execute(f"SELECT COUNT(COLUMNS(*)) FROM {schema(source)}.{table}").fetchone()
        empty = {column for column, count in zip(found, filled, strict=True) if not count}
        assert empty <= {faults.AFFILIATION_NULL.property}, (source, table)


def test_the_context_differs_by_source(columns):
    has = {source: set(columns[source, "order_completed"]) for source in SOURCES}
    assert "context_page_url" in has["web"] - has["ios"] - has["server"]
    assert "context_app_version" in (has["ios"] & has["android"]) - has["web"] - has["server"]
    assert all("context_library_version" in each for each in has.values())


def test_nothing_is_loaded_after_now(demo, one):
    for source in SOURCES:
        newest = one(f"SELECT max(uuid_ts) FROM {schema(source)}.tracks WHERE uuid_ts > received_at")
        assert demo.now - dt.timedelta(hours=1) < newest.replace(tzinfo=dt.UTC) < demo.now


# Patterns


def test_volumes_differ_by_orders_of_magnitude_and_rare_events_stay_rare(one):
    assert daily(one, "web_production.product_viewed", "true") > 150
    assert 0.8 < daily(one, "server_production.gift_card_redeemed", "true") < 2.3
    assert 2 < daily(one, "web_production.refund_requested", "true") < 5


@pytest.mark.parametrize(
    ("busy", "quiet", "low", "high"),
    [
        pytest.param("hour(t) = 20", "hour(t) = 3", 6, 25, id="more at eight in the evening than at three at night"),
        pytest.param("isodow(t) = 7", "isodow(t) = 3", 1.05, 1.6, id="more on Sundays than on Wednesdays"),
        pytest.param("t >= '2026-02-02'", "t < '2026-02-01'", 0.95, 1.35, id="more in the second month"),
        pytest.param("t::DATE = '2026-02-16'", "t::DATE = '2026-02-09'", 1.05, 1.8, id="more on the day of the sale"),
    ],
)
def test_there_are(one, busy, quiet, low, high):
    rows = f"(SELECT {LOCAL} AS t FROM web_production.tracks)"
    assert low < one(f"SELECT count(*) FILTER ({busy}) / count(*) FILTER ({quiet}) FROM {rows}") < high


def test_days_are_good_or_bad_by_more_than_chance(shop):
    rows = f"SELECT ({LOCAL})::DATE AS day, count(*) AS n FROM web_production.tracks GROUP BY 1 ORDER BY 1"
    days = shop.execute(rows).df().set_index("day")["n"].iloc[:-1]
    ratio = days / days.groupby(days.index.day_of_week).transform("median")
    assert 0.05 < ratio.std() < 0.16


def test_parcels_leave_on_working_days_only(one):
    rows = f"FROM (SELECT {LOCAL} AS t FROM server_production.order_shipped)"
    assert one(f"SELECT count(*) FILTER (isodow(t) > 5 OR hour(t) NOT BETWEEN 8 AND 17) {rows}") == 0


def test_a_release_reaches_the_devices_over_days(one):
    new = "context_app_version = '5.1.0'"
    place = "ios_production.application_opened"
    shares = [share(one, place, new, f"timestamp::DATE = '2026-{day}'") for day in ("01-29", "01-31", "02-08")]
    assert shares == sorted(shares)
    assert shares[0] < 0.3
    assert shares[-1] > 0.9


def test_messages_arrive_within_a_minute_but_for_phones_that_were_offline(one):
    delay = "extract(epoch FROM received_at - original_timestamp)"
    assert one(f"SELECT quantile_cont({delay}, 0.95) FROM ios_production.tracks") < 60
    assert one(f"SELECT quantile_cont({delay}, 0.999) FROM ios_production.tracks") > 3600
    assert one(f"SELECT quantile_cont({delay}, 0.999) FROM web_production.tracks") < 60


# People


def test_people_come_back_on_other_days(one):
    days = "SELECT user_id, count(DISTINCT timestamp::DATE) AS n FROM web_production.tracks GROUP BY 1"
    assert one(f"SELECT avg((n > 1)::INT) FROM ({days}) WHERE user_id IS NOT NULL") > 0.3


def test_some_people_use_two_devices(one):
    both = "FROM ios_production.tracks AS i JOIN web_production.tracks AS w USING (user_id)"
    assert one(f"SELECT count(DISTINCT user_id) {both} WHERE i.anonymous_id <> w.anonymous_id") > 50


def test_a_device_is_anonymous_until_its_owner_signs_up(one):
    earlier = "FROM web_production.tracks t JOIN web_production.signed_up s USING (anonymous_id)"
    assert one(f"SELECT count(*) {earlier} WHERE t.user_id IS NULL AND t.timestamp < s.timestamp") > 50
    assert one("SELECT count(*) FROM web_production.signed_up WHERE user_id IS NULL") == 0
    assert one("SELECT count(*) FROM web_production.identifies WHERE user_id IS NULL") == 0


# The plan


def test_every_planned_event_has_a_table_in_each_planned_source_but_for_the_fault(plan, columns):
    promised = {(source, event.name) for event in plan.events.values() for source in event.sources}
    absent = {(source, name) for source, name in promised if (source, snake(name)) not in columns}
    assert absent == {("server", faults.REWARD_NEVER_SEEN.event)}


def test_every_event_is_planned_but_for_the_fault(plan, demo):
    assert {name for _, name in demo.messages} - set(plan.events) == {"wishlist_add"}


def test_every_property_has_the_planned_type_but_for_the_faults(plan, columns):
    wrong = set()
    for event in plan.events.values():
        for source in event.sources:
            found = columns.get((source, snake(event.name)), {})
            for prop in event.properties.values() if found else ():
                if found.get(prop.name) != TYPES.get(prop.type, "VARCHAR"):
                    wrong.add((event.name, prop.name))
    assert wrong == {("Product Viewed", "price"), ("Product Reviewed", "has_photo")}


def test_every_column_of_an_event_is_planned(plan, columns):
    common = set(columns["web", "tracks"]) | set(columns["ios", "tracks"])
    for (_, table), found in columns.items():
        event = next((event for event in plan.events.values() if snake(event.name) == table), None)
        assert event is None or set(found) - common <= set(event.properties), table


def rules(prop):
    """Yield the conditions under which a value breaks the plan."""
    name = f'"{prop.name}"'
    if prop.required:
        yield f"{name} IS NULL"
    if prop.enum:
        yield f"{name} NOT IN {(*prop.enum, '')}"
    if prop.pattern:
        yield f"NOT regexp_matches({name}, '{prop.pattern}')"
    for limit, sign in ((prop.min, "<"), (prop.max, ">")):
        if limit is not None:
            yield f"TRY_CAST({name} AS DOUBLE) {sign} {limit}"


def test_no_value_breaks_a_rule_of_the_plan_but_for_the_faults(plan, demo, one):
    for source, name in demo.messages:
        planned = plan.events.get(name)
        props = planned.properties.values() if planned else ()
        broken = [rule for prop in props if (name, prop.name) not in PLANTED for rule in rules(prop)]
        where = " OR ".join(f"({rule})" for rule in broken) or "false"
        assert one(f"SELECT count(*) FROM {schema(source)}.{snake(name)} WHERE {where}") == 0, (source, where)


def test_no_property_is_empty_or_constant_but_for_the_faults(plan, shop, demo):
    for (source, name), rows in demo.messages.items():
        props = (
            [prop for prop in plan.events[name].properties if (name, prop) not in PLANTED]
            if name in plan.events
            else []
        )
        counts = ", ".join(f'count(DISTINCT "{prop}")' for prop in props) or "2"
        if rows > 30:
            assert min(shop.execute(f"SELECT {counts} FROM {schema(source)}.{snake(name)}").fetchone()) > 1, (
                source,
                name,
            )


# The faults


def test_an_event_stopped_on_one_platform(one):
    fault = faults.CHECKOUT_STOPPED
    late = f"SELECT count(*) FROM {{}}_production.checkout_started WHERE {since(fault, 'timestamp - INTERVAL 1 HOUR')}"
    assert one(late.format("ios")) == 0
    assert one(late.format("android")) > 5
    assert one(f"SELECT count(*) FROM ios_production.payment_info_entered WHERE {since(fault)}") > 5


def test_a_rare_event_stopped(one):
    place = "server_production.gift_card_redeemed"
    assert one(f"SELECT count(*) FROM {place} WHERE {since(faults.GIFT_CARD_STOPPED)}") == 0
    assert one(f"SELECT count(*) FROM {place}") > 50


def test_a_volume_is_halved(one):
    searches = "FROM (FROM web_production.search_performed UNION ALL BY NAME FROM web_production.product_list_viewed)"
    ratio = f"SELECT count(query) / count(list_id) {searches} WHERE {{}}"
    after = since(faults.SEARCH_HALVED)
    assert 0.3 < one(ratio.format(after)) / one(ratio.format(f"NOT {after}")) < 0.7


def test_an_event_fires_twice_after_a_release(one):
    content = "(user_id, anonymous_id, cart_id, product_id, quantity, price)"
    repeated = f"SELECT 1 - count(DISTINCT {content}) / count(*) FROM android_production.product_added WHERE {{}}"
    assert one(repeated.format("context_app_version >= '8.1.0'")) > 0.4
    assert one(repeated.format("context_app_version < '8.1.0'")) < 0.02
    assert one(
        f"SELECT {since(faults.DOUBLE_FIRE, 'min(timestamp)')} FROM android_production.product_added"
        " WHERE context_app_version = '8.1.0'"
    )


def test_messages_are_sent_again_under_their_ids(one):
    fault = faults.RESENDS
    during = f"{since(fault)} AND timestamp < '{fault.end:%Y-%m-%d %H:%M}'"
    surplus = "SELECT count(*) - count(DISTINCT id) FROM server_production.order_completed WHERE {}"
    assert one(surplus.format(during)) >= 2
    assert one(surplus.format(f"NOT ({during})")) <= 2


def test_few_messages_are_sent_again_by_nature(one):
    resent = one("SELECT 1 - count(DISTINCT id) / count(*) FROM web_production.tracks")
    assert 0 < resent < 0.0006


def test_an_event_is_renamed(one):
    fault = faults.RENAMED
    assert one(f"SELECT count(*) FROM web_production.wishlist_item_added WHERE {since(fault)}") == 0
    assert one(f"SELECT min(timestamp) >= '{fault.start:%Y-%m-%d %H:%M}' FROM web_production.wishlist_add")
    assert one(f"SELECT count(*) FROM ios_production.wishlist_item_added WHERE {since(fault)}") > 5


def test_a_property_turns_into_text(one):
    before, after = before_and_after(one, faults.PRICE_AS_TEXT, "TRY_CAST(price AS DOUBLE) IS NULL")
    assert before == 0
    assert after > 0.6


def test_a_required_property_is_missing(one):
    before, after = before_and_after(one, faults.CURRENCY_MISSING, "currency IS NULL")
    assert before == 0
    assert 0.15 < after < 0.6


@pytest.mark.parametrize("source", ["web", "ios", "android"])
def test_a_property_is_constant(one, source):
    assert one(f"SELECT list(DISTINCT sort_by) FROM {schema(source)}.search_performed") == ["relevance"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_property_is_always_empty_and_has_a_column(one, source):
    assert one(f"SELECT count(affiliation) FROM {schema(source)}.order_completed") == 0


@pytest.mark.parametrize("source", ["web", "ios", "android"])
def test_a_property_is_never_sent_and_has_no_column(columns, source):
    assert "has_photo" not in columns[source, "product_reviewed"]


def test_developers_are_in_production(one):
    place, fault = "web_production.tracks", faults.DEV_TRAFFIC
    local = "context_page_url LIKE 'http://localhost:3000/%'"
    assert share(one, place, local, f"NOT {since(fault)}") == 0
    assert 0.003 < share(one, place, local, since(fault)) < 0.03
    assert one(f"SELECT bool_and(({local}) = coalesce(user_id LIKE '%@lumenoak.dev', false)) FROM {place}")
