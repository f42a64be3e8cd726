"""Does a scan say what is wrong with files, each thing once, and nothing of what is right?"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from monitor.errors import StoreError
from monitor.scan.report import render
from monitor.scan.scanning import ScanResult, scan
from monitor.stores.files.mapping import Wishes

NOW = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
Scan = Callable[..., ScanResult]


def messages(days: int = 1, per_day: int = 40, **changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "messageId": f"{changes.get('event', 'Order Completed')} {day} {i}",
            "event": "Order Completed",
            "receivedAt": (START + dt.timedelta(days=day, minutes=i * 1440 // per_day)).isoformat(),
            "userId": f"u{i % 9}",
            "properties": {"total": i, "plan": "pro" if i % 2 else "free"},
        }
        | changes
        for day in range(days)
        for i in range(per_day)
    ]


@pytest.fixture
def scanned(tmp_path: Path) -> Scan:
    def scanned(lines: Iterable[dict[str, Any] | str], name: str = "a.json") -> ScanResult:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        (tmp_path / name).write_text(text)
        return scan([str(tmp_path / name)], Wishes(), NOW)

    return scanned


def problems(result: ScanResult) -> set[tuple[str, str]]:
    return {(v.finding.check, v.finding.kind) for v in result.verdicts if v.problem}


def text_of(result: ScanResult, width: int = 100) -> str:
    out = io.StringIO()
    render(result, Console(file=out, width=width, highlight=False), 1.0)
    return out.getvalue()


def changed(lines: list[dict[str, Any]], some: Callable[[int], bool], **changes: Any) -> list[dict[str, Any]]:
    return [line | changes if some(i) else line for i, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        pytest.param([*messages(), *messages()[:5]], ("duplicates", "exact"), id="the same ids again"),
        pytest.param([*messages(), *messages(event="B", messageId="1")], ("duplicates", "exact"), id="one id for all"),
        pytest.param(changed(messages(), lambda i: i % 4 == 0, userId=None), ("identity", "missing_id"), id="nobody"),
        pytest.param([*messages(), "{broken"], ("files", "bad_lines"), id="a damaged line"),
        pytest.param(changed(messages(), lambda i: i == 7, receivedAt="soon"), ("files", "no_time"), id="no time"),
        pytest.param(
            changed(messages(), lambda i: i == 7, receivedAt="2090-01-01T00:00:00Z"),
            ("lateness", "future"),
            id="a clock that is ahead",
        ),
        pytest.param(
            changed(messages(), lambda i: i % 9 == 0, properties={"total": "7"}),
            ("schema", "mixed_types"),
            id="a number that became text",
        ),
        pytest.param(messages(properties={"total": None}), ("unused", "always_null"), id="a property that is empty"),
        pytest.param(messages(properties={"total": 1}), ("unused", "constant"), id="a property that never changes"),
        pytest.param([*messages(41), *messages(1, receivedAt="2026-02-16T06:00:00Z")], ("volume", "drop"), id="a gap"),
        pytest.param([], ("files", "no_events"), id="no events at all"),
    ],
)
def test_a_scan_finds(scanned: Scan, lines: list[Any], problem: tuple[str, str]):
    assert problem in problems(scanned(lines))


def test_sound_messages_have_no_problem(scanned: Scan):
    result = scanned(messages(28))
    assert problems(result) == set()
    assert result.exit_code("warning") == 0


def test_ids_that_are_null_are_no_copies_of_each_other(scanned: Scan):
    assert ("duplicates", "exact") not in problems(scanned(messages(messageId=None)))


def test_people_who_are_anonymous_are_somebody(scanned: Scan):
    lines = changed(messages(), lambda i: i % 2 == 0, userId=None, anonymousId="a1")
    assert ("identity", "missing_id") not in problems(scanned(lines))


def test_a_weekly_closure_is_no_gap(scanned: Scan):
    lines = [m for m in messages(70) if dt.datetime.fromisoformat(m["receivedAt"]).weekday() != 5]
    assert not {check for check, _ in problems(scanned(lines))} & {"volume", "missing"}


def test_a_long_gap_is_one_incident(scanned: Scan):
    lines = messages(90)
    gap = [m for m in lines if not "2026-03-01" <= m["receivedAt"] < "2026-03-11"]
    stretches = [i for i in scanned(gap).incidents if i.headline.check in ("volume", "missing")]
    assert len([i for i in stretches if i.headline.kind == "drop"]) == 1


def test_an_event_that_stopped_is_found_at_the_end(scanned: Scan):
    lines = [*messages(60, 200), *messages(40, 200, event="Signed Up")]
    assert ("missing", "stopped") in problems(scanned(lines))


def test_without_times_the_rest_is_said_all_the_same(scanned: Scan):
    result = scanned([{"event": "a", "userId": "u", "properties": {"x": i}} for i in range(30)])
    assert result.facts[0].rows == 30
    assert "nothing is said about when" in text_of(result)


def test_the_document_keeps_the_contract(scanned: Scan):
    document = scanned([*messages(), "{broken"]).as_json(1.5)
    assert {"version", "now", "summary", "findings", "incidents"} <= document.keys()
    assert (document["version"], document["now"]) == (1, "2026-04-01T00:00:00Z")
    assert document["summary"]["problems"] == len([f for f in document["findings"] if f["problem"]])
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_report_begins_with_the_verdict_and_names_bad_lines(scanned: Scan):
    lines = text_of(scanned([*messages(), "{broken"])).splitlines()
    assert lines[0] == "40 rows, 1 event, 1 file, 2026-01-05: 1 problem"
    assert any("a.json:41: not JSON" in line for line in lines)


def test_many_events_are_not_a_wall(scanned: Scan):
    lines = [m for i in range(40) for m in messages(1, 2, event=f"Event {i}")]
    assert "and 28 more events" in text_of(scanned(lines))


def test_what_many_events_share_is_one_line(scanned: Scan):
    days = [m for i in range(5) for m in messages(60, 30, event=f"Event {i}")]
    report = text_of(scanned(m for m in days if not "2026-02-20" <= m["receivedAt"] < "2026-02-24"))
    assert "5 of 5 events dropped together" in report
    assert "Event 3 dropped" not in report


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_the_terminal(scanned: Scan, width: int):
    lines = [*messages(28, event="An event with quite a long name that goes on " * 3), "{broken"]
    assert max(map(len, text_of(scanned(lines), width).splitlines())) <= width


def test_names_are_never_taken_for_markup(scanned: Scan):
    assert "[red]Evil[/red]" in text_of(scanned(messages(event="[red]Evil[/red]")))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(bytes(range(256)))
    with pytest.raises(StoreError):
        scan([str(tmp_path / "a.json")], Wishes(), NOW)
