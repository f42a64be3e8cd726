"""How are the rules of a thousand events checked on the members of JSON objects in one pass?

The rules are a small table that the statement joins with by event and property, so that the
cost of a value does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import sqlalchemy as sa

from checks.base import Measure, Rule, Stat
from monitor.stores import constructs as db
from monitor.stores import rules
from monitor.stores.dialects.base import Dialect
from monitor.stores.rules import Expression, JsonValue

Kind = Literal["type", "enum", "pattern", "format", "range", "length"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_PATTERNS: tuple[Kind, ...] = ("pattern", "format")
MOST_BOUND = 2000  # rows: PostgreSQL takes 65,535 bound values a statement; beyond, values are quoted into the text


class RuleTable:
    """The rules that measures hold JSON members against: one of a kind for each event and property."""

    def __init__(self, measures: Sequence[Measure], dialect: Dialect) -> None:
        """Collect the rules; equal ones of several events are kept once."""
        self._tabled = dialect.tabled
        self.rules: dict[tuple[str, str], dict[str, Rule]] = {}
        for measure in measures:
            if measure.rule and measure.rule.kind in KINDS and measure.event and measure.property:
                self.rules.setdefault((measure.event, measure.property), {})[measure.rule.kind] = measure.rule
        distinct = dict.fromkeys(rule for held in self.rules.values() for rule in held.values())
        self._numbers = {rule: number for number, rule in enumerate(distinct)}

    def joined(
        self, members: sa.Subquery, member: JsonValue
    ) -> tuple[sa.FromClause, Mapping[tuple[Stat, Kind], Expression]]:
        """Return the members joined with their rules, and the number of values that break each kind of rule."""
        held = self._values()
        same = sa.and_(held.c.event == members.c.event, held.c.property == members.c.property)
        source: sa.FromClause = members.outerjoin(held, same)
        counts = dict(self._counts(member, held))
        if self._of("enum"):
            allowed = self._allowed()
            source = source.outerjoin(allowed, sa.and_(allowed.c.rule == held.c.enum, allowed.c.raw == member.text))
            ruled = rules.count_if(sa.and_(held.c.enum.is_not(None), member.raw.is_not(None)))
            counts[Stat.OUTSIDE, "enum"] = ruled - sa.func.count(allowed.c.rule)
        return source, counts

    def _counts(self, member: JsonValue, held: sa.FromClause) -> Iterator[tuple[tuple[Stat, Kind], Expression]]:
        if self._of("type"):
            yield (Stat.MISTYPED, "type"), rules.count_if(rules.json_mistyped(member, held.c.type))
        if self._of("range"):
            # a column of nothing but NULL has no type of its own in PostgreSQL
            low, high = (db.float64(limit) for limit in (held.c.low, held.c.high))
            yield (Stat.OUTSIDE, "range"), rules.count_if(rules.beyond(member.amount, low, high))
        if self._of("length"):
            low, high = (db.float64(limit) for limit in (held.c.shortest, held.c.longest))
            ruled = sa.or_(held.c.shortest.is_not(None), held.c.longest.is_not(None))  # else nothing is unquoted
            yield (Stat.OUTSIDE, "length"), rules.count_if(sa.case((ruled, rules.json_longer(member, low, high))))
        for kind in _PATTERNS:
            if patterns := self._of(kind):
                which = held.c[kind]
                cases = [(which == number, rules.json_unlike(member, rule)) for rule, number in patterns.items()]
                yield (Stat.OUTSIDE, kind), rules.count_if(sa.case(*cases, else_=sa.false()))

    def _of(self, kind: Kind) -> dict[Rule, int]:
        return {rule: number for rule, number in self._numbers.items() if rule.kind == kind}

    def _values(self) -> sa.FromClause:
        """Return the rules by event and property: planned type, limits, numbers of enum, pattern and format."""
        names: list[sa.ColumnClause[Any]] = [sa.column(name, sa.Text()) for name in ("event", "property", "type")]
        names += [sa.column(name, sa.Float(53)) for name in ("low", "high", "shortest", "longest")]
        names += [sa.column(name, sa.Integer()) for name in ("enum", *_PATTERNS)]
        rows = [(*key, *self._row(held)) for key, held in self.rules.items()]
        return self._tabled("rules", names, rows, MOST_BOUND)

    def _row(self, held: Mapping[str, Rule]) -> tuple[str | float | None, ...]:
        planned = held["type"].value[0] if "type" in held else None
        low, high = held["range"].value if "range" in held else (None, None)
        lengths = held["length"].value if "length" in held else (None, None)
        numbers = (self._numbers[held[kind]] if kind in held else None for kind in ("enum", *_PATTERNS))
        return (planned, low, high, *lengths, *numbers)

    def _allowed(self) -> sa.FromClause:
        """Return the members of all enums: number of the rule, value as JSON text."""
        rows = [(number, raw) for rule, number in self._of("enum").items() for raw in rules.json_members(rule)]
        names: list[sa.ColumnClause[Any]] = [sa.column("rule", sa.Integer()), sa.column("raw", sa.Text())]
        return self._tabled("allowed", names, rows, MOST_BOUND)
