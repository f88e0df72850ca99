"""Chromium without a window, driven over its own DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from websockets.asyncio.client import ClientConnection

START_SECONDS = 20.0
LIMIT_SECONDS = 10.0
_POLL_SECONDS = 0.015
_LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024
_FLAGS = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--mute-audio",
    "--password-store=basic",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@contextmanager
def run_chromium(folder: Path) -> Iterator[str]:
    """Run a browser until the block ends; yields its DevTools address. Skips without Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs chromium: make system")
    # Root has no user namespaces to build the sandbox from, as in most containers.
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    process = subprocess.Popen(
        [program, *_FLAGS, *sandbox, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield _wait_for_address(process, folder / "DevToolsActivePort")
    finally:
        process.terminate()
        try:
            process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_address(process: subprocess.Popen[bytes], file: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            port, path = file.read_text().split()
            return f"ws://127.0.0.1:{port}{path}"
        time.sleep(0.02)
    raise AssertionError("chromium did not start")


class PageError(Exception):
    """The browser refused a command, or the page's script failed."""


@dataclass
class DevTools:
    """One connection to the browser: commands, and what it says of its own accord."""

    socket: ClientConnection
    complaints: list[str] = field(default_factory=list)
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def call(self, method: str, *, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send one command, to a tab's session or the browser, and return its result."""
        number = len(self._answers) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": parameters}
        await self.socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
        async with asyncio.timeout(LIMIT_SECONDS):
            answer = await self._answers[number]
        if "error" in answer:
            raise PageError(json.dumps(answer["error"]))
        result: dict[str, Any] = answer["result"]
        return result

    async def take_in(self) -> None:
        """Read what the browser sends until it is gone."""
        async for message in self.socket:
            event = json.loads(message)
            if "id" in event:
                self._answers[event["id"]].set_result(event)
            elif complaint := _complaint(event):
                self.complaints.append(complaint)


@dataclass
class Page:
    """One tab, with everything that it wrote to its console."""

    devtools: DevTools
    session: str

    @property
    def complaints(self) -> list[str]:
        return self.devtools.complaints

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command to the tab and return its result."""
        return await self.devtools.call(method, session=self.session, **parameters)

    async def evaluate(self, expression: str) -> Any:
        """Run JavaScript and return its value. Raises PageError."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise PageError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until an expression is true, also while the page still loads; return its value."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(PageError):
                if value := await self.evaluate(expression):
                    return value
            await asyncio.sleep(_POLL_SECONDS)
        shown = await self.evaluate("document.body.innerText")
        raise AssertionError(f"never true: {expression}; {self.complaints}; page: {shown}")

    async def click(self, text: str) -> None:
        """Press the button that shows `text`, with the mouse as a person does."""
        place = await self.until(
            f"""(() => {{
                const button = [...document.querySelectorAll("button")]
                    .find((each) => each.textContent === {json.dumps(text)} && !each.disabled);
                const box = button?.getBoundingClientRect();
                return box?.width && [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        at = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
        await self.call("Input.dispatchMouseEvent", type="mousePressed", **at)
        await self.call("Input.dispatchMouseEvent", type="mouseReleased", **at)

    async def type(self, text: str) -> None:
        """Type into whatever has the focus, and press Enter."""
        await self.call("Input.insertText", text=text)
        await self.press("Enter", 13, "\r")

    async def press(self, key: str, code: int, text: str = "") -> None:
        """Press one key."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **pressed)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def screenshot(self) -> bytes:
        """Return a picture of what is seen."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])


def _complaint(event: dict[str, Any]) -> str | None:
    """What a developer would see in red or yellow, or None."""
    values = event.get("params", {})
    if event.get("method") == "Runtime.exceptionThrown":
        return json.dumps(values["exceptionDetails"])
    if event.get("method") == "Runtime.consoleAPICalled" and values["type"] in {
        "error",
        "warning",
        "assert",
    }:
        return json.dumps(values["args"])
    if event.get("method") == "Log.entryAdded" and values["entry"]["level"] in {
        "error",
        "warning",
    }:
        return f"{values['entry']['text']} {values['entry'].get('url', '')}"
    return None


@asynccontextmanager
async def open_page(devtools: str, url: str, *, microphone: bool = True) -> AsyncIterator[Page]:
    """Open an address in a profile of its own until the block ends."""
    async with connect(devtools, max_size=_LARGEST_MESSAGE_BYTES, proxy=None) as socket:
        browser = DevTools(socket)
        reading = asyncio.create_task(browser.take_in())
        try:
            profile = (await browser.call("Target.createBrowserContext"))["browserContextId"]
            await browser.call(
                "Browser.setPermission",
                permission={"name": "microphone"},
                setting="granted" if microphone else "denied",
                browserContextId=profile,
            )
            yield await _open_tab(browser, profile, url)
            await browser.call("Target.disposeBrowserContext", browserContextId=profile)
        finally:
            reading.cancel()
            await asyncio.wait({reading})


async def _open_tab(browser: DevTools, profile: str, url: str) -> Page:
    tab = await browser.call("Target.createTarget", url="about:blank", browserContextId=profile)
    session = await browser.call("Target.attachToTarget", targetId=tab["targetId"], flatten=True)
    page = Page(browser, session["sessionId"])
    for domain in ("Runtime", "Log", "Page"):
        await page.call(f"{domain}.enable")
    await page.call("Page.navigate", url=url)
    return page
