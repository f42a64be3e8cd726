"""Does every database say every construct, and every statement that a run may build of them?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from contract.worlds import asked, everything
from sqlalchemy.exc import NoSuchModuleError

from checks.base import EVERY, Measure, Rule, Stat
from monitor.errors import StoreError
from monitor.stores import constructs as db
from monitor.stores import discovery
from monitor.stores.base import StoreSettings
from monitor.stores.beside import counted
from monitor.stores.connect import dialect_of, engine
from monitor.stores.dialects import DIALECTS
from monitor.stores.keys import Side, hashed, side_by_side
from monitor.stores.pieces import Cutter
from monitor.stores.rows import Rows
from monitor.stores.sql import NOWHEN
from monitor.stores.table import Column, Constant, EventTable, TableName

HOUR = dt.timedelta(hours=1)
ARGUMENTS: dict[db.Construct, int] = {db.no_text: 0, db.now_seconds: 0, db.whole: 2, db.matches: 2, db.json_object: 2}
ARGUMENTS[db.quotients] = 3
COLUMNS = {
    "id": Column("id", "string"),
    "received_at": Column("received_at", "datetime", aware=True),
    "naive": Column("naive", "datetime"),
    "event": Column("event", "string"),
    'odd "name` %s :x {0}': Column('odd "name` %s :x {0}', "number"),
    "flag": Column("flag", "boolean"),
    "bag": Column("bag", "json"),
}
TABLE = EventTable(
    table=TableName("some schema", "events"),
    columns=COLUMNS,
    event="event",
    source=Constant("it's"),
    time="received_at",
    fields={"id": "id", "user_id": "id", "loaded_at": "naive", "occurred_at": "naive"},
    properties={name: name for name in ('odd "name` %s :x {0}', "flag", "bag", "naive")},
)
WISHES = (
    *everything("Order Completed"),
    *(
        Measure(stat, property=EVERY, grain=grain)
        for stat in (Stat.NULLS, Stat.FINGERPRINT, Stat.CHECKSUM, Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST, Stat.SIZES)
        for grain in ("hour", "day")
    ),
    Measure(Stat.OUTSIDE, "it's", "flag", Rule("enum", ("true", "it's 100 %:x"))),
    Measure(Stat.OUTSIDE, "it's", 'odd "name` %s :x {0}', Rule("pattern", (r"^\d+%:x$",))),
)


@pytest.fixture(params=sorted(DIALECTS))
def spelt(request: pytest.FixtureRequest) -> tuple[str, sa.Dialect]:
    """Return a dialect's name, and SQLAlchemy's dialect with its own driver."""
    drivers = sorted(set(DIALECTS[request.param].schemes.values()))
    try:
        return request.param, sa.make_url(f"{drivers[0]}://").get_dialect()()
    except (NoSuchModuleError, ImportError) as error:
        pytest.skip(f"no driver here: {error}; pip install 'trackwatch[{DIALECTS[request.param].extra}]' runs this")


@pytest.mark.parametrize("construct", [*db.NEEDED, *db._ELSE], ids=lambda construct: construct.__name__)
def test_every_database_says_every_construct(spelt: tuple[str, sa.Dialect], construct: db.Construct) -> None:
    name, dialect = spelt
    written = dict(DIALECTS[name].constructs)
    assert construct in written or construct in db._ELSE, f"{name} does not say {construct.__name__}"
    arguments = [sa.column(f"c{number}", sa.Text()) for number in range(ARGUMENTS.get(construct, 1))]
    if construct is db.entry_value:
        arguments.append(sa.column("c1", sa.Text()))
    sql = str(construct(*arguments).compile(dialect=dialect))
    assert balanced(sql)
    assert "{" not in unquoted(sql), "an argument that was not filled in"
    assert all(str(argument.name) in sql for argument in arguments[:1])


def balanced(sql: str) -> bool:
    return unquoted(sql).count("(") == unquoted(sql).count(")")


def unquoted(sql: str) -> str:
    return re.sub(r"'(?:[^'\\]|''|\\.)*'", "", sql)


def compiled(statement: sa.Executable, dialect: sa.Dialect) -> str:
    return str(statement.compile(dialect=dialect))


@pytest.mark.parametrize("bag", [None, "bag"], ids=["columns", "an object"])
def test_every_statement_of_a_run_compiles(spelt: tuple[str, sa.Dialect], bag: str | None) -> None:
    name, dialect = spelt
    table = TABLE if bag is None else EventTable(**{**fields(TABLE), "bag": bag, "properties": {}})
    rows = Rows(table, NOWHEN, 60, DIALECTS[name])
    assert compiled(discovery.newest(rows), dialect)
    assert compiled(discovery.occurring(rows, 1_772_000_000), dialect)
    cutter = Cutter(asked(*WISHES), StoreSettings(url=""), DIALECTS[name], dialect)
    pieces = list(cutter.pieces(table, [wish for wish in WISHES if wish.event or not wish.rule]))
    assert pieces
    for piece in pieces:
        assert balanced(compiled(piece.query.statement, dialect))


@pytest.mark.parametrize("bag", [None, "bag"], ids=["columns", "an object"])
def test_every_comparison_compiles(spelt: tuple[str, sa.Dialect], bag: str | None) -> None:
    name, dialect = spelt
    table = TABLE if bag is None else EventTable(**{**fields(TABLE), "bag": bag, "properties": {}})
    side = Side(tables=(table,), event="it's", key="flag", sources=("web",), where={"id": "x"}, cut=NOWHEN, wait=HOUR)
    ours = DIALECTS[name]
    wanted = (side_by_side(side, side, ours), hashed(side, ours, 0.1), counted(TABLE, NOWHEN, ours, "id", {"id": "x"}))
    for statement in wanted:
        assert balanced(compiled(statement, dialect))


def fields(table: EventTable) -> dict[str, Any]:
    return {name: getattr(table, name) for name in table.__dataclass_fields__}


def test_a_wide_table_is_cut_where_the_database_takes_no_more_columns(spelt: tuple[str, sa.Dialect]) -> None:
    name, dialect = spelt
    many = {f"p{i}": Column(f"p{i}", "integer") for i in range(3000)}
    table = EventTable(
        **{**fields(TABLE), "columns": COLUMNS | many, "properties": {column: column for column in many}}
    )
    wishes = [Measure(Stat.ROWS), Measure(Stat.SURPLUS), Measure(Stat.NULLS, property=EVERY)]
    wishes += [Measure(Stat.NULLS, "e", "never there"), Measure(Stat.HIGHEST, "e", "p2999")]
    cutter = Cutter(asked(*wishes), StoreSettings(url=""), DIALECTS[name], dialect)
    pieces = list(cutter.pieces(table, wishes))
    most = DIALECTS[name].most_columns
    assert all(len(part.select.selected_columns) <= most for piece in pieces for part in piece.query.parts)
    assert (len(pieces) > 1) == (most < 3000)
    cells = [cell.measure for piece in pieces for part in piece.query.parts for cell in part.cells]
    counted = [cell.property for cell in cells if cell.stat is Stat.NULLS]
    assert sorted(counted) == sorted(many)  # each once
    assert [cell.measure.property for p in pieces for part in p.query.parts for cell in part.absent] == ["never there"]
    assert [piece.again for piece in pieces] == [False] + [True] * (len(pieces) - 1)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [(scheme, dialect.name) for dialect in DIALECTS.values() for scheme in dialect.schemes],
)
def test_what_people_write_before_the_colon_finds_its_database(written: str, wanted: str) -> None:
    assert dialect_of(sa.make_url(f"{written}://host/name")).name == wanted


def test_a_driver_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: Callable[..., None] = lambda *_, **__: (_ for _ in ()).throw(ModuleNotFoundError("pymysql"))  # noqa: E731
    monkeypatch.setattr(sa, "create_engine", gone)
    with pytest.raises(StoreError, match=r"pip install 'trackwatch\[mysql\]'"):
        engine(StoreSettings(url="mysql://u@h/x"))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_a_read_is_bounded_in_time_by_the_database_or_by_us(dialect: Any) -> None:
    assert dialect.limits_itself or dialect.cancel is not None
