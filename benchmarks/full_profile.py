"""What does a full profile cost, beside touching every value once?

    python benchmarks/full_profile.py [--folder DIR] [--rows 10000000] [--runs 3]

Typed tables in DuckDB. Ratios of CPU time in one run; wall time is shown beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import generated as g

from checks.base import Measure, Stat


def touch(event: dict) -> str:
    """Return the query that hashes every value of a table."""
    columns = [*g.META, *(prop["name"] for prop in event["properties"])]
    return f"SELECT {', '.join(f'bit_xor(hash({column}))' for column in columns)} FROM seg.{event['table']}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    place = g.data(options.folder, options.rows, options.events)
    store, planned = g.open_typed(place), g.plan(place)
    rows = Measure(Stat.ROWS)
    pieces = {
        "counts by hour": g.COUNTS,
        "nulls": [rows, g.VALUES[0]],
        "nulls, one value": [rows, *g.VALUES[:2]],
        "nulls, limits": [rows, g.VALUES[0], *g.VALUES[2:]],
        "nulls, rules": [rows, g.VALUES[0], *g.rules(planned)],
        "nulls, sketches": [rows, g.VALUES[0], *g.SKETCHES],
        "exact copies": g.COPIES,
        "lateness": g.LATENESS,
    }
    everything = g.everything(planned)
    works = {
        "touch every value once": g.running(place / "typed.duckdb", [touch(event) for event in g.events(place)]),
        **{name: g.asking(store, measures) for name, measures in pieces.items()},
        "full profile": g.asking(store, everything),
        "full profile without sketches": g.asking(store, [m for m in everything if m.stat is not Stat.DISTINCT]),
        "one day of 28": g.asking(store, everything, g.END - g.dt.timedelta(days=2)),
    }
    print(f"{options.rows:,} rows, {options.events} events, median of {options.runs} interleaved runs")
    g.show(g.medians(works, options.runs), "touch every value once", {"full profile": 2.5})


if __name__ == "__main__":
    main()
