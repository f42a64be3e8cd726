"""Is what the documents say still so? Every command, link and table is looked at; blocks are run in `documents/`."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from made import filled

from monitor.cli import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXTS = [*DOCUMENTS, *ROOT.glob("config/*"), *ROOT.glob(".ci/*"), *ROOT.glob("*.toml"), *ROOT.glob("*.yaml")]
TEXTS += [ROOT / "Dockerfile", ROOT / "Makefile", *ROOT.glob("checks/**/*.py"), *ROOT.glob("monitor/**/*.py")]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = {"bash", "sh", "shell"}
PLACEHOLDER = re.compile(r"[-\[<…]|[A-Z…]+$")  # [list|show], COMMAND, or an option: no name of a command


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, *languages: str) -> list[str]:
    """Return a document's code blocks in some languages."""
    return [block[2] for block in BLOCK.finditer(path.read_text("utf-8")) if block[1] in languages]


def shell_lines(block: str) -> Iterator[str]:
    """Yield the commands of a block; in a console block they follow a `$`."""
    lines = block.replace("\\\n", " ").splitlines()
    prompted = [line[2:] for line in lines if line.startswith("$ ")]
    yield from prompted or lines


def calls(text: str) -> list[list[str]]:
    """Return the arguments of each call of trackwatch in a line of shell."""
    parts = re.split(r"&&|\|\||[|;]", text)
    words = [shlex.split(part, comments=True) for part in parts]
    return [each[1:] for each in words if each and Path(each[0]).name == "trackwatch"]


def mentions(path: Path) -> list[list[str]]:
    """Return each call of trackwatch in a document's code blocks, and in `code` within a sentence."""
    in_blocks = [line for block in blocks(path, *SHELL, "console") for line in shell_lines(block)]
    in_text = re.findall(r"`(trackwatch [^`\n]+)`", BLOCK.sub("", path.read_text("utf-8")))
    return [call for line in in_blocks + in_text for call in calls(line)]


def unknown(words: list[str]) -> list[str]:
    """Return what the command line would not understand, without running anything."""
    command, words = cli, list(words)
    while isinstance(command, click.Group) and words and not re.match(PLACEHOLDER, words[0]):
        name = words.pop(0)
        command = command.get_command(click.Context(command), name)
        if command is None:
            return [name]
    options = {name for param in command.get_params(click.Context(command)) for name in param.opts}
    return [word for word in words if word.startswith("-") and word.split("=")[0] not in options]


def links(path: Path) -> list[str]:
    """Return a document's links to files and headings."""
    text = BLOCK.sub("", path.read_text("utf-8"))
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def leads_somewhere(path: Path, target: str) -> bool:
    name, _, heading = target.partition("#")
    file = path.parent / name if name else path
    return file.exists() and (not heading or heading in headings(file))


def headings(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    titles = re.findall(r"^#+ +(.+)$", BLOCK.sub("", filled(path.read_text("utf-8"))), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def command_below(marker: str) -> str:
    """Return the code block that follows a marker in the README."""
    after = (ROOT / "README.md").read_text("utf-8").partition(f"<!-- {marker} -->\n")[2]
    block = BLOCK.match(after)
    return block[2].strip() if block else ""


every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


@every_document
def test_shell_in_a_document_can_be_parsed(document):
    script = "\n".join(blocks(document, *SHELL))
    assert subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False).stderr == ""


@every_document
def test_commands_in_a_document_exist_with_their_options(document):
    assert {" ".join(call): wrong for call in mentions(document) if (wrong := unknown(call))} == {}


@every_document
def test_links_in_a_document_lead_somewhere(document):
    assert [target for target in links(document) if not leads_somewhere(document, target)] == []


@every_document
def test_files_that_a_document_names_are_there(document):
    named = re.findall(r"`((?:checks|config|docs|monitor|tests)/[\w./-]*)`", document.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@every_document
def test_tests_that_a_document_names_are_there(document):
    tests = "".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    named = re.findall(r"`(test_\w+)`", document.read_text("utf-8"))
    assert [name for name in named if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_path_of_somebodys_machine_is_written_down(path):
    assert re.findall(r"(?<![\w.])/(?:root|home|work|Users)/\S*", path.read_text("utf-8")) == []


def test_the_readmes_first_command_shows_the_demo():
    assert command_below("demo").endswith("&& .venv/bin/trackwatch demo")


def test_the_readmes_second_command_runs_the_tests():
    assert command_below("test").endswith("&& .venv/bin/pytest")


@pytest.mark.parametrize("marker", ["demo", "test"])
def test_a_command_that_ci_runs_is_one_line(marker):
    assert "\n" not in command_below(marker)


def test_targets_that_are_named_are_in_the_makefile():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = {name for path in DOCUMENTS for name in re.findall(r"`make (\w+)`", path.read_text("utf-8"))}
    assert named - set(targets) == set()


def test_the_changelog_has_a_section_for_this_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
