"""How soon is trackwatch there: its help, and a run that finds nothing due?

Measures, interleaved, each in processes of their own: `python -c pass`, `trackwatch --help`,
and `trackwatch run` on the demo's shop and the shipped configuration after everything has
been judged. Prints medians, and CPU beside `python -c pass` and beside the targets (0.3 s and 1 s).

    python benchmarks/startup.py [--runs 5]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from child import Cost, cost, median

CONFIG = Path(__file__).parents[1] / "config" / "trackwatch.yml"
PROGRAM = (sys.executable, "-c", "from monitor.cli import main; main()")
RUN = ("run", "--config", str(CONFIG), "--fail-on", "never", "--now", "2026-03-02T13:20:00Z")
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "trackwatch --help": (*PROGRAM, "--help"),
    "run, nothing due": (*PROGRAM, *RUN),
}
TARGETS = {"trackwatch --help": 0.3, "run, nothing due": 1.0}  # CPU seconds


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name), runs)
    print(f"median of {runs} interleaved runs\n")
    print(f"{'':20}{'wall s':>8}{'CPU s':>8}{'MiB':>6}{'× pass':>8}{'target s':>10}{'share':>8}")
    for label, each in found.items():
        times = each.cpu / found["python -c pass"].cpu
        target = TARGETS.get(label)
        beside = f"{target:10.1f}{each.cpu / target:8.2f}" if target else ""
        print(f"{label:20}{each.wall:8.3f}{each.cpu:8.3f}{each.peak:6.0f}{times:8.1f}{beside}")


def measure(folder: Path, runs: int) -> dict[str, Cost]:
    """Return the medians, by what was run."""
    cost((*PROGRAM, "demo", "--rows", "50000"), folder)
    said = folder / "said.txt"
    cost(COMMANDS["run, nothing due"], folder, output=said)
    if "Nothing is due" not in said.read_text("utf-8"):
        raise SystemExit("something is still due after the demo: this would measure a whole run")
    costs: dict[str, list[Cost]] = {label: [] for label in COMMANDS}
    for _ in range(runs):
        for label, command in COMMANDS.items():
            costs[label].append(cost(command, folder))
    return {label: median(each) for label, each in costs.items()}


if __name__ == "__main__":
    main()
