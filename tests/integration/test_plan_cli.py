"""Does `trackwatch plan` do for people what it says: output, files, exit codes?"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import pytest

from monitor.cli import main

PLAN = "events:\n  Order Completed: {description: d, owner: me, properties: {total: number}}\n"
COLLIDING = PLAN + "  order-completed: {}\n"
RULES = [{"key": "Pet Fed", "type": "TRACK", "version": 1, "jsonSchema": {"properties": {"food": {"type": "any"}}}}]


@pytest.fixture
def here(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.yml").write_text(PLAN)
    (tmp_path / "colliding.yml").write_text(COLLIDING)
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    return tmp_path


@pytest.fixture
def call(capsys):
    """Return a function that runs a command: exit code, stdout, stderr."""

    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["plan", *args])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(["plan.yml"], 1, id="faults"),
        pytest.param(["plan.yml", "--fail-on", "critical"], 0, id="faults that lose no data"),
        pytest.param(["colliding.yml", "--fail-on", "critical"], 1, id="faults that lose data"),
        pytest.param(["colliding.yml", "--fail-on", "never"], 0, id="never"),
        pytest.param([], 1, id="the plan that lies at hand"),
        pytest.param(["rules.json"], 2, id="a plan of another tool"),
    ],
)
def test_lint_ends_with(here, call, args, code):
    assert call("lint", *args)[0] == code


def test_lint_shows_file_line_and_what_to_write(here, call):
    _, out, _ = call("lint", "colliding.yml")
    assert out.startswith("colliding.yml:3: 'order-completed' and 'Order Completed' both become the table")
    assert out.endswith("colliding.yml: 4 faults, 1 of them loses data (undocumented 2, collision 1, convention 1)\n")


def test_lint_of_a_plan_that_cannot_be_read_shows_what_is_wrong(here, call):
    (here / "plan.yml").write_text("events:\n  E: {ownr: me}\n")
    code, out, _ = call("lint")
    assert (code, out.splitlines()[0]) == (
        1,
        "plan.yml:2: 'ownr' is not a setting of event 'E'; did you mean 'owner'?",
    )


def test_lint_as_json_is_one_document(here, call):
    _, out, _ = call("lint", "colliding.yml", "--json")
    document = json.loads(out)
    assert document["summary"] == {"events": 2, "critical": 1, "warning": 3, "problems": 0}
    assert document["faults"][1]["event"] == "order-completed"


def test_lint_shows_the_first_faults_of_a_rule_and_counts_the_others(here, call):
    (here / "plan.yml").write_text("events:\n" + "".join(f"  Thing {i} Done:\n" for i in range(40)))
    assert "… and 20 more [undocumented]; --all shows them" in call("lint")[1]
    assert call("lint", "--all")[1].count("[undocumented]") == 40


def test_import_prints_a_plan_and_tells_on_stderr_what_it_left_out(here, call):
    code, out, err = call("import", "rules.json")
    assert (code, "  Pet Fed:\n    properties:\n      food:" in out) == (0, True)
    assert err == "note: rules.json:1: 'any' is not a type of JSON Schema: read as any value; leave the type out\n"


def test_import_writes_a_file_that_lint_reads_and_writes_over_none(here, call):
    assert call("import", "rules.json", "--out", "new.yml")[:2] == (0, "Wrote new.yml: 1 event, 1 property\n")
    assert call("lint", "new.yml", "--fail-on", "critical")[0] == 0
    code, _, err = call("import", "rules.json", "--out", "new.yml")
    assert (code, err) == (2, "trackwatch: new.yml is there already; choose another name, or delete it first\n")


def test_import_into_a_plan_adds_what_it_does_not_have(here, call):
    (here / "plan.yml").write_text("# ours\n" + PLAN)
    code, out, _ = call("import", "rules.json", "--into", "plan.yml")
    assert (code, out) == (0, "plan.yml: 1 event and 0 properties of known events added\n")
    assert (here / "plan.yml").read_text().startswith("# ours\n" + PLAN)


def test_import_of_a_folder_with_a_broken_file_ends_with_1(here, call):
    (here / "broken.json").write_text("{")
    code, _, err = call("import", ".", "--out", "new.yml")
    assert code == 1
    assert "not read: broken.json:1: not valid JSON" in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nothing.json"], "nothing.json:1: there is no such file"),
        (["rules.json", "--from", "excel"], "there is no format 'excel'; known: amplitude"),
        (["rules.json", "--from", "sheet"], "rules.json is not of the format sheet: a sheet (CSV) with the columns"),
        (["rules.json", "--from", "rudder_yaml"], "rules.json is not of the format rudder_yaml"),
    ],
)
def test_import_says_what_is_wrong(here, call, args, said):
    code, _, err = call("import", *args)
    assert code == 2
    assert said in err


@pytest.mark.parametrize(
    ("name", "starts", "lost"),
    [
        ("segment", "{", "unit 1"),
        ("csv", "Event Name,Call,", "answers 1"),
        ("markdown", "# Tracking plan\n", ""),
    ],
)
def test_export_prints_the_plan_and_tells_what_is_lost(here, call, name, starts, lost):
    (here / "plan.yml").write_text(
        "questions: {q: {ask: Why?}}\nevents: {E: {answers: q, properties: {total: {unit: cents, type: number}}}}\n"
    )
    code, out, err = call("export", "--to", name)
    assert (code, out.startswith(starts), lost in err) == (0, True, True)
    assert bool(err) == bool(lost)


def test_export_as_json_lists_all_that_is_lost(here, call):
    (here / "plan.yml").write_text("events: {E: {properties: {total: {unit: cents}}}}\n")
    document = json.loads(call("export", "--to", "segment", "--json")[1])
    assert document["lost"] == [{"subject": "E.total", "field": "unit", "value": "'cents'"}]


def test_what_is_exported_can_be_imported(here, call):
    call("export", "--to", "csv", "--out", "plan.csv")
    assert call("import", "plan.csv", "--out", "back.yml")[0] == 0
    assert call("diff", "plan.yml", "back.yml")[1] == "plan.yml → back.yml: no difference\n"


def test_export_uses_the_defaults_of_a_workspace(here, call):
    (here / "plan.yml").write_text("workspaces: {staging: {owner: qa}}\nevents: {E: }\n")
    assert "- Owner: qa" in call("export", "--to", "markdown", "--workspace", "staging")[1]


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("warning", 1), ("critical", 0)])
def test_diff_ends_with(here, call, fail_on, code):
    assert call("diff", "plan.yml", "colliding.yml", "--fail-on", fail_on)[0] == code


def test_diff_against_a_revision_writes_the_changes_once(here, call):
    identity = ("-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *command], check=True)
    (here / "plan.yml").write_text(PLAN.replace("number", "string"))
    code, out, err = call("diff", "HEAD", "--write", "--why", "a test", "--", "plan.yml")
    assert (code, out.splitlines()[0]) == (0, "HEAD:plan.yml → plan.yml: 1 changed; 1 breaking")
    assert err == "Wrote 1 change of version 2: plan.yml\n"
    written = (here / "plan.yml").read_text()
    assert "  what: is string, was number (breaking)\n  why: a test\n" in written
    assert written.endswith("version: 2\n")
    call("diff", "HEAD", "plan.yml", "--write")
    assert (here / "plan.yml").read_text() == written


def test_diff_writes_nothing_into_a_revision(here, call):
    code, _, err = call("diff", "colliding.yml", "plan.yml", "plan.yml", "plan.yml")
    assert (code, "two plans are compared" in err) == (2, True)


def test_the_schema_is_printed_as_it_is_shipped(call):
    assert json.loads(call("schema")[1])["title"] == "Tracking plan"


@pytest.fixture
def planless(here: Path) -> Path:
    """Return a folder whose configuration names a plan that is not written yet, and events of eight weeks."""
    with duckdb.connect(str(here / "events.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE events AS SELECT 'm' || i AS id, 'web' AS source, 'Pet Fed' AS event,"
            " '{\"food\": 1}'::JSON AS properties, TIMESTAMP '2026-01-05' + INTERVAL 1 HOUR * i AS received_at "
            " FROM range(56 * 24) AS t(i)"
        )
    text = "store: {url: 'duckdb:///events.duckdb'}\nplan: plan/new.yml\nroutes: [{question: pets, to: [nobody]}]\n"
    (here / "trackwatch.yml").write_text(text)
    return here


def test_a_first_plan_is_inferred_for_a_configuration_that_names_one(planless, call):
    (planless / "plan").mkdir()
    code, out, err = call("infer", "--new", "--out", "plan/new.yml", "--now", "2026-03-02T00:00:00Z")
    assert (code, out) == (0, "Wrote plan/new.yml: 1 events\n"), err
    assert "food: " in (planless / "plan" / "new.yml").read_text()


def test_where_there_is_no_plan_to_add_to_it_is_said_what_to_run(planless, call):
    code, _, err = call("infer")
    assert code == 2
    assert "trackwatch.yml:2: plan: there is no file or folder plan/new.yml; " in err
    assert "trackwatch plan infer --new proposes a plan" in err
