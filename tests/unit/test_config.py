"""Does a configuration say what a run needs, and is every mistake in it told with its line?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.alerts.channels.console import Console
from monitor.calendar import Exclusion
from monitor.config import Config, find_config, load_config
from monitor.errors import ConfigError, UsageError
from monitor.known_checks import load_checks

PLAN = "events:\n  Order Completed:\n  Signed Up:\n"
START = "plan: plan.yml\nstore: {url: 'duckdb:///events.duckdb'}\n"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, plan: str = PLAN) -> Path:
        (tmp_path / "plan.yml").write_text(plan)
        file = tmp_path / "trackwatch.yml"
        file.write_text(text)
        return file

    return write


@pytest.fixture
def read(write: Write) -> Callable[[str], Config]:
    return lambda text: load_config(write(START + text), {})


def refusal(file: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(file, environ)
    return [f"{Path(p.file).name}:{p.line}: {p.message}; {p.hint}" for p in caught.value.problems]


def utc(day: int, hour: int = 0, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


def test_a_store_is_all_that_must_be_said(write: Write):
    config = load_config(write("store: {url: 'duckdb:///e.duckdb'}"), {})
    assert (config.workspace, config.zone, config.plan.events) == ("production", "UTC", {})
    assert (config.store.history, config.store.judge) == (dt.timedelta(days=56), dt.timedelta(days=7))
    assert (config.budget.false_alerts_per_week, config.channels) == (1.0, {})


def test_state_lies_beside_the_configuration_unless_told_otherwise(write: Write):
    file = write(START)
    assert load_config(file, {}).state_url == f"sqlite:///{file.parent}/trackwatch.db"


def test_the_plan_is_found_beside_the_configuration(read):
    assert list(read("").plan.events) == ["Order Completed", "Signed Up"]


def test_every_check_is_on_with_its_own_parameters_unless_told_otherwise(read):
    checks = read("checks: {volume: {min_drop: 30%}, missing: {enabled: false}, duplicates: }").checks
    assert {"volume", "duplicates"} <= checks.keys()
    assert "missing" not in checks
    assert checks["volume"].params.min_drop == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("choice", "event", "covered"),
    [
        pytest.param("", "Signed Up", True, id="every event by default"),
        pytest.param("only: [Signed Up]", "Signed Up", True, id="an event that is named"),
        pytest.param("only: Signed Up", "Order Completed", False, id="an event that is not named"),
        pytest.param("ignore: [Signed Up]", "Signed Up", False, id="an ignored event"),
        pytest.param("only: [Signed Up]", None, True, id="the store itself"),
    ],
)
def test_a_check_is_for_the_events_that_were_chosen(read, choice: str, event: str | None, covered: bool):
    assert read(f"checks: {{volume: {{{choice}}}}}").checks["volume"].covers(event) is covered


def test_the_store_says_where_events_lie_and_how_long_to_wait(write: Write):
    text = """
store:
  url: postgresql://u:${PASSWORD}@db/n
  layout: segment
  sources: {web: web_production, ios: }
  columns: {event: "=Order Line Added"}
  naive_zone: Europe/London
  timeout: 2m
  repeat_window: 90s
  lateness: 30m
  judge: all
  patience: 1d
"""
    store = load_config(write(text), {"PASSWORD": "hunter2"}).store
    assert (store.lateness, store.judge, store.patience) == (dt.timedelta(minutes=30), None, dt.timedelta(days=1))
    assert store.settings.url == "postgresql://u:hunter2@db/n"
    assert store.settings.sources == {"web": "web_production", "ios": "ios"}
    assert (store.settings.timeout, store.settings.repeat_window) == (120.0, 90)


def test_sources_may_be_a_list_of_schemas(write: Write):
    config = load_config(write("store: {url: 'duckdb:///e', layout: segment, sources: [web, ios]}"), {})
    assert config.store.settings.sources == {"web": "web", "ios": "ios"}


def test_a_channel_is_built_from_its_fields(read):
    text = "channels: {here: {kind: console}, team: {kind: slack, token: xoxb-1, channel: C1, timeout: 5}}"
    channels = read(text).channels
    assert channels["here"] == Console()
    assert vars_of(channels["team"], "token", "channel", "timeout") == ("xoxb-1", "C1", 5)


def vars_of(thing: object, *names: str) -> tuple[object, ...]:
    return tuple(getattr(thing, name) for name in names)


def test_a_number_may_come_from_the_environment(write: Write):
    text = START + "channels: {team: {kind: slack, token: $T, channel: C1, timeout: '${SECONDS}'}}"
    channel = load_config(write(text), {"SECONDS": "7"}).channels["team"]
    assert vars_of(channel, "timeout") == (7,)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        pytest.param("holidays: [{date: 2026-03-02}]", utc(1, 23), utc(2, 23), id="a holiday is a local day"),
        pytest.param("holidays: [2026-03-02]", utc(1, 23), utc(2, 23), id="a holiday may be a bare date"),
        pytest.param(
            "holidays: [2026-03-29]", utc(28, 23), utc(29, 22), id="the day on which clocks go forward is short"
        ),
        pytest.param("exclude: [{from: 2026-03-02, to: 2026-03-03}]", utc(1, 23), utc(3, 23), id="the last day counts"),
        pytest.param(
            "exclude: [{from: '2026-03-02T10:00', to: '2026-03-02T12:00'}]", utc(2, 9), utc(2, 11), id="local"
        ),
        pytest.param(
            "exclude: [{from: '2026-03-02T10:00Z', to: '2026-03-02T12:00+01:00'}]", utc(2, 10), utc(2, 11), id="aware"
        ),
    ],
)
def test_a_declared_stretch_is_kept_in_utc(read, text: str, start: dt.datetime, end: dt.datetime):
    (exclusion,) = read(f"timezone: Europe/Berlin\n{text}").exclusions
    assert (exclusion.start, exclusion.end) == (start, end)


def test_declared_stretches_come_in_order_with_their_reason(read):
    text = "holidays: [{date: 2026-03-09, name: Fair}]\nexclude: [{from: 2026-03-02, to: 2026-03-02, why: move}]"
    assert read(text).exclusions == (Exclusion(utc(2), utc(3), "move"), Exclusion(utc(9), utc(10), "Fair"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("buget: 1", "'buget' is not a setting of the configuration; did you mean 'budget'?", id="typo"),
        pytest.param("version: 2", "this version of the configuration is not known; write version: 1", id="version"),
        pytest.param(
            "timezone: Europe/Berln", "'Europe/Berln' is not a time zone; did you mean 'Europe/Berlin'?", id="zone"
        ),
        pytest.param("timezone: ../../etc/passwd", "'../../etc/passwd' is not a time zone", id="a path for a zone"),
        pytest.param(
            "budget: {false_alerts_per_week: 0}", "false_alerts_per_week: expected a number above 0", id="budget"
        ),
        pytest.param(
            "budget: {false_alerts: 1}", "'false_alerts' is not a setting of the budget; did you", id="budget typo"
        ),
        pytest.param("state: 5", "state: expected the URL of a database, got the number 5", id="state"),
        pytest.param(
            "state: 'mysql://u:hunter2@h/d'", "'mysql' is not a database that can keep the state", id="state kind"
        ),
        pytest.param(
            "schedule: {every: soon}", "every: expected a duration, got text 'soon'; write a number", id="schedule"
        ),
        pytest.param(
            "schedule: {every: 60}", "every: expected a duration, got the number 60", id="duration without a unit"
        ),
        pytest.param(
            "schedule: {every: 0s}", "every: expected a duration of a second or more", id="schedule without a pause"
        ),
        pytest.param("holidays: [9999-12-31]", "date: expected a date, got text '9999-12-31'", id="the end of time"),
        pytest.param("base_url: acme", "base_url: expected a web address", id="link"),
        pytest.param("checks: {volum: {}}", "'volum' is not a check; did you mean 'volume'?", id="check"),
        pytest.param(
            "checks: {volume: {min_dorp: 1}}",
            "'min_dorp' is not a parameter of volume; did you mean 'min_drop'?",
            id="parameter",
        ),
        pytest.param(
            "checks: {volume: {min_drop: much}}", "min_drop: expected a number, got text 'much'", id="parameter type"
        ),
        pytest.param(
            "checks: {volume: off}", "volume: expected a block; write enabled: false to switch it off", id="check off"
        ),
        pytest.param("checks: {volume: {enabled: no}}", "enabled: expected true or false, got text 'no'", id="enabled"),
        pytest.param(
            "checks: {volume: {only: [Signd Up]}}",
            "'Signd Up' is not an event of the plan; did you mean 'Signed Up'?",
            id="event",
        ),
        pytest.param(
            "checks: {volume: {ignore: Nothing}}", "'Nothing' is not an event of the plan", id="ignored event"
        ),
        pytest.param(
            "holidays: [{dat: 2026-01-01}]", "'dat' is not a setting of the holiday; did you mean 'date'?", id="holiday"
        ),
        pytest.param(
            "holidays: [Christmas]", "date: expected a date, got text 'Christmas'", id="holiday without a date"
        ),
        pytest.param(
            "exclude: [{from: 2026-02-01, to: 2026-01-01}]",
            "the exclusion ends (2026-01-01) before it starts",
            id="exclusion",
        ),
        pytest.param("exclude: [{from: 2026-02-01}]", "'to' is missing in the exclusion; write to: …", id="open end"),
        pytest.param(
            "channels: {a: {kind: slak}}", "'slak' is not a kind of channel; did you mean 'slack'?", id="kind"
        ),
        pytest.param("channels: {a: {}}", "channel 'a' has no kind; write kind: console", id="no kind"),
        pytest.param(
            "channels: {a: console}", "channel 'a' has no kind; write kind: console", id="a word for a channel"
        ),
        pytest.param(
            "channels: {a: {kind: slack, token: x, chanel: C1}}",
            "'chanel' is not a setting of slack channels; did you mean 'channel'?",
            id="field",
        ),
        pytest.param(
            "channels: {a: {kind: slack, channel: C1}}", "'token' is missing; write token: …", id="missing field"
        ),
        pytest.param(
            "channels: {a: {kind: console, stream: x}}", "'stream' is not a setting of console channels", id="a seam"
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_write_instead(write: Write, text: str, said: str):
    (fault,) = refusal(write(START + text))
    assert fault.startswith(f"trackwatch.yml:3: {said}")


@pytest.mark.parametrize(
    ("store", "said"),
    [
        pytest.param("{url: events.duckdb}", "url: expected the URL of a database; such as duckdb:///", id="a path"),
        pytest.param("{}", "'url' is missing; write url: …", id="no url"),
        pytest.param("events.duckdb", "store: expected a block of 'name: value' lines", id="a word"),
        pytest.param(
            "{url: 'duckdb:///e', latenes: 1h}",
            "'latenes' is not a setting of the store; did you mean 'lateness'?",
            id="typo",
        ),
        pytest.param(
            "{url: 'duckdb:///e', layout: segmnt}",
            "layout: 'segmnt' is not one of its choices; did you mean 'segment'?",
            id="layout",
        ),
        pytest.param("{url: 'duckdb:///e', naive_zone: Mars}", "'Mars' is not a time zone", id="zone"),
        pytest.param(
            "{url: 'duckdb:///e', columns: [a]}",
            "columns: expected a block of 'name: value' lines, got a list",
            id="columns",
        ),
        pytest.param(
            "{url: 'duckdb:///e', layout: segment}",
            "'sources' is missing: segment has a schema for each source; write sources: {web: web_prod}",
            id="no sources",
        ),
        pytest.param(
            "{url: 'duckdb:///e', layout: snowplow, preset: amplitude}",
            "preset: the layout snowplow does not read it; it is a setting of events",
            id="a setting of another layout",
        ),
        pytest.param(
            "{url: 'duckdb:///e', preset: amplitud}",
            "preset: 'amplitud' is not one of its choices; did you mean 'amplitude'?",
            id="preset",
        ),
        pytest.param(
            "{url: 's3://bucket/prefix'}",
            "url: the layout events does not lie there; write layout: files",
            id="files without their layout",
        ),
    ],
)
def test_a_mistake_about_the_store_is_told(write: Write, store: str, said: str):
    (fault,) = refusal(write(f"store: {store}"))
    assert fault.startswith(f"trackwatch.yml:1: {said}")


def test_a_store_says_what_its_times_and_columns_are(write: Write):
    block = "{url: 'snowflake://a', preset: mixpanel, times: seconds, dimensions: {shop: store_name}}"
    settings = load_config(write(f"store: {block}"), {}).store.settings
    assert (settings.preset, settings.times, settings.dimensions) == ("mixpanel", "seconds", {"shop": "store_name"})


def test_views_are_a_switch(write: Write):
    block = "{url: 'duckdb:///e', layout: segment, sources: [web], views: true}"
    assert load_config(write(f"store: {block}"), {}).store.settings.views is True


def test_a_store_must_be_named(write: Write):
    assert refusal(write("version: 1")) == ["trackwatch.yml:1: 'store' is missing; write store: {url: …}"]


def test_the_plan_takes_the_defaults_of_the_workspace(write: Write):
    plan = "workspaces: {staging: {owner: qa}}\nevents: {E: }\n"
    owners = [
        load_config(write(START + f"workspace: {name}", plan), {}).plan.owner("E") for name in ("staging", "live")
    ]
    assert owners == ["qa", None]


def test_a_plan_that_is_not_there_is_a_mistake_of_the_line_that_names_it(write: Write):
    (fault,) = refusal(write(START.replace("plan.yml", "plann.yml")))
    assert fault.startswith("trackwatch.yml:1: plan: there is no file or folder ")


def test_mistakes_of_both_files_are_told_at_once(write: Write):
    file = write(f"{START}timezone: Mars\nchecks: {{volum: {{}}}}\n", plan="events:\n  A: {ownr: me}\n")
    assert [fault.partition(": ")[0] for fault in refusal(file)] == [
        "trackwatch.yml:3",
        "trackwatch.yml:4",
        "plan.yml:2",
    ]


def test_a_broken_plan_does_not_make_its_events_unknown(write: Write):
    file = write(f"{START}checks: {{volume: {{only: [A]}}}}", plan="events:\n  A: {ownr: me}\n")
    assert len(refusal(file)) == 1


def test_every_missing_variable_is_told_once(write: Write):
    file = write("store:\n  url: ${URL}\nchannels:\n  a: {kind: slack, token: '${TOKEN}', channel: C1}\n")
    assert [fault.split(";")[0] for fault in refusal(file)] == [
        "trackwatch.yml:2: the environment variable URL is not set",
        "trackwatch.yml:4: the environment variable TOKEN is not set",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("store: {url: 'x y://u:hunter2@h/d'}", id="a store URL that is none"),
        pytest.param("store: {url: 'duckdb:///e'}\nstate: 'redis://:hunter2@h'", id="a state URL of the wrong kind"),
        pytest.param("store: {url: 'duckdb:///e'}\ntimezone: ${SECRET}", id="a secret for a time zone"),
        pytest.param("store: {url: 'duckdb:///e'}\nbase_url: 'ftp://u:hunter2@h'", id="a link with a password"),
        pytest.param("store: {url: 'duckdb:///e', layout: '${SECRET}'}", id="a secret for a choice"),
        pytest.param("store: {url: 'duckdb:///e', timeout: '${SECRET}'}", id="a secret for a duration"),
        pytest.param(
            "store: {url: 'duckdb:///e'}\nchecks: {volume: {min_drop: '${SECRET}'}}", id="a secret for a number"
        ),
        pytest.param(
            "store: {url: 'duckdb:///e'}\nchecks: {volume: {only: ['${SECRET}']}}", id="a secret for an event"
        ),
        pytest.param("store: {url: 'duckdb:///e'}\nchannels: {a: {kind: '${SECRET}'}}", id="a secret for a kind"),
        pytest.param("store: 'postgresql://u:hunter2@h/d'", id="a URL where a block should be"),
        pytest.param(
            "store: {url: 'duckdb:///e'}\nchannels: {a: {kind: slack, token: {hunter2: 1}, channel: C}}", id="token"
        ),
    ],
)
def test_no_message_shows_a_secret(write: Write, text: str):
    faults = refusal(write("plan: plan.yml\n" + text), SECRET="hunter2")
    assert "hunter2" not in "\n".join(faults)


def test_the_places_that_were_searched_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"neither \./trackwatch\.yml nor \./config/trackwatch\.yml"):
        find_config(None)


def test_a_configuration_in_the_folder_config_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "trackwatch.yml").touch()
    monkeypatch.chdir(tmp_path)
    assert find_config(None) == Path("config/trackwatch.yml")


def test_a_configuration_that_was_named_must_exist(tmp_path: Path):
    with pytest.raises(UsageError, match=r"there is no configuration file .*gone\.yml"):
        load_config(tmp_path / "gone.yml", {})


def test_a_check_of_another_package_that_cannot_be_imported_is_a_sentence(tmp_path, monkeypatch):
    package = tmp_path / "broken-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: broken\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[trackwatch.checks]\nbroken = no_such_package.check\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="a check cannot be loaded: ModuleNotFoundError"):
        load_checks()
