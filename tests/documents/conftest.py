"""A demo, made once for all documents, and what checks say in their tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from documents.blocks import ROOT

from monitor.cli import cli

KEPT = "TRACKWATCH_DEMO"  # a folder in which `trackwatch demo > out.txt` was run, for those who write pages
SPEAKING = (  # tests of checks and of their parts that say what pages show
    *(
        "categories",
        "custom",
        "drift",
        "identity",
        "lateness",
        "levels",
        "links",
        "naming",
        "order",
        "parity",
        "pii",
        "ratio",
        "renames",
    ),
    *("schema", "slices", "unplanned", "unused", "verdicts", "volume"),
)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the demo of the README in `trackwatch-demo`, and what it printed in `out.txt`."""
    if kept := os.environ.get(KEPT):
        return Path(kept)
    folder = tmp_path_factory.mktemp("demo")
    done = CliRunner().invoke(cli, ["demo", "--out", str(folder / "trackwatch-demo")])
    assert done.exit_code == 0, done.output
    (folder / "out.txt").write_text(done.stdout, "utf-8")
    return folder


@pytest.fixture(scope="session")
def said(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Return the sentences of the demo's findings, and those of checks in their tests, which run once more for it."""
    found = json.loads((demo / "trackwatch-demo" / "findings.json").read_text("utf-8"))["findings"]
    file = tmp_path_factory.mktemp("said") / "said.txt"
    tests = [str(ROOT / "tests" / "checks" / f"test_{name}.py") for name in SPEAKING]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "documents.said", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "TRACKWATCH_SAID": str(file), "PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return frozenset([*file.read_text("utf-8").splitlines(), *(each["text"] for each in found)])
