"""What do people see and do in a real browser? Chromium, wide and narrow, light and dark."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from chromium import PHONE, WIDE, Browser, needs_chromium
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from monitor.report.gather import report_of
from monitor.report.html import as_mail
from monitor.report.week import Week
from monitor.web.server import start
from monitor.web.users import Role, write_user

pytestmark = needs_chromium

NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)
HOSTILE = "<script>document.title='owned'</script>'; DROP TABLE incident;--"
PASSWORD = "correct horse battery"


@pytest.fixture
def browse(chromium, pages) -> Iterator[Callable[..., Browser]]:
    """Return `browse(**serving)`: a browser at an installation of its own; `browse.incident` is one of it."""
    servers = []

    def do(**serving: object) -> tuple[Browser, str]:
        made = pages(port=0, **serving)
        servers.append(start(made.app, made.config.web))
        chromium.delete_all_cookies()
        chromium.get_log("browser")
        return Browser(chromium, servers[-1].url), f"/incidents/{made.incident('Order Completed')}"

    yield do
    for server in servers:
        server.stop()


def test_from_the_overview_to_the_incident_to_having_it_in_hand(browse):
    browser, _ = browse()
    browser.at("/").click("Order Completed stopped on ios")
    assert browser.says("How it was decided")
    assert browser.has_drawn()
    browser.fill("note", "a release at noon")
    browser.click("Acknowledge")
    assert browser.says("You have it in hand: no more reminders.")
    assert browser.says("somebody at this machine has it in hand")
    assert browser.says("a release at noon")
    assert browser.complaints() == []


def test_the_chart_can_be_read_as_a_table(browse):
    browser, incident = browse()
    browser.at(incident).click("The same as a table")
    assert browser.says("wrong")


def test_the_event_page_draws_its_days(browse):
    browser, _ = browse()
    browser.at("/events/Order%20Completed")
    assert browser.says("A customer paid.")
    assert browser.has_drawn()
    assert browser.complaints() == []


def test_an_event_is_found_by_what_the_plan_says_of_it(browse):
    browser, _ = browse()
    browser.at("/plan").fill("q", "paid" + Keys.ENTER)
    assert browser.says("1 event\n")
    browser.click("Order Completed")
    assert browser.says("A customer paid.")


@pytest.mark.parametrize("path", ["/reports/2026-W09", "/reports/2026-W09/mail"])
def test_a_report_can_be_read(browse, path):
    browser, _ = browse()
    browser.at(path)
    assert browser.says("Order Completed stopped on ios")
    assert browser.complaints() == []


def test_logging_in_and_out(browse, tmp_path):
    write_user(tmp_path / "users", "ann", Role.ACT, PASSWORD)
    browser, incident = browse(users_file=tmp_path / "users")
    browser.at(incident)
    browser.fill("name", "ann")
    browser.fill("password", "a wrong one" + Keys.ENTER)
    assert browser.says("Name and password do not belong together.")
    browser.fill("name", "ann")
    browser.fill("password", PASSWORD + Keys.ENTER)
    assert browser.says("Order Completed stopped on ios"), "and back to the page that was asked for"
    browser.driver.find_element(By.XPATH, "//button[.='Log out']").click()
    assert browser.says("Password")


@pytest.mark.parametrize(
    "path",
    ["/", "/incidents", "/plan", "/plan?q=%3Cscript%3E", "/reports/2026-W09", "/reports/2026-W09/mail", "/deliveries"],
)
def test_a_hostile_name_is_shown_and_does_nothing(browse, path):
    browser, _ = browse()
    browser.at(path)
    assert browser.says(HOSTILE)
    assert browser.driver.title != "owned"
    assert browser.complaints() == []


def test_the_page_of_a_hostile_event_can_be_reached_and_does_nothing(browse):
    browser, _ = browse()
    browser.at(f"/events/{quote(HOSTILE)}")
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == HOSTILE
    assert browser.has_drawn()
    assert browser.driver.title.startswith(HOSTILE)
    assert browser.complaints() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "on a phone"])
def test_everybody_can_use_every_page(browse, size, theme):
    browser, incident = browse()
    paths = ["/", "/questions/revenue", "/incidents", incident, "/plan", "/events/Order%20Completed"]
    weeks = ["/reports", "/reports/2026-W09", "/reports/2026-W09?owner=nobody"]
    for path in [*paths, *weeks, "/runs", "/deliveries", "/nothing-here"]:
        browser.at(path, size, theme)
        assert browser.barriers() == [], path
        assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= size[0], path


def test_the_keyboard_alone_reaches_the_content(browse):
    browser, _ = browse()
    browser.at("/")
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.driver.switch_to.active_element.text == "Skip to the content"
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "content"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_report_as_it_is_mailed_keeps_nobody_out_and_runs_nothing(chromium, pages, tmp_path, size, theme):
    made = pages(base_url="https://trackwatch.acme.example")
    html, pictures = as_mail(report_of(made.memory, made.config, Week.parse("2026-W09"), NOW))
    for picture in pictures:
        (tmp_path / f"{picture.name}.png").write_bytes(picture.png)
    shown = re.sub(r'"cid:(\w+)"', rf'"{tmp_path}/\1.png"', html)
    (tmp_path / "mail.html").write_text(shown)
    browser = Browser(chromium, tmp_path.as_uri()).at("/mail.html", size, theme)
    assert browser.driver.title == "Data quality of production, week 2026-W09"
    assert browser.barriers() == []
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= size[0]
    assert browser.says("DROP TABLE incident")
