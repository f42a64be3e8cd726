"""What does one table with JSON properties cost, beside typed tables with the same rows and checks?

    python benchmarks/json_properties.py [--folder DIR] [--rows 10000000] [--runs 3]

Ratios of CPU time in one run. The statement opens each object once, however many properties and
checks there are: the number of times that the JSON column is named says so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import generated as g

from monitor.stores.base import Request


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    place = g.data(options.folder, options.rows)
    typed, json, planned = g.open_typed(place), g.open_json(place), g.plan(place)
    measures = g.everything(planned)
    works = {
        "typed: full profile": g.asking(typed, measures),
        "JSON: full profile": g.asking(json, measures),
    }
    [statement] = json.statements(Request(tuple(measures), g.START, g.END, "UTC"))
    print(f"{options.rows:,} rows, median of {options.runs} interleaved runs")
    print(f"the statement names the JSON column {statement.sql.count('properties')} time(s)")
    g.show(g.medians(works, options.runs), "typed: full profile", {"JSON: full profile": 4.0})


if __name__ == "__main__":
    main()
