"""The CDK's own command line, pointed at the emulator: the very program that deploys to AWS.

Owns its environment, its time limits and its log; tells progress in events. Knows no stack by name.
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING

from local.cloud.errors import CloudError
from local.dev.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# The CLI finds a change set's end by asking every few seconds: most of this is waiting.
_LIMIT_SECONDS = 240.0
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_EVENT = re.compile(r"^(?P<stack>\S+) \| +(?P<done>\d+)(/(?P<all>\d+))? \| .*? \| (?P<status>\w+) ")
_FAILED = re.compile(r"\| \w+_FAILED +\| (?P<type>\S+) +\| (?P<what>.+)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Toolkit:
    """Runs the CDK CLI of the checkout.

    `on_progress` gets a stack's name, how many of its resources are done, and how many it has.
    """

    def __init__(
        self,
        *,
        checkout: Path,
        folder: Path,
        variables: Mapping[str, str],
        on_progress: Callable[[str, int, int], None],
    ) -> None:
        self._checkout = checkout
        self._folder = folder
        self._variables = dict(variables)
        self._on_progress = on_progress
        self.log = folder / "cdk.log"
        self._assembly = folder / "cdk.out"

    async def bootstrap(self, account: str, region: str) -> None:
        """Make the buckets, repository and roles that every deployment needs."""
        # No program: the one in cdk.json would be run for nothing.
        await self._run("bootstrap", "--app", "", f"aws://{account}/{region}")

    async def synthesize(self, app: str, *context: str) -> None:
        """Run the CDK program `app`; what it makes is what is deployed and destroyed from now."""
        chosen = [part for each in context for part in ("-c", each)]
        await self._run("synth", "--quiet", "--app", app, "--output", str(self._assembly), *chosen)

    async def deploy(self, *stacks: str) -> None:
        """Deploy `stacks`, or all, through change sets."""
        options = ("--require-approval", "never", "--progress", "events")
        chosen = stacks or ("--all",)
        await self._run("deploy", "--app", str(self._assembly), *options, *chosen)

    async def destroy(self) -> None:
        """Delete all stacks."""
        await self._run("destroy", "--app", str(self._assembly), "--force", "--all")

    async def _run(self, command: str, *arguments: str) -> None:
        """Run one command to its end. Raises CloudError with what the CLI gave as the reason."""
        program = self._checkout / "node_modules" / ".bin" / "cdk"
        if not program.exists():
            raise CloudError(f"{program} is missing; run make setup")
        lines: list[str] = []
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ cdk {command} {' '.join(arguments)}\n")

            def on_line(line: str) -> None:
                log.write(line + "\n")
                log.flush()
                lines.append(_COLOURS.sub("", line))
                self._tell(lines[-1])

            code = await self._wait(
                await Child.start([str(program), command, *arguments], self._environ(), on_line)
            )
        if code:
            raise CloudError(f"cdk {command}: {find_reason(lines)}; the full log is {self.log}")

    async def _wait(self, child: Child) -> int | str:
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                return await child.wait()
        except TimeoutError:
            raise CloudError(
                f"cdk took longer than {_LIMIT_SECONDS:g} s; the full log is {self.log}"
            ) from None
        finally:
            await child.stop()

    def _tell(self, line: str) -> None:
        event = _EVENT.match(line)
        if event and event["all"]:
            self._on_progress(event["stack"], int(event["done"]), int(event["all"]))

    def _environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        home = self._folder / "cdk-home"
        home.mkdir(exist_ok=True)
        return {
            **kept,
            **self._variables,
            # Private: the CLI remembers there which account a key belongs to.
            "CDK_HOME": str(home),
            "HOME": str(home),
            "CI": "true",  # no colours, and everything on standard output
            "NO_COLOR": "1",
            "NODE_NO_WARNINGS": "1",
            # Shared by all runs: unpacking the CDK's library takes longer than using it.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(self._checkout / ".build" / "jsii"),
            "CDK_DISABLE_VERSION_CHECK": "1",
            # The library's own look at its templates takes longer than making them; cdk-nag's
            # stays, and the emulator is a judge as well.
            "CDK_VALIDATION": "false",
        }


def find_reason(lines: Sequence[str]) -> str:
    """Return the one line of the CLI's output that says best why it failed."""
    for line in lines:
        if failed := _FAILED.search(line):
            return f"{failed['type']} {failed['what'].strip()}"
    told = [line.strip() for line in lines if line.strip()]
    marked = [line for line in told if ": fail: " in line or "rror: " in line or "❌" in line]
    return (marked or told or ["it said nothing"])[0].strip("❌‣ ")
