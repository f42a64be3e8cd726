"""Does `trackwatch init` leave something that works, and never destroy anything?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.config import load_config

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        return (int(caught.value.code or 0), *capsys.readouterr())

    return run


def test_what_init_writes_validates(run: Run):
    assert run("init")[0] == 0
    code, out, _ = run("validate")
    assert (code, out.splitlines()[0]) == (0, "trackwatch.yml: no problems")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("duckdb:///events.duckdb", id="a DuckDB file"),
        pytest.param("postgresql+psycopg://reader@db:5432/events?sslmode=require", id="PostgreSQL with a driver"),
        pytest.param('duckdb:///a "strange": name #1.duckdb', id="a name that YAML would stumble over"),
        pytest.param("duckdb:///événements 🛒.duckdb", id="a name beyond ASCII"),
    ],
)
def test_the_store_is_the_one_that_was_named(run: Run, url: str):
    run("init", "--url", url)
    assert load_config(environ={}).store.settings.url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://reader:hun@ter/2@db.acme.example/events", id="in front of the host"),
        pytest.param("postgresql://db.acme.example/events?user=reader&password=hun@ter/2", id="as a parameter"),
    ],
)
def test_a_password_is_left_to_the_environment(run: Run, tmp_path: Path, url: str):
    _, out, _ = run("init", "--url", url)
    assert "hun@ter" not in (tmp_path / "trackwatch.yml").read_text() + out
    assert "export TRACKWATCH_STORE_PASSWORD=" in out
    assert load_config(environ={"TRACKWATCH_STORE_PASSWORD": "hun@ter/2"}).store.settings.url == url


def test_a_variable_in_the_url_stays_one(run: Run):
    run("init", "--url", "postgresql://reader:${MY_PASSWORD}@db/events")
    assert load_config(environ={"MY_PASSWORD": "x"}).store.settings.url == "postgresql://reader:x@db/events"


@pytest.mark.parametrize("name", ["trackwatch.yml", "plan.yml"])
def test_an_existing_file_is_never_overwritten(run: Run, tmp_path: Path, name: str):
    (tmp_path / name).write_text("mine")
    code, _, err = run("init")
    assert (code, f"{name} would be overwritten" in err) == (2, True)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]


def test_another_folder_is_made_and_the_next_steps_name_it(run: Run):
    code, out, _ = run("init", "watch/here")
    assert (code, Path("watch/here/plan.yml").is_file()) == (0, True)
    assert "trackwatch validate --config watch/here/trackwatch.yml" in out


def test_the_default_places_need_no_option(run: Run):
    assert "--config" not in run("init", "config")[1]
    assert run("validate")[0] == 0


@pytest.mark.parametrize("url", ["events.duckdb", "", "postgres"])
def test_a_url_that_is_none_is_a_usage_error(run: Run, tmp_path: Path, url: str):
    code, _, err = run("init", "--url", url)
    assert (code, "expected the URL of a database" in err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_a_usage_error(run: Run, tmp_path: Path):
    (tmp_path / "file").touch()
    code, _, err = run("init", "file/inside")
    assert (code, "cannot be written to" in err) == (2, True)


def test_every_line_that_the_starter_comments_out_can_be_switched_on(run: Run, tmp_path: Path):
    run("init")
    file = tmp_path / "trackwatch.yml"
    commented = (
        "# state:",
        "# holidays:",
        "#   - {date",
        "# exclude:",
        "#   - {from",
        "# base_url:",
        "# team:",
        "# mail:",
        "#   ",
    )
    lines = [
        line.replace("# ", "", 1) if line.lstrip().startswith(commented) else line
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines))
    environ = dict.fromkeys(("STATE_PASSWORD", "SLACK_TOKEN", "SMTP_USER", "SMTP_PASSWORD"), "x")
    config = load_config(environ=environ)
    assert (sorted(config.channels), len(config.exclusions)) == (["mail", "team", "terminal"], 2)
