"""The documentation in a real browser that has no network but loopback."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as when
from selenium.webdriver.support.wait import WebDriverWait

from penstock.agent.simulated import SimulatedFleet
from penstock.analysis import Profile
from penstock.manager import open_manager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.manager import ManagerApp

PATIENCE_S = 30
FLAGS = (
    "--headless",
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--window-size=1280,1400",
)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ManagerApp]:
    """A manager over two simulated instances, and the user ada."""
    fleet = SimulatedFleet({name: {"nginx.conf": b"events {}\n"} for name in ("edge-1", "edge-2")})
    made = open_manager(tmp_path / "data", fleet, profile=Profile(), clock=lambda: datetime.now(UTC))
    made.add_user("ada", "engine-number-1")
    yield made
    made.close()


@pytest.fixture
def address(manager: ManagerApp) -> Iterator[str]:
    """host:port where it is served."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(manager.app, lifespan="off", log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until = time.monotonic() + PATIENCE_S
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(PATIENCE_S)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Chromium with a profile of its own, which can resolve no name."""
    options = webdriver.ChromeOptions()
    found, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not (found and driver) and "ID=ubuntu" in Path("/etc/os-release").read_text():
        pytest.skip("Ubuntu's Chromium is a snap; install Chrome and chromedriver")
    assert found, "chromium is missing: `make test` installs it"
    assert driver, "chromedriver is missing: `make test` installs it"
    options.binary_location = found
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    made.set_page_load_timeout(PATIENCE_S)
    yield made
    made.quit()


def _log(browser: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return found


def _asked(browser: webdriver.Chrome) -> set[str]:
    """host:port of every request that the browser made for the page; the user in an address left out."""
    said = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    urls = [one["params"]["request"]["url"] for one in said if one["method"] == "Network.requestWillBeSent"]
    return {
        urlsplit(url).netloc.rpartition("@")[2]
        for url in urls
        if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
    }


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_request_is_tried_out_and_answered(browser: webdriver.Chrome, address: str) -> None:
    """Open the page, press Try it out and Execute at GET /instances: its JSON stands in the page, with no login there.

    Nothing but the manager is asked, and the page breaks no rule of its own security policy.
    """
    wait = WebDriverWait(browser, PATIENCE_S)
    browser.get(f"http://ada:engine-number-1@{address}/ui/docs")
    wait.until(when.element_to_be_clickable((By.ID, "operations-instances-listInstances"))).click()
    at = "#operations-instances-listInstances "
    wait.until(when.element_to_be_clickable((By.CSS_SELECTOR, f"{at}.try-out__btn"))).click()
    wait.until(when.element_to_be_clickable((By.CSS_SELECTOR, f"{at}button.execute"))).click()
    live = f"{at}.live-responses-table "
    wait.until(when.presence_of_element_located((By.CSS_SELECTOR, f"{live}.response-col_status")))
    status = browser.find_element(By.CSS_SELECTOR, f"{live}tr.response .response-col_status").text
    shown = browser.find_element(By.CSS_SELECTOR, f"{live}.highlight-code").text
    assert status.split()[0] == "200"
    answer = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert answer["count"] == 2
    assert [one["displayName"] for one in answer["items"]] == ["edge-1", "edge-2"]
    assert _asked(browser) == {address}
    links = [link.get_attribute("href") or "" for link in browser.find_elements(By.CSS_SELECTOR, "a[href]")]
    assert {urlsplit(link).netloc.rpartition("@")[2] for link in links} == {address}
    assert [entry["message"] for entry in _log(browser, "browser") if entry["level"] in {"SEVERE", "WARNING"}] == []
