from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse, Response

from local.dev.serving import serve_app
from tests.fakes.platform_agents import echo
from tests.fakes.platform_stage import open_stage
from tests.fakes.platform_waiting import until
from tests.fakes.web_pages import Issuer, visit

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from tests.fakes.browsers import Page

PROBLEM = "!problem.hidden && problem.textContent"
IS_READY = "!document.getElementById('talk').disabled && document.title === 'Tides'"


async def write(page: Page, text: str) -> None:
    await page.until(IS_READY)
    await page.evaluate("document.getElementById('message').focus()")
    await page.type(text)


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        (
            401,
            {},
            "You are not signed in, or not allowed to talk: sign in, then try again.",
        ),
        (429, {}, "Too many conversations right now: wait a minute, then try again."),
        (503, {"detail": "The voice service is not set up yet."}, None),
        (502, {}, "The token service failed (502): try again in a moment."),
        (200, {}, "The token service gave no token: tell whoever runs this page."),
    ],
    ids=str,
)
async def test_refused_access_is_told_with_its_remedy(
    status: int, body: dict[str, Any], line: str | None, devtools: str, files: Path
) -> None:
    """Each answer that is no token becomes one readable line, and what was written is kept."""

    async def signed_url(_: Request) -> Response:
        return JSONResponse(body, status)

    async with visit(devtools, files, signed_url=signed_url, title="Tides") as page:
        await write(page, "hello")
        assert await page.until(PROBLEM) == (line or body["detail"])
        assert await page.evaluate("document.body.dataset.phase") == "idle"
        assert await page.until("document.getElementById('message').value") == "hello"


async def test_blocked_microphone_points_to_the_keyboard(devtools: str, files: Path) -> None:
    """Voice that is not allowed says where to allow it, and that writing still works."""
    async with (
        open_stage(on_transcript=echo) as stage,
        visit(devtools, files, stage=stage, microphone=False, title="Tides") as page,
    ):
        await page.until(IS_READY)
        await page.click("Start talking")
        line = await page.until(PROBLEM)
        assert line == (
            "The microphone is blocked: allow it in the browser's address bar, or write instead."
        )
        await write(page, "hello")
        await page.until("transcript.textContent.includes('You said hello')")
        assert await page.evaluate("problem.hidden")


async def test_refused_first_message_shows_the_platforms_reason(devtools: str, files: Path) -> None:
    """An engine that allows no override ends the attempt with its own words."""
    async with (
        open_stage(on_transcript=echo) as stage,
        visit(devtools, files, stage=stage, title="Tides", firstMessage="Welcome!") as page,
    ):
        await write(page, "hello")
        assert "first_message" in await page.until(PROBLEM)


@pytest.mark.parametrize("transport", ["carrier pigeon"])
async def test_wrong_configuration_is_told_at_once(
    transport: str, devtools: str, files: Path
) -> None:
    """A page that cannot work says so before anybody tries."""
    async with visit(devtools, files, title="Tides", transport=transport) as page:
        line = await page.until(PROBLEM)
    assert line == (
        "This page is set up for the transport “carrier pigeon”:"
        " make it webrtc or websocket in config.json."
    )


async def test_attempt_that_is_cancelled_leaves_nothing(devtools: str, files: Path) -> None:
    """Cancel while connecting takes effect at once, whatever the endpoint still answers."""
    async with open_stage(on_transcript=echo) as stage:

        async def signed_url(request: Request) -> Response:
            await request.receive()  # the browser never gives up: this waits for its end
            await request.receive()
            return JSONResponse({})

        async with visit(
            devtools, files, stage=stage, signed_url=signed_url, title="Tides"
        ) as page:
            await write(page, "hello")
            await page.click("Cancel")
            await page.until("document.body.dataset.phase === 'idle'")
            assert await page.evaluate("problem.hidden")
    assert stage.platform.conversations == {}


async def test_signing_in_gives_the_endpoint_a_bearer_token(devtools: str, files: Path) -> None:
    """The page signs in by code and PKCE, asks with the token, and keeps no code in its address."""
    issuer, bearers = Issuer(), []

    async def signed_url(request: Request) -> Response:
        bearers.append(request.headers.get("authorization"))
        return JSONResponse({}, 401)

    async with serve_app(issuer.build()) as address:
        login = {"issuer": address, "clientId": "page", "audience": "talk"}
        async with visit(
            devtools, files, signed_url=signed_url, title="Tides", login=login
        ) as page:
            await page.until(IS_READY)
            await page.click("Sign in")
            await until(lambda: issuer.has_exchanged)
            await page.until("location.search === '' && !document.getElementById('talk').disabled")
            await write(page, "hello")
            assert "sign in" in await page.until(PROBLEM)
            assert await page.evaluate("location.search") == ""
            assert await page.until("!document.getElementById('sign-in').hidden")
    assert bearers == [f"Bearer {issuer.token}"]
    assert issuer.asked["client_id"] == "page"
    assert issuer.asked["audience"] == "talk"
    assert issuer.asked["scope"] == "openid"
