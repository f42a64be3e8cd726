"""How do tests drive a real browser: Chromium, wide and narrow, light and dark?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
WIDE, PHONE = (1200, 900), (360, 740)
PATIENCE = 30  # seconds that a busy machine may take

needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="there is no Chromium: apt-get install -y chromium chromium-driver runs these"
)


@contextmanager
def opened() -> Iterator[Chrome]:
    """Start a browser, and end it."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    # as root, as in a container, there is no sandbox; and /dev/shm is small there
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
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
