"""What may lie in a store, drawn at random, and how two answers are compared."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from contract.worlds import ODD, ORDER
from hypothesis import strategies as st

from monitor.stores.base import Measured
from monitor.testing.store import Row


def facts(measured: Measured) -> dict[tuple[Any, ...], Any]:
    """Return the frame as a dictionary; fingerprints by who shares them, since each engine has its own hash."""
    found: dict[tuple[Any, ...], Any] = {}
    for *key, number in sorted(
        measured.frame.itertuples(index=False, name=None), key=lambda row: [str(x) for x in row[:-1]]
    ):
        if key[4] == "distinct":
            continue  # see `distinct`
        if key[4] == "fingerprint" and number != -1:
            first = next((k for k, v in found.items() if v == ("hash", number) and k[2] == key[2]), None)
            found[tuple(key)] = ("hash", number) if first is None else ("same as", first)
        else:
            found[tuple(key)] = number
    return {key: "hash" if isinstance(said, tuple) and said[0] == "hash" else said for key, said in found.items()}


def distinct(measured: Measured) -> dict[tuple[Any, ...], float]:
    """Return the numbers of distinct values, which engines may only estimate."""
    frame = measured.frame[measured.frame.measure == "distinct"]
    return {tuple(key): number for *key, number in frame.itertuples(index=False, name=None)}


ids = st.one_of(st.none(), st.sampled_from(["a", "b", "é", "x'; --"]))
text = st.one_of(
    st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs", "Cc"]), max_size=5)
)
typed = {
    "total": st.one_of(st.none(), st.integers(-20, 20), st.just(2**62)),
    "rate": st.one_of(st.none(), st.sampled_from([0.25, 0.5, 0.75, -1.5, 1e10])),
    "paid": st.one_of(st.none(), st.booleans()),
    "Note ✎": st.one_of(text, st.sampled_from(["a", 'q"; --', "é🎉", ""])),
}
odd = {"rate": st.one_of(typed["rate"], st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -0.0005]))}
mixed = st.one_of(
    st.none(), *typed.values(), st.sampled_from([3.0, "12", "2026-03-01", [1, "a"], {"k": 1}, "true", []])
)
START = dt.datetime(2026, 3, 27, tzinfo=dt.UTC)
moments = st.integers(0, 4 * 86_400_000_000).map(lambda micros: START + dt.timedelta(microseconds=micros))


def rows(values: Mapping[str, st.SearchStrategy[Any]], least: int = 0) -> st.SearchStrategy[list[Row]]:
    few = st.one_of(
        moments,
        st.sampled_from(
            [dt.datetime(2026, 3, 29, 0, 59, 59, tzinfo=dt.UTC) + dt.timedelta(seconds=s) for s in range(0, 90, 30)]
        ),
    )
    row = st.builds(
        Row,
        event=st.sampled_from([ORDER, ODD]),
        source=st.sampled_from(["web", "ios"]),
        received_at=few,
        occurred_at=st.one_of(st.none(), moments),
        loaded_at=st.one_of(st.none(), moments),
        sent_at=st.one_of(st.none(), moments),
        dimensions=st.fixed_dictionaries({"app_version": ids}),
        id=ids,
        user_id=ids,
        anonymous_id=ids,
        properties=st.fixed_dictionaries({}, optional=values),
    )
    return st.lists(row, min_size=least, max_size=max(least, 12))
