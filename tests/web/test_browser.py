"""What do people see and do in a real browser? Chromium, wide and narrow, light and dark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from monitor.web.server import start
from monitor.web.users import Role, write_user

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="there is no Chromium: apt-get install -y chromium chromium-driver runs these"
)

HOSTILE = "<script>document.title='owned'</script>'; DROP TABLE incident;--"
WIDE, PHONE = (1200, 900), (360, 740)
PASSWORD = "correct horse battery"
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
PATIENCE = 30  # seconds that a busy machine may take


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    # as root, as in a container, there is no sandbox; and /dev/shm is small there
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser at the pages of an installation."""

    driver: Chrome
    url: str

    def at(self, path: str, size: tuple[int, int] = WIDE, theme: str = "light") -> Browser:
        """Open a page in a window of a size."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.driver.get(self.url + path)
        return self

    def wait(self) -> WebDriverWait:
        """Return what waits for the page; it may be replaced by the next one meanwhile."""
        return WebDriverWait(self.driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])

    def click(self, text: str) -> Browser:
        """Press the button, or follow the first link, that says this."""
        way = f"//main//*[self::button or self::a or self::summary][normalize-space()={text!r}]"
        self.driver.find_element(By.XPATH, way).click()
        return self

    def says(self, text: str) -> bool:
        """Wait until the page says something."""
        return self.wait().until(lambda driver: text in driver.find_element(By.TAG_NAME, "body").text)

    def fill(self, name: str, text: str) -> None:
        """Type into a field."""
        self.driver.find_element(By.NAME, name).send_keys(text)

    def has_drawn(self) -> bool:
        """Wait until the chart has something else on it than its ground."""
        script = """
            const canvas = document.querySelector('.chart canvas');
            if (!canvas) return 0;
            const colours = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return new Set(new Uint32Array(colours.buffer)).size;
        """
        return self.wait().until(lambda driver: driver.execute_script(script) > 3)

    def barriers(self) -> list[tuple[str, str]]:
        """Return what axe-core finds that keeps somebody out: its rule, and where."""
        self.driver.execute_script(AXE)
        script = "axe.run().then(arguments[0], (error) => arguments[0]({violations: [{id: String(error), nodes: []}]}))"
        found = self.driver.execute_async_script(script)["violations"]
        grave = [each for each in found if each.get("impact") not in {"minor", "moderate"}]
        return [(each["id"], node["html"]) for each in grave for node in each["nodes"] or [{"html": ""}]]

    def complaints(self) -> list[str]:
        """Return what the browser found wrong: scripts that failed, and what the policy forbade."""
        return [each["message"] for each in self.driver.get_log("browser") if "favicon" not in each["message"]]


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
    for path in [*paths, "/reports", "/reports/2026-W09", "/runs", "/deliveries", "/nothing-here"]:
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
