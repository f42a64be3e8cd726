"""Do files become a table of events whatever is wrong with them?"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import StoreError
from monitor.stores.files.ingest import Ingested, ingest
from monitor.stores.files.mapping import Wishes

Read = Callable[..., tuple[Ingested, list[dict[str, Any]]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write files, read them, and return what was seen and the rows of the table."""
    work = tmp_path / "work"

    def read(files: dict[str, bytes | str], wishes: Wishes | None = None) -> tuple[Ingested, list[dict[str, Any]]]:
        work.mkdir()
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        found = ingest([str(tmp_path / name) for name in files], wishes or Wishes(), work)
        with duckdb.connect(str(work / "events.duckdb"), read_only=True) as con:
            cursor = con.execute("SELECT * FROM events ORDER BY ALL")
            names = [column[0].removeprefix("_tw_") for column in cursor.description or ()]
            return found, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return read


def message(number: int = 1, **changes: Any) -> str:
    at = "2026-03-01T06:00:00Z"
    base = {"messageId": f"m{number}", "type": "track", "event": "Order Completed", "receivedAt": at, "userId": "u1"}
    return json.dumps(base | {"properties": {"total": number}} | changes) + "\n"


def test_a_message_keeps_its_fields_and_its_properties(read: Read):
    _, (row,) = read({"a.json": message(context={"app": {"version": "5.2"}})})
    assert (row["id"], row["event"], row["user_id"], row["app_version"]) == ("m1", "Order Completed", "u1", "5.2")
    assert row["received_at"] == dt.datetime(2026, 3, 1, 6)  # noqa: DTZ001 UTC without zone
    assert json.loads(row["properties"]) == {"total": 1}


@pytest.mark.parametrize(
    ("call", "event"),
    [
        pytest.param({"type": "page", "event": None}, "Page Viewed", id="a page call"),
        pytest.param({"type": "identify", "event": None}, "Identify", id="an identify call"),
        pytest.param({"type": "other", "event": None}, "(no event name)", id="a call that nobody knows"),
    ],
)
def test_a_call_without_an_event_is_named_after_its_type(read: Read, call: dict[str, Any], event: str):
    _, rows = read({"a.json": message() + message(2, **call)})
    assert {row["event"] for row in rows} == {"Order Completed", event}


def test_traits_are_the_properties_of_an_identify_call(read: Read):
    _, rows = read({"a.json": message() + message(2, type="identify", properties=None, traits={"plan": "pro"})})
    assert {"plan": "pro"} in [json.loads(row["properties"]) for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.json.gz", gzip.compress((message(1) + message(2)).encode()), id="gzip"),
        pytest.param("a.csv", message(1) + message(2), id="JSON that is called CSV"),
        pytest.param("a.json", (message(1) + message(2)).replace("\n", "\r\n"), id="CRLF"),
        pytest.param("a.json", ("\ufeff" + message(1) + message(2)).encode(), id="a byte order mark"),
        pytest.param("a.json", (message(1) + message(2)).encode("utf-16"), id="UTF-16"),
        pytest.param("a.json", f"[{message(1)},{message(2)}]", id="a JSON list"),
        pytest.param("a.json", message(1) + "\n\n" + message(2).rstrip(), id="blank lines, and none at the end"),
        pytest.param("a [1]*'.json", message(1) + message(2), id="a name full of signs"),
    ],
)
def test_two_messages_are_two_rows_in(read: Read, name: str, content: bytes | str):
    found, rows = read({name: content})
    assert [row["id"] for row in rows] == ["m1", "m2"]
    assert (found.rows, found.bad) == (2, {})


def test_bad_lines_are_counted_and_the_first_five_named(read: Read):
    lines = [message(1), '{"broken\n', "[1]\n", '"text"\n', "{}\n", "null\n", "oops\n", message(2)]
    found, rows = read({"a.json": "".join(lines)})
    assert (len(rows), sum(found.bad.values())) == (2, 6)
    assert [bad.line for bad in found.bad_lines] == [2, 3, 4, 5, 6]


def test_a_value_of_the_wrong_shape_spoils_its_field_alone(read: Read):
    sound = message(context={"app": {"version": "5"}})
    _, rows = read({"a.json": sound + message(2, context="no", properties="text", userId=7)})
    assert (rows[1]["user_id"], rows[1]["app_version"], rows[1]["properties"]) == ("7", None, None)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(read: Read):
    whole = gzip.compress("".join(message(i, properties={"x": hash(str(i))}) for i in range(2000)).encode())
    found, rows = read({"a.json.gz": whole[: len(whole) // 2]})
    assert 0 < len(rows) < 2000
    assert len(found.cut_off) == 1


@pytest.mark.parametrize(
    ("content", "bad"),
    [
        pytest.param("event,time,x\na,2026-03-01,1\na,2026-03-02\n", {3}, id="a row that is too short"),
        pytest.param("event,time,x\na,2026-03-01,1\na,2026-03-02,2,3\n", {3}, id="a row that is too long"),
        pytest.param("event;time;x\na;2026-03-01;1\n", set(), id="semicolons"),
        pytest.param('event,time,x\na,2026-03-01,"1\n2"\n', set(), id="a line break in quotes"),
        pytest.param("event,time,x\ra,2026-03-01,1\r", set(), id="the line ends of an old Mac"),
        pytest.param("Report,,\n,,\nevent,time,x\na,2026-03-01,1\n", set(), id="titles above the header"),
    ],
)
def test_rows_of_text_are_read_with(read: Read, content: str, bad: set[int]):
    found, rows = read({"a.csv": content})
    assert [row["event"] for row in rows] == ["a"]
    assert {line.line for line in found.bad_lines} == bad


def test_letters_of_latin_1_are_kept(read: Read):
    _, rows = read({"a.csv": b"event,time,x\n" + "a,2026-03-01,café\n".encode("latin-1") * 3})
    assert rows[0]["x"] == "café"


def test_a_column_has_a_type_only_if_every_value_has_it(read: Read):
    rows = "".join(f"a,2026-03-01,{i},{i or 'none'}\n" for i in range(50))
    found, read_rows = read({"a.csv": "event,time,whole,mixed\n" + rows})
    assert {type(row["whole"]) for row in read_rows} == {int}
    assert [(mixed.column, mixed.mostly, mixed.others) for mixed in found.mixed] == [("mixed", "whole numbers", 1)]


def test_zeros_before_a_code_are_kept(read: Read):
    _, rows = read({"a.csv": "event,time,zip\na,2026-03-01,01234\n"})
    assert rows[0]["zip"] == "01234"


def test_a_property_of_two_types_is_seen(read: Read):
    lines = "".join(message(i, properties={"total": i if i % 10 else str(i)}) for i in range(100))
    found, _ = read({"a.json": lines})
    assert [(m.event, m.column, m.mostly, m.also, m.others) for m in found.mixed] == [
        ("Order Completed", "total", "numbers", "text", 10)
    ]


def test_parquet_is_read_with_its_own_types(read: Read, tmp_path: Path):
    select = "SELECT 'a' AS event, TIMESTAMPTZ '2026-03-01 06:00:00+00' AS received_at, [1, 2] AS xs, {'k': 1} AS o"
    duckdb.execute(f"COPY ({select}) TO '{tmp_path / 'made.parquet'}'")
    _, (row,) = read({"a.parquet": (tmp_path / "made.parquet").read_bytes()})
    assert row["received_at"] == dt.datetime(2026, 3, 1, 6)  # noqa: DTZ001 UTC without zone
    assert (json.loads(row["xs"]), json.loads(row["o"])) == ([1, 2], {"k": 1})


def test_files_of_several_shapes_are_one_table(read: Read):
    csv = "event_id,event_name,collector_tstamp,page\ne1,page_view,2026-03-01 07:00:00,/x\n"
    found, rows = read({"a.json": message(), "b.csv": csv})
    assert [(row["id"], row["event"]) for row in rows] == [("e1", "page_view"), ("m1", "Order Completed")]
    assert json.loads(rows[0]["properties"]) == {"page": "/x"}
    assert [bundle.guess.layout for bundle in found.bundles] == ["segment-archive", "snowplow"]


def test_flat_json_keeps_what_is_no_field_as_properties(read: Read):
    _, (row,) = read({"a.json": '{"event": "a", "time": 1772344800, "user_id": "u", "plan": "pro"}\n'})
    assert row["received_at"] == dt.datetime(2026, 3, 1, 6)  # noqa: DTZ001
    assert json.loads(row["properties"]) == {"plan": "pro"}


def test_a_file_without_an_event_column_is_its_own_event(read: Read):
    _, rows = read({"page_views.csv": "time,x\n2026-03-01,1\n"})
    assert rows[0]["event"] == "page_views"


def test_each_of_several_files_is_its_own_event_whatever_its_encoding(read: Read):
    files: dict[str, bytes | str] = {
        "views.csv": "time,x\n2026-03-01,1\n",
        "orders.csv": b"time,x\n2026-03-01,\xe9 1234\n",
    }
    assert [row["event"] for row in read(files)[1]] == ["orders", "views"]


def test_a_compressed_file_that_is_damaged_in_the_middle_is_read_up_to_there(read: Read):
    noise = random.Random(1)  # what compresses well would be lost whole
    whole = bytearray(gzip.compress("".join(message(i, anonymousId=noise.random()) for i in range(40000)).encode()))
    whole[len(whole) // 2] ^= 0xFF
    found, rows = read({"a.json.gz": bytes(whole)})
    assert 0 < len(rows) < 40000
    assert found.cut_off


def test_without_a_time_of_receipt_the_time_of_the_event_counts(read: Read):
    found, _ = read({"a.csv": "event,time,x\na,2026-03-01 06:00:00,1\n"})
    assert found.first == dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)
    assert any("No time of receipt" in note for note in found.notes)


def test_rows_without_a_readable_time_are_counted(read: Read):
    found, _ = read({"a.json": message() + message(2) + message(3, receivedAt="soon")})
    assert (found.rows, found.untimed) == (3, 1)


def test_people_are_counted_by_event(read: Read):
    lines = message() + message(2, userId=None, anonymousId="a") + message(3, userId=None)
    (identity,) = read({"a.json": lines})[0].identity
    assert (identity.rows, identity.no_user, identity.nobody) == (3, 2, 1)


def test_an_id_under_two_events_is_counted(read: Read):
    assert read({"a.json": message() + message(1, event="Other")})[0].shared_ids == 1


def test_one_unreadable_file_does_not_stop_the_others(read: Read):
    found, rows = read({"a.json": message(), "b.json": bytes(range(256))})
    assert len(rows) == 1
    assert [each.reason for each in found.unreadable] == ["binary data"]


def test_only_unreadable_files_are_an_error(read: Read):
    with pytest.raises(StoreError, match=r"b\.json: binary data"):
        read({"b.json": bytes(range(256))})


def test_an_empty_file_is_an_empty_table(read: Read):
    found, rows = read({"a.json": ""})
    assert (found.rows, rows, [path.name for path in found.empty]) == (0, [], ["a.json"])


NUMBERLESS = re.compile(rb"\s*[-+]?(nan|inf)", re.IGNORECASE)
junk = (st.binary(max_size=200) | st.text(max_size=100).map(str.encode)).filter(lambda line: not NUMBERLESS.match(line))


@pytest.mark.xfail(strict=True, reason="the engine takes a bare NaN for a value, and loses the line after it")
def test_a_line_that_is_only_nan_costs_no_other(read: Read):
    assert read({"a.json": message(1) + "NaN\n" + message(2)})[0].rows == 2


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(junk, max_size=4))
def test_whatever_lies_between_good_lines_the_good_ones_are_read(tmp_path_factory, pieces: list[bytes]):
    folder = tmp_path_factory.mktemp("junk")
    lines = [piece.replace(b"\n", b" ").replace(b"\r", b" ").replace(b"\x00", b"") for piece in pieces]
    (folder / "a.json").write_bytes(message(1).encode() + b"\n".join([*lines, message(2).encode()]))
    assert ingest([str(folder / "a.json")], Wishes(), folder).rows >= 2
