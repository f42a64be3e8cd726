"""How long does `trackwatch plan lint` take for a plan of 1,000 events?

Makes plans of 1,000 events with 5, 10 and 20 properties each (seeded; names out of a few words, so that
some collide and many are alike), lints each in a process of its own, and prints wall time and CPU beside
`python -c pass` and beside the target: 1 s of CPU, start of the process included.

    python benchmarks/plan_lint.py [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from child import Cost, cost, median

EVENTS = 1000
TARGET = 1.0  # CPU seconds
PROGRAM = (sys.executable, "-c", "from monitor.cli import main; main()")
OBJECTS = """
Order Cart Product Checkout Wishlist Account Invoice Ticket Coupon Campaign Session Search Video Article
"""
PARTS = "Item Step List Page Banner Form Filter Sheet Group Plan"
ACTIONS = "Viewed Clicked Added Removed Completed Started Shared Updated Sent Opened"
WORDS = """
order product cart user site page item team plan total price tax list step code kind name size color source
"""
TYPES = ("string", "integer", "number", "boolean")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"median of {runs} runs, {EVENTS:,} events\n")
    print(f"{'':28}{'KiB':>7}{'faults':>8}{'wall s':>8}{'CPU s':>8}{'× pass':>8}{'target s':>10}{'share':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        idle = median([cost((sys.executable, "-c", "pass"), folder) for _ in range(runs)])
        for properties in (5, 10, 20):
            _show(folder / f"plan_{properties}.yml", properties, runs, idle)


def _show(path: Path, properties: int, runs: int, idle: Cost) -> None:
    path.write_text(made(properties), "utf-8")
    lint = (*PROGRAM, "plan", "lint", str(path), "--fail-on", "never")
    found = median([cost(lint, path.parent) for _ in range(runs)])
    cost((*lint, "--json"), path.parent, output=path.with_suffix(".json"))
    faults = len(json.loads(path.with_suffix(".json").read_text("utf-8"))["faults"])
    size = path.stat().st_size / 1024
    numbers = f"{size:7.0f}{faults:8,}{found.wall:8.3f}{found.cpu:8.3f}{found.cpu / idle.cpu:8.1f}"
    print(f"{f'{properties} properties an event':28}{numbers}{TARGET:10.1f}{found.cpu / TARGET:8.2f}")


def made(properties: int) -> str:
    """Return a plan of 1,000 events."""
    draw = random.Random(7)
    lines = ["version: 1", "questions:", "  q: {ask: What drives sales?}", "events:"]
    names = [f"{o} {p} {a}" for o in OBJECTS.split() for p in PARTS.split() for a in ACTIONS.split()]
    for name in draw.sample(names, EVENTS):
        lines += [f"  {name}:", "    description: What somebody did.", "    owner: shop", "    answers: [q]"]
        lines += ["    sources: [web, ios]", "    properties:"]
        for prop in sorted({_property(draw) for _ in range(properties)}):
            lines.append(f"      {prop}: {{type: {draw.choice(TYPES)}, description: What it is.}}")
    return "\n".join(lines) + "\n"


def _property(draw: random.Random) -> str:
    words = draw.sample(WORDS.split(), draw.randint(1, 3))
    return "_".join(words) if draw.random() < 0.8 else words[0] + "".join(word.capitalize() for word in words[1:])


if __name__ == "__main__":
    main()
