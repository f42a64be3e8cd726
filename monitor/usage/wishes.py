"""How is said what a statement wants of a relation, and which relation it means?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")
Name = tuple[str, ...]  # of a relation, in small letters, the schema before the table: at most the last two parts
Wish = tuple[str, str | None]  # a column in small letters, and the member of it that is read (None: all of it)
EVERYTHING: Wish = ("*", None)


def name_of(*parts: str | None) -> Name:
    """Return a relation's name as it is compared: `db.schema.table`, `schema.table` and `table` may be one.

    >>> name_of("Warehouse", "Web", "ORDERS"), name_of(None, "orders")
    (('web', 'orders'), ('orders',))
    """
    return tuple(part.lower() for part in parts if part)[-2:]


class Relations(Generic[T]):
    """What is known of relations, found by as much of their name as a statement says."""

    def __init__(self, known: Iterable[tuple[Name, T]]) -> None:
        """Keep each by its full name, and all that share their last part."""
        self._whole: dict[Name, list[T]] = {}
        self._last: dict[str, list[T]] = {}
        for name, value in known:
            self._whole.setdefault(name, []).append(value)
            self._last.setdefault(name[-1], []).append(value)

    def find(self, name: Name) -> list[T]:
        """Return what a name may mean; where nothing has its schema, whatever has its last part.

        A folder of queries need not say the schemas that the store has, and it is better to take
        something for read that is not than the other way round.
        """
        if not name:
            return []
        return self._whole.get(name) or self._last.get(name[-1], [])
