"""What a person sees when an environment is up: the addresses, and where to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.stacks.account import STACKS

if TYPE_CHECKING:
    from typing import TextIO

    from cli.stacks.account import Account

# Outputs by their names in the templates, in the order a person wants them.
_SHOWN = {
    "SiteUrl": "talk in the browser",
    "WebSocketUrl": "the server, for ElevenLabs",
    "TokenUrl": "tokens, for your own page",
    "EngineId": "the engine",
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
        print(f"\n  make talk ENGINE={engine}   (asks for ELEVENLABS_API_KEY)", file=output)
