"""Is the block `web` read as it is written, and each mistake in it told with its line?"""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest

from monitor.config import load_config
from monitor.errors import ConfigError
from monitor.serving import Proxy, Serving

STORE = 'version: 1\nstore: {url: "duckdb:///events.duckdb"}\n'


@pytest.fixture
def read(tmp_path):
    def do(text):
        (tmp_path / "trackwatch.yml").write_text(STORE + text)
        return load_config(tmp_path / "trackwatch.yml", {})

    return do


def test_without_it_the_pages_are_for_this_machine(read):
    assert read("").web == Serving(host="127.0.0.1", port=8420)
    assert read("").web.open_to_all


def test_everything_in_it_is_read(read, tmp_path):
    text = """
web:
  host: 0.0.0.0
  port: 80
  users_file: people/users
  proxy: {header: X-User, trusted: [10.0.0.5, "fd00::/8"], act: [ann]}
  hosts: [watch.internal]
  secret: made-up
"""
    trusted = (ipaddress.ip_network("10.0.0.5"), ipaddress.ip_network("fd00::/8"))
    proxy = Proxy("X-User", trusted, frozenset({"ann"}))
    users = tmp_path / "people" / "users"
    found = read(text).web
    assert found == Serving("0.0.0.0", 80, True, users, proxy, ("watch.internal",), "made-up")
    assert (found.guarded, found.open_to_all) == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("web: {port: 99999}", "expected a port from 1 to 65535", id="a port that does not exist"),
        pytest.param("web: {prot: 80}", "did you mean 'port'?", id="a misspelt name"),
        pytest.param("web: {proxy: {trusted: [proxy.acme]}}", "is not an address", id="a name"),
        pytest.param("web: {proxy: {trusted: []}}", "expected addresses or networks", id="nobody to trust"),
        pytest.param("web: {proxy: {header: X-User}}", "trusted", id="a header from anywhere"),
        pytest.param("clock: noon", "expected a day or a time", id="no time"),
    ],
)
def test_a_mistake_is_told_with_its_line(read, text, said):
    with pytest.raises(ConfigError, match=r"trackwatch\.yml:3: ") as told:
        read(text)
    assert said in str(told.value)


def test_the_time_can_be_made_to_stand_still(read):
    assert read("clock: 2026-03-02T13:20:00Z").clock == dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)
