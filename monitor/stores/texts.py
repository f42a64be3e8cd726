"""What does a text look like: a number, a time, or something that says who somebody is?

Each text is put into one form, once a row, and only forms are counted; no text leaves the store. Most texts
are decided by their first character and their length; the few that are left are held against patterns that every
database reads alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from checks.base import Stat
from monitor.stores import constructs as db
from monitor.stores import rules
from monitor.stores.rules import JsonValue

Expression = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]


class Form(IntEnum):
    """What a text looks like; a text that looks like nothing has none."""

    NUMBER = 1
    BOOLEAN = 2
    TIME = 3
    NESTED = 4
    EMAIL = 5
    PHONE = 6
    NATIONAL_ID = 7
    CARD = 8
    UNCHECKED = 9  # a number that looks like a card's, but whose check digit is wrong


PERSONAL: Mapping[Stat, Form] = {
    Stat.EMAILS: Form.EMAIL,
    Stat.PHONES: Form.PHONE,
    Stat.NATIONAL_IDS: Form.NATIONAL_ID,
    Stat.CARDS: Form.CARD,
    Stat.UNCHECKED: Form.UNCHECKED,
}
TYPES: dict[Stat, tuple[Form, ...]] = {  # what a text spells
    Stat.NUMBERS: (Form.NUMBER, Form.CARD, Form.UNCHECKED),
    Stat.BOOLEANS: (Form.BOOLEAN,),
    Stat.TIMES: (Form.TIME,),
    Stat.NESTED: (Form.NESTED,),
}
# a string that spells a card's number is no number
TYPES_OF_JSON: dict[Stat, tuple[Form, ...]] = {
    **TYPES,
    Stat.NUMBERS: (Form.NUMBER,),
}
STATS = frozenset({*PERSONAL, *TYPES})

EMAIL = "[A-Za-z0-9_+-](@|%40)[A-Za-z][A-Za-z0-9-]*([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}"  # anywhere, URLs included
NUMBER = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$"
TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?$"
PHONE = (  # with its country, or as North America writes it: bare digits may be any number
    "^([+][1-9][0-9 .()/-]+[0-9]|(1[ .-])?([(][2-9][0-9][0-9][)] ?|[2-9][0-9][0-9][ .-])[2-9][0-9][0-9][ .-][0-9]{4})$"
)
CARD = (  # ISO/IEC 7812, by digits and groups; of other numbers of that look, a tenth has the right check digit
    "^([2-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,4}|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5})$"
)
DIGITS = (  # of the United States (social security), Brazil (CPF), India (Aadhaar)
    "^([0-8][0-9][0-9]-[0-9][0-9]-[0-9]{4}|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9][0-9]|[2-9][0-9]{3} [0-9]{4} [0-9]{4})$"
)
LETTERS = (  # of the United Kingdom (national insurance), Italy (codice fiscale)
    "^([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]( ?[0-9]{2}){3} ?[A-D]"
    "|[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z])$"
)
BOOLEAN = ("true", "false", "True", "False", "TRUE", "FALSE")
TEXT = "@text@"  # what is looked at, where the expression is written out once for all columns
SHORTEST, LONGEST = 9, 23  # characters of whatever says who somebody is, but for addresses


class form(FunctionElement[int]):  # noqa: N801 a SQL function, spelt like one
    """The `Form` of a text, null where it has none."""

    type = sa.BigInteger()
    inherit_cache = True


def form_of_json(value: JsonValue, text: Expression | None = None) -> Expression:
    """Return the form of a JSON value: what its type says, and of a string whether it is a time, or personal.

    `text` is what `unquoted` makes of it, where that has been computed.
    """
    found = form(unquoted(value) if text is None else text)
    spelt = [_number(each) for each in (Form.NUMBER, Form.BOOLEAN, Form.NESTED)]
    return sa.case(
        (value.kind == "string", sa.case((found.not_in(spelt), found))),
        (value.kind == "number", _number(Form.NUMBER)),
        (value.kind == "boolean", _number(Form.BOOLEAN)),
        (value.kind.in_(("object", "array")), _number(Form.NESTED)),
    )


def unquoted(value: JsonValue) -> Expression:
    """Return what is between the quotes of a JSON string, escapes as they are: cheaper than to unquote it."""
    written = value.text
    return sa.func.substr(written, _number(2), sa.func.length(written) - _number(2))


def count(forms: Expression, stat: Stat, types: Mapping[Stat, tuple[Form, ...]] = TYPES) -> Expression:
    """Return the aggregate that counts the values of a form that a statistic of STATS is about."""
    wanted = [_number(each) for each in ((PERSONAL[stat],) if stat in PERSONAL else types[stat])]
    return rules.count_if(forms.in_(wanted) if len(wanted) > 1 else forms == wanted[0])


@compiles(form)
def _form(element: form, compiler: SQLCompiler, **kw: Any) -> str:
    [text] = (compiler.process(clause, **kw) for clause in element.clauses)
    return _spelt(compiler.dialect).replace(TEXT, text)


@lru_cache(maxsize=8)  # written out once: to compile the expressions would cost a millisecond for each column
def _spelt(dialect: sa.Dialect) -> str:
    tree = _tree(sa.literal_column(TEXT, sa.Text()))
    return f"({tree.compile(dialect=dialect, compile_kwargs={'literal_binds': True})})"


def _tree(text: Expression) -> Expression:
    first, length = db.first_code(text), sa.func.length(text)
    fits = length.between(_number(SHORTEST), _number(LONGEST))
    escaped = sa.and_(length > _number(LONGEST), text.like("%40%"))  # as URLs write the @
    return sa.case(
        (sa.and_(sa.or_(text.like("%@%"), escaped), db.matches(text, EMAIL)), _number(Form.EMAIL)),
        (first.between(_number(40), _number(57)), _of_digits(text, fits)),  # ( ) * + , - . / and digits
        (sa.and_(first.between(_number(65), _number(90)), fits, db.matches(text, LETTERS)), _number(Form.NATIONAL_ID)),
        (first.in_((_number(91), _number(123))), _number(Form.NESTED)),
        (sa.and_(length < _number(6), text.in_(BOOLEAN)), _number(Form.BOOLEAN)),
    )


def _of_digits(text: Expression, fits: Condition) -> Expression:
    shapes = sa.case(
        (db.matches(text, CARD), sa.case((_checks(text), _number(Form.CARD)), else_=_number(Form.UNCHECKED))),
        (db.matches(text, PHONE), _number(Form.PHONE)),
        (db.matches(text, DIGITS), _number(Form.NATIONAL_ID)),
    )
    spelt = sa.case((db.matches(text, NUMBER), _number(Form.NUMBER)), (db.matches(text, TIME), _number(Form.TIME)))
    return sa.func.coalesce(sa.case((fits, shapes)), spelt)


def _checks(text: Expression) -> Condition:
    """Return the condition under which the last digit is the check digit of those before it.

    By whole divisions alone (ISO/IEC 7812-1, annex B): the pair m = 10 b + a of two digits adds
    a + 2 b - 9 [b > 4], which is m + 2 (m / 10) + (m / 50) modulo 10, and m / 50 is n / 50 less twice n / 100, where
    n is the number up to that pair.
    """
    number = db.digits(sa.func.replace(sa.func.replace(text, " ", ""), "-", ""))
    pairs = [100**place for place in range(8)]
    plus, minus, double = [1, *(50 * pair for pair in pairs)], pairs[1:], [10 * pair for pair in pairs]
    total = db.quotients(number, *plus) - db.quotients(number, *minus) + 2 * db.quotients(number, *double)
    return db.text(total).like("%0")


def _number(value: int) -> Expression:
    return sa.literal_column(str(int(value)), sa.BigInteger())


def with_forms(members: sa.Subquery) -> sa.Subquery:
    """Return JSON members with their form."""
    value = JsonValue(members.c.raw, members.c.kind, members.c.amount)
    read = sa.select(*members.c, unquoted(value).label("inside")).subquery("s")  # once: a form looks at it many times
    kept = [column for column in read.c if column.name != "inside"]
    found = form_of_json(JsonValue(read.c.raw, read.c.kind, read.c.amount), read.c.inside)
    return sa.select(*kept, found.label("form")).subquery("t")
