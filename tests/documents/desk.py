"""How is a document followed as its reader would: from top to bottom, in one folder, with its own files?"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlglot
import yaml
from click.testing import CliRunner
from documents.blocks import ROOT, Block, followed

from monitor.cli import cli
from monitor.config import load_config
from monitor.config_format import ConfigBlock
from monitor.errors import TrackwatchError
from monitor.plan.load import load_plan

SHELL = {"bash", "console"}
FINE = {0, 1}  # 1: there are open problems, as there should be


@dataclass
class Desk:
    """A folder with a demo in it, in which a document is followed; what was printed last."""

    folder: Path
    demo: str  # what `trackwatch demo` printed
    said: frozenset[str]  # what checks say in their tests
    postgres: str | None = None  # URL of a database of this document's own
    printed: list[str] = field(default_factory=list)

    def unpack(self, found: Iterable[Block]) -> None:
        """Put the files that a page gives into the folder: what it says above them may name them."""
        for block in found:
            if name := block.marks.get("file"):
                file = self.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, "utf-8")

    def follow(self, block: Block) -> None:
        """Do with a block what its language and its marks say; AssertionError where it is not so."""
        if "not run" in block.marks or (block.language in {"python", "sql"} and "file" in block.marks):
            return  # a file is run by what names it
        if by := block.marks.get("run by"):
            assert Path(block.page).name in (ROOT / by).read_text("utf-8"), f"{by} does not read {block.page}"
            return
        do = getattr(self, f"_{block.language}", None)
        assert do, f"there is no way to run {block.language}; say <!-- not run: why -->"
        do(block)

    def _bash(self, block: Block) -> None:
        self.printed = []
        for line in block.text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("#"):
                self.printed += self._command(line)

    def _console(self, block: Block) -> None:
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        assert parts, "a console block has a line that begins with $"
        for part in parts:
            command, _, shown = part.partition("\n")
            self.printed = self._command(command)
            self._compare(shown, self.printed, exact="excerpt" not in block.marks)

    def _text(self, block: Block) -> None:
        if "said by the checks" in block.marks:
            unsaid = [line for line in block.text.splitlines() if line not in self.said]
            assert unsaid == [], "no test of a check says so"
        elif "excerpt of the demo" in block.marks:
            self._compare(block.text, self.demo.splitlines(), exact=False)
        else:
            assert self.printed, "no command stands before this output"
            self._compare(block.text, self.printed, exact="excerpt" not in block.marks)

    def _compare(self, shown: str, printed: list[str], *, exact: bool) -> None:
        if exact:
            both = [[line.rstrip() for line in lines] for lines in (shown.splitlines(), printed)]
            assert both[0] == both[1], "\n".join(difflib.unified_diff(*both, "shown", "printed", lineterm=""))
        else:
            assert not (line := followed(shown.splitlines(), printed)), f"not printed: {line!r} of {printed}"

    def _yaml(self, block: Block | str) -> None:
        text = block if isinstance(block, str) else block.text
        data = yaml.safe_load(text)
        if data.keys() & (ConfigBlock.model_fields.keys() - {"version"}):
            self._configuration(text, data)
        else:
            assert data.keys() & {"events", "questions"}, "neither a configuration nor a plan"
            (self.folder / "shown-plan.yml").write_text(text, "utf-8")
            load_plan(self.folder / "shown-plan.yml")

    def _configuration(self, text: str, data: Mapping[str, Any]) -> None:
        """Load a configuration, or a part of one, with made-up secrets."""
        file = self.folder / "shown.yml"
        file.write_text(text if "store" in data else f"store: {{url: duckdb:///events.duckdb}}\n{text}", "utf-8")
        plan = self.folder / str(data.get("plan", ""))
        if not plan.exists():
            plan.write_text("events: {}\n", "utf-8")
        names = re.findall(r"\$\{(\w+)", text)
        load_config(file, environ=dict.fromkeys(names, "1") | dict(os.environ))

    def _python(self, block: Block) -> None:
        self._finished([sys.executable, "-c", block.text])

    def _json(self, block: Block) -> None:
        shown = json.loads(block.text)
        if command := block.marks.get("shape of"):
            unknown = names(shown) - names(json.loads("\n".join(self._command(command))))
            assert unknown == set(), f"{command} prints no {sorted(unknown)}"

    def _sql(self, block: Block) -> None:
        dialect = block.marks.get("sql", "")
        assert dialect, "say in which dialect: <!-- sql: postgresql -->"
        statements = sqlglot.parse(block.text, dialect={"postgresql": "postgres"}.get(dialect, dialect))
        assert statements
        if dialect == "postgresql":
            assert self.postgres
            with psycopg.connect(self.postgres, autocommit=True) as connection:
                connection.execute(block.text)

    def _command(self, line: str) -> list[str]:
        """Run a line of shell; a call of trackwatch alone is made in this process."""
        words = shlex.split(os.path.expandvars(line), comments=True)
        if words[0] != "trackwatch" or {"|", ">", ">>", "&&", "||", "&"} & {*words}:
            return self._finished(["bash", "-euo", "pipefail", "-c", line])
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(cli, words[1:])
        error = done.exception
        code = error.exit_code if isinstance(error, TrackwatchError) else done.exit_code
        unexpected = error if not isinstance(error, SystemExit | TrackwatchError) else None
        assert not unexpected, f"{line}: {unexpected!r}"
        assert code in FINE, f"{line} ended with {code}: {done.output} {error}"
        return done.stdout.splitlines()

    def _finished(self, command: list[str]) -> list[str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in FINE, f"ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.splitlines()


def names(document: Any, path: str = "") -> set[str]:
    """Return the names in a JSON document, each with where it stands; those of a list's items are taken together."""
    if isinstance(document, dict):
        inside = ((key, names(value, f"{path}.{key}")) for key, value in document.items())
        return {name for key, below in inside for name in ({f"{path}.{key}"} | below)}
    return {name for item in document for name in names(item, f"{path}[]")} if isinstance(document, list) else set()


def reasons(found: Iterator[Block]) -> list[str]:
    """Return what is not run, and why, a line each."""
    return [f"{block} ({block.language}): {block.marks['not run']}" for block in found if "not run" in block.marks]
