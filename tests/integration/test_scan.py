"""Does `trackwatch scan` keep its contract on the command line?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.cli import main

Run = Callable[..., tuple[int, str, str]]
LINE = {"messageId": "1", "event": "Order Completed", "receivedAt": "2026-03-01T06:00:00Z", "userId": "u1"}


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder of its own; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["scan", *arguments])
        return (int(caught.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three days of an archive, a gzipped file each, and a note that somebody left there."""
    for day in (1, 2, 3):
        lines = [
            json.dumps(LINE | {"messageId": f"{day}-{i}", "receivedAt": f"2026-03-0{day}T{i:02d}:00:00Z"})
            for i in range(24)
        ]
        folder = tmp_path / "archive" / f"172800000{day}"
        folder.mkdir(parents=True)
        (folder / "events.json.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "archive" / "README.md").write_text("our events")
    return tmp_path / "archive"


def test_a_folder_in_the_layout_of_the_archive_is_read(run: Run, archive: Path):
    code, out, _ = run(str(archive))
    assert code == 0
    assert out.startswith("72 rows, 1 event, 3 files, 2026-03-01 to 2026-03-03 (3 days): nothing is wrong")
    assert "JSON lines in the layout segment-archive" in out


def test_a_glob_is_read(run: Run, archive: Path):
    assert run(f"{archive}/*2/*.gz")[1].startswith("24 rows, 1 event, 1 file")


def test_json_is_one_document_and_nothing_else(run: Run, archive: Path):
    code, out, err = run(str(archive), "--json", "--all")
    assert (code, err) == (0, "")
    assert json.loads(out)["summary"]["rows"] == 72


def test_a_problem_ends_in_one_unless_nothing_may_fail(run: Run, archive: Path):
    (archive / "more.json").write_text("{broken")
    assert run(str(archive))[0] == 1
    assert run(str(archive), "--fail-on", "never")[0] == 0


def test_a_mapping_overrides_the_guess(run: Run, tmp_path: Path):
    (tmp_path / "orders.csv").write_text("InvoiceDate,CustomerID,what\n2026-03-01,1,sold\n2026-03-01,2,sold\n")
    _, out, _ = run("orders.csv", "--map", "event==Order Line Added", "--map", "user_id=what", "--json", "--all")
    assert {finding["event"] for finding in json.loads(out)["findings"]} >= {"Order Line Added"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["nowhere.json"], 2, "no such file or folder", id="a path that is not there"),
        pytest.param(["a.csv", "--map", "usr=b"], 2, "is not a field of a message", id="a field that is none"),
        pytest.param(["a.csv", "--map", "event=nme"], 2, "did you mean name?", id="a column that is not there"),
        pytest.param(["a.csv", "--layout", "segmnt"], 2, "layouts of files are", id="a layout that is none"),
        pytest.param(["junk"], 3, "junk: binary data", id="a file that holds no events"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, tmp_path: Path, arguments: list[str], code: int, said: str):
    (tmp_path / "a.csv").write_text("name,time\na,2026-03-01\n")
    (tmp_path / "junk").write_bytes(bytes(range(256)))
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err
