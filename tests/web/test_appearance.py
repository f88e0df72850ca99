from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.platform_agents import echo
from tests.fakes.platform_stage import open_stage
from tests.fakes.web_pages import WEB, build_page, visit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.browsers import Page

READABLE_CONTRAST = 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
LONG_TITLE = "The tides of all harbours between two capes"
WIDTH = "document.documentElement.scrollWidth"
COLORS = """[...document.querySelectorAll(
    "h1, #state, [data-role=user] .words, [data-role=agent] .words, .cut, #talk, #send, #end,"
    + " #mute, #problem, #message, .hint, .fine a"
)].map((element) => {
    let ground = element;
    while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)")
        ground = ground.parentElement;
    const name = element.id || element.className || element.tagName;
    return [name, getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
})"""


def luminance(color: str) -> float:
    """Return the relative luminance of `rgb(…)`, as WCAG defines it."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


async def hold_conversation(page: Page) -> None:
    await page.until(f"document.title === '{LONG_TITLE}'")
    await page.evaluate("document.getElementById('message').focus()")
    await page.type("a word as long as " + "x" * 80)
    await page.until("transcript.textContent.includes('You said')")
    await page.evaluate(
        """document.querySelector("[data-role=agent]").insertAdjacentHTML(
            "beforeend", '<span class="cut">interrupted</span>')"""
    )


async def test_page_is_readable_in_both_themes_at_phone_width(devtools: str, files: Path) -> None:
    """Every text has the contrast that WCAG asks for, and nothing is wider than the screen."""
    async with (
        open_stage(on_transcript=echo) as stage,
        visit(devtools, files, stage=stage, title=LONG_TITLE) as page,
    ):
        await page.call(
            "Emulation.setDeviceMetricsOverride",
            width=360,
            height=640,
            deviceScaleFactor=1,
            mobile=True,
        )
        await hold_conversation(page)
        for theme in ("light", "dark"):
            media = [{"name": "prefers-color-scheme", "value": theme}]
            await page.call("Emulation.setEmulatedMedia", features=media)
            colors: list[list[str]] = await page.evaluate(COLORS)
            assert len(colors) >= 12
            faint = [(*each, theme) for each in colors if contrast(*each[1:]) < READABLE_CONTRAST]
            assert faint == []
        assert await page.evaluate(WIDTH) == 360
        await page.evaluate("problem.hidden = false; problem.textContent = 'a problem '.repeat(20)")
        assert await page.evaluate(WIDTH) == 360


async def test_everything_has_a_name_and_a_place_for_the_keyboard(
    devtools: str, files: Path
) -> None:
    """Assistive technology finds names and roles; Tab goes from the skip link to the message."""
    async with visit(devtools, files, title="Tides") as page:
        await page.until("document.title === 'Tides'")
        tree = await page.call("Accessibility.getFullAXTree")
        names = {role_and_name(node) for node in tree["nodes"] if not node["ignored"]}
        assert {
            ("heading", "Tides"),
            ("status", ""),
            ("button", "Start talking"),
            ("textbox", "Message"),
            ("button", "Send"),
            ("link", "Skip to the message field"),
        } <= names
        assert [name for role, name in names if role in {"button", "link"} and not name] == []
        focused = []
        for _ in range(5):
            await page.press("Tab", 9)
            focused.append(await page.evaluate("document.activeElement.textContent.trim()"))
    assert focused[0] == "Skip to the message field"
    assert focused[1:] == ["Start talking", "", "Send", "Licenses"]


def role_and_name(node: dict[str, Any]) -> tuple[str, str]:
    return node["role"]["value"], node.get("name", {}).get("value", "")


@pytest.mark.limit(60)
async def test_build_gives_the_same_bytes_and_no_machine_paths(files: Path, tmp_path: Path) -> None:
    """Two builds are equal, name no folder of this machine, and carry the licenses."""
    again = build_page(tmp_path / "elsewhere")
    first, second = (
        {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.*")}
        for folder in (files, again)
    )
    assert first == second
    root = str(files.parents[0]).encode()
    checkout = str(WEB.parent).encode()
    assert [name for name, text in first.items() if root in text or checkout in text] == []
    assert b"@elevenlabs/client" in first["licenses.txt"]
    assert b"livekit-client" in first["licenses.txt"]
    assert set(first) == {
        "app.js",
        "icon.svg",
        "index.html",
        "licenses.txt",
        "style.css",
        "worklets/audioConcatProcessor.js",
        "worklets/rawAudioProcessor.js",
    }
    assert re.search(rb"<(script|style)[^>]*>[^<]|\son\w+=|style=", first["index.html"]) is None
