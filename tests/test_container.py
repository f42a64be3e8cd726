"""Do Dockerfile and compose.yaml name what is there? They are not run by tests: no engine is asked for."""

from __future__ import annotations

import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from monitor.cli import COMMANDS
from monitor.config import load_config
from monitor.serving import PORT

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
OURS, STATE = COMPOSE["services"]["trackwatch"], COMPOSE["services"]["state"]
OF_LIBRARIES = {"PGPASSWORD": "psycopg", "MPLCONFIGDIR": "matplotlib"}  # variables that libraries read


def instructions(name: str) -> list[str]:
    """Return what follows an instruction, wherever it stands."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return re.findall(rf"^\s*{name} (.+)$", joined, re.MULTILINE)


def test_what_is_copied_is_there_and_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    let_through = [name.removeprefix("!") for name in ignored if name.startswith("!")]
    copied = [word for each in instructions("COPY") if "--from" not in each for word in shlex.split(each)[:-1]]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [name for name in copied if not any(fnmatch(name, known) for known in let_through)] == []


def test_the_wheel_is_made_of_what_is_copied():
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["readme"], *wheel["packages"]}
    assert needed <= {word for each in instructions("COPY") for word in each.split()}


def test_python_is_one_that_the_project_runs_on():
    lowest = re.search(r"(\d+)\.(\d+)", PROJECT["requires-python"])
    found = {re.match(r"python:(\d+)\.(\d+)-slim", base) for base in instructions("FROM")}
    assert {match.groups() >= lowest.groups() for match in found} == {True}


def test_it_runs_a_command_that_there_is_and_not_as_root():
    assert instructions("ENTRYPOINT") == ['["trackwatch"]']
    assert "trackwatch" in PROJECT["scripts"]
    assert yaml.safe_load(instructions("CMD")[-1])[0] in COMMANDS
    assert int(instructions("USER")[-1]) > 0
    assert OURS["command"][0] in COMMANDS


def test_the_extras_that_are_named_exist():
    [named] = re.findall(r"EXTRAS=([\w,]+)`", DOCKERFILE)
    assert set(named.split(",")) <= PROJECT["optional-dependencies"].keys()


def test_the_health_check_asks_what_the_pages_answer():
    from monitor.web import health  # noqa: PLC0415 the web framework, for this test only

    [checked] = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", DOCKERFILE)
    assert (int(checked[0]), [str(PORT)]) == (PORT, instructions("EXPOSE"))
    assert checked[1] in Path(health.__file__).read_text("utf-8")


def test_the_configuration_is_mounted_where_it_is_looked_for_and_cannot_be_changed():
    [mounted] = OURS["volumes"]
    there, inside, mode = mounted.split(":")
    assert (ROOT / there / "trackwatch.yml").exists()
    assert (inside, mode) == (f"{instructions('WORKDIR')[-1]}/config", "ro")
    assert (OURS["read_only"], OURS["cap_drop"], OURS["tmpfs"]) == (True, ["ALL"], ["/tmp"])


def test_the_state_is_where_the_configuration_looks_for_it():
    config = load_config(ROOT / "config" / "trackwatch.yml", environ=OURS["environment"])
    user, database = (STATE["environment"][name] for name in ("POSTGRES_USER", "POSTGRES_DB"))
    assert config.state_url == f"postgresql://{user}@state/{database}"
    assert OURS["environment"]["PGPASSWORD"] == STATE["environment"]["POSTGRES_PASSWORD"]
    assert OURS["depends_on"] == {"state": {"condition": "service_healthy"}}
    assert {volume.split(":")[0] for volume in STATE["volumes"]} == COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", OURS["environment"])
def test_every_variable_is_read_by_somebody(name):
    configured = (ROOT / "config" / "trackwatch.yml").read_text("utf-8")
    assert f"${{{name}" in configured or any(OF_LIBRARIES.get(name, "-") in each for each in PROJECT["dependencies"])


def test_the_pages_are_served_on_the_port_that_is_offered():
    [offered] = re.findall(r'# ports: \["127\.0\.0\.1:(\d+):(\d+)"\]', COMPOSE_TEXT)
    assert offered == (str(PORT), str(PORT))
