"""What differs between databases?

Every difference is one construct, and each file of `dialects/` says all of them in its own
database's words; the statement builder uses nothing else that a database may spell its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.functions import FunctionElement

EXACT = 2**53 - 1  # the largest whole number that float64 keeps

BYTES = ("mysql", "mariadb")  # whose exact texts are bytes

Construct = type[FunctionElement[Any]]
Say = str | Callable[..., str]  # a template, or what makes SQL of the SQL of each argument


class Name(sa.types.TypeDecorator[str]):
    """Text that may come back as bytes, where comparing exactly means comparing bytes."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Return the text."""
        return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else value

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], str | None] | None:
        """Return nothing where texts are texts: a call for each value would cost more than many a query."""
        return super().result_processor(dialect, coltype) if dialect.name in BYTES else None


def clock_type(*, aware: bool) -> sa.types.TypeEngine[Any]:
    """Return the type of times that carry a zone, or of those that do not; in BigQuery they are not comparable."""
    return sa.TIMESTAMP(timezone=True) if aware else sa.DateTime()


class text(FunctionElement[str]):  # noqa: N801 a SQL function, spelt like one
    """Any value as text; true and false as the database writes them."""

    type = sa.Text()
    inherit_cache = True


class exact(FunctionElement[str]):  # noqa: N801
    """A text that equals only itself, whatever the column's collation: grouped, joined and compared by it."""

    type = Name()
    inherit_cache = True


class no_text(FunctionElement[str]):  # noqa: N801
    """A null that is a text; takes no argument."""

    type = Name()
    inherit_cache = True


class float64(FunctionElement[float]):  # noqa: N801
    """A number as a 64-bit float."""

    type = sa.Float(53)
    inherit_cache = True


class figure(FunctionElement[Any]):  # noqa: N801
    """One number of the answer, in a type that all branches of a UNION ALL share; floats keep it exactly."""

    type = sa.types.NULLTYPE
    inherit_cache = True


class at(FunctionElement[Any]):  # noqa: N801
    """A moment of ours, bound, as a time that compares with a column's."""

    type = sa.types.NULLTYPE
    inherit_cache = True


class ordered(FunctionElement[float]):  # noqa: N801
    """A column of floats in which NaN equals itself and is larger than every number."""

    type = sa.Float(53)
    inherit_cache = True


class now_seconds(FunctionElement[int]):  # noqa: N801
    """Seconds since 1970, UTC, by the clock of the store; takes no argument."""

    type = sa.BigInteger()
    inherit_cache = True


class seconds(FunctionElement[int]):  # noqa: N801 a SQL function, spelt like one
    """Seconds since 1970 of a time column's own clock, whole, as BIGINT."""

    type = sa.BigInteger()
    inherit_cache = True


class moment(FunctionElement[Any]):  # noqa: N801
    """The time that a text spells (ISO 8601; without a zone it is UTC) as a time with a zone, or null."""

    type = sa.DateTime(timezone=True)
    inherit_cache = True


class json_of(FunctionElement[Any]):  # noqa: N801
    """A struct, a map, or a JSON column as JSON."""

    inherit_cache = True


class json_object(FunctionElement[Any]):  # noqa: N801
    """A JSON object of names and values in turn; a member whose value is SQL null is JSON's null or absent."""

    inherit_cache = True


class whole(FunctionElement[int]):  # noqa: N801
    """Whole division of two numbers that are not negative."""

    type = sa.BigInteger()
    inherit_cache = True


class digest(FunctionElement[int]):  # noqa: N801
    """A 64-bit hash of one or more columns; null differs from every value."""

    type = sa.BigInteger()
    inherit_cache = True


class key_hash(FunctionElement[str]):  # noqa: N801
    """The first 16 hexadecimal digits of the MD5 of a text: the same in every database."""

    type = sa.Text()
    inherit_cache = True


class fingerprint(FunctionElement[int]):  # noqa: N801
    """Aggregate: the hash of a column's one value, -1 when there are several, null when there is none."""

    type = sa.BigInteger()
    inherit_cache = True


class checksum(FunctionElement[int]):  # noqa: N801
    """Aggregate: the sum of 24 bits of the hash of each value; the same for columns that hold the same values."""

    type = sa.BigInteger()
    inherit_cache = True


class distinct(FunctionElement[int]):  # noqa: N801
    """Aggregate: about how many different values there are; exact where the database has no cheaper way."""

    type = sa.BigInteger()
    inherit_cache = True


class among(FunctionElement[bool]):  # noqa: N801
    """Whether a text is one of the texts behind it."""

    type = sa.Boolean()
    inherit_cache = True


class matches(FunctionElement[bool]):  # noqa: N801
    """Whether a text contains a match of a regular expression."""

    type = sa.Boolean()
    inherit_cache = True


class number(FunctionElement[float]):  # noqa: N801
    """The number that a text spells, or null."""

    type = sa.Float()
    inherit_cache = True


class first_code(FunctionElement[int]):  # noqa: N801
    """The code of the first character of a text, or 0; of one beyond ASCII some number above 127."""

    type = sa.BigInteger()
    inherit_cache = True


class characters(FunctionElement[int]):  # noqa: N801
    """The number of characters of a text."""

    type = sa.BigInteger()
    inherit_cache = True


class digits(FunctionElement[int]):  # noqa: N801
    """The whole number that a text of 1 to 18 digits spells; of any other text null, or an error."""

    type = sa.BigInteger()
    inherit_cache = True


class quotients(FunctionElement[int]):  # noqa: N801
    """The sum of the whole quotients of a number by each of the numbers behind it; none is negative."""

    type = sa.BigInteger()
    inherit_cache = True


class json_entries(FunctionElement[Any]):  # noqa: N801
    """One row for each member of a JSON object, parsed once; none for anything else."""

    inherit_cache = True


class entry_key(FunctionElement[str]):  # noqa: N801
    """The name of a member, exact."""

    type = Name()
    inherit_cache = True


class entry_value(FunctionElement[Any]):  # noqa: N801
    """The value of a member as JSON; JSON's null is SQL null where the database says so, and else of kind null."""

    inherit_cache = True


class json_value(FunctionElement[Any]):  # noqa: N801
    """A JSON column, SQL null where it is JSON's null."""

    inherit_cache = True


class json_kind(FunctionElement[str]):  # noqa: N801
    """The JSON type of a value: string, number, boolean, object, array or null; SQL null of SQL null."""

    type = sa.String()
    inherit_cache = True


class json_written(FunctionElement[str]):  # noqa: N801
    """A JSON value as its JSON text: letters beyond ASCII as they are, no escapes that are not needed."""

    type = sa.Text()
    inherit_cache = True


class json_text(FunctionElement[str]):  # noqa: N801
    """A JSON string without its quotes, anything else as JSON text."""

    type = sa.String()
    inherit_cache = True


class json_number(FunctionElement[float]):  # noqa: N801
    """A JSON number, or null."""

    type = sa.Float()
    inherit_cache = True


# what a dialect need not say where SQLAlchemy's own words do
_ELSE: Mapping[Construct, Callable[..., sa.ColumnElement[Any]]] = {
    text: lambda value: sa.cast(value, sa.Text),
    exact: lambda value: value,
    no_text: lambda: sa.cast(sa.null(), sa.Text),
    float64: lambda value: sa.cast(value, sa.Float(53)),
    figure: lambda value: value,
    at: lambda value: value,
    ordered: lambda value: value,
    distinct: lambda value: sa.func.count(value.distinct()),
    key_hash: lambda value: sa.func.substr(sa.func.md5(value), 1, 16),
    characters: sa.func.length,
    first_code: sa.func.ascii,
    quotients: lambda value, first, *by: Grouping(
        reduce(add, (whole(value, each) for each in by), whole(value, first))
    ),
    digits: lambda value: sa.cast(value, sa.BigInteger),
    among: lambda value, *members: value.in_(members),
    now_seconds: lambda: seconds(sa.func.current_timestamp()),
    json_written: lambda value: sa.cast(value, sa.Text),
}
NEEDED: tuple[Construct, ...] = tuple(
    found
    for found in list(globals().values())
    if isinstance(found, type) and issubclass(found, FunctionElement) and found not in (FunctionElement, *_ELSE)
)  # what every dialect says itself


def said(dialect: str, templates: Mapping[Construct, Say]) -> None:
    """Say constructs in a dialect: `{0}`, `{1}` are a construct's arguments, `{all}` is their list."""
    for construct, sql in templates.items():
        _template(construct, dialect, sql)


def _template(construct: Construct, dialect: str, sql: Say) -> None:
    @compiles(construct, dialect)
    def render(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        arguments = [compiler.process(clause, **kw) for clause in element.clauses]
        if not isinstance(sql, str):
            return sql(*arguments)
        return sql.format(*arguments, all=", ".join(arguments), exact=EXACT)


def _otherwise(construct: Construct, made: Callable[..., sa.ColumnElement[Any]]) -> None:
    @compiles(construct)
    def render(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        return compiler.process(made(*element.clauses), **kw)


for _construct, _made in _ELSE.items():
    _otherwise(_construct, _made)
