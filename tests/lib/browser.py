"""Headless Chromium with Converse.js in it, for tests as a person sees it.

Converse comes from npm at one version, Chromium, its driver and Selenium
from Debian. Nothing is fetched from anywhere else: the page is served on
loopback, and Chromium resolves no other name.
"""

import functools
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time

CONVERSE = "converse.js@14.0.0"
CHROMIUM = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
            "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--no-first-run",
            "--window-size=1100,800", "--lang=en-GB", "--host-resolver-rules="
            "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Converse</title>
<link rel="stylesheet" href="dist/converse.min.css">
<script type="module" src="dist/converse.min.js"></script>
<body class="converse-fullscreen">
<script type="module">converse.initialize(%s);</script>
"""


def missing():
    """Why there is no browser here, or None."""
    for name in ("npm", "chromium", "chromedriver"):
        if not shutil.which(name):
            return f"{name} is not installed"
    if not importlib.util.find_spec("selenium"):
        return "python3-selenium is not installed"
    return None


def fetch_converse(folder):
    """Unpacks Converse's `dist` into the folder, from npm's cache if it is
    there; returns why not, or None."""
    try:
        done = subprocess.run(
            ["npm", "pack", "--prefer-offline", "--ignore-scripts", "--silent",
             "--fetch-retries=1", "--pack-destination", folder, CONVERSE],
            cwd=folder, capture_output=True, text=True, timeout=60,
            check=False)
    except subprocess.TimeoutExpired:
        return "npm does not answer"
    if done.returncode != 0:
        return f"npm cannot fetch {CONVERSE}"
    archive = os.path.join(folder, done.stdout.split()[-1])
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers()
                   if m.isfile() and m.name.startswith("package/dist/")
                   and ".." not in m.name and not m.name.endswith(".map")]
        for member in members:
            member.name = member.name[len("package/"):]
        tar.extractall(folder, members)
    os.unlink(archive)
    return None


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Page:
    """A folder on a free port of loopback."""

    def __init__(self, folder, websocket):
        settings = {
            "assets_path": "dist/", "authentication": "login",
            "discover_connection_methods": False, "i18n": "en",
            "play_sounds": False, "view_mode": "fullscreen",
            "websocket_url": websocket,
        }
        with open(os.path.join(folder, "index.html"), "w",
                  encoding="utf-8") as file:
            file.write(PAGE % json.dumps(settings))
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
        self.url = f"http://127.0.0.1:{self.server.server_port}/index.html"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """Chromium, driven as a person would: look, click, type."""

    def __init__(self, folder, screenshots):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in CHROMIUM:
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={folder}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            options=options, service=Service(shutil.which("chromedriver")))
        self.screenshots = screenshots
        self.shots = 0
        os.makedirs(screenshots, exist_ok=True)

    def close(self):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)

    def shot(self, name):
        """Keeps what is to be seen now."""
        self.shots += 1
        self.driver.save_screenshot(os.path.join(
            self.screenshots, f"{self.shots:02}-{name}.png"))

    def seen(self, selector, text=""):
        """The elements that a person sees, with this text in them."""
        return self.driver.execute_script("""
            return [...document.querySelectorAll(arguments[0])].filter(
                e => e.checkVisibility() && e.getClientRects().length &&
                     (e.innerText || e.value || e.title || '')
                         .includes(arguments[1]))""", selector, text)

    def wait(self, selector, text="", timeout=30):
        """Waits until such an element is there; returns the first."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = self.seen(selector, text)
            if found:
                return found[0]
            time.sleep(0.05)
        self.shot("failed")
        log = [entry["message"] for entry in self.driver.get_log("browser")]
        raise AssertionError(
            f"nothing like {selector} {text!r} to be seen in {timeout} s; "
            f"console: {log[-8:]}; screenshots: {self.screenshots}")

    def click(self, selector, text=""):
        """Clicks it, again if the page drew it anew meanwhile."""
        from selenium.common.exceptions import WebDriverException
        for left in reversed(range(20)):
            try:
                return self.wait(selector, text).click()
            except WebDriverException:
                if not left:
                    raise
                time.sleep(0.1)

    def type(self, selector, text, enter=False):
        """Types into it, instead of what stands there."""
        element = self.wait(selector)
        element.clear()
        element.send_keys(text + ("\ue007" if enter else ""))
