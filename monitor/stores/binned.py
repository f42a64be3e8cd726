"""In which bin of a fixed grid does a number lie, in SQL?"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Any

import sqlalchemy as sa

from checks.bins import Bins

Expression = sa.ColumnElement[Any]


def binned(bins: Bins, *, whole: bool) -> Expression:
    """Return the number of the bin of column `v`, null of null."""
    return sa.literal_column(_tree(bins, whole), sa.BigInteger())


@lru_cache(maxsize=8)  # written out once: a tree of expressions costs a millisecond for each table
def _tree(bins: Bins, whole: bool) -> str:
    """Return a balanced tree of CASE, five comparisons deep.

    Whole numbers are compared with whole bounds, so that no database makes decimals of them.
    """
    bounds = [ceil(bound) if whole else bound for bound in bins.bounds]
    steps = [(bound, bounds.index(bound) + bounds.count(bound)) for bound in dict.fromkeys(bounds)]

    def tree(low: int, high: int) -> str:
        if low == high:
            return str(steps[low - 1][1] if low else 0)
        middle = (low + high) // 2
        below, rest = tree(low, middle), tree(middle + 1, high)
        return f"CASE WHEN v < {steps[middle][0]:.15g} THEN {below} ELSE {rest} END"

    return f"CASE WHEN v IS NOT NULL THEN {tree(0, len(steps))} END"
