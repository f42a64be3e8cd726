"""Which planted faults are seen in the demo shop and in Online Retail, and how often is the untouched copy told of?

The demo's shop is drilled from four weeks after it opened to the first of its own faults. Online Retail (UCI, 541,909
lines of a wholesaler's invoices) becomes four events of one source: orders, cancellations, and the lines of both.

    python benchmarks/drill.py [MINUTES OF EACH] [demo | retail]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from monitor.demo.faults import NOW
from monitor.demo.home import demo_config
from monitor.demo.shop import build

RETAIL = Path(__file__).parents[1] / "../shared/data/events/online_retail/online_retail.csv.gz"
SPANS = {"demo": ("2026-01-26", "2026-02-20"), "retail": ("2011-06-06", "2011-08-01")}
CONFIG = """\
timezone: Europe/London
store:
  url: duckdb:///retail.duckdb
  layout: events
  table: events
  naive_zone: Europe/London
  history: 56d
  lateness: 1h
plan: plan.yml
channels: {terminal: {kind: console}}
"""
PLAN = """\
version: 1
events:
  Order Completed:
    priority: critical
    properties:
      order_id: {type: string, required: true, key: true}
      items: {type: integer, min: 0}
      total: {type: number}
  Order Cancelled:
    priority: high
    properties:
      order_id: {type: string, required: true, key: true}
      items: {type: integer}
      total: {type: number}
  Product Purchased:
    properties:
      order_id: {type: string, required: true}
      sku: {type: string, required: true}
      quantity: {type: integer}
      price: {type: number, min: 0}
  Product Returned:
    properties:
      order_id: {type: string, required: true}
      sku: {type: string, required: true}
      quantity: {type: integer}
      price: {type: number, min: 0}
"""
LINES = """
CREATE TABLE lines AS SELECT row_number() OVER () AS line, InvoiceNo AS invoice, StockCode AS sku, Quantity AS quantity,
    InvoiceDate AS made, UnitPrice AS price, nullif(CustomerID::TEXT, '') AS customer, Country AS country,
    InvoiceNo LIKE 'C%' AS back
FROM read_csv(?, types={'InvoiceNo': 'TEXT', 'StockCode': 'TEXT', 'CustomerID': 'TEXT'});
CREATE TABLE events AS
SELECT 'l' || line AS id, 'shop' AS source, if(back, 'Product Returned', 'Product Purchased') AS event,
    made AS received_at, customer AS user_id, country,
    json_object('order_id', invoice, 'sku', sku, 'quantity', quantity, 'price', price) AS properties
FROM lines
UNION ALL
SELECT 'o' || invoice, 'shop', if(any_value(back), 'Order Cancelled', 'Order Completed'), min(made),
    any_value(customer), any_value(country),
    json_object('order_id', invoice, 'items', count(*), 'total', round(sum(quantity * price), 2))
FROM lines GROUP BY invoice;
"""


def demo(folder: Path) -> None:
    """Write the demo shop, its configuration and plan."""
    build(folder / "shop.duckdb")
    demo_config(folder, NOW)


def retail(folder: Path) -> None:
    """Write Online Retail as events, a configuration and a plan."""
    load, make = LINES.strip().split(";\n", 1)
    with duckdb.connect(str(folder / "retail.duckdb")) as connection:
        connection.execute(load, [str(RETAIL.resolve())])
        connection.execute(make)
        connection.execute("DROP TABLE lines")
    (folder / "trackwatch.yml").write_text(CONFIG)
    (folder / "plan.yml").write_text(PLAN)


def drilled(folder: Path, span: tuple[str, str], minutes: str) -> dict[str, Any]:
    """Return what `trackwatch drill --json` says."""
    words = ["trackwatch", "drill", "--from", span[0], "--to", span[1], "--minutes", minutes, "--json"]
    done = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(name: str, body: dict[str, Any]) -> str:
    """Return the kill rate of each class as Markdown."""
    summary, untouched = body["summary"], body["summary"]["untouched"]
    lines = [
        f"{name}, {body['from'][:10]} to {body['to'][:10]}: {summary['seen']} of {summary['planted']} planted faults "
        f"seen ({summary['share']:.0%}); on the untouched copy {untouched['alerts']} alerts, "
        f"{untouched['alerts_per_week']:.1f} a week, of which {untouched['budget']:g} a week may be false.",
        "",
        "| fault | planted | seen | 95 % interval | told after (median) | seen by |",
        "|---|---|---|---|---|---|",
    ]
    for each in body["classes"]:
        if not each["planted"]:
            why = Counter(i["why"].partition(":")[0] for i in body["impossible"] if i["fault"] == each["fault"])
            lines.append(f"| {each['title']} | 0 | – | | | {', '.join(why) or 'the time was over'} |")
            continue
        by = ", ".join(f"{check} {count}" for check, count in each["checks"].items()) or "nothing"
        noted = f"; {each['only_reported']} only in the weekly report" if each["only_reported"] else ""
        after = f"{each['median_hours']:.0f} h" if each["median_hours"] is not None else "–"
        interval = f"{each['low']:.0%} to {each['high']:.0%}"
        lines.append(
            f"| {each['title']} | {each['planted']} | {each['share']:.0%} | {interval} | {after} | {by}{noted} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Drill both shops, and print their tables."""
    minutes, only = (*sys.argv[1:], *("5", "")[len(sys.argv) - 1 :])[:2]
    for name, make in (("demo", demo), ("retail", retail)):
        if only in ("", name):
            with tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                make(Path(folder))
                body = drilled(Path(folder), SPANS[name], minutes)
                print(table(name, body), f"\n\n{time.monotonic() - began:.0f} s in all.\n", flush=True)


if __name__ == "__main__":
    main()
