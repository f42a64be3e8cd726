"""Which queries are in a text, and what does each make under a name of its own?"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlglot
from sqlglot import exp

from monitor.usage.wishes import Name, name_of

MOST_CHARACTERS = 500_000  # of a text: what is longer was made by a machine that writes its data into it
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it has no words for


class Audience(StrEnum):
    """Who may read what a query makes, beside the queries that are known."""

    ANYBODY = "anybody"  # a chart or a tool that nobody told us of
    LAST = "last"  # the same, if no known query reads it
    NOBODY = "nobody"  # all queries are known


@dataclass(frozen=True, slots=True)
class Text:
    """SQL as it was found."""

    where: str  # file, model, or the history that it comes from
    sql: str
    makes: Name = ()  # the relation that it defines, where it does not say so itself
    audience: Audience = Audience.LAST


@dataclass(frozen=True, slots=True)
class Query:
    """One query."""

    where: str
    query: exp.Query
    makes: Name = ()  # the view or table that its answer is; nothing: somebody reads the answer
    audience: Audience = Audience.LAST
    literals: frozenset[str] = frozenset()  # the texts that it compares with


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that could not be read, and why; its words, because it may read what they name."""

    where: str
    reason: str
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parsed:
    """The queries of some texts."""

    queries: tuple[Query, ...]
    texts: int  # different ones
    unread: tuple[Unread, ...]


def parse(texts: Iterable[Text], dialect: str) -> Parsed:
    """Parse texts; the same text once.

    Args:
        texts: what was found; one may hold several statements.
        dialect: as sqlglot calls it.
    """
    queries: list[Query] = []
    unread: list[Unread] = []
    seen: set[tuple[str, Name]] = set()
    for text in texts:
        if (text.sql, text.makes) in seen:
            continue
        seen.add((text.sql, text.makes))
        try:
            queries += _queries(text, dialect)
        except Exception as error:  # noqa: BLE001 whatever a parser makes of what people wrote, the others are read
            unread.append(Unread(text.where, reason(error), words(text.sql)))
    return Parsed(tuple(queries), len(seen), tuple(unread))


def words(sql: str) -> frozenset[str]:
    """Return the names that may occur in a text, in small letters."""
    return frozenset(re.findall(r"\w+", sql.lower()))


def reason(error: Exception) -> str:
    """Return why a text could not be read, without what it says: it may hold values."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, sqlglot.ParseError) and error.errors:
        return f"line {error.errors[0]['line']}: {error.errors[0]['description']}"
    if isinstance(error, TooLongError):
        return f"it is longer than {MOST_CHARACTERS:,} characters"
    return "it is not SQL of this database"


class TooLongError(ValueError):
    """A text is longer than what people write."""


def _queries(text: Text, dialect: str) -> list[Query]:
    if len(text.sql) > MOST_CHARACTERS:
        raise TooLongError
    found = [each for tree in sqlglot.parse(text.sql, dialect=dialect) if tree for each in _of(text, tree)]
    if text.makes and found:
        found[-1] = replace(found[-1], makes=text.makes)
    return found


def _of(text: Text, tree: exp.Expr) -> Iterator[Query]:
    """Yield the queries of a statement that read; what only writes or deletes reads for nobody."""
    made = tree.find(exp.Table) if isinstance(tree, exp.Create) else None
    makes = name_of(made.db, made.name) if made else ()
    for node in tree.walk(prune=lambda node: isinstance(node, exp.Query)):
        if isinstance(node, exp.Query):
            said = frozenset(literal.name for literal in node.find_all(exp.Literal) if literal.is_string)
            yield Query(text.where, node, makes, text.audience, said)
