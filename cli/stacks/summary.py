"""What a person sees when an environment is up: the addresses, and where to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.stacks.account import STACKS
from local.dev.options import PLATFORM_URL

if TYPE_CHECKING:
    from typing import TextIO

    from cli.stacks.account import Account

# Outputs by their names in the templates, in the order a person wants them.
_SHOWN = {
    "SiteUrl": "talk in the browser",
    "WebSocketUrl": "the server, for ElevenLabs",
    "TokenUrl": "tokens, for your own page",
    "EngineId": "the engine",
    "TranscriptsUrl": "transcripts, for those who may read them",
    "TranscriptArchive": "transcripts, as files for analytics",
    "DashboardUrl": "metrics and alarms",
}


def print_summary(account: Account, output: TextIO) -> None:
    """Print the outputs that a person needs."""
    found = {key: value for stack in STACKS for key, value in account.outputs(stack).items()}
    print(f"\n{account.environment.name} is deployed:", file=output)
    for key, meaning in _SHOWN.items():
        if key in found:
            print(f"  {meaning:<28} {found[key]}", file=output)
    if engine := found.get("EngineId"):
        host = account.environment.elevenlabs.host
        place = "" if host == PLATFORM_URL else f"ELEVENLABS_BASE_URL={host} "
        print(f"\n  {place}make talk ENGINE={engine}", file=output)
        print("  in a terminal where ELEVENLABS_API_KEY is set", file=output)
