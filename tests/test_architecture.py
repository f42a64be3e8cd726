"""Does the tree keep the shape that ARCHITECTURE.md draws? Counted, not believed."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import get_args

import grimp
import pytest

from checks.base import CHECKS
from monitor.alerts.channels import KINDS
from monitor.cli import COMMANDS
from monitor.stores.base import LayoutName
from monitor.stores.layouts import LAYOUTS

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("checks/**/*.py"), *ROOT.glob("monitor/**/*.py")])
README = (ROOT / "README.md").read_text("utf-8")
TRACKWATCH = ("-c", "from monitor.cli import main; main()")
MONDAY = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
HEAVY = {"pandas", "numpy", "scipy", "sqlalchemy", "alembic", "duckdb", "slack_sdk", "matplotlib", "pydantic"}

OWN_CHECK = '''"""Are there refunds?"""

from checks.base import Finding, Kind, check


@check("refunds", kinds={"seen": Kind("{subject} is there", "Ask the shop.")})
class Refunds:
    def measures(self, plan, params):
        return ()

    def judge(self, profile, plan, params):
        yield Finding(kind="seen", event="Refund Issued", text="A refund.")

    def evidence(self, profile, plan, params, finding):
        return None
'''


def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )


def check_file(name: str) -> str:
    return type(CHECKS[name].check).__module__.removeprefix("checks.")


def row_of(name: str) -> str:
    """Return the row of a README table that begins with `name`."""
    return next((line for line in README.splitlines() if line.startswith(f"| `{name}` |")), "")


def functions() -> Iterator[tuple[str, int]]:
    """Yield each function with its number of lines, docstring left out."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                head = node.body[0].lineno - node.lineno
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", head + node.end_lineno - first.lineno + 1


def test_imports_go_in_one_direction_and_libraries_stay_where_they_belong():
    linted = run("-m", "importlinter.cli", "lint", "--no-cache")
    assert linted.returncode == 0, linted.stdout


def test_no_module_imports_itself_by_a_detour():
    graph = grimp.build_graph("monitor", "checks", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()


def test_checks_do_not_import_each_other():
    modules = {f"checks.{check_file(name)}" for name in CHECKS}
    graph = grimp.build_graph("checks", cache_dir=None)
    assert [(m, other) for m in modules for other in graph.find_modules_directly_imported_by(m) & modules] == []


@pytest.mark.parametrize("folder", ["checks", "monitor", "tests", "benchmarks"])
def test_no_file_is_longer_than_400_lines(folder):
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in ROOT.glob(f"{folder}/**/*.py")}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


def test_no_function_is_longer_than_60_lines():
    assert [(name, lines) for name, lines in functions() if lines > 60] == []


def test_at_most_one_function_in_ten_is_longer_than_25_lines():
    lengths = dict(functions())
    long = sorted(name for name, lines in lengths.items() if lines > 25)
    assert len(long) <= len(lengths) / 10, long


def test_nothing_is_mocked():
    mocks = re.compile(r"^(from|import) (unittest|mock)\b", re.MULTILINE)
    assert [str(path) for path in ROOT.glob("tests/**/*.py") if mocks.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_has_a_test_file_of_its_name(name):
    assert (ROOT / "tests" / "checks" / f"test_{check_file(name)}.py").is_file()


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_each_check_has_a_page_that_names_its_kinds(name):
    page = (ROOT / "docs" / "checks" / f"{name}.md").read_text("utf-8")
    assert [kind for kind in CHECKS[name].kinds if f"`{kind}`" not in page] == []


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_has_a_row_in_the_readme_with_all_its_kinds(name):
    row = row_of(name)
    assert [kind for kind in CHECKS[name].kinds if f"`{kind}`" not in row] == []


@pytest.mark.parametrize("name", [*sorted(LAYOUTS), *KINDS])
def test_a_layout_and_a_channel_have_a_row_in_the_readme(name):
    assert row_of(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_readme(name):
    assert f"trackwatch {name}" in README


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_does_not_load_what_it_does_not_need(command):
    program = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules)); from monitor.cli import main; main({!r})"
    )
    helped = run("-c", program.format([*command.split(), "--help"]))
    assert helped.returncode == 0
    assert set(helped.stdout.split()) & HEAVY == set()


@pytest.fixture
def refunds(tmp_path):
    """Return a folder with one check in one file, announced to Python as an installed package would be."""
    (tmp_path / "acme_refunds.py").write_text(OWN_CHECK, "utf-8")
    announced = tmp_path / "acme_refunds-1.0.dist-info"
    announced.mkdir()
    (announced / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-refunds\nVersion: 1.0\n", "utf-8")
    (announced / "entry_points.txt").write_text("[trackwatch.checks]\nrefunds = acme_refunds\n", "utf-8")
    return str(tmp_path)


@pytest.fixture
def five_weeks(tmp_path):
    """Return a file with one event every hour for five weeks: enough that there is something to judge."""
    hours = [MONDAY + dt.timedelta(hours=number) for number in range(35 * 24)]
    messages = [{"messageId": f"m{at}", "event": "Refund Issued", "timestamp": at.isoformat()} for at in hours]
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(map(json.dumps, messages)), "utf-8")
    return str(file)


def test_a_check_of_ones_own_is_one_file_and_an_entry_point(refunds):
    listed = run(*TRACKWATCH, "validate", "--json", "--config", "config/trackwatch.yml", PYTHONPATH=refunds)
    assert "refunds" in json.loads(listed.stdout)["summary"]["checks"]


def test_a_check_of_ones_own_is_run_with_the_others(refunds, five_weeks):
    scanned = run(*TRACKWATCH, "scan", five_weeks, "--json", "--all", PYTHONPATH=refunds)
    assert ("refunds", "seen") in {(f["check"], f["kind"]) for f in json.loads(scanned.stdout)["findings"]}


def test_a_file_dropped_into_the_folder_is_a_check(refunds):
    program = "import sys, checks; checks.__path__.append(sys.argv[1]); checks.load(); print(*checks.base.CHECKS)"
    assert "refunds" in run("-c", program, refunds).stdout.split()


def test_the_configuration_knows_every_layout():
    assert set(get_args(LayoutName)) == {*LAYOUTS, "files"}
