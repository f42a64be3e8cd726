"""Does a row say whose it is, and in which form?

Each row is put into one class by its ids alone; no id leaves the store. Comparisons are LIKE and the
simplest of regular expressions, so that every database agrees.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.rows import Expression, Rows

NOBODY, ANONYMOUS, PLACEHOLDER, OTHER = "nobody", "anonymous", "placeholder", "other"
BOTH, USER = "both", "user"
PLACEHOLDERS = (
    *("null", "(null)", "none", "nil", "undefined", "nan", "n/a", "na", "unknown", "anonymous", "guest", "test"),
    *("true", "false", "-", "-1", "[object object]", "{}", "[]", "user_id", "userid", "id"),
)
ZEROS = "^[0-]+$"
FORMATS = {  # the first that fits
    "email": "^[^@ ]+@[^@ ]+[.][^@ ]+$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "number": "^[0-9]+$",
    "hash": "^[0-9a-f]{32,128}$",
}


def identity(rows: Rows) -> Expression | None:
    """Return the class of each row: nobody, anonymous, placeholder, a format of user id, or other.

    None where the table knows no people at all.
    """
    user, anonymous = (rows.layout.fields.get(name) for name in ("user_id", "anonymous_id"))
    if user is None and anonymous is None:
        return None
    cases: list[tuple[sa.ColumnElement[bool], Expression]] = []
    if user is not None:
        cases += _classes(rows.text(user))
    if anonymous is not None:
        cases.append((_given(rows.text(anonymous)), _name(ANONYMOUS)))
    return sa.case(*cases, else_=_name(NOBODY))


def links(rows: Rows) -> Expression | None:
    """Return whether a row links a stranger to a user: both, user (alone), anonymous (alone), or nobody.

    None where the table does not know both ids.
    """
    user, anonymous = (rows.layout.fields.get(name) for name in ("user_id", "anonymous_id"))
    if user is None or anonymous is None:
        return None
    known, stranger = _given(rows.text(user)), _given(rows.text(anonymous))
    cases = ((sa.and_(known, stranger), _name(BOTH)), (known, _name(USER)), (stranger, _name(ANONYMOUS)))
    return sa.case(*cases, else_=_name(NOBODY))


COMPUTED = {"identity": identity, "links": links}


def _classes(user: Expression) -> Iterator[tuple[sa.ColumnElement[bool], Expression]]:
    lowered = sa.func.lower(user)
    given = _given(user)
    hollow = sa.or_(lowered.in_(PLACEHOLDERS), db.matches(user, ZEROS))
    yield sa.and_(given, hollow), _name(PLACEHOLDER)
    for name, pattern in FORMATS.items():
        yield sa.and_(given, db.matches(lowered, pattern)), _name(name)
    yield given, _name(OTHER)


def _given(value: Expression) -> sa.ColumnElement[bool]:
    return sa.and_(value.is_not(None), value != sa.literal("", sa.Text()))


def _name(name: str) -> Expression:
    return sa.literal(name, sa.Text())
