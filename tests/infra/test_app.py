from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from infra.app import synthesize
from infra.settings import Environment, environment_names, load_environment
from tests.fakes.environments import FROZEN, environment_with
from tests.fakes.stacks import StackShelf

CHECKOUT = Path(__file__).parents[2]
# What a person waits for on an idle machine, where Node uses both cores; on a busy one the wait
# says nothing, and CPU time stands in.
SYNTH_SECONDS = 20
STACK = "aws:cloudformation:stack"
PARTS = {"Foundation", "Realtime", "Api", "Site"}
SYNTH = ("node_modules/.bin/cdk", "synth", "--quiet", "--ci")
DEAD_PROXY = "http://127.0.0.1:9"


@cache
def without_network() -> tuple[str, ...]:
    """A command prefix that takes every network away where the system allows it."""
    prefix = ("unshare", "--net", "--map-root-user")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return prefix if works else ()


def synth(*arguments: str, output: Path) -> subprocess.CompletedProcess[str]:
    """`make synth` without network, account or credentials."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"), DEAD_PROXY)
    environ |= {"https_proxy": DEAD_PROXY, "NO_PROXY": "", "no_proxy": "", "CDK_HOME": str(output)}
    return subprocess.run(
        [*without_network(), *SYNTH, "--output", str(output / "out"), *arguments],
        cwd=CHECKOUT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def spent_seconds() -> float:
    """CPU time of all child processes that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def test_synth_needs_no_account_and_no_network(tmp_path: Path) -> None:
    """Production is synthesized within 20 s, in four stacks, without a word of warning."""
    before, started = spent_seconds(), time.monotonic()
    done = synth("-c", f"env={FROZEN / 'prod.toml'}", output=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert min(time.monotonic() - started, spent_seconds() - before) <= SYNTH_SECONDS
    artifacts = json.loads((tmp_path / "out" / "manifest.json").read_text())["artifacts"]
    stacks = {name for name, each in artifacts.items() if each["type"] == STACK}
    assert stacks == {f"SpeechEngine-prod-{part}" for part in PARTS}


@pytest.mark.parametrize("name", environment_names())
def test_synth_looks_nothing_up(name: str, stacks: StackShelf) -> None:
    """No environment asks an account for anything; stacks are protected by setting."""
    environment = load_environment(name)
    made = stacks(environment)
    assert made.lookups == []
    assert made.protected == (PARTS if environment.data.deletion_protection else set())


def test_app_says_in_one_line_what_is_wrong() -> None:
    """Without an environment it is one line for a person and exit code 2, not a traceback."""
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=CHECKOUT,
        env={**os.environ, "CDK_CONTEXT_JSON": "{}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    names = ", ".join(environment_names())
    assert line.startswith(f"which environment? Give -c env=NAME, one of: {names}")


def test_synth_fails_at_a_finding_that_nobody_acknowledged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """cdk-nag looks at every stack, so a bucket that is left plain does not pass."""

    def add_plain_bucket(app: cdk.App, _: Environment) -> None:
        s3.Bucket(cdk.Stack(app, "Plain"), "Bucket")

    monkeypatch.setattr("infra.app.add_stacks", add_plain_bucket)
    with pytest.raises(RuntimeError):
        synthesize(cdk.App(outdir=str(tmp_path)), environment_with())
    report = (tmp_path / "validation-report.json").read_text()
    assert "AwsSolutions-S10" in report


def test_app_ends_at_ctrl_c_without_a_traceback() -> None:
    """Ctrl-C in the middle of a synthesis is no crash."""
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "app.py"],
        cwd=CHECKOUT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    shown = ""
    while "jsii" not in shown:
        shown = process.stderr.readline()
        assert shown, "the program ended before the CDK was imported"
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in rest
