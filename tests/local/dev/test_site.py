from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from local.dev.page_build import PageBuildError
from local.dev.serving import serve_app
from local.dev.site import Site, build_site
from tests.fakes.platform_agents import echo
from tests.fakes.platform_stage import open_stage

if TYPE_CHECKING:
    from pathlib import Path


def make_site(folder: Path, **settings: object) -> Site:
    """Return a site whose page is one word, and whose platform nobody answers for."""
    (folder / "index.html").write_text("page")
    (folder / "policy.json").write_text('{"default-src": ["\'none\'"], "connect-src": ["x"]}')
    defaults = {
        "files": folder,
        "policy_file": folder / "policy.json",
        "platform_url": "http://127.0.0.1:9",
        "engine_id": "seng_1",
        "api_key": "sk_test_site",
    }
    return Site(**{**defaults, **settings})  # type: ignore[arg-type]


async def get(site: Site, path: str) -> httpx.Response:
    async with serve_app(build_site(site)) as url, httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url + path)


async def test_site_sends_the_policy_with_the_platform_in_it(tmp_path: Path) -> None:
    """The page may talk to the platform by HTTP and by WebSocket, and nothing is cached."""
    answer = await get(make_site(tmp_path), "/")
    assert answer.text == "page"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; connect-src x http://127.0.0.1:9 ws://127.0.0.1:9"
    )


async def test_site_tells_the_page_where_signed_urls_are(tmp_path: Path) -> None:
    """Configuration is what the caller says, over defaults that fit a simulator."""
    answer = await get(make_site(tmp_path, config={"title": "Tides"}), "/config.json")
    assert answer.json() == {
        "title": "Tides",
        "transport": "websocket",
        "signedUrlPath": "/api/signed-url",
    }


async def test_site_signs_with_a_key_that_stays_here(tmp_path: Path) -> None:
    """The answer is the platform's signed URL for the engine, and has no key in it."""
    async with open_stage(on_transcript=echo) as stage:
        site = make_site(
            tmp_path,
            platform_url=stage.platform.url,
            engine_id=stage.engine.id,
            api_key=stage.platform.api_key,
        )
        answer = await get(site, "/api/signed-url")
    assert answer.json()["signedUrl"].startswith(stage.platform.ws_url)
    assert stage.platform.api_key not in answer.text


async def test_site_without_a_platform_answers_readably(tmp_path: Path) -> None:
    """A platform that is gone is a 502 with a sentence, not a crash."""
    answer = await get(make_site(tmp_path), "/api/signed-url")
    assert answer.status_code == 502
    assert "look at the terminal" in answer.json()["detail"]


async def test_site_shows_why_the_page_does_not_build(tmp_path: Path) -> None:
    """After a bad edit the browser shows the builder's line."""

    async def refresh() -> None:
        raise PageBuildError("the page does not build: app.js line 1")

    answer = await get(make_site(tmp_path, refresh=refresh), "/")
    assert (answer.status_code, answer.text) == (500, "the page does not build: app.js line 1")
