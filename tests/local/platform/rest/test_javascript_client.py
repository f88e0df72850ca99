from __future__ import annotations

from pathlib import Path

from local.platform import Platform
from tests.fakes.platform_node import run_node

SCRIPT = Path(__file__).with_name("manage_engines.mjs")


async def test_official_javascript_client_manages_engines() -> None:
    """ElevenLabs' JavaScript client, which validates every answer, finds all blocks it requires."""
    async with Platform() as platform:
        seen = await run_node(SCRIPT, platform.url, platform.api_key)
    assert seen == {
        "names": ["Copy", "Help"],
        "updated": "Help",
        "copied": "Copy",
        "token": "string",
        "signedUrl": True,
        "missing": 404,
        "invalid": 422,
    }
