"""`trackwatch verify` as a release pipeline runs it: on a real store, with exit codes and files."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from monitor.cli import main

CONFIG = """\
plan: plan.yml
store: {url: 'duckdb:///live.duckdb'}
workspaces:
  dev: {store: {url: 'duckdb:///dev.duckdb'}}
"""
PLAN = """\
events:
  Order Completed: {sources: {web: }, properties: {total: {type: integer, required: true}}}
  Signed Up: {sources: {web: }}
"""
TABLE = "CREATE TABLE events (id TEXT, source TEXT, event TEXT, received_at TIMESTAMP, properties JSON)"

Ran = tuple[int, str, str]
Verify = Callable[..., Ran]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verify:
    monkeypatch.chdir(tmp_path)
    Path("trackwatch.yml").write_text(CONFIG)
    Path("plan.yml").write_text(PLAN)
    for name in ("live", "dev"):
        with duckdb.connect(f"{name}.duckdb") as connection:
            connection.execute(TABLE)

    def verify(*options: str) -> Ran:
        with pytest.raises(SystemExit) as caught:
            main(["verify", *options])
        return (int(caught.value.code or 0), *capsys.readouterr())

    return verify


def send(event: str, **properties: object) -> None:
    at = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(minutes=1)).replace(tzinfo=None)
    with duckdb.connect("dev.duckdb") as connection:
        row = [f"{event}{at}", "web", event, at, json.dumps(properties)]
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)


def test_a_release_that_sent_everything_ends_with_0(verify: Verify):
    send("Order Completed", total=5)
    send("Signed Up")
    code, out, _ = verify("--workspace", "dev", "--since", "1h")
    assert code == 0
    assert "2 of 2 came as planned, 0 broken, 0 not seen." in out


def test_what_is_wrong_comes_first_and_ends_with_1(verify: Verify):
    send("Order Completed", total="five")
    code, out, _ = verify("--workspace", "dev")
    assert code == 1
    assert out.splitlines()[:2] == [
        "✗ Order Completed on web  total is of another type than integer in 1 of 1 message",
        "· Signed Up on web        has not come",
    ]


def test_production_is_not_asked_for_what_development_sent(verify: Verify):
    send("Signed Up")
    assert verify("--event", "Signed Up")[0] == 1
    assert verify("--event", "Signed Up", "--workspace", "dev")[0] == 0


def test_a_ci_system_gets_junit_and_json(verify: Verify):
    send("Signed Up")
    code, out, _ = verify("--workspace", "dev", "--junit", "verify.xml", "--json")
    assert code == 1
    assert json.loads(out)["summary"] == {"right": 1, "broken": 0, "absent": 1}
    assert ET.parse("verify.xml").getroot().get("failures") == "1"


def test_only_what_the_plan_changed_since_a_revision_must_fire(verify: Verify):
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "plan.yml"], ["commit", "-qm", "plan"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    code, _, err = verify("--changed-since", "HEAD")
    assert (code, err) == (0, "The plan promises no event anew since HEAD: nothing to verify.\n")
    Path("plan.yml").write_text(PLAN + "  Cart Viewed: {sources: {web: }}\n")
    send("Cart Viewed")
    code, out, _ = verify("--workspace", "dev", "--changed-since", "HEAD")
    assert code == 0
    assert "1 of 1 came as planned" in out


def test_who_follows_sees_messages_land_until_all_are_there(verify: Verify):
    send("Signed Up")
    send("Order Completed", total=1)
    code, out, err = verify("--workspace", "dev", "--follow")
    assert code == 0
    assert "✓ web: Signed Up (+1)  as planned" in err
    assert "2 of 2 came as planned" in out


def test_who_follows_gives_up_in_time(verify: Verify):
    assert verify("--workspace", "dev", "--follow", "--every", "1s", "--timeout", "1s")[0] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--workspace", "dve"], "did you mean 'dev'?", id="a workspace that is not there"),
        pytest.param(["--event", "Sined Up"], "did you mean 'Signed Up'?", id="an event that is not planned"),
        pytest.param(["--source", "wbe"], "did you mean 'web'?", id="a source that nothing comes from"),
        pytest.param(["--since", "yesterday"], "write it as 2026-03-01T06:00:00Z", id="a time that is none"),
        pytest.param(["--follow", "--every", "often"], "write it as 30s, 10m or 2h", id="a length that is none"),
        pytest.param(
            ["--junit", "no/such/folder.xml"], "No such file or directory", id="a file that cannot be written"
        ),
    ],
)
def test_a_mistake_ends_with_2_and_says_what_to_write(verify: Verify, options: list[str], said: str):
    code, _, err = verify(*options)
    assert code == 2
    assert said in err


def test_a_store_that_does_not_answer_ends_with_3(verify: Verify):
    Path("trackwatch.yml").write_text(CONFIG.replace("dev.duckdb", "absent/dev.duckdb"))
    assert verify("--workspace", "dev")[0] == 3


def test_validate_reads_every_workspace(verify: Verify, capsys: pytest.CaptureFixture[str]):
    Path("trackwatch.yml").write_text(CONFIG.replace("{store: {url: 'duckdb:///dev.duckdb'}}", "{stor: {}}"))
    with pytest.raises(SystemExit) as caught:
        main(["validate"])
    assert caught.value.code == 1
    assert "trackwatch.yml:4: 'stor'" in capsys.readouterr().out
