"""Which columns of which tables do queries read, through the views and models that they are made of?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from monitor.usage.lineage import reads
from monitor.usage.statements import Audience, Query, Unread, reason
from monitor.usage.wishes import EVERYTHING, Name, Relations, Wish, name_of

MOST_VISITS = 20  # of one view: more come only of views that read each other


@dataclass(frozen=True, slots=True)
class Read:
    """What one query reads of one table."""

    table: Name
    wishes: frozenset[Wish]  # none: it counts rows
    literals: frozenset[str]  # the texts that the query compares with


@dataclass(slots=True, eq=False)
class _View:
    """A query whose answer has a name, with what is wanted of it."""

    query: Query
    under: list[_View] = field(default_factory=list)  # the views that it reads
    readers: int = 0  # views that read it and have not been looked at
    wanted: set[Wish] = field(default_factory=set)
    looked: frozenset[Wish] = frozenset()
    visits: int = 0


def read(queries: Sequence[Query], tables: Mapping[Name, frozenset[str]]) -> tuple[list[Read], list[Unread]]:
    """Return what queries read of tables, and the queries of which that cannot be said: they count as reading all.

    Args:
        queries: all that is known, in any order.
        tables: the columns of each table, in small letters.
    """
    walk = _Through(queries, tables)
    walk.answers()
    walk.views()
    return walk.found, walk.unread


class _Through:
    """Goes from what people read down through views to tables."""

    def __init__(self, queries: Sequence[Query], tables: Mapping[Name, frozenset[str]]) -> None:
        self._tables = tables
        self._views = [_View(query) for query in queries if query.makes]
        self._answers = [query for query in queries if not query.makes]
        known: list[tuple[Name, _View | Name]] = [(view.query.makes, view) for view in self._views]
        self._relations = Relations([*known, *((name, name) for name in tables)])
        self.found: list[Read] = []
        self.unread: list[Unread] = []

    def answers(self) -> None:
        """Follow the queries whose answer somebody reads."""
        for query in self._answers:
            self._follow(query, frozenset({EVERYTHING}))

    def views(self) -> None:
        """Follow the views, those that others read after their readers."""
        self._order()
        waiting = deque(view for view in self._views if not view.readers)
        rest = deque(self._views)
        while waiting or rest:
            view = waiting.popleft() if waiting else rest.popleft()
            if view.looked == view.wanted or view.visits >= MOST_VISITS:
                if not view.visits:
                    self._leave(view, waiting)
                continue
            view.looked = frozenset(view.wanted)
            self._follow(view.query, view.looked)
            rest.extend(each for each in view.under if each.visits and each.looked != each.wanted)
            if not view.visits:
                self._leave(view, waiting)

    def _leave(self, view: _View, waiting: deque[_View]) -> None:
        view.visits += 1
        for each in view.under:
            each.readers -= 1
            if not each.readers:
                waiting.append(each)

    def _order(self) -> None:
        """Find out which view reads which, and what is wanted of a view by people whom nobody knows."""
        read_by_answers = {id(view) for query in self._answers for view in self._mentioned(query)}
        for view in self._views:
            view.under = [each for each in self._mentioned(view.query) if each is not view]
            for each in view.under:
                each.readers += 1
        for view in self._views:
            last = not view.readers and id(view) not in read_by_answers
            if view.query.audience is Audience.ANYBODY or (view.query.audience is Audience.LAST and last):
                view.wanted.add(EVERYTHING)

    def _mentioned(self, query: Query) -> list[_View]:
        names = {name_of(table.db, table.name) for table in query.query.find_all(exp.Table)}
        found = {id(each): each for name in names for each in self._relations.find(name) if isinstance(each, _View)}
        return list(found.values())

    def _follow(self, query: Query, wanted: frozenset[Wish]) -> None:
        for name, wishes in self._reads(query, wanted).items():
            for each in self._relations.find(name):
                if isinstance(each, _View):
                    each.wanted.update(wishes)
                else:
                    self.found.append(Read(each, frozenset(wishes), query.literals))

    def _reads(self, query: Query, wanted: frozenset[Wish]) -> Mapping[Name, Iterable[Wish]]:
        try:
            return reads(query.query, wanted, self._columns).of
        except Exception as error:  # noqa: BLE001 whatever a library makes of what people wrote, the others are read
            self.unread.append(Unread(query.where, reason(error)))
            return {name_of(table.db, table.name): {EVERYTHING} for table in query.query.find_all(exp.Table)}

    def _columns(self, name: Name) -> frozenset[str] | None:
        found = self._relations.find(name)
        return self._tables[found[0]] if len(found) == 1 and not isinstance(found[0], _View) else None
