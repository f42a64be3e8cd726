"""Do the recipes for CI and for pre-commit do what they say, on a repository with a plan in it?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from pre_commit.clientlib import load_manifest

ROOT = Path(__file__).parents[2]
RECIPES = [
    yaml.load(block.split("```")[0], yaml.BaseLoader)  # "on" is a word in a workflow, not a truth
    for block in (ROOT / "docs" / "verify.md").read_text("utf-8").split("```yaml\n")[1:]
]
WORKFLOW = next(recipe for recipe in RECIPES if "jobs" in recipe)
STEPS = [step["run"] for step in WORKFLOW["jobs"]["plan"]["steps"] if "trackwatch " in step.get("run", "")]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
PLAN = """\
questions: {q: {ask: Why?, owner: a}}
events:
  Order Completed: {description: A customer paid., owner: a@b.example, answers: [q], action: Mail.}
"""
ADDED = "  Cart Viewed: {description: A cart was seen., owner: a@b.example, answers: [q], action: Mail.}\n"
CONFIG = """\
plan: plan.yml
store: {url: 'duckdb:///live.duckdb'}
workspaces: {dev: {store: {url: 'duckdb:///dev.duckdb'}}}
"""
HOOKS = {hook["id"]: hook["entry"] for hook in load_manifest(str(MANIFEST))}


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    own = str(Path(sys.executable).parent)
    env = {**os.environ, "PATH": f"{own}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": "summary.md"}
    shell = ["bash", "-euo", "pipefail", "-c", command]
    return subprocess.run(shell, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a clone whose branch adds an event to the plan of its origin's main."""
    folder = tmp_path / "tracking"
    folder.mkdir()
    (folder / "plan.yml").write_text(PLAN)
    (folder / "trackwatch.yml").write_text(CONFIG)
    git = "git -c user.name=t -c user.email=t@example.com"
    done = run(
        f"git init -q -b main && git add . && {git} commit -qm plan && git update-ref refs/remotes/origin/main HEAD",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (folder / "plan.yml").write_text(PLAN + ADDED)
    return tmp_path


def land(folder: Path, event: str) -> None:
    with duckdb.connect(str(folder / "dev.duckdb")) as connection:
        connection.execute("CREATE TABLE events (source TEXT, event TEXT, received_at TIMESTAMP, properties JSON)")
        connection.execute(
            "INSERT INTO events SELECT 'web', ?, timezone('UTC', now()) - INTERVAL 1 MINUTE, '{}'", [event]
        )


def test_the_workflow_is_one_that_github_accepts():
    assert [
        error.message for error in Draft7Validator(get_builtin_schema("vendor.github-workflows")).iter_errors(WORKFLOW)
    ] == []


def test_the_workflow_passes_when_the_new_event_has_fired_and_writes_a_summary(repository: Path):
    land(repository, "Cart Viewed")
    done = [run(step, repository) for step in STEPS]
    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 4
    assert "Cart Viewed" in (repository / "summary.md").read_text()
    assert 'failures="0"' in (repository / "verify.xml").read_text()


def test_the_workflow_fails_when_the_new_event_has_not_fired(repository: Path):
    land(repository, "Order Completed")
    last = run(STEPS[-1], repository)
    assert (last.returncode, last.stdout.splitlines()[0]) == (1, "· Cart Viewed  has not come")


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_a_hook_lets_a_sound_change_pass(repository: Path, hook: str):
    done = run(HOOKS[hook], repository / "tracking")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("hook", "plan"),
    [
        pytest.param("trackwatch-validate", "events: {A: {ownr: x}}\n", id="validate refuses a typo"),
        pytest.param(
            "trackwatch-plan-lint", PLAN + "  order_completed: {}\n", id="lint refuses two names of one table"
        ),
        pytest.param("trackwatch-plan-diff", "events: {}\n", id="diff refuses that an event goes away"),
    ],
)
def test_a_hook_stops_what_is_wrong(repository: Path, hook: str, plan: str):
    (repository / "tracking" / "plan.yml").write_text(plan)
    assert run(HOOKS[hook], repository / "tracking").returncode == 1
