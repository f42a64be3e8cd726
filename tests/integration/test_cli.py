"""The commands as people type them: on a real store, with real state, and a server that is Slack's double."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
import sqlalchemy as sa

from monitor.cli import main
from monitor.testing.slack import FakeSlack, Fault

START = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
NOW = "2026-03-02T12:30:00Z"
HOURS = 28 * 24 + 12
MEANS = [("web", "Order Completed", 6), ("ios", "Order Completed", 6), ("web", "Page Viewed", 12)]
PLAN = """
version: 1
questions:
  revenue: {ask: "How much do we sell?", owner: finance}
events:
  Order Completed:
    priority: critical
    owner: checkout@acme.example
    answers: [revenue]
    properties: {total: {type: number, required: true, min: 0}, currency: {type: string, enum: [USD, EUR]}}
  Page Viewed: {}
"""
CONFIG = """
version: 1
plan: plan.yml
store: {{url: "{store}", judge: 4d}}
state: "{state}"
channels:
  team: {{kind: slack, token: xoxb-fake, channel: C0ALERTS1, base_url: "{slack}"}}
"""


def rows(stopped_on_ios: int):
    """Yield messages of two events from two sources; orders on ios stop some hours before the end."""
    rng = np.random.default_rng(5)
    for source, event, mean in MEANS:
        stops = HOURS - (stopped_on_ios if (source, event) == ("ios", "Order Completed") else 0)
        for hour, count in enumerate(rng.poisson(mean, stops)):
            for i in range(count):
                at = START + dt.timedelta(hours=hour, minutes=int(rng.integers(60)))
                properties = json.dumps(
                    {"total": 10.5 + i, "currency": ("USD", "EUR")[i % 2]} if event == "Order Completed" else {}
                )
                yield {"id": f"{source}-{event}-{hour}-{i}", "source": source, "event": event, "user_id": f"u{i}",
                       "received_at": at.replace(tzinfo=None), "properties": properties}  # fmt: skip


def fill(url: str, stopped_on_ios: int) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    table = sa.Table("events", sa.MetaData(), *(sa.Column(n, sa.Text) for n in ("id", "source", "event", "user_id")),
                     sa.Column("received_at", sa.DateTime), sa.Column("properties", sa.JSON))  # fmt: skip
    messages = list(rows(stopped_on_ios))
    with engine.begin() as connection:
        table.create(connection)
        if url.startswith("duckdb"):
            import pandas as pd  # noqa: PLC0415

            frame = pd.DataFrame(messages)
            connection.connection.driver_connection.register("frame", frame)
            connection.exec_driver_sql(
                "INSERT INTO events SELECT * REPLACE (properties::JSON AS properties) FROM frame"
            )
        else:
            loaded = [{**message, "properties": json.loads(message["properties"])} for message in messages]
            connection.execute(sa.insert(table), loaded)
    engine.dispose()


@pytest.fixture
def slack():
    with FakeSlack() as server:
        yield server


@pytest.fixture(params=["duckdb", "postgres"])
def home(request, tmp_path, monkeypatch, slack):
    """Return a folder with a configuration for a store in which orders on ios have stopped."""
    if request.param == "duckdb":
        store, state = f"duckdb:///{tmp_path}/events.duckdb", f"sqlite:///{tmp_path}/state.db"
    else:
        store = state = request.getfixturevalue("postgres_database")
    fill(store, stopped_on_ios=20)
    (tmp_path / "plan.yml").write_text(PLAN)
    (tmp_path / "trackwatch.yml").write_text(CONFIG.format(store=store, state=state, slack=slack.url))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trackwatch(capsys, *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_a_run_tells_slack_once_and_its_json_keeps_the_contract(home, slack, capsys):
    code, out, _ = trackwatch(capsys, "run", "--now", NOW, "--json")
    document = json.loads(out)
    (incident,) = document["incidents"]
    assert (code, incident["title"]) == (1, "Order Completed stopped on ios")
    assert (incident["slice"], incident["severity"], incident["state"]) == ({"source": "ios"}, "critical", "open")
    assert {"events", "findings", "problems", "incidents", "statements", "rows", "seconds"} <= document[
        "summary"
    ].keys()
    assert all(document["findings"][i]["problem"] for i in incident["findings"])
    (root,) = slack.roots()
    assert "Order Completed stopped on ios" in root.text

    code, _, _ = trackwatch(capsys, "run", "--now", NOW)
    assert (code, len(slack.roots())) == (1, 1), "the second run on the same data told something"


def test_a_dry_run_says_what_would_be_told_and_tells_nobody(home, slack, capsys):
    code, out, _ = trackwatch(capsys, "run", "--now", NOW, "--dry-run")
    assert (code, slack.roots()) == (1, [])
    assert "1 message(s) would be sent" in out


@pytest.mark.parametrize(("line", "code"), [("never", 0), ("critical", 1)])
def test_fail_on_moves_the_line_between_0_and_1(home, capsys, line, code):
    assert trackwatch(capsys, "run", "--now", NOW, "--fail-on", line)[0] == code


def test_explain_prints_one_statement_per_table_with_its_time_predicate(home, capsys):
    code, out, _ = trackwatch(capsys, "explain", "--now", NOW)
    assert code == 0
    assert "1 statement for 1 table, at most 1 per table" in out
    assert "received_at >= " in out
    assert "SELECT *" not in out


def test_incidents_are_listed_and_shown(home, capsys):
    trackwatch(capsys, "run", "--now", NOW)
    code, out, _ = trackwatch(capsys, "incidents", "list")
    incident = out.split()[1]
    assert (code, "1 incident" in out) == (0, True)
    code, out, _ = trackwatch(capsys, "incidents", "show", incident)
    assert "How much do we sell?" in out
    for name in ("How it was decided", "Chance", "Threshold", "Cost", "History"):
        assert f"\n{name}" in out
    assert trackwatch(capsys, "incidents", "show", "inc_none")[0] == 2


def test_deliveries_are_listed_with_their_end(home, capsys):
    trackwatch(capsys, "run", "--now", NOW)
    code, out, _ = trackwatch(capsys, "deliveries", "--channel", "team", "--state", "sent")
    assert (code, " sent " in out, "new problem: " in out, out.endswith("1 delivery\n")) == (0, True, True, True)
    [told] = json.loads(trackwatch(capsys, "deliveries", "--json")[1])["deliveries"]
    assert (told["channel"], told["state"], told["reason"]) == ("team", "sent", "new problem")
    assert told["ended"].endswith("Z")
    assert trackwatch(capsys, "deliveries", "--state", "failed")[1] == "No deliveries.\n"


def test_each_workspace_of_a_file_has_its_own_incidents_deliveries_and_reports(home, capsys):
    with (home / "trackwatch.yml").open("a") as file:
        file.write("workspaces: {dev: {store: {judge: 3d}}}\n")
    trackwatch(capsys, "run", "--now", NOW, "--workspace", "dev")
    assert trackwatch(capsys, "incidents", "list")[1] == "No open incidents.\n"
    assert trackwatch(capsys, "deliveries")[1] == "No deliveries.\n"
    incident = trackwatch(capsys, "incidents", "list", "--workspace", "dev")[1].split()[1]
    code, out, _ = trackwatch(capsys, "incidents", "ack", incident, "--workspace", "dev")
    assert (code, incident in out) == (0, True)
    assert trackwatch(capsys, "incidents", "ack", incident)[0] == 2
    assert "new problem: Order Completed stopped on ios" in trackwatch(capsys, "deliveries", "--workspace", "dev")[1]
    week = ["report", "--week", "2026-W09", "--now", NOW]
    reports = [trackwatch(capsys, *week, *of)[1] for of in ([], ["--workspace", "dev"])]
    assert ["Order Completed stopped" in report for report in reports] == [False, True]


class TestAlertTest:
    def test_a_message_reaches_the_channel(self, home, slack, capsys):
        code, out, _ = trackwatch(capsys, "alert", "test")
        assert (code, len(slack.roots())) == (0, 1)
        assert out.startswith("team: sent")

    @pytest.mark.parametrize(
        "fault",
        [
            pytest.param(Fault("refuse", "channel_not_found"), id="Slack answers ok:false"),
            pytest.param(Fault("server_error"), id="Slack answers 500"),
            pytest.param(Fault("drop"), id="Slack hangs up"),
        ],
    )
    def test_what_came_back_is_said_and_the_token_is_not(self, home, slack, capsys, fault):
        slack.faults += [fault] * 9
        code, out, err = trackwatch(capsys, "alert", "test", "team")
        assert code == 3
        assert "team: not sent" in out
        assert "xoxb" not in out + err

    def test_a_channel_that_is_not_there_is_a_usage_error(self, home, capsys):
        code, _, err = trackwatch(capsys, "alert", "test", "nobody")
        assert (code, "nobody" in err) == (2, True)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("postgresql://me:hunter2@127.0.0.1:1/x", "127.0.0.1", id="a server that is down"),
        pytest.param("duckdb:////no/such/file.duckdb", "/no/such/file.duckdb", id="a file that is not there"),
        pytest.param("oracle9://me:hunter2@host/x", "oracle9", id="a kind of database that is not known"),
    ],
)
def test_a_store_that_cannot_be_reached_ends_in_a_sentence_and_exit_code_3(tmp_path, monkeypatch, capsys, url, says):
    (tmp_path / "trackwatch.yml").write_text(
        f"version: 1\nstore: {{url: '{url}'}}\nstate: 'sqlite:///{tmp_path}/s.db'\n"
    )
    monkeypatch.chdir(tmp_path)
    code, out, err = trackwatch(capsys, "run", "--now", NOW)
    assert (code, out) == (3, "")
    assert says in err
    assert "Traceback" not in err
    assert "hunter2" not in err


def test_a_wrong_password_is_said_without_the_password(postgres_database, tmp_path, monkeypatch, capsys):
    with sa.create_engine(
        postgres_database.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool
    ).connect() as connection:
        port = connection.exec_driver_sql("SHOW port").scalar()
    url = f"postgresql://nobody:hunter2@127.0.0.1:{port}/postgres"
    (tmp_path / "trackwatch.yml").write_text(
        f"version: 1\nstore: {{url: '{url}'}}\nstate: 'sqlite:///{tmp_path}/s.db'\n"
    )
    monkeypatch.chdir(tmp_path)
    code, _, err = trackwatch(capsys, "run", "--now", NOW)
    assert (code, "hunter2" in err) == (3, False)


def test_a_mistyped_command_is_suggested(capsys):
    code, _, err = trackwatch(capsys, "vaildate")
    assert (code, "validate" in err) == (2, True)


def test_an_incident_is_taken_in_hand_and_everybody_sees_it(home, slack, capsys):
    trackwatch(capsys, "run", "--now", NOW)
    incident = trackwatch(capsys, "incidents", "list")[1].split()[1]
    code, out, _ = trackwatch(capsys, "incidents", "snooze", incident, "--for", "1w", "--by", "Ann", "--note", "known")
    assert (code, "(Snoozed by Ann until " in out) == (0, True)
    assert "Snoozed by Ann" in slack.roots()[0].text
    assert "snooze by Ann (cli): known" in trackwatch(capsys, "incidents", "show", incident)[1]
    document = json.loads(trackwatch(capsys, "incidents", "resolve", incident, "--json")[1])
    assert document["incidents"][0]["state"] == "resolved"
    assert trackwatch(capsys, "incidents", "ack", incident)[0] == 2


@pytest.mark.parametrize("given", [["--for", "soon"], ["--until", "2026-13-01"], [], ["--for", "1d", "--until", NOW]])
def test_a_snooze_says_for_how_long(home, capsys, given):
    assert trackwatch(capsys, "incidents", "snooze", "inc_", *given)[0] == 2


def test_a_check_group_can_be_run_and_explained_alone(home, capsys):
    groups = 'schedule: {groups: {nightly: {checks: [duplicates], cron: "0 5 * * *"}}}\n'
    (home / "trackwatch.yml").write_text((home / "trackwatch.yml").read_text() + groups)
    later = ("--now", "2026-03-03T12:30:00Z", "--json")
    trackwatch(capsys, "run", "--now", NOW)
    texts = [trackwatch(capsys, "explain", *later, *group)[1] for group in ((), ("--group", "nightly"))]
    assert [("currency" in text, "count" in text) for text in texts] == [(True, True), (False, True)]
    code, out, _ = trackwatch(capsys, "run", *later, "--group", "nightly", "--all")
    assert {finding["check"] for finding in json.loads(out)["findings"]} <= {"duplicates", "lateness", "operations"}
    code, _, err = trackwatch(capsys, "run", "--group", "nightli")
    assert (code, "did you mean 'nightly'?" in err) == (2, True)
