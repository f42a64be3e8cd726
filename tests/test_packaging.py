"""Is what people install whole, and does it refuse to run on somebody else's package?"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERSION = version("trackwatch")
OF_ANOTHER = {"pydantic-core"}  # a part of pydantic, which asks for the one version that fits
STORES = ("mysql", "clickhouse", "redshift", "snowflake", "bigquery", "databricks", "spark", "trino")  # drivers
DATA = f"trackwatch-{VERSION}.data/data/share/trackwatch"


def built(kind: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the names of the files in the wheel."""
    return zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel"))).namelist()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """Return the names of the files in the source distribution, below its one folder."""
    with tarfile.open(built("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        return {name.split("/", 1)[1] for name in archive.getnames()}


def sources(folder: str) -> set[str]:
    found = (path.relative_to(ROOT) for path in ROOT.glob(f"{folder}/**/*") if path.is_file())
    return {str(path) for path in found if "__pycache__" not in path.parts}


def declared(*extras: str) -> set[str]:
    """Return the distributions that the project asks for, and those of some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + [name for extra in extras for name in project["optional-dependencies"][extra]]
    return {canonical(re.split(r"[\[<>=~!]", each)[0]) for each in wanted} | {project["name"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(*folders: str) -> Iterator[str]:
    """Yield the top-level modules that some folders import, and those that their tests import if there."""
    for path in (path for folder in folders for path in ROOT.glob(f"{folder}/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.importorskip":
                names += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            yield from (name.split(".")[0] for name in names)


@pytest.mark.parametrize(
    ("folders", "extras"),
    [(("checks", "monitor"), STORES), (("tests",), ("test", *STORES))],
    ids=["the product", "the tests"],
)
def test_every_library_that_is_imported_is_asked_for(folders, extras):
    known, asked_for = packages_distributions(), declared(*extras) | OF_ANOTHER
    used = {name: {canonical(each) for each in known[name]} for name in imported(*folders) if name in known}
    assert {name for name, distributions in used.items() if not distributions & asked_for} == set()


def test_the_wheel_holds_two_packages_and_nothing_else(wheel):
    tops = {name.split("/")[0].replace(f"-{VERSION}", "") for name in wheel}
    assert tops == {"checks", "monitor", "trackwatch.dist-info", "trackwatch.data"}


@pytest.mark.parametrize("package", ["checks", "monitor"])
def test_every_file_of_a_package_is_in_the_wheel(wheel, package):
    assert sources(package) - set(wheel) == set()


@pytest.mark.parametrize(
    "name",
    [
        "checks/py.typed",
        "monitor/py.typed",
        "monitor/alerts/templates/alert.html.j2",
        "monitor/history/migrations/script.py.mako",
        "monitor/history/migrations/versions/0001_first.py",
        "monitor/starter/plan.yml",
        "monitor/starter/trackwatch.yml",
        f"{DATA}/config/plan.yml",
        f"{DATA}/config/trackwatch.yml",
        f"trackwatch-{VERSION}.dist-info/licenses/LICENSE",
    ],
)
def test_what_is_not_code_is_in_the_wheel_too(wheel, name):
    assert name in wheel


def test_the_source_distribution_can_be_built_and_tested(sdist):
    needed = sources("monitor") | sources("checks") | sources("config") | sources("tests")
    needed |= {"pyproject.toml", "conftest.py", "README.md", "LICENSE", "Makefile", "Dockerfile", ".ci/run"}
    assert needed - sdist == set()


def test_the_source_distribution_holds_no_traces_of_work(sdist):
    assert {name for name in sdist if re.search(r"^\.[a-z]*_?cache|\.venv|\.hypothesis|\.duckdb|\.db$", name)} == set()


@pytest.mark.parametrize("impostor", ["checks/__init__.py", "checks.py"], ids=["a package", "a module"])
def test_a_checks_of_somebody_else_is_refused_in_one_sentence(tmp_path, impostor):
    file = tmp_path / impostor
    file.parent.mkdir(exist_ok=True)
    file.touch()
    started = subprocess.run(
        [sys.executable, "-c", "import monitor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    last = started.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: the package 'checks' that Python found is not trackwatch's: {file}. Install")
