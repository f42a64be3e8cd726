"""What does a run cost in CPU, client and server together, beside other tools with the same checks?

    python benchmarks/peers.py --peers DIR [--url postgresql://root@127.0.0.1/postgres] [--rows 20000] [--runs 3]

DIR holds a virtual environment for each peer: soda3 (soda-core-postgres 3), soda4 (soda-postgres 4), gx
(great_expectations, psycopg2-binary), dbt (dbt-core, dbt-postgres); those that are missing are left out. The
data are those of `statements.py`: 10 event tables of 5 properties. Each tool checks missing values of every property,
the type, range, enum and pattern of those that have one, and duplicate ids; trackwatch does so for each day and
source, and counts by hour. Client CPU is that of the child; server CPU that of its own backends, sampled from /proc.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import child
import statements as s

TICK = os.sysconf("SC_CLK_TCK")
MEASURE = """
import datetime as dt, sys
from pathlib import Path
from monitor.config import load_config
from monitor.judge import wanted
from monitor.reading import request
from monitor.stores.opening import open_store
config = load_config(Path(sys.argv[1]))
store = open_store(config.store.settings, config.plan)
measures = wanted([config.checks[name] for name in ("schema", "duplicates", "volume")], config.plan)
asked = request(measures, dt.datetime(2026, 1, 5, tzinfo=dt.UTC), dt.datetime(2026, 2, 2, tzinfo=dt.UTC), "UTC")
store.catalog()
measured = store.measure(asked)
assert measured.rows and not measured.failures
"""


class Backends:
    """CPU seconds that the server's backends of one database use, while it is watched."""

    def __init__(self, database: str) -> None:
        """Watch from now on."""
        self._mark = database.encode()
        self._seen: dict[int, float] = {}
        self._before = self._now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def seconds(self) -> float:
        """Stop, and return what was used."""
        self._stop.set()
        self._thread.join()
        return sum(used - self._before.get(pid, 0.0) for pid, used in self._seen.items())

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self._seen |= self._now()

    def _now(self) -> dict[int, float]:
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command = (place / "cmdline").read_bytes()
                if command.startswith(b"postgres:") and self._mark in command:
                    fields = (place / "stat").read_text().rpartition(")")[2].split()
                    found[int(place.name)] = (int(fields[11]) + int(fields[12])) / TICK
            except OSError:
                continue
        return found


def trackwatch(folder: Path, url: str) -> list[str]:
    """Write a configuration; return the command of a whole run, which also judges and remembers."""
    (folder / "plan.yml").write_text(s.PLAN, "utf-8")
    (folder / "trackwatch.yml").write_text(s.CONFIG.format(url=url, folder=folder), "utf-8")
    (folder / "state.db").unlink(missing_ok=True)
    return [str(Path(sys.executable).with_name("trackwatch")), "run", "--now", s.NOW.isoformat(), "--fail-on", "never"]


def measuring(folder: Path, url: str) -> list[str]:
    """Return the command that measures the same, and does no more."""
    trackwatch(folder, url)
    (folder / "measure.py").write_text(MEASURE)
    return [sys.executable, "measure.py", "trackwatch.yml"]


def soda3(folder: Path, url: str) -> list[str]:
    """Write checks for Soda 3."""
    at = urlsplit(url)
    (folder / "ds.yml").write_text(
        f"data_source pg:\n  type: postgres\n  host: {at.hostname}\n  port: {at.port or 5432}\n"
        f"  username: {at.username}\n  password: ''\n  database: {at.path[1:]}\n  schema: web\n"
    )
    checks = "".join(
        f"checks for {event}:\n  - row_count > 0\n  - duplicate_count(id) >= 0\n"
        "  - schema:\n      fail:\n        when wrong column type:\n"
        "          quantity: integer\n          gift: boolean\n"
        + "".join(f"  - missing_count({name}) >= 0\n" for name in ("quantity", "price", "currency", "gift", "sku"))
        + "  - invalid_count(quantity) >= 0:\n      valid min: 0\n  - invalid_count(price) >= 0:\n      valid min: 0\n"
        "  - invalid_count(currency) >= 0:\n      valid values: [eur, usd]\n"
        "  - invalid_count(sku) >= 0:\n      valid regex: '^[0-9a-f]+$'\n"
        for event in s.EVENTS
    )
    (folder / "checks.yml").write_text(checks)
    return ["soda", "scan", "-d", "pg", "-c", "ds.yml", "checks.yml"]


def soda4(folder: Path, url: str) -> list[str]:
    """Write contracts for Soda 4, one a table, verified one after the other by its own command."""
    at = urlsplit(url)
    (folder / "ds.yml").write_text(
        f"type: postgres\nname: pg\nconnection:\n  host: {at.hostname}\n  port: {at.port or 5432}\n"
        f"  user: {at.username}\n  password: 'x'\n  database: {at.path[1:]}\n"
    )
    columns = (
        "columns:\n  - name: id\n    checks: [{duplicate: {threshold: {must_be_greater_than_or_equal: 0}}}]\n"
        "  - {name: quantity, data_type: integer, checks: [{missing: }, {invalid: {valid_min: 0}}]}\n"
        "  - {name: price, checks: [{missing: }, {invalid: {valid_min: 0}}]}\n"
        "  - {name: currency, checks: [{missing: }, {invalid: {valid_values: [eur, usd]}}]}\n"
        "  - {name: gift, data_type: boolean, checks: [{missing: }]}\n"
        "  - {name: sku, checks: [{missing: }, {invalid: {valid_format: {name: hex, regex: '^[0-9a-f]+$'}}}]}\n"
    )
    for event in s.EVENTS:
        contract = f"dataset: pg/{at.path[1:]}/web/{event}\n{columns}checks: [{{row_count: }}]\n"
        (folder / f"{event}.yml").write_text(contract)
    calls = [f"soda contract verify -ds ds.yml -c {event}.yml" for event in s.EVENTS]
    return ["sh", "-c", "; ".join(calls)]


def gx(folder: Path, url: str) -> list[str]:
    """Write a script for Great Expectations; BOOLEAN_ONLY is its cheapest answer."""
    connection = url.replace("postgresql:", "postgresql+psycopg2:")
    (folder / "gx.py").write_text(f"""
import great_expectations as gx, great_expectations.expectations as e
context = gx.get_context(mode="ephemeral")
source = context.data_sources.add_postgres("pg", connection_string={connection!r})
for event in {s.EVENTS!r}:
    asset = source.add_table_asset(event, table_name=event, schema_name="web")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    suite = gx.ExpectationSuite(name=event)
    for name in ("quantity", "price", "currency", "gift", "sku"):
        suite.add_expectation(e.ExpectColumnValuesToNotBeNull(column=name))
    suite.add_expectation(e.ExpectColumnValuesToBeUnique(column="id"))
    suite.add_expectation(e.ExpectColumnValuesToBeOfType(column="quantity", type_="INTEGER"))
    suite.add_expectation(e.ExpectColumnValuesToBeOfType(column="gift", type_="BOOLEAN"))
    suite.add_expectation(e.ExpectColumnValuesToBeBetween(column="quantity", min_value=0))
    suite.add_expectation(e.ExpectColumnValuesToBeBetween(column="price", min_value=0))
    suite.add_expectation(e.ExpectColumnValuesToBeInSet(column="currency", value_set=["eur", "usd"]))
    suite.add_expectation(e.ExpectColumnValuesToMatchRegex(column="sku", regex="^[0-9a-f]+$"))
    result = batch.validate(suite, result_format="BOOLEAN_ONLY")
    assert len(result.results) == 12 and not any(r.exception_info.get("raised_exception") for r in result.results)
""")
    return ["python", "gx.py"]


def dbt(folder: Path, url: str) -> list[str]:
    """Write a project of dbt with its built-in tests; it has none for ranges, types and patterns."""
    at = urlsplit(url)
    (folder / "dbt_project.yml").write_text("name: peers\nversion: '1.0.0'\nprofile: pg\n")
    (folder / "profiles.yml").write_text(
        f"pg:\n  target: pg\n  outputs:\n    pg: {{type: postgres, host: {at.hostname}, port: {at.port or 5432}, "
        f"user: {at.username}, password: x, dbname: {at.path[1:]}, schema: web, threads: 1}}\n"
    )
    (folder / "models").mkdir(exist_ok=True)
    tables = "".join(
        f"      - name: {event}\n        columns:\n          - {{name: id, tests: [unique]}}\n"
        "          - {name: currency, tests: [not_null, {accepted_values: {values: [eur, usd]}}]}\n"
        + "".join(f"          - {{name: {name}, tests: [not_null]}}\n" for name in ("quantity", "price", "gift", "sku"))
        for event in s.EVENTS
    )
    sources = f"version: 2\nsources:\n  - name: web\n    schema: web\n    tables:\n{tables}"
    (folder / "models/sources.yml").write_text(sources)
    return ["dbt", "test", "--profiles-dir", ".", "--quiet"]


PEERS: dict[str, Callable[[Path, str], list[str]]] = {"soda3": soda3, "soda4": soda4, "gx": gx, "dbt": dbt}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--url", default="postgresql://root@127.0.0.1/postgres")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    os.environ |= {"SODA_CORE_TELEMETRY_ENABLED": "false", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    os.environ |= {"SEND_ANONYMOUS_USAGE_STATS": "false", "NO_PROXY": "*"}
    works = {"trackwatch run": trackwatch, "trackwatch, measuring only": measuring}
    works |= {name: write for name, write in PEERS.items() if (options.peers / name / "bin").exists()}
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in works}
    with s.database(options.url, options.rows) as name, tempfile.TemporaryDirectory() as root:
        url = options.url.rpartition("/")[0] + f"/{name}"
        for _ in range(options.runs):
            for tool, write in works.items():
                folder = Path(root, tool)
                folder.mkdir(exist_ok=True)
                command = write(folder, url)
                seen[tool].append(measure(command, folder, options.peers / tool / "bin", name))
    show(seen)


def measure(command: list[str], folder: Path, programs: Path, database: str) -> tuple[float, float, float]:
    """Run a tool once; return CPU of the client, of the server, and wall seconds."""
    path, backends = os.environ["PATH"], Backends(database)
    os.environ["PATH"] = f"{programs}:{path}"
    try:
        used = child.cost(command, folder, output=folder / "output.txt")
    finally:
        os.environ["PATH"] = path
    time.sleep(0.1)  # the last backend ends
    return used.cpu, backends.seconds(), used.wall


def show(seen: dict[str, list[tuple[float, float, float]]]) -> None:
    """Print medians, and each tool's CPU as a multiple of ours."""
    medians = {tool: [statistics.median(column) for column in zip(*runs, strict=True)] for tool, runs in seen.items()}
    whole, only = (sum(medians[name][:2]) for name in ("trackwatch run", "trackwatch, measuring only"))
    print(f"{'':28} {'client s':>9} {'server s':>9} {'wall s':>8} {'× run':>7} {'× measuring':>12}")
    for tool, (client, server, wall) in medians.items():
        total = client + server
        print(f"{tool:28} {client:9.2f} {server:9.2f} {wall:8.2f} {total / whole:7.1f} {total / only:12.1f}")


if __name__ == "__main__":
    main()
