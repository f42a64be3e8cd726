"""What is a query that a user wrote, as a store asks it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.base import Grain
from monitor.errors import Problem

_PARAMETER = re.compile(r"(?<![:\w\\]):([a-z_]\w*)(?!:)")  # not the :: of a cast


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuery:
    """A query, and where it is written."""

    name: str
    sql: str
    place: str  # file:line
    grain: Grain = "day"
    event: str | None = None  # that it is about

    @property
    def gives_rows(self) -> bool:
        """Return whether it returns buckets itself; else it returns one number."""
        return re.search(r"\bbucket\b", self.sql, re.IGNORECASE) is not None


def faults(query: OwnQuery) -> Iterator[Problem]:
    """Yield what is wrong with a query before it is asked."""
    file, _, line = query.place.rpartition(":")
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", query.sql, flags=re.DOTALL)
    without_texts = re.sub(r"'(?:[^']|'')*'", "''", bare)
    names = set(_PARAMETER.findall(without_texts))
    if not re.match(r"\s*[\s(]*(select|with)\b", bare, re.IGNORECASE):
        yield Problem(file, int(line), "a query begins with SELECT or WITH", "trackwatch only reads")
    elif ";" in without_texts.strip().rstrip(";"):
        yield Problem(file, int(line), "there is more than one statement", "write one query for each check")
    elif missing := {"since", "until"} - names:
        said = " and ".join(f":{name}" for name in sorted(missing))
        yield Problem(
            file,
            int(line),
            f"{said} is missing: a query says for which time it counts",
            "write WHERE received_at >= :since AND received_at < :until",
        )
    elif unknown := names - {"since", "until"}:
        yield Problem(file, int(line), f":{min(unknown)} is not known", "there are :since and :until")
