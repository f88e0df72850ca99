from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.contestants import ROOT, SERVERS
from bench.metrics import METRICS
from bench.run import rotate
from bench.scenarios import SCENARIOS


def bench(folder: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
    """Run the quick form as a person would; return what it printed and its document."""
    file = folder / "bench.json"
    command = [sys.executable, "-m", "bench", "--quick", "--rounds", "1", "--json", str(file)]
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text())


def faults_of(document: dict[str, Any]) -> list[dict[str, int]]:
    """Return the faults of all readings that have some."""
    return [r["reading"]["faults"] for r in document["readings"] if r["reading"]["faults"]]


def test_bench_compares_the_python_sdk_with_this_runtime(tmp_path: Path) -> None:
    """All scenarios run end to end: whole answers, no stale chunk of ours, a ratio for each row."""
    text, document = bench(tmp_path, "--servers", "python-sdk,ours")
    assert faults_of(document) == []
    assert document["metrics"]["stale_chunks"]["ours"]["highest"] == 0
    compared = {gain["metric"] for gain in document["gains"]}
    alone = {"agents", "transcripts"}
    assert compared == {
        metric.name for metric in METRICS if metric.highest is None and metric.scenario not in alone
    }
    assert {"transcripts_added_percent", "transcripts_item_us"} <= document["metrics"].keys()
    assert {"agents_added_20_us", "agents_added_chunk_us"} <= document["metrics"].keys()
    assert all(gain["times"] > 0 for gain in document["gains"])
    assert "Python SDK accepted, ours declined" in text


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_bench_reads_the_javascript_sdk_without_deflate(tmp_path: Path) -> None:
    """The JavaScript server starts without an API call and gives whole answers."""
    arguments = ("--servers", "js-sdk", "--only", "burst,accept", "--no-deflate")
    text, document = bench(tmp_path, *arguments)
    assert faults_of(document) == []
    assert {reading["scenario"] for reading in document["readings"]} == {"burst", "accept"}
    assert "permessage-deflate was not offered" in text


def test_bench_told_to_end_leaves_no_server_behind() -> None:
    """SIGTERM ends the benchmark without a traceback, and its server with it."""
    arguments = ("-m", "bench", "--only", "burst", "--servers", "python-sdk")
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stderr=subprocess.PIPE) as bench:
        server = wait_for_server(bench.pid)
        bench.terminate()
        _, errors = bench.communicate(timeout=20)
    assert (bench.returncode, errors) == (130, b"")
    wait_until_gone(server)


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended; whoever inherits it may take a moment to see that."""
    status = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if status.read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.02)
    raise TimeoutError(f"process {pid} is still running")


def wait_for_server(pid: int) -> int:
    """Wait until the process has a child that runs a server, and return its id."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                if b"python_sdk.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        time.sleep(0.02)
    raise TimeoutError("the benchmark has started no server")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--only", "sprint"), "no such name: 'sprint'"),
        (("--servers", "theirs"), "no such name: 'theirs'"),
        (("--rounds", "0"), "at least 1"),
    ],
)
def test_bench_refuses_what_it_does_not_know(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong argument ends in one line that names it."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_rounds_let_each_server_go_first() -> None:
    """No server always runs right after the same other one started the round."""
    servers = list(SERVERS.values())
    assert [rotate(servers, by)[0] for by in range(4)] == servers


def test_metrics_belong_to_scenarios() -> None:
    """No metric waits for a scenario that does not exist."""
    assert {metric.scenario for metric in METRICS} == set(SCENARIOS)
