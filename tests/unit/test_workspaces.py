"""Is another workspace the same configuration but for what is said to be different there?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli import cli
from monitor.config import load_config, workspaces
from monitor.errors import ConfigError

TEXT = """\
workspace: production
timezone: Europe/Berlin
store: {url: 'duckdb:///live.duckdb', layout: segment, sources: {web: web, ios: ios}}
checks: {volume: {min_drop: 20%}}
workspaces:
  dev:
    store: {url: 'duckdb:///dev.duckdb', sources: {web: web_dev}}
    checks: {drift: {enabled: false}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trackwatch.yml"
    path.write_text(TEXT)
    return path


def test_blocks_are_merged_and_values_replaced(file: Path):
    dev = load_config(file, workspace="dev")
    assert (dev.workspace, dev.zone) == ("dev", "Europe/Berlin")
    assert dev.store.settings.url == "duckdb:///dev.duckdb"
    assert dev.store.settings.sources == {"web": "web_dev", "ios": "ios"}
    assert "drift" not in dev.checks
    assert dev.checks["volume"].params == load_config(file).checks["volume"].params


@pytest.mark.parametrize("name", [None, "production"])
def test_the_files_own_workspace_knows_nothing_of_the_others(file: Path, name: str | None):
    config = load_config(file, workspace=name)
    assert (config.workspace, config.store.settings.url) == ("production", "duckdb:///live.duckdb")
    assert workspaces(file) == ("dev",)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        pytest.param(TEXT, "dve", "'dve' is not a workspace of this configuration; did you mean 'dev'?", id="a typo"),
        pytest.param("store: {url: 'duckdb:///x'}", "dev", "write workspaces: {dev: {store: …}}", id="none at all"),
        pytest.param("workspaces: {dev: 7}", "dev", "expected a block of what is different there", id="no block"),
    ],
)
def test_a_workspace_that_is_not_there_is_an_error_with_a_hint(file: Path, text: str, name: str, said: str):
    file.write_text(text)
    with pytest.raises(ConfigError, match=said[:40]) as caught:
        load_config(file, workspace=name)
    assert said in str(caught.value)


def test_a_mistake_keeps_the_line_on_which_it_is_written(file: Path):
    file.write_text(TEXT.replace("{drift: {enabled: false}}", "{drfit: {enabled: false}}"))
    load_config(file)
    with pytest.raises(ConfigError, match=r"trackwatch\.yml:8: 'drfit' is not a check; did you mean 'drift'\?"):
        load_config(file, workspace="dev")


def configured(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Yield each command that reads a configuration, and its options."""
    context = click.Context(command)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        yield from configured(command.get_command(context, name), (*path, name))
    options = {option for param in command.params for option in param.opts}
    if "--config" in options:
        yield " ".join(path), options


def test_every_command_on_a_configuration_takes_a_workspace():
    of_the_whole_file = {"validate", "tune", "plan lint"}
    assert {name for name, options in configured(cli) if "--workspace" not in options} == of_the_whole_file
