"""Is a secret ever printed, whatever is wrong, and whichever command is asked?"""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest

from monitor.cli import COMMANDS, cli, main

SECRET = "hunter2-s3cret"
ARGUMENTS = {  # of commands that need some; the others are called as they are
    "alert": [["test"]],
    "backtest": [["--from", "2026-02-01", "--to", "2026-02-03"]],
    "incidents": [["list"], ["show", "inc_1"], ["ack", "inc_1"]],
    "plan": [["lint"], ["infer"], ["cleanup"]],
    "report": [[], ["--send"]],
    "scan": [["nothing.csv"]],
    "user": [["add", "ann", "--password", SECRET]],
    "verify": [["--since", "1h"]],
}
APART = {"demo", "serve"}  # the first has a configuration of its own; of the second see the last test
CHANNELS = """
channels:
  slack: {{kind: slack, token: "xoxb-${{SECRET}}", channel: C1, signing_secret: "${{SECRET}}", base_url: "http://127.0.0.1:9/"}}
  mail: {{kind: email, host: 127.0.0.1, port: {port}, sender: a@b.example, to: [c@d.example], user: me,
          password: "${{SECRET}}", imap_host: 127.0.0.1, imap_user: me, imap_password: "${{SECRET}}"}}
  hook: {{kind: webhook, url: "http://127.0.0.1:{port}/${{SECRET}}", secret: "${{SECRET}}"}}
  page: {{kind: pagerduty, routing_key: "${{SECRET}}", url: "http://127.0.0.1:{port}/"}}
heartbeat: "http://127.0.0.1:{port}/${{SECRET}}"
"""
STORE = 'store: {{url: "postgresql://me:${{SECRET}}@127.0.0.1:{port}/analytics", layout: events, table: events}}'
STATE = 'state: "postgresql://me:${{SECRET}}@127.0.0.1:{port}/state"'
WRONG = {
    "a store that does not answer": STORE + "\nstate: sqlite:///state.db\n",
    "a state that does not answer": "store: {{url: 'duckdb:///e.duckdb'}}\n" + STATE + "\n",
    "a store of no kind": 'store: {{url: "postgres+nonsense://me:${{SECRET}}@127.0.0.1/analytics"}}\n',
    "a secret where a number belongs": "store: {{url: 'duckdb:///e'}}\nbudget: {{min_messages: '${{SECRET}}'}}\n",
}


def commands() -> list[list[str]]:
    return [[name, *arguments] for name in COMMANDS if name not in APART for arguments in ARGUMENTS.get(name, [[]])]


@pytest.fixture
def dead():
    """Return a port on which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


def write(folder: Path, text: str, port: int) -> None:
    given = text if "channels:" in text else text + CHANNELS
    (folder / "trackwatch.yml").write_text(given.format(port=port))
    (folder / "plan.yml").write_text("events: {Order Completed: {}}\n")


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_no_command_prints_a_secret(command, wrong, dead, tmp_path, monkeypatch, capfd):
    write(tmp_path, wrong, dead)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", SECRET)
    with pytest.raises(SystemExit):
        main(command)
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    assert "Traceback" not in err


def test_every_command_is_asked():
    needy = {name for name in COMMANDS if isinstance(cli.get_command(click.Context(cli), name), click.Group)}
    assert needy - APART <= ARGUMENTS.keys()
