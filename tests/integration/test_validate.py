"""Does `trackwatch validate` say what is wrong with the files, and end with the right code?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.cli import main

CONFIG = "plan: plan.yml\nstore: {url: 'duckdb:///events.duckdb'}\nchannels: {here: {kind: console}}\n"
PLAN = "questions: {q: {ask: Why?}}\nevents:\n  Order Completed: {answers: [q], properties: {total: number}}\n"

Ran = tuple[int, str, str]
Validate = Callable[..., Ran]


@pytest.fixture
def validate(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Validate:
    """Validate these texts in a folder of their own; return exit code, output and errors."""

    def validate(config: str | None = CONFIG, plan: str = PLAN, *options: str) -> Ran:
        monkeypatch.chdir(tmp_path)
        Path("plan.yml").write_text(plan)
        if config is not None:
            Path("trackwatch.yml").write_text(config)
        with pytest.raises(SystemExit) as caught:
            main(["validate", *options])
        return (int(caught.value.code or 0), *capsys.readouterr())

    return validate


def test_files_without_mistakes_are_summed_up(validate: Validate):
    code, out, err = validate()
    assert (code, err) == (0, "")
    assert "plan.yml: 1 event, 1 property, 1 question" in out
    assert out.startswith("trackwatch.yml: no problems\n")


def test_a_check_that_can_never_find_anything_is_no_mistake_and_is_said(validate: Validate):
    code, out, _ = validate(CONFIG + "checks: {order: {min_messages: 5}}\n")
    assert code == 0
    assert "\nBut the check order can never find anything: no event that it is for says in the plan" in out
    (note,) = json.loads(validate(None, PLAN, "--json")[1])["summary"]["notes"]
    assert note.startswith("the check order can never find anything")


def test_every_mistake_is_a_line_on_stdout_and_the_exit_code_is_1(validate: Validate):
    code, out, err = validate(CONFIG + "checks: {volum: {}}\n", PLAN.replace("number", "numbr"))
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "trackwatch.yml:4: 'volum' is not a check; did you mean 'volume'?",
        "plan.yml:3: type: 'numbr' is not a property type; did you mean 'number'?",
        "",
        "2 problems in 2 files",
    ]


def test_json_is_one_document_also_when_something_is_wrong(validate: Validate):
    code, out, _ = validate(CONFIG + "buget: 1\n", PLAN, "--json")
    assert (code, json.loads(out)["problems"]) == (
        1,
        [
            {
                "file": "trackwatch.yml",
                "line": 4,
                "message": "'buget' is not a setting of the configuration",
                "hint": "did you mean 'budget'?",
            }
        ],
    )


def test_json_sums_up_what_is_right(validate: Validate):
    code, out, _ = validate(CONFIG, PLAN, "--json")
    document = json.loads(out)
    assert (code, document["version"], document["problems"]) == (0, 1, [])
    assert (document["summary"]["events"], document["summary"]["channels"]) == (1, ["here"])


def test_no_configuration_at_all_is_a_usage_error(validate: Validate):
    code, out, err = validate(None)
    assert (code, out) == (2, "")
    assert "neither ./trackwatch.yml nor ./config/trackwatch.yml" in err


def test_a_configuration_that_was_named_and_is_not_there_is_a_usage_error(validate: Validate):
    code, _, err = validate(CONFIG, PLAN, "--config", "gone.yml")
    assert (code, "gone.yml" in err) == (2, True)


def test_no_database_is_touched(validate: Validate, tmp_path: Path):
    code, _, _ = validate("store: {url: 'postgresql://nobody:secret@192.0.2.1:1/none'}")
    assert code == 0
    assert not list(tmp_path.glob("*.db"))


def test_a_password_is_never_printed(validate: Validate):
    _, out, err = validate("store: {url: 'postgresql://u:hunter2@h/d', layout: x}\nstate: 'x://u:hunter2@h'")
    assert "hunter2" not in out + err


def test_neither_help_nor_a_configuration_loads_a_database_or_slack():
    code = """
import sys
from pathlib import Path
import monitor.cli
from monitor.config import load_config
load_config(Path("config/trackwatch.yml"), {})
heavy = {"pandas", "duckdb", "sqlalchemy", "slack_sdk", "matplotlib", "scipy.stats"}
print(sorted(heavy & sys.modules.keys()))
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
