from __future__ import annotations

import datetime as dt
import pickle
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from checks.base import CHECKS, Finding, Measure, Stat
from checks.custom import Query
from checks.plan import Plan
from monitor.backtest.against import other_config
from monitor.config import Config, load_config
from monitor.errors import ConfigError
from monitor.fingerprint import fingerprint
from monitor.judge import judge, kind_of
from monitor.stores.base import Request, StoreSettings
from monitor.stores.own import OwnQuery
from monitor.stores.sql import open_store

SQL = "SELECT count(*) FROM events WHERE received_at >= :since AND received_at < :until"
SINCE, UNTIL = (dt.datetime(2026, 3, day, 5, tzinfo=dt.UTC) for day in (2, 5))  # midnights of New York
DOCUMENT = Path(__file__).parents[2] / "docs" / "custom.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sql").mkdir()
    (tmp_path / "python").mkdir()
    return tmp_path


def loaded(folder: Path, *custom: str) -> Config:
    lines = ["store: {url: 'duckdb:///x.duckdb'}", "custom:", *(f"  {line}" for line in custom)]
    (folder / "trackwatch.yml").write_text("\n".join(lines) + "\n")
    return load_config(folder / "trackwatch.yml", {})


def refusal(folder: Path, *custom: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, *custom)
    return "\n".join(str(problem).replace(f"{folder}/", "") for problem in caught.value.problems)


def test_a_file_is_a_check_that_is_named_after_it_and_says_its_settings_in_comments(folder: Path):
    (folder / "sql" / "refunds.sql").write_text(f"-- How many?\n-- event: Order\n-- alert: high\n-- max: 5\n{SQL};\n")
    config = loaded(folder, "sql: sql")
    (query,) = config.store.settings.queries
    assert (query.name, query.event, query.place) == ("refunds", "Order", f"{folder}/sql/refunds.sql:5")
    assert config.checks["custom"].params.queries == (Query(name="refunds", alert="high", max=5),)


def test_a_query_may_stand_in_the_configuration(folder: Path):
    config = loaded(folder, f"queries: {{refunds: {{sql: '{SQL}', grain: hour, value: number}}}}")
    assert config.store.settings.queries[0].place == f"{folder}/trackwatch.yml:3"
    assert config.checks["custom"].params.queries == (Query(name="refunds", grain="hour", value="number"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "DELETE FROM events", "sql/q.sql:1: a query begins with SELECT or WITH; trackwatch only reads", id="delete"
        ),
        pytest.param(f"{SQL}; DROP TABLE x", "sql/q.sql:1: there is more than one statement", id="two statements"),
        pytest.param("-- a\nSELECT 1", "sql/q.sql:2: :since and :until is missing: a query says", id="no time"),
        pytest.param(f"{SQL} AND x = :shop", "sql/q.sql:1: :shop is not known; there are :since and :until", id="name"),
        pytest.param(f"-- grain: week\n{SQL}", "sql/q.sql:1: grain: 'week' is not hour or day", id="no such grain"),
        pytest.param(
            f"-- grian: hour\n{SQL}", "sql/q.sql:1: 'grian' is not a setting of a custom check; did", id="typo"
        ),
    ],
)
def test_a_fault_of_a_query_is_told_with_file_and_line(folder: Path, text: str, said: str):
    (folder / "sql" / "q.sql").write_text(text)
    assert said in refusal(folder, "sql: sql")


def test_semicolons_and_casts_in_texts_are_no_fault(folder: Path):
    (folder / "sql" / "q.sql").write_text(f"{SQL} AND x <> ';' AND y::date > '2026-01-01 10:30:00'")
    assert len(loaded(folder, "sql: sql").store.settings.queries) == 1


def test_two_queries_of_one_name_and_folders_that_are_not_there_are_refused(folder: Path):
    (folder / "sql" / "q.sql").write_text(SQL)
    assert "sql/q.sql:1: the custom check 'q' is there twice" in refusal(
        folder, "sql: sql", f"queries: {{q: {{sql: '{SQL}'}}}}"
    )
    said = refusal(folder, "sql: nowhere", "python: none")
    assert "trackwatch.yml:3: sql: there is no folder nowhere; the path is relative to this file" in said
    assert "trackwatch.yml:4: python: there is no folder none" in said


def test_the_python_check_of_the_documentation_runs(folder: Path, make_profile):
    (block,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    (folder / "python" / "quiet_sundays.py").write_text(block)
    check = loaded(folder, "python: python").checks["quiet_sundays"]
    assert check.params == check.known.params(at_most=100)
    assert check.known.question == "Does anything come on Sundays, when the shop is closed?"
    found = judge([check], make_profile({("Order Completed", "web"): 10.0}, judged=24), Plan())
    assert [(f.relevant, f.text) for f in found] == [
        (True, "Order Completed: 240 on a Sunday, where the shop is closed.")
    ]
    quiet = make_profile({("Order Completed", "web"): 4.0}, judged=24)
    assert not any(f.relevant for f in judge([check], quiet, Plan()))


OWN = """
from dataclasses import dataclass
from checks.base import Finding, Kind, check

@dataclass(frozen=True)
class Params:
    text: str = "SAYS"

@check("NAME", kinds={"said": Kind("SAYS", "")}, params=Params)
class Says:
    def measures(self, plan, params):
        return ()
    def judge(self, profile, plan, params):
        yield Finding(kind="KIND", text=params.text)
"""


def write(folder: Path, says: str, name: str = "says", file: str = "own.py", kind: str = "said") -> Path:
    text = OWN.replace("SAYS", says).replace("NAME", name).replace("KIND", kind)
    (folder / "python").mkdir(parents=True, exist_ok=True)
    (folder / "python" / file).write_text(text)
    return folder


def said(config: Config, make_profile) -> list[str]:
    profile = make_profile({("Order Completed", "web"): 10.0}, judged=24)
    return [f.text for f in judge([config.checks["says"]], profile, Plan())]


def test_two_configurations_judge_each_with_their_own_check_of_one_name(folder: Path, make_profile):
    one = loaded(write(folder / "a", "one"), "python: python")
    other = loaded(write(folder / "b", "other"), "python: python")
    none = loaded(folder, "python: python")
    assert [said(config, make_profile) for config in (one, other, one)] == [["one"], ["other"], ["one"]]
    assert pickle.loads(pickle.dumps([one.checks["says"].params, other.checks["says"].params])) == [
        one.checks["says"].params,
        other.checks["says"].params,
    ]
    assert "says" not in none.checks.keys() | CHECKS.keys()


def test_a_file_that_was_changed_is_loaded_again_and_one_that_was_not_is_not(folder: Path, make_profile):
    before, same = (loaded(write(folder, "before"), "python: python") for _ in range(2))
    assert type(before.checks["says"].params) is type(same.checks["says"].params)
    seen = fingerprint(before)
    after = loaded(write(folder, "afterwards"), "python: python")
    assert fingerprint(before) != seen
    assert [said(config, make_profile) for config in (before, after)] == [["before"], ["afterwards"]]
    assert before.checks != after.checks


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("volume", "python/own.py:9: there is a check 'volume' already, which is not yours", id="built in"),
        pytest.param("says", "python/own.py:9: the check 'says' is there twice", id="in two files"),
    ],
)
def test_a_name_that_is_taken_is_told_with_file_and_line(folder: Path, name: str, told: str):
    write(folder, "first", file="first.py")
    write(folder, "own", name=name)
    assert told in refusal(folder, "python: python")


def test_a_kind_that_a_check_does_not_declare_is_a_crash_of_that_check(folder: Path, make_profile):
    (text,) = said(loaded(write(folder, "x", kind="sad"), "python: python"), make_profile)
    assert text.startswith("The check says crashed: LookupError: it finds sad, which is not among its kinds.")


def test_what_a_check_found_that_is_gone_can_still_be_told():
    kind = kind_of(Finding(check="gone_since", kind="said", event="Order Completed"))
    assert kind.title == "{subject}: found by a check that is no longer there"


def test_the_query_of_the_documentation_is_read(folder: Path):
    (block,) = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    (folder / "sql" / "refunds.sql").write_text(block)
    assert loaded(folder, "sql: sql").checks["custom"].params.queries[0].alert == "high"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "x = (", "python/bad.py:1: the check cannot be loaded: SyntaxError: '(' was never closed", id="syntax"
        ),
        pytest.param(
            "\nimport no_such", "python/bad.py:2: the check cannot be loaded: ModuleNotFoundError", id="import"
        ),
    ],
)
def test_python_that_cannot_be_loaded_is_told_with_file_and_line(folder: Path, text: str, said: str):
    (folder / "python" / "bad.py").write_text(text)
    assert said in refusal(folder, "python: python")


@pytest.fixture
def store(tmp_path: Path):
    url = f"duckdb:///{tmp_path}/events.duckdb"
    with duckdb.connect(f"{tmp_path}/events.duckdb") as connection:
        connection.execute("CREATE TABLE events (event text, received_at timestamp, total double)")
        rows = [("Order", SINCE.replace(tzinfo=None) + dt.timedelta(hours=8 * i), float(i)) for i in range(9)]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
    opened = []

    def build(*queries: OwnQuery):
        opened.append(open_store(replace(StoreSettings(url=url), queries=queries), Plan()))
        return opened[-1]

    yield build
    for each in opened:
        each.close()


def own(sql: str, **given) -> OwnQuery:
    return OwnQuery(name="q", sql=sql, place="sql/q.sql:1", **given)


def request(*grains: str) -> Request:
    measures = tuple(Measure(Stat.CUSTOM, grain=grain) for grain in grains or ("day",))
    return Request((Measure(Stat.ROWS), *measures), SINCE, UNTIL, "America/New_York")


WHERE = "WHERE received_at >= :since AND received_at < :until"


@pytest.mark.parametrize(
    ("query", "values", "statements"),
    [
        pytest.param(own(SQL), [3, 3, 3], 3, id="one number is asked for each day"),
        pytest.param(own(f"SELECT sum(total) FROM events {WHERE}"), [3, 12, 21], 3, id="a sum"),
        pytest.param(
            own(f"SELECT date_trunc('hour', received_at) AS bucket, 1 AS value FROM events {WHERE}", grain="hour"),
            [1] * 9,
            1,
            id="rows by hour are asked at once",
        ),
        pytest.param(
            own(f"SELECT DATE '2026-03-03' AS bucket, 'Other' AS event, count(*) AS value FROM events {WHERE}"),
            [9],
            1,
            id="a day is one of the business time zone",
        ),
    ],
)
def test_what_a_query_returns_is_a_series(store, query: OwnQuery, values, statements: int):
    measured = store(query).measure(request(query.grain))
    mine = measured.frame[measured.frame.measure == "custom"]
    assert measured.failures == ()
    assert sorted(mine.value) == values
    assert measured.statements == 1 + statements
    assert set(mine.label) == {"q"}


def test_other_words_for_event_are_parts_of_the_query(store):
    sql = f"SELECT received_at::date AS bucket, 'EUR' AS event, count(*) AS value FROM events {WHERE} GROUP BY 1"
    frame = store(own(sql, event="Order")).measure(request()).frame
    assert set(frame[frame.measure == "custom"].property) == {"q: EUR"}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        pytest.param(f"SELECT count(*) FROM nowhere {WHERE}", "Table with name nowhere does not exist", id="no table"),
        pytest.param(f"SELECT event, total FROM events {WHERE}", "it returns 3 rows of event, total", id="two columns"),
        pytest.param(f"SELECT 1 AS bucket FROM events {WHERE}", "it returns the columns bucket; it has", id="no value"),
        pytest.param(f"SELECT max(event) FROM events {WHERE}", "a value that it returns is not a number", id="a text"),
        pytest.param(
            f"SELECT current_date AS bucket, 1 AS value FROM events {WHERE}", "two rows for one day", id="two rows"
        ),
        pytest.param(
            f"SELECT 'x' AS bucket, 1 AS value FROM events {WHERE}", "a bucket that it returns is", id="no time"
        ),
    ],
)
def test_a_query_that_fails_is_one_failure_with_file_and_line_and_the_rest_goes_on(store, sql: str, said: str):
    measured = store(own(sql)).measure(request())
    (failure,) = measured.failures
    assert failure.table == "sql/q.sql:1 (custom check q)"
    assert said in failure.reason
    assert measured.rows == 9


def test_a_query_only_reads(store):
    measured = store(own(f"WITH x AS (SELECT 1) INSERT INTO events SELECT 'x', :since, 1 {WHERE}")).measure(request())
    assert len(measured.failures) == 1


def test_explain_shows_the_query_and_why_it_is_on_its_own(store):
    written = store(own(SQL)).statements(request())[-1]
    assert written.table == "custom check q"
    assert written.apart == "written in sql/q.sql:1, asked 3 times"
    assert "received_at >= '2026-03-04 05:00:00'" in written.sql


def test_a_comparison_judges_and_tells_with_the_other_check_and_then_with_ours_again(folder: Path, make_profile):
    ours = loaded(write(folder / "a", "ours"), "python: python")
    loaded(write(folder / "b", "theirs"), "python: python")
    found = Finding(check="says", kind="said")
    with other_config(str(folder / "b" / "trackwatch.yml"), ours) as theirs:
        assert (said(theirs, make_profile), kind_of(found).title) == (["theirs"], "theirs")
    assert (said(ours, make_profile), kind_of(found).title) == (["ours"], "ours")
