"""What do duplicates cost, beside the engine's own count(distinct id) and a hash of every row?

    python benchmarks/duplicates.py [--folder DIR] [--rows 10000000] [--runs 3]

Typed tables in DuckDB. Ratios of CPU time in one run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import generated as g

from checks.base import Stat


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    place = g.data(options.folder, options.rows, layouts="typed")
    store, database, known = g.open_typed(place), place / "typed.duckdb", g.events(place)
    columns = {event["table"]: ", ".join([*g.META, *(p["name"] for p in event["properties"])]) for event in known}
    ids = [f"SELECT count(DISTINCT message_id) FROM seg.{table}" for table in columns]
    hashes = [f"SELECT bit_xor(hash({names})) FROM seg.{table}" for table, names in columns.items()]
    print(f"{options.rows:,} rows, {len(known)} events, median of {options.runs} interleaved runs")
    exact = {
        "count(distinct id)": g.running(database, ids),
        "exact copies": g.running(database, g.branches(store, Stat.SURPLUS)),
        "exact copies, and rows by day and source": g.asking(store, g.COPIES),
    }
    g.show(g.medians(exact, options.runs), "count(distinct id)", {"exact copies": 1.2})
    semantic = {
        "hash of every row": g.running(database, hashes),
        "semantic copies": g.running(database, g.branches(store, Stat.REPEATS)),
        "semantic copies, and rows by day and source": g.asking(store, g.REPEATS),
    }
    g.show(g.medians(semantic, options.runs), "hash of every row", {"semantic copies": 3.0})


if __name__ == "__main__":
    main()
