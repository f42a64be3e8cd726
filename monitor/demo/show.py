"""What does the demo do, and what does it leave behind?"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

import orjson

from monitor.alerts.blockkit import as_blocks
from monitor.alerts.channels.console import Console
from monitor.alerts.html import as_html
from monitor.alerts.message import Message
from monitor.alerts.text import as_text as message_text
from monitor.config import Config
from monitor.demo.faults import Match, match
from monitor.demo.home import FILE, demo_config
from monitor.demo.shop import Demo, build
from monitor.history.memory import Memory
from monitor.output import document
from monitor.pipeline import Installation, Result, composer_of, run
from monitor.report.gather import report_of
from monitor.report.html import as_html as report_html
from monitor.report.week import Week
from monitor.serving import PORT
from monitor.stores.opening import open_store
from monitor.summary import as_text as run_text
from monitor.summary import counts


@dataclass(frozen=True, slots=True)
class Performance:
    """One showing of the demo."""

    folder: Path
    config: Config
    shop: Demo
    result: Result
    matches: Sequence[Match]
    seconds: float


def perform(folder: Path, rows: int, announce: Callable[[str], None]) -> Performance:
    """Build the shop in `folder`, run on it with the shipped configuration, and write what was found.

    Args:
        folder: made where it is missing; the demo's own files in it are replaced.
        rows: about how many messages the shop has.
        announce: told what is being done.
    """
    started = monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    announce(f"Making a shop's events in {folder} …")
    shop = build(folder / "shop.duckdb", rows=rows)
    announce(f"{shop.rows:,} messages. Running every check …")
    # one quiet channel: as_text shows the messages, in its own order
    config = replace(demo_config(folder, shop.now), channels={"terminal": Console(stream=io.StringIO())})
    for stale in folder.glob("trackwatch.db*"):
        stale.unlink()
    store = open_store(config.store.settings, config.plan)
    try:
        result = run(Installation(config, store, Memory(config.state_url, config.workspace)), shop.now)
    finally:
        store.close()
    problems = [verdict.finding for verdict in result.verdicts if verdict.problem]
    performance = Performance(folder, config, shop, result, match(shop.faults, problems), monotonic() - started)
    _write(performance)
    _write_report(performance)
    return performance


def as_document(performance: Performance) -> str:
    """Return the run's JSON document, with the planted faults beside what was found."""
    return orjson.dumps(
        {**_document(performance), "faults": [_fault_json(m) for m in performance.matches]},
        option=orjson.OPT_INDENT_2,
    ).decode()


def as_text(performance: Performance) -> str:
    """Return the alerts as they would appear, the run's summary, and the planted faults beside what was found."""
    result = performance.result
    parts = [message_text(message) for message in result.messages]
    parts.append(_rule("What the run says"))
    parts.append(run_text(performance.config, result, performance.seconds))
    parts.append(_rule("What was planted, beside what was found"))
    parts += [_fault_text(m) for m in performance.matches]
    covered = [m for m in performance.matches if m.fault.covered_by]
    found = sum(m.found for m in covered)
    later = len(performance.matches) - len(covered)
    uncovered = f", {later} not covered yet" if later else ""
    parts.append(f"{found} of {len(covered)} faults found{uncovered}; {performance.seconds:.0f} s in all.")
    parts.append(_where(performance.folder))
    return "\n".join(parts)


def _where(folder: Path) -> str:
    return (
        f"\nLook further, in a browser: trackwatch serve --config {folder / FILE}\n"
        f"shows every incident with its chart, and which questions the week can answer, at http://127.0.0.1:{PORT};\n"
        f"{folder}/report.html is the report of the week: what to do first, whose it is, what can go\n"
        f"(http://127.0.0.1:{PORT}/reports has those of all weeks; 'trackwatch report --send' mails one),\n"
        f"{folder}/alerts has each message as people get it (text, email, Slack, chart),\n"
        f"{folder}/findings.json every problem with its numbers."
    )


def _rule(title: str) -> str:
    return f"── {title} {'─' * max(74 - len(title), 0)}\n"


def _fault_text(found: Match) -> str:
    fault = found.fault
    if not fault.covered_by:
        mark, verdict = "–", "not covered yet"
    elif found.found:
        seen = ", ".join(f"{check}.{kind}" for check, kind in found.by)
        mark, verdict = "✓", f"found by {seen}"
    else:
        mark, verdict = "✗", "NOT FOUND"
    return f"{mark} {fault.name}: {verdict}\n    {fault.what}\n"


def _fault_json(found: Match) -> dict[str, object]:
    fault = found.fault
    return {
        "name": fault.name,
        "kind": fault.kind,
        "what": fault.what,
        "event": fault.event,
        "property": fault.property,
        "source": fault.source,
        "start": fault.start,
        "end": fault.end,
        "covered": bool(fault.covered_by),
        "found": found.found,
        "by": [f"{check}.{kind}" for check, kind in found.by],
        "since": found.since,
    }


def _document(performance: Performance) -> dict[str, object]:
    result = performance.result
    return document(
        now=result.now,
        verdicts=result.verdicts,
        incidents=result.incidents,
        composer=composer_of(performance.config),
        summary=counts(result, performance.seconds),
    )


def _write(performance: Performance) -> None:
    """Write the problems, and each message as every channel shows it."""
    findings = orjson.dumps(_document(performance), option=orjson.OPT_INDENT_2)
    (performance.folder / "findings.json").write_bytes(findings)
    folder = performance.folder / "alerts"
    folder.mkdir(exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    for number, message in enumerate(performance.result.messages, 1):
        _write_message(folder, f"{number:02d}-{_slug(message.title)}", message)


def _write_report(performance: Performance) -> None:
    """Write the report of the last week that was over."""
    config, now = performance.config, performance.shop.now
    memory = Memory(config.state_url, config.workspace)
    week = report_of(memory, config, Week.before(now, ZoneInfo(config.zone)), now)
    (performance.folder / "report.html").write_text(report_html(week), encoding="utf-8")


def _write_message(folder: Path, name: str, message: Message) -> None:
    (folder / f"{name}.txt").write_text(message_text(message), encoding="utf-8")
    page = as_html(message).replace('"cid:chart"', f'"{name}.png"')
    (folder / f"{name}.html").write_text(page, encoding="utf-8")
    blocks = orjson.dumps({"blocks": as_blocks(message)}, option=orjson.OPT_INDENT_2)
    (folder / f"{name}.slack.json").write_bytes(blocks)
    if message.chart:
        (folder / f"{name}.png").write_bytes(message.chart.png)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
