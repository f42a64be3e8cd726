"""Which columns of which relations does a statement read, if of what it returns only some columns are wanted?

The scopes of a statement are gone through from the outside in. What a query does with a column decides: a column that
filters, joins, groups or orders is read; one that is only passed on is read if it is wanted further out. Where a name
may mean several columns, all of them count: a column must not be said to be unread that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope, walk_in_scope

from monitor.usage.wishes import EVERYTHING, Name, Wish, name_of

Known = Callable[[Name], frozenset[str] | None]  # the columns of a relation, in small letters; None: not known
_EXTRACTS = (exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar, exp.GetExtract)
_WRAPPERS = (exp.Cast, exp.TryCast, exp.Paren, exp.ParseJSON)
_OUTER = ("expressions", "with_", "from_", "distinct", "kind", "hint")  # parts of a select that filter nothing


@dataclass(slots=True)
class Reads:
    """What is read of each relation that a statement names."""

    of: dict[Name, set[Wish]] = field(default_factory=dict)

    def add(self, name: Name, wish: Wish) -> None:
        """Count a column as read."""
        self.of.setdefault(name, set()).add(wish)


def reads(query: exp.Query, wanted: frozenset[Wish], known: Known) -> Reads:
    """Return what a query reads so that the wanted columns of its answer can be had.

    Raises:
        sqlglot.errors.SqlglotError: the query refers to something that it cannot.
        RecursionError: it is nested too deeply.
    """
    return _Walk(list(traverse_scope(query)), wanted, known).done()


class _Walk:
    """One pass over the scopes of a query."""

    def __init__(self, scopes: list[Scope], wanted: frozenset[Wish], known: Known) -> None:
        self._scopes = scopes
        self._known = known
        self._reads = Reads()
        self._columns_of: dict[int, frozenset[str] | None] = {}
        self._wishes: dict[int, set[Wish]] = {id(scopes[-1]): set(wanted)} if scopes else {}

    def done(self) -> Reads:
        for scope in reversed(self._scopes):
            wishes = self._wishes.get(id(scope))
            if wishes is None and (scope.is_subquery or scope.is_udtf):
                wishes = {EVERYTHING}
            if wishes is None:
                continue  # a CTE that nothing uses
            if scope.set_operation_scopes:
                self._union(scope, wishes)
            elif isinstance(scope.expression, exp.Select):
                self._select(scope, wishes)
            else:
                self._columns(scope, scope.expression)
        return self._reads

    def _union(self, scope: Scope, wishes: set[Wish]) -> None:
        """Pass wishes on to both sides; by position, where each side says its columns."""
        first, *others = scope.set_operation_scopes
        whole = not _is_plain_union(scope.expression)
        self._wish(first, {EVERYTHING} if whole else wishes)
        names = _outputs(first)
        for other in others:
            own = _outputs(other)
            if whole or names is None or own is None:
                self._wish(other, {EVERYTHING})
                continue
            at = {name: own[i] for i, name in enumerate(names) if i < len(own)}
            self._wish(other, {(at.get(name, name), member) for name, member in wishes})

    def _select(self, scope: Scope, wishes: set[Wish]) -> None:
        select = scope.expression
        self._touch(scope)
        outputs = dict(zip(_outputs(scope) or _named_ones(select), _explicit(select), strict=False))
        needed = self._clauses(scope, outputs)
        if EVERYTHING in wishes or select.args.get("distinct"):
            wishes = {EVERYTHING}
            needed |= {id(projection) for projection in outputs.values()}
        for projection in select.expressions:
            if projection.is_star:
                self._star(scope, projection, wishes, outputs)
            elif id(projection) in needed:
                self._columns(scope, projection)
        for name, member in wishes - {EVERYTHING}:
            projection = outputs.get(name)
            if projection is not None and id(projection) not in needed:
                self._passed_on(scope, projection, member)

    def _touch(self, scope: Scope) -> None:
        """Count relations as read whose rows are counted, if no column of theirs is read."""
        for source in _sources(scope).values():
            if isinstance(source, exp.Table):
                self._reads.of.setdefault(_named(source), set())

    def _passed_on(self, scope: Scope, projection: exp.Expr, member: str | None) -> None:
        inner = projection.unalias()
        if member is not None and isinstance(inner, exp.Column):
            self._column(scope, inner, member)
        else:
            self._columns(scope, projection)

    def _star(self, scope: Scope, star: exp.Expr, wishes: set[Wish], outputs: dict[str, exp.Expr]) -> None:
        """Pass wishes on to what a star stands for."""
        of = star.table.lower() if isinstance(star, exp.Column) else ""
        sources = {name: source for name, source in _sources(scope).items() if of in ("", name)}
        left_out = _left_out(star)
        for name, source in sources.items():
            if EVERYTHING in wishes:
                columns = self._of(source) if left_out else None
                self._ask(scope, name, {EVERYTHING} if columns is None else {(c, None) for c in columns - left_out})
        for column, member in wishes - {EVERYTHING}:
            if column not in outputs and column not in left_out:
                self._among(sources, column, member, scope)

    def _clauses(self, scope: Scope, outputs: dict[str, exp.Expr]) -> set[int]:
        """Read what filters, joins, groups and orders; return the projections that do so by their name or number."""
        select, needed = scope.expression, set[int]()
        for part in _parts(select):
            if isinstance(part, exp.Join):
                for column in part.args.get("using") or ():
                    for name in _sources(scope):
                        self._ask(scope, name, {(column.name.lower(), None)})
            if isinstance(part, exp.Group | exp.Order):
                needed |= {id(each) for each in _by_number(part, select)}
            for column in _in_scope(part):
                named = outputs.get(column.name.lower()) if not column.table else None
                if named is not None and not isinstance(part, exp.Join | exp.Where):
                    needed.add(id(named))
                else:
                    self._column(scope, column, _member(column))
        return needed

    def _columns(self, scope: Scope, expression: exp.Expr) -> None:
        for column in _in_scope(expression):
            self._column(scope, column, _member(column))

    def _column(self, scope: Scope, column: exp.Column, member: str | None) -> None:
        name, of = column.name.lower(), column.table.lower()
        place: Scope | None = scope
        while place is not None:
            sources = _sources(place)
            if of in sources:
                self._ask(place, of, {(name, member)})
                return
            if of and any(of in (self._of(source) or ()) for source in sources.values()):
                self._among(sources, of, name, place)  # a member of a struct
                return
            if not of and self._among(sources, name, member, place):
                return
            place = place.parent
        if of:  # a struct of a relation of which nothing is known
            self._among(_sources(scope), of, name, scope)

    def _among(self, sources: dict[str, exp.Table | Scope], column: str, member: str | None, scope: Scope) -> bool:
        """Ask for a column that is not said to be of one source; return whether any may have it."""
        columns = {name: self._of(source) for name, source in sources.items()}
        having = [name for name, own in columns.items() if own is not None and column in own]
        maybe = having or [name for name, own in columns.items() if own is None]
        for name in maybe:
            self._ask(scope, name, {(column, member)})
        return bool(maybe)

    def _of(self, source: exp.Table | Scope) -> frozenset[str] | None:
        """Return the columns of a source, where they are known."""
        if isinstance(source, exp.Table):
            return self._known(_named(source))
        if id(source) not in self._columns_of:
            self._columns_of[id(source)] = None  # asked for again while it is found out: of itself
            self._columns_of[id(source)] = self._of_scope(source)
        return self._columns_of[id(source)]

    def _of_scope(self, scope: Scope) -> frozenset[str] | None:
        if scope.set_operation_scopes:
            return self._of(scope.set_operation_scopes[0])
        if not isinstance(scope.expression, exp.Select):
            return None
        names = _outputs(scope)
        if names is not None:
            return frozenset(names)
        under = [self._of(source) for source in _sources(scope).values()]
        explicit = frozenset(_named_ones(scope.expression))
        return None if None in under else explicit.union(*(each for each in under if each))

    def _ask(self, scope: Scope, name: str, wishes: Iterable[Wish]) -> None:
        source = _sources(scope).get(name)
        if isinstance(source, Scope):
            self._wish(source, wishes)
        elif source is not None:
            for wish in {EVERYTHING} if source.args.get("pivots") else wishes:
                self._reads.add(_named(source), wish)

    def _wish(self, scope: Scope, wishes: Iterable[Wish]) -> None:
        recursive = scope.is_cte and _is_recursive(scope)  # reads its own columns, so that all of them are wanted
        self._wishes.setdefault(id(scope), set()).update({EVERYTHING} if recursive else wishes)


def _sources(scope: Scope) -> dict[str, exp.Table | Scope]:
    return {name.lower(): source for name, (_, source) in scope.selected_sources.items()}


def _outputs(scope: Scope) -> list[str] | None:
    """Return the names of what a query returns, in order; None: a star is among them, or it is no query."""
    while scope.set_operation_scopes:
        scope = scope.set_operation_scopes[0]
    select = scope.expression
    if not isinstance(select, exp.Select) or any(projection.is_star for projection in select.expressions):
        return None
    renamed = [name.lower() for name in scope.outer_columns]
    names = _named_ones(select)
    return [*renamed, *names[len(renamed) :]]


def _explicit(select: exp.Expr) -> list[exp.Expr]:
    return [projection for projection in select.expressions if not projection.is_star]


def _named_ones(select: exp.Expr) -> list[str]:
    return [projection.alias_or_name.lower() for projection in _explicit(select)]


def _named(table: exp.Table) -> Name:
    return name_of(table.db, table.name)


def _in_scope(expression: exp.Expr) -> Iterator[exp.Column]:
    for node in walk_in_scope(expression):
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            yield node


def _parts(select: exp.Expr) -> Iterator[exp.Expr]:
    for key, value in select.args.items():
        if key not in _OUTER:
            yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, exp.Expr))


def _by_number(part: exp.Expr, select: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the projections that a GROUP BY or ORDER BY names by number, or all of them by ALL."""
    if part.args.get("all"):
        yield from select.expressions
    for each in part.expressions:
        number = each.this if isinstance(each, exp.Ordered) else each
        if isinstance(number, exp.Literal) and not number.is_string and number.name.isdigit():
            yield from select.expressions[int(number.name) - 1 : int(number.name)]


def _left_out(star: exp.Expr) -> frozenset[str]:
    """Return the columns that `* EXCEPT (…)` leaves out."""
    inner = star.this if isinstance(star, exp.Column) else star
    found = inner.args.get("except_") or inner.args.get("except") or ()
    return frozenset(column.name.lower() for column in found)


def _is_plain_union(expression: exp.Expr) -> bool:
    """Say whether a union keeps all rows: where rows are compared, all of their columns count."""
    return isinstance(expression, exp.Union) and not expression.args.get("distinct")


def _is_recursive(scope: Scope) -> bool:
    clause = scope.expression.find_ancestor(exp.With)
    return clause is not None and bool(clause.args.get("recursive"))


def _member(column: exp.Column) -> str | None:
    """Return the member of a JSON column that is read, where the statement says it."""
    node: exp.Expr = column
    while isinstance(node.parent, _WRAPPERS) and node.parent.this is node:
        node = node.parent
    parent = node.parent
    if parent is None or parent.this is not node:
        return None
    if isinstance(parent, _EXTRACTS):
        return _first_key(parent.expression)
    if isinstance(parent, exp.Bracket) and parent.expressions:
        return _first_key(parent.expressions[0])
    if isinstance(parent, exp.Dot):
        return parent.expression.name.lower() or None
    return None


def _first_key(path: exp.Expr) -> str | None:
    if isinstance(path, exp.JSONPath):
        key = next((part for part in path.expressions if isinstance(part, exp.JSONPathKey)), None)
        said = key.this if key is not None else None
        return said.lower() if isinstance(said, str) else None
    if isinstance(path, exp.Literal) and path.is_string:
        return path.name.removeprefix("$.").lower()
    return None
