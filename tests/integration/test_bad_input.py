"""What a user meets who writes, has or reaches something bad: at the command line, on real stores."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest

from monitor.cli import main
from monitor.testing.slack import FakeSlack, Fault

NOW = "2026-03-02T12:30:00Z"
PLAN = "events: {Order Completed: {}}\n"
SLACK = "channels: {{t: {{kind: slack, token: xoxb-fake, channel: C0ALERTS1, base_url: '{url}', timeout: 1}}}}\n"
MAIL = """
channels:
  mail: {{kind: email, host: 127.0.0.1, port: {port}, sender: a@b.example, to: [c@d.example],
         user: me, password: hunter2}}
"""
Ran = tuple[int, str, str]


@pytest.fixture
def trackwatch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    """Run a command in a folder with this configuration and plan; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    Path("plan.yml").write_text(PLAN)

    def run(*arguments: str, config: str = "", plan: str = PLAN) -> Ran:
        Path("plan.yml").write_text(plan)
        Path("trackwatch.yml").write_text(f"plan: plan.yml\nstore: {{url: 'duckdb:///{tmp_path}/e.duckdb'}}\n{config}")
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


def fill(folder: Path, rows: Iterable[tuple[str, str]], columns: str = "event VARCHAR, received_at TIMESTAMP") -> None:
    with duckdb.connect(str(folder / "e.duckdb")) as connection:
        connection.execute(f"CREATE TABLE events ({columns})")
        for row in rows:
            connection.execute("INSERT INTO events VALUES (?, ?)", row)


@pytest.mark.parametrize(
    ("config", "plan", "says"),
    [
        pytest.param("budgt: {}\n", PLAN, "trackwatch.yml:3: 'budgt' is not a setting", id="an unknown key"),
        pytest.param("schedule: {every: soon}\n", PLAN, "trackwatch.yml:3: ", id="a wrong type"),
        pytest.param("checks: {volum: {}}\n", PLAN, "did you mean 'volume'?", id="a misspelt check"),
        pytest.param(
            "checks: {volume: {only: [Order Complete]}}\n", PLAN, "did you mean 'Order Completed'?",
            id="a misspelt event",
        ),
        pytest.param("", "events: {E: {propertys: {}}}\n", "plan.yml:1: ", id="an unknown key of the plan"),
        pytest.param(
            "", "events: {E: {properties: {p: {pattern: '^(?=a)'}}}}\n", "databases do not all understand",
            id="a pattern that a database refuses",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("command", "code"), [("validate", 1), ("run", 2)])
def test_a_mistake_in_a_file_is_named_by_its_line(trackwatch, command, code, config, plan, says):
    ended, out, err = trackwatch(command, config=config, plan=plan)
    assert ended == code
    assert says in out + err


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        pytest.param(None, "the store has no table events", id="a table"),
        pytest.param("event VARCHAR, at_some_time VARCHAR", "no column for received_at", id="a column"),
    ],
)
def test_what_is_not_in_the_store_is_named_and_ends_with_3(trackwatch, tmp_path, columns, says):
    if columns:
        fill(tmp_path, [], columns)
    else:
        duckdb.connect(str(tmp_path / "e.duckdb")).close()
    code, _, err = trackwatch("run", "--now", NOW)
    assert (code, "Traceback" in err) == (3, False)
    assert says in err


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a \"quoted\" 'name'", id="quotes"),
        pytest.param("x; DROP TABLE events; --", id="semicolons"),
        pytest.param("Bought 🛒", id="emoji"),
        pytest.param("x" * 300, id="300 characters"),
    ],
)
def test_an_event_may_be_called_anything(trackwatch, tmp_path, name):
    fill(tmp_path, [(name, f"2026-03-0{day} 10:00:00") for day in (1, 2)])
    plan = json.dumps({"events": {name: {}}}, ensure_ascii=False)
    assert trackwatch("validate", plan=plan)[0] == 0
    code, out, _ = trackwatch("run", "--now", NOW, "--json", "--all", plan=plan)
    assert code in (0, 1)
    assert name in {finding["event"] for finding in json.loads(out)["findings"]}


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        pytest.param([], {"not_loaded"}, id="an empty store"),
        pytest.param([("Order Completed", "2026-03-02 11:00:00")], set(), id="one row"),
        pytest.param(
            [("Order Completed", "2026-03-02 11:00:00"), ("Order Completed", "2199-01-01 00:00:00")], set(),
            id="a time in the future",
        ),
    ],
)  # fmt: skip
def test_a_store_that_says_little_is_not_held_against_an_event(trackwatch, tmp_path, rows, kinds):
    fill(tmp_path, rows)
    _, out, err = trackwatch("run", "--now", NOW, "--json")
    assert err == ""
    assert {finding["kind"] for finding in json.loads(out)["findings"]} == kinds


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        pytest.param([Fault("refuse", "channel_not_found")], "failed", id="ok:false"),
        pytest.param([Fault("rate_limit", "60")], "wait", id="429"),
        pytest.param([Fault("server_error")], "500", id="500"),
        pytest.param([Fault("silence")], "did not answer", id="nothing"),
    ],
)
def test_what_slack_does_not_take_is_said_and_the_run_is_kept(trackwatch, tmp_path, faults, says):
    fill(tmp_path, [])
    with FakeSlack(faults=faults) as slack:
        config = SLACK.format(url=slack.url)
        _, out, err = trackwatch("run", "--now", NOW, config=config)
    assert says in out
    assert "xoxb" not in out + err
    assert "1 incident" in trackwatch("incidents", "list", config=config)[1]


@pytest.mark.parametrize("command", [("run", "--now", NOW), ("alert", "test")], ids=["run", "alert test"])
def test_a_mail_server_that_is_not_there_is_said(trackwatch, tmp_path, command):
    fill(tmp_path, [])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    config = MAIL.format(port=port)
    _, out, err = trackwatch(*command, config=config)
    assert "cannot reach the mail server" in out
    assert "hunter2" not in out + err
