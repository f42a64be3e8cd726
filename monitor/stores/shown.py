"""Which values does a property have, and what do its texts look like? Asked only where a user wants to know.

`MEMBERS` are the values themselves: they leave the store, so no check asks for them, only `plan infer` of properties
that have few. `FORMS` are classes of texts, such as email or uuid: no value leaves the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from checks.base import EVERY, Grain, Measure, Stat
from monitor.stores import constructs as db
from monitor.stores.people import FORMATS
from monitor.stores.rows import Cell, Expression, Part, Rows, cells, grouped

ASKED = frozenset({Stat.MEMBERS, Stat.FORMS})
KINDS = ("number", "boolean", "object", "array")  # of JSON members that are no text: (number), …
EMPTY, TEXT = "empty", "text"
FORMS: Mapping[str, str] = {  # the first that fits
    "date": r"^\d{4}-\d{2}-\d{2}$",
    "datetime": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?$",
    "integer": "^[-+]?[0-9]+$",
    "number": "^[-+]?[0-9]*[.][0-9]+([eE][-+]?[0-9]+)?$",
    "boolean": "^(true|false|True|False|TRUE|FALSE)$",
    "email": FORMATS["email"],
    "uuid": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    "uri": "^[a-z][a-z0-9+.-]*://[^ ]+$",
    "ipv4": "^[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}$",
}


def parts(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Iterator[Part]:
    """Yield a part for each column that was asked for, or one for each statistic of the members of a JSON object."""
    wanted = [measure for measure in measures if measure.stat in ASKED]
    if not wanted:
        return
    for cell in cells(rows.layout, wanted):
        name = rows.layout.properties.get(cell.measure.property or "")
        if name and rows.layout.columns[name].type == "string":
            yield _of_column(rows, cell, grain, rows.column(name))
    if rows.layout.bag:
        for stat in sorted({measure.stat for measure in wanted}):
            yield _of_members(rows, [m for m in wanted if m.stat is stat], grain, rows.layout.bag)


def _of_column(rows: Rows, cell: Cell, grain: Grain, column: Expression) -> Part:
    label = form(column) if cell.measure.stat is Stat.FORMS else db.exact(column)
    read = sa.select(*rows.keys(grain), label.label("label")).where(rows.window, column.is_not(None)).subquery("r")
    return Part(grain, (cell,), grouped(read, [sa.func.count()], label=read.c.label), labels=())


def _of_members(rows: Rows, measures: Sequence[Measure], grain: Grain, bag: str) -> Part:
    """Return the part that opens the object once for all members that one statistic is asked of."""
    read = sa.select(*rows.keys(grain)).where(rows.window).select_from(rows.table)
    opened = rows.dialect.opened(read, rows.column(bag))
    names = {each.key: each for each in (opened.rows.c.source, opened.rows.c.event, opened.rows.c.bucket)}
    kind, text = db.json_kind(opened.value), db.json_text(opened.value)
    is_form = measures[0].stat is Stat.FORMS
    members = sa.select(*names.values(), opened.key.label("property"), kind.label("kind"), text.label("v")).subquery(
        "m"
    )
    of_event: dict[str | None, list[str]] = {}
    for measure in measures:
        of_event.setdefault(measure.event, []).append(measure.property or "")
    asked = sa.or_(*(_asked(members, event, names) for event, names in of_event.items()))
    others = [(members.c.kind == kind, sa.literal(f"({kind})", sa.Text())) for kind in KINDS]
    forms = sa.case((members.c.kind == "string", form(members.c.v)), *others)
    label = forms if is_form else members.c.v
    kept = [members.c.kind.in_(("string", *KINDS))] if is_form else [members.c.kind == "string"]
    keys = (members.c.source, members.c.event, members.c.bucket, members.c.property)
    labelled = sa.select(*keys, label.label("label")).where(asked, *kept).subquery("l")
    select = grouped(labelled, [sa.func.count()], labelled.c.property, labelled.c.label)
    return Part(grain, (Cell(Measure(measures[0].stat, None, EVERY, None, grain)),), select, labels=())


def _asked(members: sa.Subquery, event: str | None, names: Sequence[str]) -> Expression:
    of_event = sa.true() if event is None else members.c.event == event
    return of_event if EVERY in names else sa.and_(of_event, members.c.property.in_(sorted(names)))


def form(text: Expression) -> Expression:
    """Return the class of a text."""
    cases = [(db.matches(text, pattern), sa.literal(name, sa.Text())) for name, pattern in FORMS.items()]
    return sa.case((text == "", sa.literal(EMPTY, sa.Text())), *cases, else_=sa.literal(TEXT, sa.Text()))
