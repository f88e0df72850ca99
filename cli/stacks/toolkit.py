"""The CDK command, run for one environment with its output left as it is.

It is the project's own, from node_modules, whatever else is on the PATH.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.errors import CommandError

_ROOT = Path(__file__).parents[2]
_CDK = _ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"


class Toolkit:
    """Runs `cdk` over templates that are synthesized once."""

    def __init__(self, assembly: Path) -> None:
        self.assembly = assembly

    def deploy(self, *stacks: str) -> None:
        """Deploy the stacks, each after those it needs. Raises CommandError when one fails."""
        self._run("deploy", "--require-approval", "never", *stacks)

    def destroy(self, *stacks: str) -> None:
        """Delete the stacks, none but these. Raises CommandError when one stays."""
        self._run("destroy", "--force", "--exclusively", *stacks)

    def diff(self) -> None:
        """Print what a deployment would change."""
        self._run("diff")

    def _run(self, verb: str, *arguments: str) -> None:
        run_cdk(verb, "--app", str(self.assembly), *arguments)


@contextmanager
def synthesize(environment: str) -> Iterator[Toolkit]:
    """Make the templates in a folder of their own, gone afterwards. Raises CommandError."""
    # The CDK runs in the checkout, from which a relative path would lead elsewhere.
    chosen = Path(environment).resolve() if environment.endswith(".toml") else environment
    with tempfile.TemporaryDirectory(prefix="speech-engine-") as folder:
        # With --ci standard output gets all but errors: hints at commands not needed here.
        options = ("--quiet", "--ci", "--context", f"env={chosen}", "--output", folder)
        run_cdk("synth", *options, stdout=subprocess.DEVNULL)
        yield Toolkit(Path(folder))


def run_cdk(*arguments: str, stdout: int | None = None) -> None:
    """Run the CDK command; Ctrl-C reaches it and is waited for. Raises CommandError."""
    from infra.settings.providers import KEY_VARIABLES

    node = shutil.which("node")
    if node is None or not _CDK.exists():
        raise CommandError("the CDK is not installed; run `make setup` (it needs Node 20 or newer)")
    command = [node, str(_CDK), *arguments]
    # Neither the CDK nor what it starts, such as image builds, has any business with keys.
    environ = {name: value for name, value in os.environ.items() if name not in KEY_VARIABLES}
    process = subprocess.Popen(  # noqa: S603 - the project's own
        command, cwd=_ROOT, env=environ, stdout=stdout
    )
    try:
        status = process.wait()
    except BaseException:
        # The terminal has sent the signal to the whole group already; a second one is harmless.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if status:
        raise CommandError(f"`cdk {arguments[0]}` failed; its lines above say why")
