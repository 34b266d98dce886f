"""A headless Chromium that a test drives through ChromeDriver, by W3C WebDriver (https://www.w3.org/TR/webdriver2/).

A dozen of its commands are enough, and the standard library speaks them: a client library would bring ten others.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DRIVER: Final = shutil.which("chromedriver")
BROWSER: Final = shutil.which("chromium")
MISSING: Final = "Chromium is not installed: apt-get install chromium chromium-driver"

# No window, and no request of the browser's own.
_ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
_STARTED: Final = "ChromeDriver was started successfully on port "
# The key of an element in WebDriver's answers.
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
# Keys that are no characters (WebDriver, "Keyboard actions").
KEYS: Final = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Shift": "\ue008",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}


class CommandFailed(Exception):
    """The browser did not do what it was told."""


@dataclass(slots=True)
class Browser:
    """A session of the browser."""

    port: int
    session: str = ""

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is loaded and drawn: before that, keys may get lost."""
        self.command("POST", "url", {"url": path.as_uri()})
        self.run("return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")

    def run(self, script: str, *arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """The value that a script in the page returns."""
        return self.command("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys: str) -> None:
        """Press keys one after the other; `Shift+Tab` holds one of them down."""
        actions: list[dict[str, str]] = []
        for key in keys:
            held, _, pressed = key.rpartition("+") if len(key) > 1 else ("", "", key)
            actions += [{"type": "keyDown", "value": KEYS[held]}] if held else []
            value = KEYS.get(pressed, pressed)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
            actions += [{"type": "keyUp", "value": KEYS[held]}] if held else []
        self.command("POST", "actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def type(self, text: str) -> None:
        """Press the key of each character."""
        self.press(*text)

    def emulate(self, **features: str) -> None:
        """Set media features, such as `prefers_color_scheme="dark"`, and with `media` the medium."""
        medium = features.pop("media", "")
        found = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.devtools("Emulation.setEmulatedMedia", media=medium, features=found)

    def devtools(self, method: str, **parameters: Any) -> Any:  # noqa: ANN401 - JSON
        """The result of a command of the Chrome DevTools protocol."""
        return self.command("POST", "goog/cdp/execute", {"cmd": method, "params": parameters})

    def accessibility(self) -> list[dict[str, Any]]:
        """The nodes of the accessibility tree, which the browser builds some time after it has loaded the page."""
        self.devtools("Accessibility.enable")
        for _ in range(100):
            nodes: list[dict[str, Any]] = self.devtools("Accessibility.getFullAXTree")["nodes"]
            if any(node["role"]["value"] == "main" for node in nodes if not node["ignored"]):
                return nodes
            time.sleep(0.1)
        raise CommandFailed("the browser has no accessibility tree of the page")

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What came into a log since it was last read: `browser` is the console, `performance` the network."""
        found: list[dict[str, Any]] = self.command("POST", "se/log", {"type": kind})
        return found

    def requests(self) -> list[str]:
        """The addresses that a page from a file asked for since the log was last read, its own first.

        What the page's policy blocked before it left is not among them.
        """
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        failed = (event["params"] for event in events if event["method"] == "Network.loadingFailed")
        blocked = {each["requestId"] for each in failed if each.get("blockedReason") == "csp"}
        sent = (event["params"] for event in events if event["method"] == "Network.requestWillBeSent")
        # The page of a new tab, which is the browser's own, loads what it likes.
        of_file = (each for each in sent if each["documentURL"].startswith("file:"))
        return [each["request"]["url"] for each in of_file if each["requestId"] not in blocked]

    def screenshot(self) -> bytes:
        """What the window shows, as PNG."""
        return b64decode(self.command("GET", "screenshot"))

    def command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """The value that a command of WebDriver returns.

        Raises:
            CommandFailed: if it fails, with the browser's reason.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        place = f"/session/{self.session}/{path}" if self.session else f"/{path}"
        connection.request(method, place.rstrip("/"), json.dumps(body) if body is not None else None)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        value = answer["value"]
        if isinstance(value, dict) and "error" in value:
            raise CommandFailed(f"{path}: {value['error']}: {value['message']}")
        return value


@contextmanager
def browser(profile: Path, width: int = 1280, height: int = 900) -> Iterator[Browser]:
    """A browser with a profile folder of its own, until the context ends."""
    assert DRIVER, MISSING
    assert BROWSER, MISSING
    options = {
        "binary": BROWSER,
        "args": [*_ARGUMENTS, f"--user-data-dir={profile}", f"--window-size={width},{height}"],
    }
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
    driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True)  # noqa: S603 - Debian's ChromeDriver
    with driver:
        try:
            found = Browser(_port(driver))
            found.session = found.command("POST", "session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            try:
                # Keys arrive in the page, whatever the machine's load.
                found.devtools("Emulation.setFocusEmulationEnabled", enabled=True)
                yield found
            finally:
                found.command("DELETE", "")
        finally:
            driver.terminate()


def _port(driver: subprocess.Popen[str]) -> int:
    assert driver.stdout
    for line in driver.stdout:
        if line.startswith(_STARTED):
            return int(line.removeprefix(_STARTED).rstrip(".\n"))
    raise CommandFailed(f"ChromeDriver ended with {driver.wait()}")
