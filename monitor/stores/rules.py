"""Which values of a column break a rule of the plan?

A typed column answers most of it without SQL: what satisfies the planned type cannot be
mistyped. In a text column a value is mistyped when it does not spell the type; in any other
column of another type every value is, since a warehouse types a column by its first value.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from checks.base import Measure, Rule, Stat
from monitor.stores import constructs as db
from monitor.stores.table import Column

Condition = sa.ColumnElement[bool]

SATISFIES = {
    "string": {"string"},
    "integer": {"integer"},
    "number": {"integer", "number"},
    "boolean": {"boolean"},
    "datetime": {"datetime"},
    "object": {"object"},
    "array": {"array"},
}
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?$"
_SPELLS = {
    "integer": r"^\s*[-+]?\d+(\.0+)?\s*$",
    "number": r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$",
    "boolean": r"^(true|false|TRUE|FALSE|True|False)$",
    "datetime": _ISO,
    "object": r"^\s*\{",
    "array": r"^\s*\[",
}


def broken(column: Column, value: sa.ColumnElement[Any], measure: Measure) -> Condition | None:
    """Return the condition under which a value breaks a measure's rule; None when no value can."""
    if measure.rule is None:
        return None
    if measure.stat is Stat.MISTYPED:
        return _mistyped(column, value, str(measure.rule.value[0]))
    return _outside(column, value, measure.rule)


def json_mistyped(kind: sa.ColumnElement[str], value: sa.ColumnElement[Any], planned: sa.ColumnElement[str]) -> Condition:
    """Return the condition under which a JSON value is not of the planned type, a column or a constant."""
    amount = db.json_number(value)
    return sa.case(
        (planned == "any", sa.false()),
        (planned == "integer", sa.or_(kind != "number", amount != sa.func.floor(amount))),
        (planned == "datetime", sa.or_(kind != "string", sa.not_(db.matches(db.json_text(value), _ISO)))),
        else_=kind != planned,
    )


def not_a_member(text: sa.ColumnElement[str], rule: Rule) -> Condition:
    """Return the condition under which a text is not one of the members."""
    return text.not_in([str(member) for member in rule.value])


def beyond(amount: sa.ColumnElement[Any], rule: Rule) -> Condition:
    """Return the condition under which a number is outside of [min, max]; either may be open."""
    low, high = rule.value
    limits = [amount < low] if low is not None else []
    limits += [amount > high] if high is not None else []
    return sa.or_(sa.false(), *limits)


def _mistyped(column: Column, value: sa.ColumnElement[Any], planned: str) -> Condition | None:
    if planned == "any" or column.type == "any" or column.type in SATISFIES[planned]:
        return None
    if column.type == "json":
        return json_mistyped(db.json_kind(value), value, sa.literal(planned))
    if column.type == "string":
        return sa.not_(db.matches(value, _SPELLS[planned]))
    if planned == "integer" and column.type == "number":
        return value != sa.func.floor(value)
    return value.is_not(None)


def _outside(column: Column, value: sa.ColumnElement[Any], rule: Rule) -> Condition:
    text = db.json_text(value) if column.type == "json" else value
    if column.type not in ("json", "string"):
        text = sa.cast(value, sa.Text)
    if rule.kind == "range":
        return beyond(_amount(column, value), rule)
    if rule.kind == "pattern":
        return sa.not_(db.matches(text, rule.value[0]))
    if column.type in ("integer", "number") and (members := _numbers(rule)):
        return value.not_in(members)
    return not_a_member(text, rule)


def _amount(column: Column, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if column.type in ("integer", "number"):
        return value
    return db.json_number(value) if column.type == "json" else db.number(sa.cast(value, sa.Text))


def _numbers(rule: Rule) -> list[float]:
    """Return the members as numbers, or nothing when one is none."""
    try:
        return [float(member) for member in rule.value]
    except ValueError:
        return []
